// What UringBackend does with one connection.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "backends/uring/uring_backend.hpp"

namespace msrp::backend {
namespace {

constexpr std::size_t drain_bytes_max = 1024 * 1024;  // a turn and connection
constexpr std::size_t spare_max = 64;

// After a reset an end of stream is read as well, once the error has been told.
bool reset_by_peer(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state == TCP_CLOSE;
}

}  // namespace

// ---- the table ------------------------------------------------------------------------------

io_uring_sqe& UringBackend::begin(Op op, std::uint32_t index) {
  Socket& socket = sockets_[index];
  socket.busy |= bit(op);
  ++operations_;
  return ring_->entry(key(op, index, socket.generation));
}

void UringBackend::cancel_all(std::uint32_t index) {
  for (const Op op : {Op::connect, Op::receive, Op::send, Op::drain}) {
    if ((sockets_[index].busy & bit(op)) != 0) cancel(key(op, index, sockets_[index].generation));
  }
}

// A closed descriptor is one that accept() may have waited for.
void UringBackend::release(std::uint32_t index) {
  sockets_.release(index);
  if (accept_again_) resume_listeners();
}

// While the kernel has an operation it holds the socket open, and perhaps our memory.
void UringBackend::close_when_idle(std::uint32_t index) {
  Socket& socket = sockets_[index];
  if (socket.busy != 0) return;
  if (socket.state == State::lost) {
    socket.descriptor.reset();  // the slot waits for close(), the descriptor need not
    if (accept_again_) resume_listeners();
  } else {
    pending_.emplace_back(Closed{socket.conn});
    release(index);
  }
}

void UringBackend::close_hard(std::uint32_t index) {
  Socket& socket = sockets_[index];
  if (socket.descriptor) set_reset_on_close(socket.descriptor.get());
  socket.state = State::closing;
  cancel_all(index);
  close_when_idle(index);
}

void UringBackend::lose(Socket& socket, const Error& error) {
  pending_.emplace_back(Lost{socket.conn, error});
  socket.state = State::lost;
  const std::uint32_t index = sockets_.index_of(socket.conn);
  cancel_all(index);
  close_when_idle(index);
}

void UringBackend::on_socket(Op op, std::uint32_t index, const UringCompletion& completion) {
  Socket& socket = sockets_[index];
  if (op == Op::receive) return on_receive(index, completion);
  socket.busy &= static_cast<std::uint8_t>(~bit(op));
  if (op == Op::send) return on_send(index, completion.result);
  if (socket.state == State::closing || socket.state == State::lost) return close_when_idle(index);
  if (op == Op::connect) return on_connect(index, completion.result);
  drain(index);
}

// ---- coming up ------------------------------------------------------------------------------

void UringBackend::adopt(SocketHandle handle, ConnId conn) {
  const auto index = static_cast<std::uint32_t>(handle);
  sockets_.bind(index, conn);
  sockets_[index].state = State::open;
  sockets_[index].receiving = true;
  receive(index);
}

void UringBackend::discard(SocketHandle handle) {
  const auto index = static_cast<std::uint32_t>(handle);
  set_reset_on_close(sockets_[index].descriptor.get());  // no TIME_WAIT for who was not let in
  release(index);
}

void UringBackend::connect(ConnId conn, const SocketAddress& to) {
  auto opened = open_socket(to.ip.v6, SocketCalls::wait);
  const std::uint32_t index = sockets_.allocate(opened ? *std::move(opened) : Descriptor{});
  sockets_.bind(index, conn);
  Socket& socket = sockets_[index];
  socket.state = State::connecting;
  if (!socket.descriptor) {
    last_error_ = opened.error();
    return lose(socket, connect_error(last_error_));
  }
  tune(socket.descriptor.get(), options_);
  choose_congestion_control(socket.descriptor.get(), options_);
  socket.to = std::make_unique<RawAddress>(to_raw(to));
  io_uring_prep_connect(&begin(Op::connect, index), socket.descriptor.get(), socket.to->get(),
                        socket.to->size);
}

void UringBackend::on_connect(std::uint32_t index, int result) {
  Socket& socket = sockets_[index];
  socket.to.reset();
  SystemError error = -result;
  if (error == 0 && connected_to_itself(socket.descriptor.get())) error = ECONNREFUSED;
  if (error != 0) {
    last_error_ = error;
    return lose(socket, connect_error(error));
  }
  socket.state = State::open;
  socket.receiving = true;
  TransportInfo info;
  info.local = local_address(socket.descriptor.get());
  info.peer = peer_address(socket.descriptor.get());
  pending_.emplace_back(Connected{socket.conn, info});
  receive(index);
}

// ---- receiving ------------------------------------------------------------------------------

void UringBackend::receive(std::uint32_t index) {
  Socket& socket = sockets_[index];
  if (socket.state != State::open || !socket.receiving || socket.eof || socket.starved) return;
  if ((socket.busy & bit(Op::receive)) != 0) return;
  io_uring_sqe& entry = begin(Op::receive, index);
  if (features_.multishot_receive) {
    io_uring_prep_recv_multishot(&entry, socket.descriptor.get(), nullptr, 0, 0);
  } else {
    io_uring_prep_recv(&entry, socket.descriptor.get(), nullptr, 0, 0);
  }
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = ProvidedBuffers::group;
}

void UringBackend::on_receive(std::uint32_t index, const UringCompletion& completion) {
  Socket& socket = sockets_[index];
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    received_.take(completion, [this, &socket](Slice&& slice) {
      if (socket.state == State::open) {
        pending_.emplace_back(Received{socket.conn, std::move(slice)});
      }
    });
  }
  if ((completion.flags & IORING_CQE_F_MORE) != 0) {
    // A cancel can come too early, while what it means is at work.
    if (socket.state == State::open && !socket.receiving) {
      cancel(key(Op::receive, index, socket.generation));
    }
    return;
  }
  socket.busy &= static_cast<std::uint8_t>(~bit(Op::receive));
  on_receive_ended(index, completion.result);
}

void UringBackend::on_receive_ended(std::uint32_t index, int result) {
  Socket& socket = sockets_[index];
  if (socket.state == State::closing || socket.state == State::lost) return close_when_idle(index);
  if (result == 0) socket.eof = true;
  if (socket.state == State::draining) return drain(index);
  if (result == -ENOBUFS) return starve(socket, index);
  if (result == -EINVAL && features_.multishot_receive) {
    features_.multishot_receive = false;  // Linux 5.19
    return receive(index);
  }
  // One that was stopped may be wanted again by now.
  if (result > 0 || result == -ECANCELED || result == -EAGAIN || result == -EINTR) {
    return receive(index);
  }
  if (result < 0) return lose(socket, lost_error(-result));
  if (socket.send_error != 0) return lose(socket, lost_error(socket.send_error));
  // A send that was waiting may have been told of the reset instead.
  if (reset_by_peer(socket.descriptor.get())) return lose(socket, lost_error(ECONNRESET));
  pending_.emplace_back(Eof{socket.conn});
}

void UringBackend::starve(Socket& socket, std::uint32_t index) {
  socket.starved = true;
  starved_.push_back({index, socket.generation});
}

void UringBackend::stop_receive(ConnId conn) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state != State::open) return;
  if (!std::exchange(socket->receiving, false)) return;
  if (socket->send_error != 0) return lose(*socket, lost_error(socket->send_error));
  if ((socket->busy & bit(Op::receive)) != 0) {
    cancel(key(Op::receive, sockets_.index_of(conn), socket->generation));
  }
}

void UringBackend::start_receive(ConnId conn) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state != State::open) return;
  socket->receiving = true;
  receive(sockets_.index_of(conn));
}

// ---- sending --------------------------------------------------------------------------------

void UringBackend::send(ConnId conn, std::span<const ConstBuffer> buffers) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state != State::open || socket->send_error != 0) return;
  if (spare_.empty()) spare_.push_back(std::make_unique<Sending>());
  socket->sending = std::move(spare_.back());
  spare_.pop_back();
  Sending& sending = *socket->sending;
  sending.vectors.clear();
  for (const ConstBuffer& buffer : buffers) {
    if (!buffer.empty())
      sending.vectors.push_back({const_cast<std::byte*>(buffer.data()), buffer.size()});
  }
  submit_send(sockets_.index_of(conn));
}

void UringBackend::submit_send(std::uint32_t index) {
  Socket& socket = sockets_[index];
  Sending& sending = *socket.sending;
  sending.message.msg_iov = sending.vectors.data();
  sending.message.msg_iovlen = sending.vectors.size();
  io_uring_prep_sendmsg(&begin(Op::send, index), socket.descriptor.get(), &sending.message,
                        MSG_NOSIGNAL | MSG_WAITALL);
}

// It ends when all is with the system, or short when the connection breaks.
void UringBackend::on_send(std::uint32_t index, int result) {
  Socket& socket = sockets_[index];
  const bool wanted = socket.state == State::open || socket.state == State::draining;
  if (wanted && (result == -EINTR || result == -EAGAIN)) return submit_send(index);
  std::size_t bytes = 0;
  for (const iovec& part : socket.sending->vectors) bytes += part.iov_len;
  const bool whole = result >= 0 && static_cast<std::size_t>(result) == bytes;
  if (spare_.size() < spare_max) spare_.push_back(std::move(socket.sending));
  socket.sending.reset();
  if (!wanted) return close_when_idle(index);
  if (whole) pending_.emplace_back(SendDone{socket.conn, bytes});
  if (socket.state == State::draining) return whole ? drain(index) : close_hard(index);
  if (whole) return;
  const SystemError error = result < 0 ? -result : ECONNRESET;
  // The peer may have sent all it had to say before it went away: that comes first.
  if (!socket.receiving || socket.eof) return lose(socket, lost_error(error));
  socket.send_error = error;
}

// ---- closing --------------------------------------------------------------------------------

void UringBackend::close(ConnId conn, bool graceful) {
  Socket* socket = sockets_.find(conn);
  if (socket == nullptr || socket->state == State::closing) return;
  if (socket->state == State::draining && graceful) return;
  const std::uint32_t index = sockets_.index_of(conn);
  if (!graceful || socket->state != State::open || socket->send_error != 0) {
    return close_hard(index);
  }
  socket->state = State::draining;
  socket->starved = false;
  lingering_.push_back({now() + options_.linger, index, socket->generation});
  if ((socket->busy & bit(Op::receive)) != 0) {
    cancel(key(Op::receive, index, socket->generation));
  }
  drain(index);
}

// Sends what is left, then the end of stream; what comes is dropped without being copied, because
// closing over unread bytes would reset the connection and take our last bytes with it.
void UringBackend::drain(std::uint32_t index) {
  Socket& socket = sockets_[index];
  const int number = socket.descriptor.get();
  if ((socket.busy & bit(Op::send)) != 0) return;
  if (!std::exchange(socket.shut_down, true) && shutdown(number, SHUT_WR) != 0) {
    return close_hard(index);
  }
  if ((socket.busy & (bit(Op::receive) | bit(Op::drain))) != 0) return;
  if (!socket.eof) {
    const ssize_t got = recv(number, nullptr, drain_bytes_max, MSG_TRUNC | MSG_DONTWAIT);
    const bool later = got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
    if (later) {
      io_uring_prep_poll_add(&begin(Op::drain, index), number, POLLIN);
      return;
    }
    if (got < 0) return close_hard(index);
  }
  socket.state = State::closing;
  close_when_idle(index);
}

}  // namespace msrp::backend
