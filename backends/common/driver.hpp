// The glue between a backend and a core: the same for every backend, simulated ones included.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/common/mail_room.hpp"
#include "backends/common/secure_backend.hpp"
#include "msrp/assert.hpp"
#include "msrp/command.hpp"
#include "msrp/error.hpp"
#include "msrp/ids.hpp"
#include "msrp/shard_mail.hpp"
#include "msrp/time.hpp"

namespace msrp::backend {

struct DriverOptions {
  std::size_t send_bytes_max = 256 * 1024;  // gathered into one send
  // What a graceful close may take to send out what was lent; then the connection is reset.
  Duration flush_timeout = std::chrono::seconds(30);
};

// The mail of a core that has any.
template <class Core>
struct MailOf {
  struct Type {};
};
template <MailingCore Core>
struct MailOf<Core> {
  using Type = typename Core::Mail;
};

// One thread owns a driver; stop() alone may be called from others and from signal handlers.
// The backend outlives the core and the driver, since both hold slices of its pool; the core
// outlives the driver, whose end makes the backend let go of what the core lent.
template <Backend B, class Core>
class Driver {
 public:
  Driver(B& backend, Core& core, DriverOptions options = {})
      : backend_(backend), core_(core), options_(options) {}
  // One shard of several, whose cores speak with each other. The room outlives it; others wake this
  // one by the backend's wake().
  Driver(B& backend, Core& core, MailRoom<typename MailOf<Core>::Type>& room, ShardIndex self,
         DriverOptions options = {})
    requires MailingCore<Core>
      : backend_(backend), core_(core), options_(options), room_(&room), self_(self) {
    MSRP_ASSERT(self < room.shards());
  }
  ~Driver() { backend_.abandon(); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Hands out what is due, waits for one batch of completions, hands it in, hands out what came of
  // it. Waits until the core's next timeout or the deadline, and not at all when events were
  // delivered before waiting. on_event(event) may call the core with now(), not with a later
  // time, and not the driver.
  template <class OnEvent>
  void turn(OnEvent&& on_event, std::optional<Instant> deadline = std::nullopt) {
    if (flush(on_event)) deadline = now_;
    backend_.wait(earliest(deadline, next_deadline()), completions_);
    now_ = backend_.now();
    for (Completion& completion : completions_)
      std::visit([this](auto& what) { this->on(what); }, completion);
    completions_.clear();
    if constexpr (MailingCore<Core>) {
      if (room_ != nullptr) room_->collect(self_, core_, now_);
    }
    give_up_flushing();
    if (const auto due = core_.next_timeout(); due && *due <= now_) core_.handle_timeout(now_);
    flush(on_event);
  }

  // Hands out the core's outputs until there are none. Returns whether there were events.
  template <class OnEvent>
  bool flush(OnEvent&& on_event) {
    bool events = false;
    for (bool busy = true; busy;) {
      busy = false;
      now_ = backend_.now();
      while (auto command = core_.poll_command()) {
        busy = true;
        std::visit([this](auto& what) { this->execute(what); }, *command);
      }
      while (const auto id = core_.poll_sendable()) dirty_.push_back(*id);
      busy |= !dirty_.empty();
      for (std::size_t i = 0; i < dirty_.size(); ++i) pump(dirty_[i]);
      dirty_.clear();
      if constexpr (MailingCore<Core>) {
        if (room_ != nullptr) busy |= room_->post(self_, core_);
      }
      for (unsigned told = 0; told < events_between_sends; ++told) {
        auto event = core_.poll_event();
        if (!event) break;
        busy = events = true;
        const Telling telling(telling_);
        on_event(*event);
      }
    }
    return events;
  }

  template <class OnEvent>
  void run(OnEvent&& on_event) {
    while (!stopped()) turn(on_event);
  }

  // Ends run() and the turn that waits; later turns work, to close things in order.
  void stop() noexcept {
    stopped_.store(true, std::memory_order_release);
    backend_.wake();
  }
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

  // What to call the core with. While events are told it is the time of the turn.
  Instant now() { return telling_ ? now_ : backend_.now(); }

  // For loops of other people: when turn() is due although the backend has nothing to tell.
  std::optional<Instant> next_deadline() const {
    std::optional<Instant> due = core_.next_timeout();
    if (!flushing_.empty()) due = earliest(due, flushing_.front().deadline);
    if constexpr (SecureTransport<B>) due = earliest(due, backend_.next_deadline());
    return due;
  }

  // Bytes received and not taken by the core yet.
  std::size_t held_bytes() const noexcept {
    std::size_t sum = 0;
    for (const Connection& conn : connections_)
      for (const Slice& slice : conn.held) sum += slice.bytes.size();
    return sum;
  }

 private:
  // What the first of many events gave rise to is on its way while the others are told.
  static constexpr unsigned events_between_sends = 64;

  struct Telling {
    explicit Telling(bool& is) : flag(is) { flag = true; }
    ~Telling() { flag = false; }
    bool& flag;
  };

  enum class Phase : std::uint8_t {
    none,
    connecting,
    up,
    lost,      // the backend said so
    flushing,  // the core asked for a graceful close, what it lent is going out
    closing,   // the backend is closing it
  };

  struct Connection {
    ConnId id;
    Phase phase = Phase::none;
    bool sending = false;            // one send in flight
    bool paused = false;             // by the core
    bool eof_held = false;           // behind the held slices
    std::optional<Error> lost_held;  // behind the held slices
    std::vector<Slice> held;         // received and not taken: at most what the backend had already
  };

  struct Flushing {
    Instant deadline;
    ConnId conn;
  };

  static std::optional<Instant> earliest(std::optional<Instant> a, std::optional<Instant> b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
  }

  Connection* find(ConnId id) {
    if (id.index >= connections_.size()) return nullptr;
    Connection& conn = connections_[id.index];
    return conn.phase != Phase::none && conn.id == id ? &conn : nullptr;
  }

  void start(ConnId id, Phase phase) {
    if (id.index >= connections_.size()) connections_.resize(id.index + std::size_t{1});
    connections_[id.index] = Connection{};
    connections_[id.index].id = id;
    connections_[id.index].phase = phase;
  }

  // ---- completions --------------------------------------------------------------------------

  void on(const Woken&) {}

  void on(const Accepted& accepted) {
    if (const auto id = core_.on_accepted(accepted.listener, accepted.info, now_)) {
      start(*id, Phase::up);
      backend_.adopt(accepted.socket, *id);
    } else {
      backend_.discard(accepted.socket);
    }
  }

  void on(const Connected& connected) {
    Connection* conn = find(connected.conn);
    if (conn == nullptr || conn->phase != Phase::connecting) return;
    conn->phase = Phase::up;
    core_.on_connected(connected.conn, connected.info, now_);
    dirty_.push_back(connected.conn);
  }

  void on(const Secured& secured) {
    const Connection* conn = find(secured.conn);
    if (conn == nullptr || conn->phase == Phase::closing) return;
    if constexpr (requires { core_.on_secured(secured.conn, *secured.peer, now_); }) {
      core_.on_secured(secured.conn, *secured.peer, now_);
    }
  }

  void on(Received& received) {
    Connection* conn = find(received.conn);
    if (conn == nullptr || conn->phase != Phase::up) return;
    if (conn->paused || !conn->held.empty()) {
      conn->held.push_back(std::move(received.slice));
      return;
    }
    const std::size_t taken = core_.on_received(received.conn, received.slice, now_);
    if (taken == received.slice.bytes.size()) return;
    conn->paused = true;  // DoPauseRead follows
    received.slice.bytes = received.slice.bytes.subspan(taken);
    conn->held.push_back(std::move(received.slice));
  }

  void on(const SendDone& done) {
    Connection* conn = find(done.conn);
    if (conn == nullptr) return;
    conn->sending = false;
    core_.transmitted(done.conn, done.bytes, now_);
    dirty_.push_back(done.conn);
  }

  void on(const Eof& eof) {
    Connection* conn = find(eof.conn);
    if (conn == nullptr || conn->phase != Phase::up) return;
    if (conn->held.empty()) {
      core_.on_eof(eof.conn, now_);
    } else {
      conn->eof_held = true;
    }
  }

  void on(const Lost& lost) {
    Connection* conn = find(lost.conn);
    if (conn == nullptr || conn->phase == Phase::closing || conn->phase == Phase::lost) return;
    conn->sending = false;
    if (conn->phase == Phase::flushing) {
      end(*conn, false);
      return;
    }
    conn->phase = Phase::lost;
    if (conn->held.empty()) {
      core_.on_lost(lost.conn, lost.error, now_);
    } else {
      conn->lost_held = lost.error;  // what came before is as good as without the loss
    }
  }

  void on(const Closed& closed) {
    Connection* conn = find(closed.conn);
    if (conn == nullptr) return;
    *conn = Connection{};
    core_.on_closed(closed.conn, now_);
  }

  void on(const ListenDone& done) { core_.on_listening(done.listener, done.at, now_); }
  void on(const ListenFault& fault) { core_.on_listen_failed(fault.listener, fault.error, now_); }
  void on(const Resolved& found) { core_.on_resolved(found.query, found.records, now_); }
  void on(const ResolveFault& fault) { core_.on_resolve_failed(fault.query, fault.error, now_); }

  // ---- commands -----------------------------------------------------------------------------

  void execute(const DoListen& what) {
    if (!what.secure) return backend_.listen(what.listener, what.at);
    if constexpr (SecureTransport<B>) {
      backend_.listen_secure(what.listener, what.at);
    } else {
      core_.on_listen_failed(what.listener, Error{Errc::tls_failed}, now_);
    }
  }
  void execute(const DoStopListening& what) { backend_.stop_listening(what.listener); }
  void execute(const DoResolve& what) { backend_.resolve(what.query, what.host, what.deadline); }

  void execute(const DoConnect& what) {
    start(what.conn, Phase::connecting);
    if (!what.secure) return backend_.connect(what.conn, what.to);
    if constexpr (SecureTransport<B>) {
      backend_.connect_secure(what.conn, what.to, what.server_name, what.identity);
    } else {  // never in the clear what was asked for with TLS
      connections_[what.conn.index].phase = Phase::lost;
      core_.on_lost(what.conn, Error{Errc::tls_failed}, now_);
    }
  }

  void execute(const DoPauseRead& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr || conn->phase != Phase::up) return;
    conn->paused = true;
    backend_.stop_receive(what.conn);
  }

  void execute(const DoResumeRead& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr || (conn->phase != Phase::up && conn->phase != Phase::lost)) return;
    conn->paused = false;
    std::size_t fed = 0;
    for (; fed < conn->held.size() && !conn->paused; ++fed) {
      Slice& slice = conn->held[fed];
      const std::size_t taken = core_.on_received(what.conn, slice, now_);
      if (taken == slice.bytes.size()) continue;
      slice.bytes = slice.bytes.subspan(taken);
      conn->paused = true;
      break;
    }
    conn->held.erase(conn->held.begin(), conn->held.begin() + static_cast<std::ptrdiff_t>(fed));
    if (conn->paused) return;
    if (conn->held.capacity() > 0) std::vector<Slice>().swap(conn->held);
    if (std::exchange(conn->eof_held, false)) core_.on_eof(what.conn, now_);
    if (const auto error = std::exchange(conn->lost_held, std::nullopt)) {
      core_.on_lost(what.conn, *error, now_);
    } else if (conn->phase == Phase::up) {
      backend_.start_receive(what.conn);
    }
  }

  void execute(const DoClose& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr || conn->phase == Phase::closing) return;
    conn->held.clear();
    conn->eof_held = false;
    conn->lost_held.reset();
    if (!what.graceful || (conn->phase != Phase::up && conn->phase != Phase::flushing)) {
      end(*conn, false);
    } else if (conn->phase == Phase::up) {
      conn->phase = Phase::flushing;
      flushing_.push_back({now_ + options_.flush_timeout, what.conn});
      dirty_.push_back(what.conn);
      // Its bytes are dropped from now on, but a peer that blocks in writing would never read.
      if (std::exchange(conn->paused, false)) backend_.start_receive(what.conn);
    }
  }

  void end(Connection& conn, bool graceful) {
    conn.phase = Phase::closing;
    conn.held.clear();
    backend_.close(conn.id, graceful);
  }

  // Sends the front of what the core has for this connection, unless a send is in flight.
  void pump(ConnId id) {
    Connection* conn = find(id);
    if (conn == nullptr || conn->sending) return;
    if (conn->phase != Phase::up && conn->phase != Phase::flushing) return;
    std::array<ConstBuffer, 64> buffers;
    std::size_t count = core_.poll_transmit(id, buffers, now_);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t room = options_.send_bytes_max - bytes;
      if (buffers[i].size() >= room) {
        buffers[i] = buffers[i].first(room);
        count = i + 1;
      }
      bytes += buffers[i].size();
    }
    if (bytes > 0) {
      conn->sending = true;
      backend_.send(id, std::span<const ConstBuffer>(buffers).first(count));
    } else if (conn->phase == Phase::flushing) {
      end(*conn, true);
    }
  }

  // All have the same patience, so the list is in the order of deadlines.
  void give_up_flushing() {
    for (; !flushing_.empty(); flushing_.pop_front()) {
      Connection* conn = find(flushing_.front().conn);
      if (conn == nullptr || conn->phase != Phase::flushing) continue;
      if (flushing_.front().deadline > now_) break;
      end(*conn, false);
    }
  }

  B& backend_;
  Core& core_;
  DriverOptions options_;
  Instant now_{};
  bool telling_ = false;                 // events
  std::vector<Connection> connections_;  // by ConnId::index
  std::vector<ConnId> dirty_;            // may have something to send
  std::deque<Flushing> flushing_;
  std::vector<Completion> completions_;
  std::atomic<bool> stopped_ = false;
  MailRoom<typename MailOf<Core>::Type>* room_ = nullptr;
  ShardIndex self_ = 0;
};

}  // namespace msrp::backend
