// What every backend over sockets can be told.
#pragma once

#include <chrono>
#include <cstddef>

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
};

}  // namespace msrp::backend
