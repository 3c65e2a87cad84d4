// One engine of a part with everything under it, over any backend.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "apps/msrp/bench/channel.hpp"
#include "apps/msrp/bench/spec.hpp"
#include "backends/common/driver.hpp"
#include "backends/common/secure_backend.hpp"
#include "backends/crypto/openssl_crypto.hpp"
#include "backends/crypto/openssl_random.hpp"
#include "backends/epoll/epoll_backend.hpp"
#include "backends/tls/openssl_tls.hpp"
#include "backends/uring/uring_backend.hpp"
#include "msrp/engine.hpp"

namespace msrp::app::bench {

// Specialised for each backend: the options in its own words. Errors are the system's.
template <class B>
std::expected<std::unique_ptr<B>, backend::SystemError> make_backend(
    const backend::SocketOptions& options);

template <>
inline std::expected<std::unique_ptr<backend::EpollBackend>, backend::SystemError> make_backend(
    const backend::SocketOptions& options) {
  return backend::EpollBackend::create({options});
}

template <>
inline std::expected<std::unique_ptr<backend::UringBackend>, backend::SystemError> make_backend(
    const backend::SocketOptions& options) {
  auto made = backend::UringBackend::create({options});
  if (!made) return std::unexpected(made.error().error);
  return *std::move(made);
}

// The engine as the driver sees it; counts what goes over the wire, or into TLS.
class CountingEngine : public Engine {
 public:
  explicit CountingEngine(Engine&& engine) : Engine(std::move(engine)) {}

  std::size_t on_received(ConnId conn, const Slice& slice, Instant now) {
    const std::size_t taken = Engine::on_received(conn, slice, now);
    octets_received += taken;
    return taken;
  }
  void transmitted(ConnId conn, std::size_t bytes, Instant now) {
    octets_sent += bytes;
    Engine::transmitted(conn, bytes, now);
  }

  std::uint64_t octets_sent = 0, octets_received = 0;
};

// Chosen for throughput and for thousands of idle connections; docs/benchmarks.md says them.
EngineConfig bench_config();

// Trusts the spec's certificate alone, and speaks one suite, as the yardstick does. Throws
// std::runtime_error.
backend::OpensslTlsProvider make_tls_provider(const Spec& spec, bool is_server);

template <class B>
class Stack {
 public:
  using Transport = backend::SecureBackend<B, backend::OpensslTlsProvider>;

  // Throws std::runtime_error, whose text says what happened and what to do.
  explicit Stack(const Spec& spec)
      : backend_(made(make_backend<B>({.congestion_control = spec.congestion_control}))),
        tls_(make_tls_provider(spec, spec.role == "server")),
        transport_(*backend_, tls_),
        engine_(made(Engine::create(bench_config(), {random_, crypto_, backend_->buffers()},
                                    backend_->now()))),
        driver_(transport_, engine_) {}

  CountingEngine& engine() noexcept { return engine_; }
  BufferPool& buffers() noexcept { return backend_->buffers(); }
  Instant now() { return driver_.now(); }
  backend::Driver<Transport, CountingEngine>& driver() noexcept { return driver_; }

 private:
  static std::unique_ptr<B> made(std::expected<std::unique_ptr<B>, backend::SystemError>&& result) {
    if (!result) throw std::runtime_error("no backend: raise the limit of open files");
    return *std::move(result);
  }
  static Engine made(Result<Engine>&& result) {
    if (!result) throw std::runtime_error("no engine: give the machine more memory");
    return *std::move(result);
  }

  // In this order: the engine and the driver hold slices of the backend's pool.
  backend::OpensslRandom random_;
  backend::OpensslCrypto crypto_;
  std::unique_ptr<B> backend_;
  backend::OpensslTlsProvider tls_;
  Transport transport_;
  CountingEngine engine_;
  backend::Driver<Transport, CountingEngine> driver_;
};

// Stops a driver when the parent says so, or has gone.
template <class Driver>
class Stopper {
 public:
  Stopper(Channel& channel, Driver& driver)
      : channel_(channel), thread_([&channel, &driver] {
          channel.read();
          driver.stop();
        }) {}
  // Also when something was thrown: then nobody has said anything, and the thread still reads.
  ~Stopper() {
    shutdown(channel_.descriptor(), SHUT_RD);
    thread_.join();
  }
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;

 private:
  Channel& channel_;
  std::thread thread_;
};

}  // namespace msrp::app::bench
