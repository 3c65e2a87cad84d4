// What every backend over sockets can be told.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "backends/common/slab_pool.hpp"
#include "msrp/time.hpp"

namespace msrp::backend {

struct SocketOptions {
  std::size_t slabs_max = 256;
  std::size_t slab_bytes = SlabPool::default_slab_bytes;
  // How long a graceful close waits for the peer to take what was sent and to close as well.
  Duration linger = std::chrono::seconds(2);
  // After a shortage of descriptors accepting goes on when one of ours is closed, or then.
  Duration accept_retry = std::chrono::seconds(1);
  int send_buffer_bytes = 0;  // of the system, each connection; 0: as the system chooses
  int receive_buffer_bytes = 0;
  // As Linux names it, of every connection; empty, or one that is not there: as the system chooses.
  std::string congestion_control;
};

// Of a connection, before it comes up or just after it was accepted.
void tune(int descriptor, const SocketOptions& options) noexcept;
// Of a listener, whose connections inherit it, or of one that is to connect.
void choose_congestion_control(int descriptor, const SocketOptions& options) noexcept;

}  // namespace msrp::backend
