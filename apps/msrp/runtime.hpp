// One endpoint of the process (engine, driver, backend and services in a bundle), and the loop
// that turns endpoints and watches signals and standard input beside them.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "apps/msrp/options.hpp"
#include "apps/msrp/output.hpp"
#include "apps/msrp/trace.hpp"
#include "backends/common/driver.hpp"
#include "backends/common/secure_backend.hpp"
#include "backends/common/socket.hpp"
#include "backends/crypto/openssl_crypto.hpp"
#include "backends/crypto/openssl_random.hpp"
#include "backends/system/system_backend.hpp"
#include "backends/tls/openssl_tls.hpp"
#include "msrp/engine.hpp"

namespace msrp::app {

// The engine as the driver sees it; tells about connections, which the engine's events do not.
class WatchedEngine : public Engine {
 public:
  WatchedEngine(Engine&& engine, Tracer* tracer, Output& output,
                const backend::OpensslTlsProvider& tls)
      : Engine(std::move(engine)), tracer_(tracer), output_(output), tls_(tls) {}

  std::optional<ConnId> on_accepted(ListenerId listener, const TransportInfo& info, Instant now);
  void on_connected(ConnId conn, const TransportInfo& info, Instant now);
  // An accepted connection whose TLS fails is said: no event tells of it.
  void on_lost(ConnId conn, const Error& error, Instant now);
  void on_closed(ConnId conn, Instant now);

 private:
  void tell(bool accepted, ConnId conn, const TransportInfo& info, Instant now);

  Tracer* tracer_;
  Output& output_;
  const backend::OpensslTlsProvider& tls_;
  std::unordered_set<ConnId> accepted_;
};

struct EndpointOptions {
  std::string name;  // in traces, where there are two
  Limits limits;
  Timeouts timeouts;
  TraceFile* trace = nullptr;
  std::optional<backend::BackendKind> backend;  // empty: the best that works here
  backend::OpensslTlsProvider tls;              // for paths and listeners that are msrps
};

class Endpoint {
 public:
  using OnEvent = std::function<void(Event&)>;

  // Notes which backend it is, and why none that is better. The error says what happened and what
  // to do.
  static std::expected<std::unique_ptr<Endpoint>, std::string> create(EndpointOptions options,
                                                                      Output& output);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  Engine& engine() noexcept { return *engine_; }
  Random& random() noexcept { return random_; }
  // Whoever connects and is connected to from now on.
  backend::OpensslTlsProvider& tls() noexcept { return tls_; }
  BufferPool& buffers() noexcept { return backend_->buffers(); }
  Instant now() noexcept { return driver_->now(); }
  // errno of the last listen or connect that failed; 0: unknown.
  int last_error() noexcept { return backend_->last_error(); }

  // Does what is due without waiting.
  void turn(const OnEvent& on_event);
  int descriptor() noexcept { return backend_->descriptor(); }
  std::optional<Instant> next_deadline();
  // No connection is open any more.
  bool quiet() const noexcept { return engine_->stats().connections == 0; }

 private:
  using Transport = backend::SecureBackend<backend::AnyBackend, backend::OpensslTlsProvider>;
  Endpoint() = default;

  backend::OpensslRandom random_;
  backend::OpensslCrypto crypto_;
  std::optional<backend::AnyBackend> backend_;
  backend::OpensslTlsProvider tls_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Tracer> tracer_;
  std::unique_ptr<WatchedEngine> engine_;
  std::unique_ptr<backend::Driver<Transport, WatchedEngine>> driver_;
};

// Turns endpoints until stopped. A first SIGINT or SIGTERM calls on_interrupt; a second one ends
// the process at once, as it would have without this class.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void add(Endpoint& endpoint, Endpoint::OnEvent on_event);
  void on_interrupt(std::function<void()> call) { on_interrupt_ = std::move(call); }
  // call() on every SIGHUP, which would have ended the process otherwise.
  void on_hangup(std::function<void()> call);
  // call() whenever the descriptor can be read, until unwatch(). One at a time.
  void watch(int descriptor, std::function<void()> call);
  void unwatch() noexcept { watched_ = -1; }
  // call() once, at that time. One an owner; nullopt: none.
  void set_alarm(const void* owner, std::optional<Instant> at, std::function<void()> call = {});

  void run();
  void stop() noexcept { stopped_ = true; }
  // Goes on until all endpoints are quiet, or then.
  void wind_up(Instant until);

 private:
  struct Entry {
    Endpoint* endpoint;
    Endpoint::OnEvent on_event;
  };

  struct Alarm {
    const void* owner;
    Instant at;
    std::function<void()> call;
  };

  void turn_all();
  void ring();
  void wait(std::optional<Instant> until);
  void take_signal();
  Instant now() { return entries_.front().endpoint->now(); }

  std::vector<Entry> entries_;
  backend::Descriptor signals_;
  std::function<void()> on_interrupt_, on_hangup_;
  int watched_ = -1;
  std::function<void()> on_readable_;
  std::vector<Alarm> alarms_;
  bool stopped_ = false;
  bool events_ = false;  // some were handed out
};

// The trace that the options ask for. A trace that cannot be written is said once, stops nothing
// and makes the exit status 1.
class Trace {
 public:
  Trace(const CommonOptions& options, Instant start, Output& output);
  TraceFile* file() noexcept { return file_.get(); }  // nullptr: there is none
  // The exit status, when the command's own is this.
  int close(int status);

 private:
  std::unique_ptr<TraceFile> file_;
  bool failed_ = false;
};

// The highest resident size of this process so far.
std::uint64_t peak_memory_bytes();

}  // namespace msrp::app
