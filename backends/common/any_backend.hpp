// A backend whose kind is chosen when the program runs.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/common/socket.hpp"

namespace msrp::backend {

// A backend that can stand in somebody else's loop: descriptor() is readable when wait() has
// something to do before next_deadline(), which is to be asked before every sleep.
template <class B>
concept EmbeddableBackend = Backend<B> && requires(B b) {
  { b.descriptor() } -> std::same_as<int>;
  { b.next_deadline() } -> std::same_as<std::optional<Instant>>;
  { b.last_error() } -> std::same_as<SystemError>;  // of the last failed listen() or connect()
};

// Owns it; a call costs what a virtual call does.
class AnyBackend {
 public:
  template <EmbeddableBackend B>
  explicit AnyBackend(std::unique_ptr<B> backend)
      : held_(std::make_unique<Model<B>>(std::move(backend))) {}

  Instant now() { return held_->now(); }
  BufferPool& buffers() { return held_->buffers(); }
  void listen(ListenerId listener, const SocketAddress& at) { held_->listen(listener, at); }
  void stop_listening(ListenerId listener) { held_->stop_listening(listener); }
  void adopt(SocketHandle socket, ConnId conn) { held_->adopt(socket, conn); }
  void discard(SocketHandle socket) { held_->discard(socket); }
  void connect(ConnId conn, const SocketAddress& to) { held_->connect(conn, to); }
  void stop_receive(ConnId conn) { held_->stop_receive(conn); }
  void start_receive(ConnId conn) { held_->start_receive(conn); }
  void send(ConnId conn, std::span<const ConstBuffer> buffers) { held_->send(conn, buffers); }
  void close(ConnId conn, bool graceful) { held_->close(conn, graceful); }
  void resolve(ResolveId query, std::string_view host, Instant deadline) {
    held_->resolve(query, host, deadline);
  }
  void wait(std::optional<Instant> deadline, std::vector<Completion>& out) {
    held_->wait(deadline, out);
  }
  void wake() { held_->wake(); }
  void abandon() { held_->abandon(); }

  int descriptor() { return held_->descriptor(); }
  std::optional<Instant> next_deadline() { return held_->next_deadline(); }
  SystemError last_error() { return held_->last_error(); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual Instant now() = 0;
    virtual BufferPool& buffers() = 0;
    virtual void listen(ListenerId listener, const SocketAddress& at) = 0;
    virtual void stop_listening(ListenerId listener) = 0;
    virtual void adopt(SocketHandle socket, ConnId conn) = 0;
    virtual void discard(SocketHandle socket) = 0;
    virtual void connect(ConnId conn, const SocketAddress& to) = 0;
    virtual void stop_receive(ConnId conn) = 0;
    virtual void start_receive(ConnId conn) = 0;
    virtual void send(ConnId conn, std::span<const ConstBuffer> buffers) = 0;
    virtual void close(ConnId conn, bool graceful) = 0;
    virtual void resolve(ResolveId query, std::string_view host, Instant deadline) = 0;
    virtual void wait(std::optional<Instant> deadline, std::vector<Completion>& out) = 0;
    virtual void wake() = 0;
    virtual void abandon() = 0;
    virtual int descriptor() = 0;
    virtual std::optional<Instant> next_deadline() = 0;
    virtual SystemError last_error() = 0;
  };

  template <class B>
  struct Model final : Held {
    explicit Model(std::unique_ptr<B> backend) : b(std::move(backend)) {}
    Instant now() override { return b->now(); }
    BufferPool& buffers() override { return b->buffers(); }
    void listen(ListenerId listener, const SocketAddress& at) override { b->listen(listener, at); }
    void stop_listening(ListenerId listener) override { b->stop_listening(listener); }
    void adopt(SocketHandle socket, ConnId conn) override { b->adopt(socket, conn); }
    void discard(SocketHandle socket) override { b->discard(socket); }
    void connect(ConnId conn, const SocketAddress& to) override { b->connect(conn, to); }
    void stop_receive(ConnId conn) override { b->stop_receive(conn); }
    void start_receive(ConnId conn) override { b->start_receive(conn); }
    void send(ConnId conn, std::span<const ConstBuffer> buffers) override {
      b->send(conn, buffers);
    }
    void close(ConnId conn, bool graceful) override { b->close(conn, graceful); }
    void resolve(ResolveId query, std::string_view host, Instant deadline) override {
      b->resolve(query, host, deadline);
    }
    void wait(std::optional<Instant> deadline, std::vector<Completion>& out) override {
      b->wait(deadline, out);
    }
    void wake() override { b->wake(); }
    void abandon() override { b->abandon(); }
    int descriptor() override { return b->descriptor(); }
    std::optional<Instant> next_deadline() override { return b->next_deadline(); }
    SystemError last_error() override { return b->last_error(); }
    std::unique_ptr<B> b;
  };

  std::unique_ptr<Held> held_;
};

static_assert(EmbeddableBackend<AnyBackend>);

}  // namespace msrp::backend
