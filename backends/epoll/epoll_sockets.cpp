// What EpollBackend does with one connection.
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "backends/epoll/epoll_backend.hpp"

namespace msrp::backend {
namespace {

constexpr std::size_t drain_bytes_max = 1024 * 1024;  // a turn and connection

ssize_t send_vectors(int descriptor, std::span<iovec> vectors) {
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  ssize_t sent = -1;
  do {
    sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

bool would_block(SystemError error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

void advance(std::vector<iovec>& vectors, std::size_t bytes) {
  std::size_t gone = 0;
  while (gone < vectors.size() && bytes >= vectors[gone].iov_len) bytes -= vectors[gone++].iov_len;
  vectors.erase(vectors.begin(), vectors.begin() + static_cast<std::ptrdiff_t>(gone));
  if (bytes == 0) return;
  vectors.front().iov_base = static_cast<std::byte*>(vectors.front().iov_base) + bytes;
  vectors.front().iov_len -= bytes;
}

}  // namespace

// ---- the table ------------------------------------------------------------------------------

void EpollBackend::update_interest(Socket& socket, std::uint32_t index) {
  if (socket.muted || !socket.descriptor) return;
  std::uint32_t wanted = 0;
  const bool reading = socket.state == State::draining || socket.receiving;
  if (reading && !socket.eof && !socket.starved) wanted |= EPOLLIN;
  if (socket.state == State::connecting || !socket.outgoing.empty()) wanted |= EPOLLOUT;
  if (socket.registered && wanted == socket.interest) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = key(Kind::socket, index, socket.generation);
  const int action = socket.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(epoll_.get(), action, socket.descriptor.get(), &event) != 0) {
    // Out of kernel memory or watches: unwatched it would hang for ever.
    if (socket.state == State::draining) {
      finish(socket, index);
    } else {
      lose(socket, lost_error(errno));
    }
    return;
  }
  socket.registered = true;
  socket.interest = wanted;
}

void EpollBackend::unregister(Socket& socket) {
  if (std::exchange(socket.registered, false))
    static_cast<void>(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.descriptor.get(), nullptr));
  socket.interest = 0;
}

// A closed descriptor is one that accept() may have waited for.
void EpollBackend::release(std::uint32_t index) {
  sockets_.release(index);
  if (accept_again_) resume_listeners();
}

void EpollBackend::finish(Socket& socket, std::uint32_t index) {
  pending_.emplace_back(Closed{socket.conn});
  release(index);
}

void EpollBackend::lose(Socket& socket, const Error& error) {
  pending_.emplace_back(Lost{socket.conn, error});
  socket.state = State::lost;
  socket.outgoing = {};
  socket.registered = false;
  socket.descriptor.reset();  // the slot waits for close(), the descriptor need not
  if (accept_again_) resume_listeners();
}

// ---- coming up ------------------------------------------------------------------------------

void EpollBackend::adopt(SocketHandle handle, ConnId conn) {
  const auto index = static_cast<std::uint32_t>(handle & ((1u << 28) - 1));
  sockets_.bind(index, conn);
  Socket& socket = sockets_[index];
  socket.state = State::open;
  socket.receiving = true;
  update_interest(socket, index);
}

void EpollBackend::discard(SocketHandle handle) {
  const auto index = static_cast<std::uint32_t>(handle & ((1u << 28) - 1));
  set_reset_on_close(sockets_[index].descriptor.get());  // no TIME_WAIT for who was not let in
  release(index);
}

void EpollBackend::connect(ConnId conn, const SocketAddress& to) {
  auto opened = open_socket(to.ip.v6);
  SystemError error = opened ? 0 : opened.error();
  const std::uint32_t index = sockets_.allocate(opened ? *std::move(opened) : Descriptor{});
  sockets_.bind(index, conn);
  Socket& socket = sockets_[index];
  socket.state = State::connecting;
  if (error == 0) {
    tune(socket.descriptor.get(), options_);
    choose_congestion_control(socket.descriptor.get(), options_);
    const RawAddress raw = to_raw(to);
    // After EINTR it goes on by itself, as after EINPROGRESS.
    if (::connect(socket.descriptor.get(), raw.get(), raw.size) != 0 && errno != EINPROGRESS &&
        errno != EINTR) {
      error = errno;
    }
  }
  if (error != 0) {
    last_error_ = error;
    lose(socket, connect_error(error));
    return;
  }
  update_interest(socket, index);
}

void EpollBackend::finish_connect(Socket& socket, std::uint32_t index) {
  SystemError error = take_error(socket.descriptor.get());
  if (error == 0 && connected_to_itself(socket.descriptor.get())) error = ECONNREFUSED;
  if (error != 0) {
    last_error_ = error;
    lose(socket, connect_error(error));
    return;
  }
  socket.state = State::open;
  socket.receiving = true;
  TransportInfo info;
  info.local = local_address(socket.descriptor.get());
  info.peer = peer_address(socket.descriptor.get());
  pending_.emplace_back(Connected{socket.conn, info});
  update_interest(socket, index);
}

void EpollBackend::on_socket(std::uint32_t index, std::uint32_t events, std::size_t slabs_share) {
  Socket& socket = sockets_[index];
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (socket.state == State::connecting) return finish_connect(socket, index);
  if (socket.state == State::draining) return drain(socket, index, events);
  if (socket.state != State::open) return;
  const bool reads = socket.receiving && !socket.eof && !socket.starved;
  // Reading first: what came before a reset is still there.
  if (reads && (broken || (events & EPOLLIN) != 0)) read(socket, index, slabs_share);
  if (socket.state == State::open && (broken || (events & EPOLLOUT) != 0) &&
      !socket.outgoing.empty()) {
    go_on_sending(socket, index);
  }
  if (socket.state != State::open || !broken || reads) return;
  if (socket.eof) {
    const SystemError error = take_error(socket.descriptor.get());
    lose(socket, lost_error(error != 0 ? error : ECONNRESET));
    return;
  }
  // Not reading: what has come must not be lost, and epoll would not stop telling.
  unregister(socket);
  socket.muted = true;
}

// ---- receiving ------------------------------------------------------------------------------

void EpollBackend::read(Socket& socket, std::uint32_t index, std::size_t slabs_share) {
  const auto room = receive_.room(slabs_share);
  if (room.empty()) return starve(socket, index);
  ssize_t got = -1;
  do {
    got = readv(socket.descriptor.get(), room.data(), static_cast<int>(room.size()));
  } while (got < 0 && errno == EINTR);
  const SystemError error = got < 0 ? errno : 0;
  receive_.commit(static_cast<std::size_t>(std::max<ssize_t>(got, 0)),
                  [this, &socket](Slice&& slice) {
                    pending_.emplace_back(Received{socket.conn, std::move(slice)});
                  });
  if (got > 0 || would_block(error)) return;
  if (error != 0) return lose(socket, lost_error(error));
  if (socket.send_error != 0) return lose(socket, lost_error(socket.send_error));
  socket.eof = true;
  pending_.emplace_back(Eof{socket.conn});
  update_interest(socket, index);
}

void EpollBackend::stop_receive(ConnId conn) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state != State::open) return;
  socket->receiving = false;
  if (socket->send_error != 0) return lose(*socket, lost_error(socket->send_error));
  update_interest(*socket, sockets_.index_of(conn));
}

void EpollBackend::start_receive(ConnId conn) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state != State::open) return;
  socket->receiving = true;
  socket->muted = false;
  update_interest(*socket, sockets_.index_of(conn));
}

// ---- sending --------------------------------------------------------------------------------

void EpollBackend::send(ConnId conn, std::span<const ConstBuffer> buffers) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state != State::open || socket->send_error != 0) return;
  const std::uint32_t index = sockets_.index_of(conn);
  // Filled here: when the socket is full, the rest waits in it.
  socket->outgoing.clear();
  socket->outgoing_sent = 0;
  for (const ConstBuffer& buffer : buffers) {
    if (!buffer.empty())
      socket->outgoing.push_back({const_cast<std::byte*>(buffer.data()), buffer.size()});
  }
  go_on_sending(*socket, index);
}

// Completes after any progress: the driver knows more to send by then.
void EpollBackend::go_on_sending(Socket& socket, std::uint32_t index) {
  const ssize_t sent = send_vectors(socket.descriptor.get(), socket.outgoing);
  if (sent < 0 && !would_block(errno)) return send_failed(socket, index, errno);
  if (sent < 0) return update_interest(socket, index);
  socket.outgoing.clear();
  pending_.emplace_back(SendDone{socket.conn, static_cast<std::size_t>(sent)});
  update_interest(socket, index);
}

// The peer may have sent all it had to say before it went away: that comes first.
void EpollBackend::send_failed(Socket& socket, std::uint32_t index, SystemError error) {
  if (!socket.receiving || socket.eof) return lose(socket, lost_error(error));
  socket.send_error = error;
  socket.outgoing.clear();
  update_interest(socket, index);
}

void EpollBackend::abandon() noexcept {
  for (Socket& socket : sockets_) {
    if (socket.outgoing.empty()) continue;
    socket.outgoing.clear();
    set_reset_on_close(socket.descriptor.get());  // the peer has a part of it
  }
}

// ---- closing --------------------------------------------------------------------------------

void EpollBackend::close(ConnId conn, bool graceful) {
  Socket* found = sockets_.find(conn);
  if (found == nullptr) return;
  Socket& socket = *found;
  const std::uint32_t index = sockets_.index_of(conn);
  if (socket.state == State::draining && graceful) return;
  if (!graceful || socket.state != State::open || socket.send_error != 0) {
    if (socket.descriptor) set_reset_on_close(socket.descriptor.get());
    return finish(socket, index);
  }
  socket.state = State::draining;
  socket.muted = false;
  socket.starved = false;
  lingering_.push_back({now() + options_.linger, index, socket.generation});
  drain(socket, index, 0);
}

// Sends what is left, then the end of stream; what comes is dropped without being copied, because
// closing over unread bytes would reset the connection and take our last bytes with it.
void EpollBackend::drain(Socket& socket, std::uint32_t index, std::uint32_t events) {
  const int number = socket.descriptor.get();
  if (!socket.outgoing.empty()) {
    const ssize_t sent = send_vectors(number, socket.outgoing);
    if (sent < 0 && !would_block(errno)) return finish(socket, index);
    if (sent > 0) {
      socket.outgoing_sent += static_cast<std::size_t>(sent);
      advance(socket.outgoing, static_cast<std::size_t>(sent));
    }
    if (socket.outgoing.empty()) pending_.emplace_back(SendDone{socket.conn, socket.outgoing_sent});
  }
  if (socket.outgoing.empty() && !std::exchange(socket.shut_down, true)) {
    if (shutdown(number, SHUT_WR) != 0) return finish(socket, index);
  }
  if (!socket.eof && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
    const ssize_t got = recv(number, nullptr, drain_bytes_max, MSG_TRUNC);
    if (got < 0 && !would_block(errno) && errno != EINTR) return finish(socket, index);
    socket.eof = got == 0;
  }
  if (socket.eof && socket.shut_down) return finish(socket, index);
  if (socket.eof && (events & (EPOLLERR | EPOLLHUP)) != 0) return finish(socket, index);
  update_interest(socket, index);
}

}  // namespace msrp::backend
