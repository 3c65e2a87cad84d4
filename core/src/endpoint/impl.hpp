// The engine's inside. One file a concern: tickets.cpp (setting up), dialling.cpp (the way to a
// peer), connections.cpp (transport), incoming.cpp (chunks that come), chunks.cpp (the chunk
// level), messages.cpp (messages that go), reports.cpp (REPORTs and answers to our requests),
// upkeep.cpp (what time and congestion ask for).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/heap_buffers.hpp"
#include "base/ident.hpp"
#include "base/owing_queue.hpp"
#include "base/ring_queue.hpp"
#include "base/slab_writer.hpp"
#include "base/slot_map.hpp"
#include "endpoint/dial.hpp"
#include "endpoint/event_queue.hpp"
#include "endpoint/route_table.hpp"
#include "endpoint/ticket.hpp"
#include "msrp/engine.hpp"
#include "session/chunk_writer.hpp"
#include "session/incoming_message.hpp"
#include "session/incoming_request.hpp"
#include "session/outgoing_message.hpp"
#include "session/session.hpp"
#include "stream/connection.hpp"
#include "stream/staging.hpp"
#include "stream/timers.hpp"
#include "stream/transaction_table.hpp"

namespace msrp {

// What is left of a session that ended, for one that replaces it.
struct FormerSession {
  SessionId id;
  IdHistory received_ids;
};

// Room for one more, so that a push_back() does not fail.
template <class T>
void reserve_one(std::vector<T>& all) {
  if (all.size() == all.capacity()) all.reserve(all.empty() ? 1 : 2 * all.size());
}

// Octets that a parser can hold back and give out without an owner.
inline constexpr std::size_t copy_room_bytes = 128;

struct Engine::Impl {
  Impl(const EngineConfig& config, Services services, Instant start);

  // ---- state ------------------------------------------------------------------------------
  EngineConfig config;
  const Limits& limits = config.limits;
  const Timeouts& timeouts = config.timeouts;
  Services services;
  Instant last_now;

  IdentSource idents;
  HeaderTable header_table;
  StagingPool staging;
  SlabWriter copies;    // body octets that came without an owner
  HeapBuffers written;  // stream octets that came without an owner
  Timers timers;
  EventQueue events;
  OwingQueue<Command> commands;
  OwingQueue<ConnId> sendable;
  OwingQueue<ConnId> paused;  // connections to look at when room is made

  SlotMap<Listener, ListenerId> listeners;
  SlotMap<Ticket, TicketId> tickets;
  SlotMap<Dial, DialId> dials;
  DialIndex dial_index;
  SlotMap<DialId, ResolveId> queries;
  SlotMap<Connection, ConnId> connections;
  SlotMap<Session, SessionId> sessions;
  SlotMap<OutgoingMessage, MessageHandle> messages;
  SlotMap<IncomingMessage, IncomingHandle> incoming;
  SlotMap<IncomingRequest, RequestHandle> requests;
  // Messages whose Message-ID the application chose, so that it does not name their slot; by the
  // hash of session and id.
  std::unordered_multimap<std::uint64_t, MessageHandle> custom_ids;
  RingQueue<FormerSession> former_sessions;  // oldest first
  TransactionTable transactions;
  RouteTable routes;
  ChunkWriter writer;

  std::uint32_t unbound_connections = 0;
  bool pool_was_empty = false;  // a paused connection waits for slabs
  std::uint64_t bad_chunks = 0;
  std::size_t held_bytes = 0;

  // ---- shared small things ----------------------------------------------------------------
  void advance(Instant now) noexcept;  // asserts that time does not go backwards
  template <class H>
  void arm(Timer& timer, Instant now, Duration duration, TimeoutReason reason, H handle) noexcept {
    timers.start(timer, now, duration, {reason, handle.index, handle.generation});
  }

  // ---- tickets.cpp ------------------------------------------------------------------------
  Result<ListenerId> listen(const ListenRequest& request);
  Result<TicketId> prepare(const PrepareRequest& request, Instant now);
  Result<void> give_local_path(Ticket& ticket);  // Prepared
  Result<void> complete(TicketId id, const RemoteDescription& remote, Instant now);
  void listener_up(Listener& listener, const SocketAddress& actual) noexcept;
  void listener_failed(Listener& listener, const Error& error) noexcept;
  void stop_listening(Listener& listener) noexcept;
  Result<MessageHandle> send_first(TicketId id, const MessageSpec& spec, Body body);
  void fail_ticket(Ticket& ticket, const Error& error) noexcept;
  void drop_ticket(Ticket& ticket, const Error& error) noexcept;  // without its event
  void take_over(Ticket& ticket, const Connection& conn, Session& session);
  void bind_confirmed(Session& session);
  static bool is_peer_of(const Ticket& ticket, const Connection& conn) noexcept;
  void turn_away(Ticket& ticket, Connection& conn, Instant now);
  Session* bind_accepted(Ticket& ticket, Connection& conn, const HeadView& head, Instant now);

  // ---- dialling.cpp -----------------------------------------------------------------------
  Result<void> dial(Ticket& ticket, Ticket::Input why, Instant now);
  void begin_dial(Ticket& ticket, DialKey key, Instant now);
  // On bad_alloc nothing has changed.
  Result<void> resolved(ResolveId query, std::span<const DnsRecord> records, Instant now);
  void resolve_failed(ResolveId query, const Error& error) noexcept;
  void connect_next(Dial& dial, Instant now);
  void dial_next(Dial& dial, Instant now) noexcept;
  void fail_dial(Dial& dial, const Error& error) noexcept;
  void forget_dial(Dial& dial) noexcept;
  void leave_dial(Ticket& ticket) noexcept;
  void connected(Connection& conn, const TransportInfo& info, Instant now) noexcept;
  Result<void> bind_dialled(Ticket& ticket, Connection& conn, bool joined, Instant now);
  void redial(Ticket& ticket, const Error& reason, Instant now) noexcept;

  // ---- connections.cpp --------------------------------------------------------------------
  Result<ConnId> accepted(ListenerId listener, const TransportInfo& info, Instant now);
  Connection& make_connection();
  void lost(Connection& conn, const Error& error) noexcept;
  void ended(Connection& conn, Instant now) noexcept;  // end of stream
  void closed(Connection& conn) noexcept;
  void close_sessions(Connection& conn, const Error& reason, Instant now) noexcept;
  // Nothing more is begun; DoClose follows once the transmit order has gone out.
  void drain(Connection& conn, Instant now) noexcept;
  void close_if_drained(Connection& conn) noexcept;
  void close_now(Connection& conn, bool graceful) noexcept;
  // Precondition: there is room in the connection's sessions.
  void enter_connection(Session& session, Connection& conn) noexcept;
  void leave_connection(Session& session, Instant now) noexcept;
  void close_transactions(TransactionList& list) noexcept;
  void retire(Connection& conn) noexcept;
  void mark_sendable(Connection& conn) noexcept;
  void pause(Connection& conn, Instant now);
  void resume(Connection& conn) noexcept;  // if it may
  void resume_paused() noexcept;           // all that may
  std::optional<ConnId> next_sendable() noexcept;
  bool may_read(const Connection& conn) const noexcept;
  bool may_resume(const Connection& conn) const noexcept;
  std::size_t transmit(Connection& conn, std::span<ConstBuffer> out, Instant now) noexcept;
  void transmitted(Connection& conn, std::size_t bytes, Instant now) noexcept;
  void request_transmitted(Connection& conn, TransactionId id, Instant now) noexcept;

  // ---- incoming.cpp -----------------------------------------------------------------------
  // What throws here is caught by the caller, who gives the connection up: what its sessions hold
  // has to be consistent then, and what the connection reads need not.
  Result<std::size_t> received(Connection& conn, const Slice& slice, Instant now);
  void framing_lost(Connection& conn, const Error& error, Instant now) noexcept;
  void head_done(Connection& conn, const HeadView& head, Instant now);
  void request_head(Connection& conn, const HeadView& head, Instant now);
  Session* usual_session(Connection& conn, const HeadView& head) noexcept;
  Session* route_request(Connection& conn, const HeadView& head, Instant now);
  void park(Connection& conn, const HeadView& head, TicketId ticket);
  void unpark(const std::vector<ConnId>& waiting, Instant now) noexcept;
  void send_head(Connection& conn, Session& session, const HeadView& head, Instant now);
  IncomingMessage* incoming_message(Session& session, const HeadView& head, Instant now);
  void body_part(Connection& conn, const Slice& slice, std::uint64_t offset, Instant now);
  void chunk_done(Connection& conn, const ChunkDone& done, Instant now);
  void message_chunk_done(Connection& conn, IncomingMessage& message, const ChunkDone& done,
                          Instant now);
  // Answers the request that is being read, if it wants an answer of that kind (RFC 4975 section
  // 7.2), and drops what is left of it.
  void refuse(Connection& conn, std::uint16_t status, Instant now);
  void answer(Connection& conn, std::uint16_t status, Instant now);
  void count_bad_chunk(Connection& conn, const Error& error, Instant now) noexcept;
  void end_incoming(IncomingMessage& message, std::optional<Error> error) noexcept;
  void refuse_message(IncomingMessage& message, std::uint16_t status, const Error& why,
                      Instant now) noexcept;
  void erase_incoming(IncomingMessage& message) noexcept;
  Result<void> reject(IncomingHandle handle, std::uint16_t status, Instant now);
  void release(Session& session, std::size_t bytes) noexcept;
  void hold(Connection& conn, Session& session, std::size_t bytes) noexcept;

  // ---- chunks.cpp -------------------------------------------------------------------------
  void chunk_head(Connection& conn, Session& session, const HeadView& head);
  void chunk_body(Connection& conn, const Slice& slice, std::uint64_t offset);
  void chunk_ended(Connection& conn, const ChunkDone& done, Instant now);
  Result<void> respond(RequestHandle handle, std::uint16_t status, std::string_view comment,
                       Instant now);
  Result<void> answer_request(Connection& conn, const IncomingRequest& request,
                              std::uint16_t status, std::string_view comment, Instant now);
  void erase_request(IncomingRequest& request) noexcept;
  Result<MessageHandle> send_chunk(Session& session, const ChunkSpec& spec, Body body);
  Result<void> send_report(Session& session, const ReportSpec& report, Instant now);
  Result<void> write_raw(Session& session, std::span<const std::byte> bytes);

  // ---- upkeep.cpp -------------------------------------------------------------------------
  void timed_out(const TimerSubject& subject, Instant now) noexcept;
  void arm_keep_alive(Connection& conn, Instant now) noexcept;
  void keep_alive(Connection& conn, Instant now) noexcept;
  void arm_message_timer(IncomingMessage& message, Instant now) noexcept;
  void held_up(Connection& conn, Instant now) noexcept;
  void write_off(Connection& conn, Session& session, Instant now) noexcept;
  Session* most_held(Connection& conn) noexcept;
  void remember(Session& session) noexcept;
  IdHistory former_ids(SessionId session);

  // ---- messages.cpp -----------------------------------------------------------------------
  Result<OutgoingMessage*> make_message(const MessageSpec& spec, Body body);
  Result<OutgoingMessage*> make_internal();  // a bodiless SEND that no event tells of
  Result<MessageHandle> queue_message(Session& session, const MessageSpec& spec, Body body,
                                      std::unique_ptr<OutgoingMessage::ChunkLevel> chunk = {});
  Result<void> check_agreed(const Session& session, const OutgoingMessage& message) const;
  std::uint64_t custom_key(SessionId session, std::string_view message_id) const noexcept;
  void attach(Session& session, OutgoingMessage& message);  // on bad_alloc nothing has changed
  void detach(Session& session, OutgoingMessage& message) noexcept;
  void erase_message(OutgoingMessage& message) noexcept;
  // Room for it in its session's and connection's turns, so that offer() does not fail.
  void reserve_turn(const OutgoingMessage& message);
  void offer(OutgoingMessage& message);  // it has something to send
  Result<std::size_t> write(MessageHandle handle, const Slice& slice);
  Result<void> finish(MessageHandle handle);
  void fail_message(OutgoingMessage& message, const Error& error) noexcept;
  void check_done(OutgoingMessage& message) noexcept;
  void detach_body(OutgoingMessage& message) noexcept;  // its connection is gone
  void close_session(Session& session, const Error& reason, Instant now) noexcept;
  void check_session_done(Session& session) noexcept;

  // ---- reports.cpp ------------------------------------------------------------------------
  void transaction_answered(Connection& conn, TransactionId id, std::uint16_t status, Instant now);
  void transaction_timed_out(TransactionId id, Instant now) noexcept;
  void report_head(Connection& conn, const Session& session, const HeadView& head) noexcept;
  void report_done(const IncomingReport& report, Instant now);
  OutgoingMessage* message_with_id(const Session& session, std::string_view message_id) noexcept;
  void report_on(Session& session, const IncomingMessage& message, std::uint16_t status,
                 Instant now);
  Result<void> write_report(Connection& conn, const Session& session, std::string_view to_path,
                            const ReportSpec& report, Instant now);
  Result<void> report(IncomingHandle handle, std::uint16_t status, Instant now);
};

}  // namespace msrp
