#include "backends/sim/sim_backend.hpp"

#include <algorithm>
#include <utility>

#include "msrp/assert.hpp"

namespace msrp::sim {
namespace {

constexpr std::size_t slabs_a_turn = 4;  // so that one stream does not keep others waiting

backend::SocketHandle handle_of(End end) noexcept {
  return (std::uint64_t{end.stream} << 1U) | end.side;
}

}  // namespace

using backend::SocketHandle;

SimBackend::SimBackend(Scheduler& scheduler, Network& network, Resolver& resolver, HostId host,
                       const SimBackendOptions& options)
    : scheduler_(scheduler),
      network_(network),
      resolver_(resolver),
      host_(host),
      options_(options),
      pool_(options.slabs_max, options.slab_bytes) {}

// As the system does it for a process that ends.
SimBackend::~SimBackend() {
  if (dead_) return;
  network_.stop_listening(*this);
  for (Socket& socket : sockets_) {
    if (socket.state != State::free) network_.release(socket.end, true);
  }
  for (const auto& [handle, end] : accepted_) network_.release(end, true);
}

void SimBackend::abandon() noexcept {
  for (Socket& socket : sockets_) socket.outgoing.clear();
}

std::size_t SimBackend::sockets() const noexcept {
  return accepted_.size() + static_cast<std::size_t>(std::ranges::count_if(
                                sockets_, [](const Socket& s) { return s.state != State::free; }));
}

bool SimBackend::ready() const noexcept {
  return !dead_ &&
         (woken_.load(std::memory_order_acquire) || !completions_.empty() || !to_read_.empty());
}

SimBackend::Socket* SimBackend::find(ConnId conn) {
  if (conn.index >= sockets_.size()) return nullptr;
  Socket& socket = sockets_[conn.index];
  return socket.state != State::free && socket.conn == conn ? &socket : nullptr;
}

SimBackend::Socket* SimBackend::find(End end) {
  const auto known = conns_.find(end);
  return known != conns_.end() ? find(known->second) : nullptr;
}

SimBackend::Socket& SimBackend::open(ConnId conn, End end, State state) {
  if (conn.index >= sockets_.size()) sockets_.resize(conn.index + std::size_t{1});
  Socket& socket = sockets_[conn.index];
  MSRP_ASSERT(socket.state == State::free);
  socket = Socket{};
  socket.conn = conn;
  socket.end = end;
  socket.state = state;
  socket.number = ++sockets_so_far_;
  conns_[end] = conn;
  return socket;
}

// ---- listening ----------------------------------------------------------------------------------

void SimBackend::listen(ListenerId listener, const SocketAddress& at) {
  if (dead_) return;
  const auto actual = network_.listen(*this, host_, listener, at, options_.listen);
  if (actual) {
    complete(backend::ListenDone{listener, *actual});
  } else {
    complete(backend::ListenFault{listener, actual.error()});
  }
}

void SimBackend::stop_listening(ListenerId listener) {
  if (!dead_) network_.stop_listening(*this, listener);
}

void SimBackend::accepted(ListenerId listener, End end) {
  accepted_[handle_of(end)] = end;
  complete(backend::Accepted{listener, handle_of(end), network_.info(end)});
}

void SimBackend::adopt(SocketHandle handle, ConnId conn) {
  const auto waiting = accepted_.find(handle);
  if (dead_ || waiting == accepted_.end()) return;
  const End end = waiting->second;
  accepted_.erase(waiting);
  network_.take(end);
  open(conn, end, State::open).receiving = true;
  readable(end);
}

void SimBackend::discard(SocketHandle handle) {
  const auto waiting = accepted_.find(handle);
  if (dead_ || waiting == accepted_.end()) return;
  network_.release(waiting->second, true);
  accepted_.erase(waiting);
}

// ---- connecting ---------------------------------------------------------------------------------

void SimBackend::connect(ConnId conn, const SocketAddress& to) {
  if (dead_) return;
  open(conn, network_.connect(*this, host_, to), State::connecting);
}

void SimBackend::connected(End end) {
  Socket* socket = find(end);
  if (socket == nullptr || socket->state != State::connecting) return;
  socket->state = State::open;
  socket->receiving = true;
  complete(backend::Connected{socket->conn, network_.info(end)});
  readable(end);
}

void SimBackend::refused(End end) {
  Socket* socket = find(end);
  if (socket != nullptr && socket->state == State::connecting) lose(*socket, Errc::connect_failed);
}

void SimBackend::lose(Socket& socket, Errc code) {
  socket.state = State::lost;
  socket.sending = false;
  socket.outgoing.clear();
  complete(backend::Lost{socket.conn, Error{code}});
}

// ---- receiving ----------------------------------------------------------------------------------

void SimBackend::stop_receive(ConnId conn) {
  if (Socket* socket = find(conn)) socket->receiving = false;
}

void SimBackend::start_receive(ConnId conn) {
  Socket* socket = find(conn);
  if (socket == nullptr || dead_) return;
  socket->receiving = true;
  readable(socket->end);
}

void SimBackend::readable(End end) {
  Socket* socket = find(end);
  if (socket == nullptr) return;
  if (socket->state == State::lingering) return drop_incoming(*socket);
  if (socket->state != State::open || !socket->receiving) return;
  const bool news = network_.readable_bytes(end) > 0 || network_.is_broken(end) ||
                    (network_.at_end(end) && !socket->eof_told);
  if (news) queue_for_reading(*socket);
}

void SimBackend::queue_for_reading(Socket& socket) {
  if (std::exchange(socket.queued, true)) return;
  to_read_.push_back(socket.conn);
}

void SimBackend::read(Socket& socket, std::vector<backend::Completion>& out) {
  const End end = socket.end;
  for (std::size_t slabs = 0; slabs < slabs_a_turn && network_.readable_bytes(end) > 0; ++slabs) {
    auto slab = pool_.acquire();
    if (!slab) {
      starved_.push_back(socket.conn);
      if (starved_.size() > 1) return;
      return scheduler_.after(options_.pool_retry, [this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) retry_starved();
      });
    }
    const std::size_t bytes = network_.read(end, slab->storage());
    const auto octets = std::span<const std::byte>(slab->storage()).first(bytes);
    out.push_back(backend::Received{socket.conn, Slice{octets, *std::move(slab)}});
  }
  if (network_.readable_bytes(end) > 0) return queue_for_reading(socket);
  if (network_.is_broken(end)) {
    socket.state = State::lost;
    socket.sending = false;
    socket.outgoing.clear();
    out.push_back(backend::Lost{socket.conn, Error{Errc::connection_lost}});
  } else if (network_.at_end(end) && !std::exchange(socket.eof_told, true)) {
    out.push_back(backend::Eof{socket.conn});
  }
}

void SimBackend::retry_starved() {
  for (const ConnId conn : std::exchange(starved_, {})) {
    if (Socket* socket = find(conn)) readable(socket->end);
  }
}

// ---- sending ------------------------------------------------------------------------------------

void SimBackend::send(ConnId conn, std::span<const ConstBuffer> buffers) {
  Socket* socket = find(conn);
  if (socket == nullptr || dead_ || socket->state != State::open) return;
  MSRP_ASSERT(!socket->sending);
  socket->sending = true;
  socket->outgoing.assign(buffers.begin(), buffers.end());
  push_out(*socket);
}

void SimBackend::writable(End end) {
  Socket* socket = find(end);
  if (socket != nullptr && socket->sending) push_out(*socket);
}

// One write of all buffers in a row, as far as the window goes. A close takes the rest along.
void SimBackend::push_out(Socket& socket) {
  std::size_t bytes = 0;
  std::size_t whole = 0;
  for (; whole < socket.outgoing.size(); ++whole) {
    ConstBuffer& buffer = socket.outgoing[whole];
    if (buffer.empty()) continue;
    const std::size_t taken = network_.write(socket.end, buffer);
    bytes += taken;
    buffer = buffer.subspan(taken);
    if (!buffer.empty()) break;
  }
  if (bytes == 0) return;
  complete(backend::SendDone{socket.conn, bytes});
  if (!socket.close_after_send) {
    socket.sending = false;
    socket.outgoing.clear();
    return;
  }
  socket.outgoing.erase(socket.outgoing.begin(),
                        socket.outgoing.begin() + static_cast<std::ptrdiff_t>(whole));
  if (socket.outgoing.empty()) {
    socket.sending = false;
    network_.write_end(socket.end);
  } else {
    push_out(socket);
  }
}

// ---- closing ------------------------------------------------------------------------------------

void SimBackend::close(ConnId conn, bool graceful) {
  Socket* socket = find(conn);
  if (socket == nullptr || dead_ || socket->state == State::lingering) return;
  if (!graceful || socket->state != State::open || network_.is_broken(socket->end)) {
    return finish(*socket, !graceful);
  }
  start_lingering(*socket);
}

void SimBackend::start_lingering(Socket& socket) {
  socket.state = State::lingering;
  socket.close_after_send = true;
  if (!socket.sending) network_.write_end(socket.end);
  const ConnId conn = socket.conn;
  scheduler_.after(options_.linger,
                   [this, conn, number = socket.number, alive = std::weak_ptr(alive_)] {
                     if (alive.expired() || dead_) return;
                     Socket* late = find(conn);
                     if (late != nullptr && late->number == number) finish(*late, late->sending);
                   });
  drop_incoming(socket);
}

// What still comes is dropped, until the peer closes as well.
void SimBackend::drop_incoming(Socket& socket) {
  std::byte sink[4096];
  while (network_.readable_bytes(socket.end) > 0) (void)network_.read(socket.end, sink);
  if (network_.is_broken(socket.end) || (network_.at_end(socket.end) && !socket.sending)) {
    finish(socket, false);
  }
}

void SimBackend::finish(Socket& socket, bool broken) {
  const ConnId conn = socket.conn;
  network_.release(socket.end, broken);
  conns_.erase(socket.end);
  socket = Socket{};
  complete(backend::Closed{conn});
}

// ---- names, and the loop ------------------------------------------------------------------------

void SimBackend::resolve(ResolveId query, std::string_view host, Instant deadline) {
  if (dead_) return;
  resolver_.ask(host, deadline, [this, query, alive = std::weak_ptr(alive_)](auto answer) {
    if (alive.expired() || dead_) return;
    if (answer) {
      complete(backend::Resolved{query, *std::move(answer)});
    } else {
      complete(backend::ResolveFault{query, answer.error()});
    }
  });
}

void SimBackend::wait(std::optional<Instant>, std::vector<backend::Completion>& out) {
  if (dead_) return;
  if (woken_.exchange(false, std::memory_order_acq_rel)) out.push_back(backend::Woken{});
  // Those that are read from come behind what was told before: Connected, SendDone.
  std::ranges::move(std::exchange(completions_, {}), std::back_inserter(out));
  for (const ConnId conn : std::exchange(to_read_, {})) {
    Socket* socket = find(conn);
    if (socket == nullptr) continue;
    socket->queued = false;
    if (socket->state == State::open && socket->receiving) read(*socket, out);
  }
}

}  // namespace msrp::sim
