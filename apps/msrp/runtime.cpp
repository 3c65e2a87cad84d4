#include "apps/msrp/runtime.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "apps/msrp/options.hpp"
#include "apps/msrp/text.hpp"
#include "apps/msrp/tls_setup.hpp"

namespace msrp::app {
namespace {

// 4 MiB of 64 KiB slabs: enough for a few connections, and what the memory of this process stays
// far below whatever is sent.
constexpr std::size_t slabs_max = 64;

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

// ---- WatchedEngine

std::optional<ConnId> WatchedEngine::on_accepted(ListenerId listener, const TransportInfo& info,
                                                 Instant now) {
  const auto conn = Engine::on_accepted(listener, info, now);
  if (conn) {
    accepted_.insert(*conn);
    tell(true, *conn, info, now);
  }
  return conn;
}

void WatchedEngine::on_connected(ConnId conn, const TransportInfo& info, Instant now) {
  tell(false, conn, info, now);  // first, since the binding SEND is made in the next line
  Engine::on_connected(conn, info, now);
}

void WatchedEngine::on_lost(ConnId conn, const Error& error, Instant now) {
  if (error.code == Errc::tls_failed && accepted_.contains(conn)) {
    const std::string& why = tls_.last_reason();
    if (why.empty()) {
      output_.note("a peer left in the TLS handshake");
    } else {
      output_.complain(fmt::format("a peer was turned away, TLS: {}", printable(why)),
                       tls_advice(why));
    }
  }
  Engine::on_lost(conn, error, now);
}

void WatchedEngine::on_closed(ConnId conn, Instant now) {
  Engine::on_closed(conn, now);
  accepted_.erase(conn);
  if (tracer_ != nullptr) tracer_->closed(conn, now);
}

void WatchedEngine::tell(bool accepted, ConnId conn, const TransportInfo& info, Instant now) {
  output_.note(fmt::format("{} {}, here {}", accepted ? "accepted" : "connected", info.peer.text(),
                           info.local.text()));
  if (tracer_ != nullptr) tracer_->connected(conn, info, accepted, now);
}

// ---- Endpoint

std::expected<std::unique_ptr<Endpoint>, std::string> Endpoint::create(EndpointOptions options,
                                                                       Output& output) {
  std::unique_ptr<Endpoint> endpoint(new Endpoint());
  backend::SocketOptions socket_options;
  socket_options.slabs_max = slabs_max;
  auto opened = backend::open_backend(options.backend, socket_options);
  if (!opened) {
    return std::unexpected(
        fmt::format("no backend, {}: choose another --backend, or raise the "
                    "limit of open files",
                    opened.error()));
  }
  if (!opened->why.empty()) output.note(opened->why);
  output.note(fmt::format("backend: {}", backend::name_of(opened->kind)));
  endpoint->backend_ = std::move(opened->backend);
  if (options.trace != nullptr) {
    endpoint->tracer_ = std::make_unique<Tracer>(*options.trace, options.name);
  }
  const Services services{endpoint->random_, endpoint->crypto_, endpoint->backend_->buffers(),
                          endpoint->tracer_.get()};
  auto engine = Engine::create(EngineConfig{options.limits, options.timeouts}, services,
                               endpoint->backend_->now());
  if (!engine) {
    return std::unexpected(
        fmt::format("no engine, {}: choose other limits", describe(engine.error().code)));
  }
  endpoint->engine_ = std::make_unique<WatchedEngine>(*std::move(engine), endpoint->tracer_.get(),
                                                      output, endpoint->tls_);
  endpoint->tls_ = std::move(options.tls);
  endpoint->transport_ = std::make_unique<Transport>(*endpoint->backend_, endpoint->tls_);
  endpoint->driver_ = std::make_unique<backend::Driver<Transport, WatchedEngine>>(
      *endpoint->transport_, *endpoint->engine_);
  return endpoint;
}

// Backwards: the driver and the engine hold slices of the backend's pool.
Endpoint::~Endpoint() = default;

void Endpoint::turn(const OnEvent& on_event) {
  driver_->turn(on_event, backend_->now());
}

std::optional<Instant> Endpoint::next_deadline() {
  return earlier(driver_->next_deadline(), backend_->next_deadline());
}

// ---- Loop

Loop::Loop() {
  const sigset_t set = interrupts();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_ = backend::Descriptor(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

void Loop::on_hangup(std::function<void()> call) {
  on_hangup_ = std::move(call);
  sigset_t set = interrupts();
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signalfd(signals_.get(), &set, 0);
}

Loop::~Loop() {
  sigset_t set = interrupts();
  if (on_hangup_) sigaddset(&set, SIGHUP);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void Loop::add(Endpoint& endpoint, Endpoint::OnEvent on_event) {
  entries_.push_back({&endpoint, [this, call = std::move(on_event)](Event& event) {
                        events_ = true;
                        call(event);
                      }});
}

void Loop::watch(int descriptor, std::function<void()> call) {
  watched_ = descriptor;
  on_readable_ = std::move(call);
}

void Loop::set_alarm(const void* owner, std::optional<Instant> at, std::function<void()> call) {
  std::erase_if(alarms_, [owner](const Alarm& alarm) { return alarm.owner == owner; });
  if (at) alarms_.push_back({owner, *at, std::move(call)});
}

void Loop::ring() {
  const Instant at = now();
  const auto due =
      std::ranges::find_if(alarms_, [at](const Alarm& alarm) { return alarm.at <= at; });
  if (due == alarms_.end()) return;  // another one that is due rings in the next turn
  const std::function<void()> call = std::move(due->call);
  alarms_.erase(due);
  call();
}

void Loop::turn_all() {
  // An event of one endpoint may have been used on another, whose outputs are to be fetched then.
  // Two that keep each other busy leave room for signals and alarms all the same.
  constexpr int rounds_max = 16;
  for (int round = 0; round < rounds_max; ++round) {
    events_ = false;
    for (Entry& entry : entries_) entry.endpoint->turn(entry.on_event);
    if (!events_ || entries_.size() == 1 || stopped_) break;
  }
}

void Loop::run() {
  for (;;) {
    turn_all();
    if (stopped_) return;
    std::optional<Instant> until;
    for (const Alarm& alarm : alarms_) until = earlier(until, alarm.at);
    wait(until);
    ring();
  }
}

void Loop::wind_up(Instant until) {
  unwatch();
  for (;;) {
    turn_all();
    const bool quiet =
        std::ranges::all_of(entries_, [](const Entry& entry) { return entry.endpoint->quiet(); });
    if (quiet || now() >= until) return;
    wait(until);
  }
}

void Loop::wait(std::optional<Instant> until) {
  std::vector<pollfd> descriptors;
  for (const Entry& entry : entries_) {
    descriptors.push_back({entry.endpoint->descriptor(), POLLIN, 0});
    until = earlier(until, entry.endpoint->next_deadline());
  }
  if (events_ && entries_.size() > 1) until = now();  // turn_all() has more to do
  const std::size_t signals = descriptors.size();
  descriptors.push_back({signals_.get(), POLLIN, 0});
  descriptors.push_back({watched_, POLLIN, 0});  // one below 0 is passed over
  timespec patience{};
  if (until) {
    const auto left = std::max(*until - now(), Duration{});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    patience.tv_sec = static_cast<time_t>(seconds.count());
    patience.tv_nsec = static_cast<long>((left - seconds).count());
  }
  if (ppoll(descriptors.data(), descriptors.size(), until ? &patience : nullptr, nullptr) <= 0) {
    return;
  }
  if (descriptors[signals].revents != 0) take_signal();
  if (descriptors[signals + 1].revents != 0 && watched_ >= 0) {
    // The callback may watch another one.
    const std::function<void()> call = on_readable_;
    call();
  }
}

void Loop::take_signal() {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGHUP) return on_hangup_();
  const sigset_t set = interrupts();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);  // the next one ends the process
  if (on_interrupt_) on_interrupt_();
}

// ---- the process

Trace::Trace(const CommonOptions& options, Instant start, Output& output) {
  if (options.trace_file.empty()) return;
  const auto complain = [&output, name = options.trace_file](int error) {
    output.complain(
        fmt::format("cannot write the trace '{}', {}", printable(name), std::strerror(error)),
        error == ENOSPC ? "make room for it" : "name a file that can be written");
  };
  file_ = TraceFile::create(options.trace_file, {options.trace_body_bytes, options.trace_secrets},
                            start, complain);
  failed_ = file_ == nullptr;
  if (failed_) complain(errno);
}

int Trace::close(int status) {
  const bool whole = !failed_ && (file_ == nullptr || file_->close());
  return whole ? status : 1;
}

std::uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace msrp::app
