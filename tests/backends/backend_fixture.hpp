// Drives one backend that holds both ends of its connections.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/common/backend.hpp"
#include "msrp/address.hpp"

namespace msrp::backend {

// The byte at an offset of every test stream: a wrong order shows.
inline std::byte pattern(std::uint64_t offset) {
  return static_cast<std::byte>((offset * 2654435761u) >> 13);
}
inline std::vector<std::byte> pattern_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = pattern(i);
  return bytes;
}

struct BackendOptions {
  std::size_t slabs_max = 64;
  Duration linger = std::chrono::seconds(20);
  Duration accept_retry = std::chrono::seconds(1);
  int socket_buffer_bytes = 0;
  std::string congestion_control;
};

template <Backend B>
class Harness {
 public:
  struct Log {
    bool connected = false, eof = false, closed = false;
    std::optional<Error> lost;
    TransportInfo info;
    std::optional<PeerIdentity> peer;
    std::uint64_t received = 0;  // bytes, checked against the pattern
    bool wrong = false;
    std::uint64_t sent = 0;
    std::size_t send_dones = 0;
  };

  explicit Harness(std::unique_ptr<B> made) : backend(std::move(made)) {}

  std::unique_ptr<B> backend;
  std::unordered_map<ConnId, Log> log;
  std::vector<ConnId> accepted;
  std::vector<Slice> kept;
  bool keep = false;     // slices
  bool decline = false;  // accepted sockets
  std::size_t declined = 0, woken = 0, events = 0;
  std::unordered_map<ListenerId, SocketAddress> listening;
  std::optional<Error> listen_fault;

  ConnId new_conn() { return {next_index_++, 1}; }

  void turn(std::optional<Instant> deadline) {
    std::vector<Completion> batch;
    backend->wait(deadline, batch);
    for (Completion& completion : batch) {
      ++events;
      std::visit([this](auto& what) { this->on(what); }, completion);
    }
  }

  // Turns until the condition holds; false when it does not within a time that is long for any
  // machine.
  template <class Until>
  bool drive(Until&& until) {
    const Instant deadline = backend->now() + std::chrono::seconds(30);
    while (!until()) {
      if (backend->now() >= deadline) return false;
      turn(deadline);
    }
    return true;
  }

  SocketAddress listen(std::string_view host = "127.0.0.1", ListenerId listener = {0, 1}) {
    backend->listen(listener, {*IpAddress::parse(host), 0});
    EXPECT_TRUE(drive([&] { return listening.contains(listener) || listen_fault; }));
    return listening[listener];
  }

  // Connects to an own listener: the connecting end and the accepted one.
  std::pair<ConnId, ConnId> pair(const SocketAddress& at) {
    const std::size_t before = accepted.size();
    const ConnId here = new_conn();
    backend->connect(here, at);
    EXPECT_TRUE(drive([&] { return log[here].connected && accepted.size() > before; }));
    for (int i = 0; i < 4; ++i) turn(backend->now());  // what a handshake leaves to do
    return {here, accepted.back()};
  }

  // Sends bytes from an offset, all at once or as far as one completion goes.
  void send(ConnId conn, std::span<const std::byte> bytes) {
    const ConstBuffer one[] = {bytes};
    backend->send(conn, one);
  }
  bool send_all(ConnId conn, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const Log before = log[conn];
      send(conn, bytes);
      if (!drive([&] { return log[conn].send_dones > before.send_dones || log[conn].lost; }))
        return false;
      if (log[conn].lost) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(log[conn].sent - before.sent));
    }
    return true;
  }
  // Sends until the system takes no more and a send stays in flight.
  void fill(ConnId conn, std::span<const std::byte> bytes) {
    for (;;) {
      const Log before = log[conn];
      ASSERT_LT(before.sent, bytes.size()) << "the system takes everything";
      send(conn, bytes.subspan(static_cast<std::size_t>(before.sent)));
      turn(backend->now());
      turn(backend->now());
      if (log[conn].send_dones == before.send_dones) return;
    }
  }

 private:
  void on(const Woken&) { ++woken; }
  void on(const Accepted& one) {
    if (decline) {
      ++declined;
      backend->discard(one.socket);
      return;
    }
    const ConnId conn = new_conn();
    log[conn].connected = true;
    log[conn].info = one.info;
    accepted.push_back(conn);
    backend->adopt(one.socket, conn);
  }
  void on(const Connected& one) {
    Log& conn = live(one.conn);
    EXPECT_FALSE(conn.connected);
    conn.connected = true;
    conn.info = one.info;
  }
  void on(const Secured& one) {
    Log& conn = live(one.conn);
    const bool is_accepted = std::ranges::count(accepted, one.conn) > 0;
    EXPECT_FALSE(conn.peer || conn.received > 0 || conn.connected != is_accepted);
    conn.peer = *one.peer;
  }
  void on(Received& one) {
    Log& conn = live(one.conn);
    EXPECT_TRUE(conn.connected && !conn.eof && !conn.lost);
    EXPECT_TRUE(static_cast<bool>(one.slice.owner));
    for (const std::byte byte : one.slice.bytes)
      if (byte != pattern(conn.received++)) conn.wrong = true;
    if (keep) kept.push_back(std::move(one.slice));
  }
  void on(const SendDone& one) {
    Log& conn = live(one.conn);
    EXPECT_FALSE(conn.lost);
    conn.sent += one.bytes;
    ++conn.send_dones;
  }
  void on(const Eof& one) {
    Log& conn = live(one.conn);
    EXPECT_TRUE(!conn.eof && !conn.lost);
    conn.eof = true;
  }
  void on(const Lost& one) {
    Log& conn = live(one.conn);
    EXPECT_FALSE(conn.lost) << "told twice";
    conn.lost = one.error;
  }
  void on(const Closed& one) { live(one.conn).closed = true; }
  void on(const ListenDone& one) { listening[one.listener] = one.at; }
  void on(const ListenFault& one) { listen_fault = one.error; }
  void on(const Resolved&) { ADD_FAILURE(); }
  void on(const ResolveFault&) { ADD_FAILURE(); }

  Log& live(ConnId conn) {
    EXPECT_FALSE(log[conn].closed) << "named again after Closed";
    return log[conn];
  }

  std::uint32_t next_index_ = 0;
};

}  // namespace msrp::backend
