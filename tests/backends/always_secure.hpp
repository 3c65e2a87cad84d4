// A backend whose connections all speak TLS, simulated or not, so that what is promised of every
// backend can be asked of that layer too.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "backends/common/secure_backend.hpp"
#include "backends/sim/toy_tls.hpp"

namespace msrp::backend {

template <Backend B, TlsProvider T = sim::ToyTlsProvider>
class AlwaysSecure {
 public:
  AlwaysSecure(std::unique_ptr<B> inner, Duration linger, T tls)
      : inner_(std::move(inner)), tls_(std::move(tls)), secure_(*inner_, tls_, {linger}) {}
  AlwaysSecure(std::unique_ptr<B> inner, Duration linger, sim::ToyTlsOptions tls = {})
      : AlwaysSecure(std::move(inner), linger, T(1, std::move(tls))) {}

  std::string server_name = "a.example";  // that clients want to meet

  Instant now() { return secure_.now(); }
  BufferPool& buffers() { return secure_.buffers(); }
  void listen(ListenerId listener, const SocketAddress& at) { secure_.listen_secure(listener, at); }
  void stop_listening(ListenerId listener) { secure_.stop_listening(listener); }
  void adopt(SocketHandle socket, ConnId conn) { secure_.adopt(socket, conn); }
  void discard(SocketHandle socket) { secure_.discard(socket); }
  void connect(ConnId conn, const SocketAddress& to) {
    secure_.connect_secure(conn, to, server_name, {});
  }
  void stop_receive(ConnId conn) { secure_.stop_receive(conn); }
  void start_receive(ConnId conn) { secure_.start_receive(conn); }
  void send(ConnId conn, std::span<const ConstBuffer> buffers) { secure_.send(conn, buffers); }
  void close(ConnId conn, bool graceful) { secure_.close(conn, graceful); }
  void resolve(ResolveId query, std::string_view host, Instant deadline) {
    secure_.resolve(query, host, deadline);
  }
  void wake() { secure_.wake(); }
  void abandon() { secure_.abandon(); }
  void wait(std::optional<Instant> deadline, std::vector<Completion>& out) {
    secure_.wait(deadline, out);
  }
  T& tls() { return tls_; }
  // What is not secured.
  void connect_plain(ConnId conn, const SocketAddress& to) { secure_.connect(conn, to); }
  void listen_plain(ListenerId listener, const SocketAddress& at) { secure_.listen(listener, at); }

 private:
  std::unique_ptr<B> inner_;
  T tls_;
  SecureBackend<B, T> secure_;
};

}  // namespace msrp::backend
