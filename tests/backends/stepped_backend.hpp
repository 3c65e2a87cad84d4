// A simulated backend that is alone in its world, so that its wait() can move the time itself.
#pragma once

#include "backends/sim/sim_backend.hpp"

namespace msrp::sim {

class SteppedBackend {
 public:
  explicit SteppedBackend(const SimBackendOptions& options, const Link& link = {})
      : network_(scheduler_, 1), resolver_(scheduler_, 2) {
    const HostId host = network_.add_host("here", *IpAddress::parse("127.0.0.1"));
    network_.add_address(host, *IpAddress::parse("::1"));
    network_.set_links(link);
    backend_.emplace(scheduler_, network_, resolver_, host, options);
  }

  Instant now() const noexcept { return scheduler_.now(); }
  BufferPool& buffers() noexcept { return backend_->buffers(); }
  void listen(ListenerId listener, const SocketAddress& at) { backend_->listen(listener, at); }
  void stop_listening(ListenerId listener) { backend_->stop_listening(listener); }
  void adopt(backend::SocketHandle handle, ConnId conn) { backend_->adopt(handle, conn); }
  void discard(backend::SocketHandle handle) { backend_->discard(handle); }
  void connect(ConnId conn, const SocketAddress& to) { backend_->connect(conn, to); }
  void stop_receive(ConnId conn) { backend_->stop_receive(conn); }
  void start_receive(ConnId conn) { backend_->start_receive(conn); }
  void send(ConnId conn, std::span<const ConstBuffer> buffers) { backend_->send(conn, buffers); }
  void close(ConnId conn, bool graceful) { backend_->close(conn, graceful); }
  void resolve(ResolveId query, std::string_view host, Instant deadline) {
    backend_->resolve(query, host, deadline);
  }
  void wake() noexcept { backend_->wake(); }
  void abandon() noexcept { backend_->abandon(); }

  void wait(std::optional<Instant> deadline, std::vector<backend::Completion>& out) {
    while (!backend_->ready()) {
      const std::optional<Instant> next = scheduler_.next();
      if (!next || (deadline && *deadline <= *next && *next > now())) {
        if (deadline) scheduler_.advance(*deadline);
        break;
      }
      scheduler_.step(*next);
    }
    backend_->wait(deadline, out);
  }

 private:
  Scheduler scheduler_;
  Network network_;
  Resolver resolver_;
  std::optional<SimBackend> backend_;
};

static_assert(backend::Backend<SteppedBackend>);

}  // namespace msrp::sim
