// The sockets of a backend, by number and by connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "backends/common/socket.hpp"
#include "msrp/assert.hpp"
#include "msrp/ids.hpp"

namespace msrp::backend {

// Socket has a Descriptor `descriptor`, a ConnId `conn` and a std::uint32_t `generation`, which
// changes whenever the place is taken or given back, so that what is known by number and
// generation is not mistaken for its successor. References survive growth.
template <class Socket>
class SocketTable {
 public:
  // A socket like new, with this descriptor, which may be empty. Returns its number.
  std::uint32_t allocate(Descriptor descriptor) {
    std::uint32_t index = 0;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(sockets_.size());
      sockets_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    renew(index);
    sockets_[index].descriptor = std::move(descriptor);
    return index;
  }
  // Closes the descriptor, forgets the connection and keeps the place for another.
  void release(std::uint32_t index) {
    const ConnId conn = sockets_[index].conn;
    if (find(conn) == &sockets_[index]) by_conn_[conn.index] = {};
    renew(index);
    free_.push_back(index);
  }

  Socket& operator[](std::uint32_t index) { return sockets_[index]; }
  bool is(std::uint32_t index, std::uint32_t generation) const {
    return sockets_[index].generation == generation;
  }

  void bind(std::uint32_t index, ConnId conn) {
    if (conn.index >= by_conn_.size()) by_conn_.resize(conn.index + std::size_t{1});
    by_conn_[conn.index] = {conn, index};
    sockets_[index].conn = conn;
  }
  // Null: no socket has that connection.
  Socket* find(ConnId conn) {
    if (!conn || conn.index >= by_conn_.size() || by_conn_[conn.index].conn != conn) return nullptr;
    return &sockets_[by_conn_[conn.index].socket];
  }
  // Precondition: one has it.
  std::uint32_t index_of(ConnId conn) const {
    MSRP_ASSERT(conn.index < by_conn_.size() && by_conn_[conn.index].conn == conn);
    return by_conn_[conn.index].socket;
  }

  // Free places too; those have no descriptor.
  auto begin() { return sockets_.begin(); }
  auto end() { return sockets_.end(); }
  std::size_t open() const {
    std::size_t count = 0;
    for (const Socket& socket : sockets_) count += socket.descriptor ? 1 : 0;
    return count;
  }

 private:
  struct ConnSlot {
    ConnId conn;
    std::uint32_t socket = 0;
  };

  void renew(std::uint32_t index) {
    const std::uint32_t next = sockets_[index].generation + 1;
    sockets_[index] = Socket{};
    sockets_[index].generation = next;
  }

  std::deque<Socket> sockets_;
  std::vector<std::uint32_t> free_;
  std::vector<ConnSlot> by_conn_;  // by ConnId::index
};

}  // namespace msrp::backend
