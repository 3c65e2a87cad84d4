// The engine's face: it checks, guards and passes on. What it does is in the files beside it.
#include "msrp/engine.hpp"

#include <new>
#include <utility>

#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"

namespace msrp {
namespace {

constexpr std::size_t staging_blocks_kept = 1024;
constexpr std::size_t slab_bytes_min = 1024;

Result<void> check_limits(const EngineConfig& config, const Services& services) {
  const Limits& limits = config.limits;
  const bool works = limits.quantum_bytes >= interruptible_bytes && limits.transmit_bytes > 0 &&
                     limits.events >= 4 && limits.held_bytes > 0 && limits.transactions > 0 &&
                     limits.intervals > 0 && limits.incoming_messages > 0 &&
                     limits.outgoing_messages > 0 && limits.write_window_bytes > 0 &&
                     limits.control_bytes > 0 && limits.parser.head_bytes >= 512 &&
                     services.buffers.slab_bytes() >= slab_bytes_min;
  if (!works) return fail(Errc::invalid_argument);
  return {};
}

// Contract rule 9, in one of two ways. What says so when memory runs out goes through guarded();
// everything else is noexcept inside, because it needs no memory or knows what to give up.
template <class F>
auto guarded(F&& action) noexcept -> decltype(action()) {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return fail(Errc::out_of_memory);
  }
}

}  // namespace

std::size_t connection_bytes_max(const Limits& limits, std::size_t sessions) noexcept {
  constexpr std::size_t interval_bytes = 2 * sizeof(std::uint64_t);
  constexpr std::size_t growth = 2;  // what a vector's growth can take beyond its size
  // The head that is being read, one that is parked, and the answer's addresses.
  const std::size_t parser = sizeof(Connection) + std::size_t{4} * limits.parser.head_bytes;
  const std::size_t transmit = std::size_t{limits.transmit_bytes} + limits.quantum_bytes;
  const std::size_t control = std::size_t{2} * limits.control_bytes;
  const std::size_t transactions = std::size_t{limits.transactions} * 2 * sizeof(Transaction);
  const std::size_t paths =
      std::size_t{limits.path_bytes} + std::size_t{2} * limits.parser.head_bytes;
  const std::size_t requests = std::size_t{limits.requests} * growth * sizeof(IncomingRequest);
  const std::size_t message =
      growth * (sizeof(IncomingMessage) + limits.intervals * interval_bytes);
  const std::size_t session = growth * sizeof(Session) + limits.parser.head_bytes +
                              limits.incoming_messages * message +
                              growth * limits.remembered_message_ids * sizeof(std::uint64_t);
  return parser + transmit + control + transactions + limits.held_bytes + paths + requests +
         sessions * session;
}

Engine::Impl::Impl(const EngineConfig& configuration, Services handed_in, Instant start)
    : config(configuration),
      services(handed_in),
      last_now(start),
      idents(handed_in.random),
      header_table(configuration.limits.parser.headers),
      staging(staging_blocks_kept),
      copies(handed_in.buffers),
      transactions(idents),
      writer(limits, sessions, messages, transactions, handed_in.logger) {}

void Engine::Impl::advance(Instant now) noexcept {
  MSRP_ASSERT(now >= last_now);
  last_now = now;
}

Result<Engine> Engine::create(const EngineConfig& config, Services services, Instant start) {
  MSRP_TRY_VOID(check_limits(config, services));
  return guarded(
      [&]() -> Result<Engine> { return Engine(std::make_unique<Impl>(config, services, start)); });
}

Engine::Engine(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

// ---- application

Result<ListenerId> Engine::listen(const ListenRequest& request, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->listen(request); });
}

void Engine::stop_listening(ListenerId listener, Instant now) {
  impl_->advance(now);
  if (Listener* found = impl_->listeners.find(listener)) impl_->stop_listening(*found);
}

Result<TicketId> Engine::prepare(const PrepareRequest& request, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->prepare(request, now); });
}

Result<MessageHandle> Engine::send_first(TicketId id, const MessageSpec& spec, Body body,
                                         Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->send_first(id, spec, std::move(body)); });
}

Result<void> Engine::complete(TicketId ticket, const RemoteDescription& remote, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->complete(ticket, remote, now); });
}

void Engine::cleanup(TicketId id, Instant now) {
  impl_->advance(now);
  if (Ticket* ticket = impl_->tickets.find(id)) impl_->drop_ticket(*ticket, Error{Errc::closed});
}

Result<MessageHandle> Engine::send(SessionId session, const MessageSpec& spec, Body body,
                                   Instant now) {
  impl_->advance(now);
  Session* found = impl_->sessions.find(session);
  if (found == nullptr) return fail(Errc::stale_handle);
  return guarded([&] { return impl_->queue_message(*found, spec, std::move(body)); });
}

Result<std::size_t> Engine::write(MessageHandle message, Slice slice, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->write(message, slice); });
}

Result<void> Engine::finish(MessageHandle message, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->finish(message); });
}

void Engine::abort(MessageHandle id, Instant now) {
  impl_->advance(now);
  OutgoingMessage* message = impl_->messages.find(id);
  if (message != nullptr) impl_->fail_message(*message, Error{Errc::aborted});
}

Result<void> Engine::reject(IncomingHandle message, std::uint16_t status, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->reject(message, status, now); });
}

Result<void> Engine::send_report(IncomingHandle message, std::uint16_t status, Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->report(message, status, now); });
}

std::string_view Engine::message_id(MessageHandle id) const noexcept {
  const OutgoingMessage* message = impl_->messages.find(id);
  return message != nullptr ? message->message_id.text() : std::string_view();
}

Result<MessageHandle> Engine::send_chunk(SessionId session, const ChunkSpec& spec, Body body,
                                         Instant now) {
  impl_->advance(now);
  Session* found = impl_->sessions.find(session);
  if (found == nullptr) return fail(Errc::stale_handle);
  return guarded([&] { return impl_->send_chunk(*found, spec, std::move(body)); });
}

Result<void> Engine::respond(RequestHandle request, std::uint16_t status, std::string_view comment,
                             Instant now) {
  impl_->advance(now);
  return guarded([&] { return impl_->respond(request, status, comment, now); });
}

Result<void> Engine::send_report(SessionId session, const ReportSpec& report, Instant now) {
  impl_->advance(now);
  Session* found = impl_->sessions.find(session);
  if (found == nullptr) return fail(Errc::stale_handle);
  return guarded([&] { return impl_->send_report(*found, report, now); });
}

Result<void> Engine::write_raw(SessionId session, std::span<const std::byte> bytes, Instant now) {
  impl_->advance(now);
  Session* found = impl_->sessions.find(session);
  if (found == nullptr) return fail(Errc::stale_handle);
  return guarded([&] { return impl_->write_raw(*found, bytes); });
}

void Engine::release(SessionId session, std::size_t bytes, Instant now) {
  impl_->advance(now);
  if (Session* found = impl_->sessions.find(session)) {
    if (found->state != Session::State::closing) impl_->release(*found, bytes);
  }
}

void Engine::close(SessionId session, Instant now) {
  impl_->advance(now);
  if (Session* found = impl_->sessions.find(session)) {
    impl_->close_session(*found, Error{Errc::closed}, now);
  }
}

// ---- transport

void Engine::on_listening(ListenerId id, const SocketAddress& actual, Instant now) {
  impl_->advance(now);
  if (Listener* listener = impl_->listeners.find(id)) impl_->listener_up(*listener, actual);
}

void Engine::on_listen_failed(ListenerId id, const Error& error, Instant now) {
  impl_->advance(now);
  if (Listener* listener = impl_->listeners.find(id)) impl_->listener_failed(*listener, error);
}

std::optional<ConnId> Engine::on_accepted(ListenerId listener, const TransportInfo& info,
                                          Instant now) {
  impl_->advance(now);
  const Result<ConnId> conn = guarded([&] { return impl_->accepted(listener, info, now); });
  return conn ? std::optional(*conn) : std::nullopt;
}

void Engine::on_connected(ConnId id, const TransportInfo& info, Instant now) {
  impl_->advance(now);
  if (Connection* conn = impl_->connections.find(id)) impl_->connected(*conn, info, now);
}

void Engine::on_secured(ConnId id, const PeerIdentity& peer, Instant now) {
  impl_->advance(now);
  Connection* conn = impl_->connections.find(id);
  if (conn == nullptr) return;
  const Result<void> kept = guarded([&]() -> Result<void> {
    conn->peer = std::make_unique<PeerIdentity>(peer);
    return {};
  });
  if (!kept) impl_->lost(*conn, kept.error());
}

std::size_t Engine::on_received(ConnId id, const Slice& slice, Instant now) {
  impl_->advance(now);
  Connection* conn = impl_->connections.find(id);
  if (conn == nullptr) return slice.bytes.size();
  const Result<std::size_t> taken = guarded([&] { return impl_->received(*conn, slice, now); });
  if (taken) return *taken;
  impl_->lost(*conn, taken.error());  // in the middle of a chunk
  return slice.bytes.size();
}

void Engine::on_eof(ConnId id, Instant now) {
  impl_->advance(now);
  if (Connection* conn = impl_->connections.find(id)) impl_->ended(*conn, now);
}

void Engine::on_lost(ConnId id, const Error& error, Instant now) {
  impl_->advance(now);
  if (Connection* conn = impl_->connections.find(id)) impl_->lost(*conn, error);
}

void Engine::on_closed(ConnId id, Instant now) {
  impl_->advance(now);
  if (Connection* conn = impl_->connections.find(id)) impl_->closed(*conn);
}

void Engine::on_resolved(ResolveId query, std::span<const DnsRecord> records, Instant now) {
  impl_->advance(now);
  const Result<void> taken = guarded([&] { return impl_->resolved(query, records, now); });
  if (!taken) impl_->resolve_failed(query, taken.error());
}

void Engine::on_resolve_failed(ResolveId query, const Error& error, Instant now) {
  impl_->advance(now);
  impl_->resolve_failed(query, error);
}

// ---- outputs

std::optional<Command> Engine::poll_command() {
  if (impl_->commands.empty()) {
    // Slabs come back without a call to the engine; this is where that is noticed.
    if (impl_->pool_was_empty) impl_->resume_paused();
    if (impl_->commands.empty()) return std::nullopt;
  }
  return impl_->commands.pop();
}

std::optional<Event> Engine::poll_event() {
  std::optional<Event> event = impl_->events.pop();
  if (event && !impl_->paused.empty() && impl_->events.size() == impl_->limits.events / 2) {
    impl_->resume_paused();
  }
  return event;
}

std::optional<ConnId> Engine::poll_sendable() {
  return impl_->next_sendable();
}

std::size_t Engine::poll_transmit(ConnId id, std::span<ConstBuffer> out, Instant now) {
  impl_->advance(now);
  Connection* conn = impl_->connections.find(id);
  return conn != nullptr ? impl_->transmit(*conn, out, now) : 0;
}

void Engine::transmitted(ConnId id, std::size_t bytes, Instant now) {
  impl_->advance(now);
  if (Connection* conn = impl_->connections.find(id)) impl_->transmitted(*conn, bytes, now);
}

std::optional<Instant> Engine::next_timeout() const noexcept {
  return impl_->timers.next();
}

TimeoutReason Engine::next_timeout_reason() const noexcept {
  const TimerSubject* next = impl_->timers.next_payload();
  return next != nullptr ? next->reason : TimeoutReason::none;
}

void Engine::handle_timeout(Instant now) {
  impl_->advance(now);
  while (const std::optional<TimerSubject> due = impl_->timers.pop_due(now)) {
    impl_->timed_out(*due, now);
  }
}

Engine::Stats Engine::stats() const noexcept {
  return Stats{impl_->connections.size(), impl_->sessions.size(), impl_->tickets.size(),
               impl_->messages.size(),    impl_->incoming.size(), impl_->transactions.size(),
               impl_->bad_chunks,         impl_->held_bytes};
}

}  // namespace msrp
