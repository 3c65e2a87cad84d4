// The engine's inside. One file a concern: tickets.cpp (setting up), connections.cpp (transport),
// incoming.cpp (chunks that come), messages.cpp (messages that go), reports.cpp (REPORTs and
// answers to our requests).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/heap_buffers.hpp"
#include "base/ident.hpp"
#include "base/ring_queue.hpp"
#include "base/slab_writer.hpp"
#include "base/slot_map.hpp"
#include "base/timer_queue.hpp"
#include "endpoint/event_queue.hpp"
#include "endpoint/route_table.hpp"
#include "endpoint/ticket.hpp"
#include "msrp/engine.hpp"
#include "session/chunk_writer.hpp"
#include "session/incoming_message.hpp"
#include "session/outgoing_message.hpp"
#include "session/session.hpp"
#include "stream/connection.hpp"
#include "stream/staging.hpp"
#include "stream/transaction_table.hpp"

namespace msrp {

// What a timer is about; `handle` is the value() of a handle whose type the reason implies.
struct TimerSubject {
  TimeoutReason reason = TimeoutReason::none;
  std::uint32_t index = 0, generation = 0;
  template <class H>
  H as() const noexcept {
    return H{index, generation};
  }
};

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
  TimerQueue<TimerSubject> timers;

  SlotMap<Listener, ListenerId> listeners;
  SlotMap<Ticket, TicketId> tickets;
  SlotMap<TicketId, ResolveId> queries;
  SlotMap<Connection, ConnId> connections;
  SlotMap<Session, SessionId> sessions;
  SlotMap<OutgoingMessage, MessageHandle> messages;
  SlotMap<IncomingMessage, IncomingHandle> incoming;
  TransactionTable transactions;
  RouteTable routes;
  ChunkWriter writer;

  EventQueue events;
  RingQueue<Command> commands;
  RingQueue<ConnId> sendable;
  RingQueue<ConnId> paused;  // connections to look at when room is made
  std::uint32_t unbound_connections = 0;
  std::uint64_t bad_chunks = 0;
  std::size_t held_bytes = 0;

  // ---- shared small things ----------------------------------------------------------------
  void advance(Instant now) noexcept;  // asserts that time does not go backwards
  void command(Command command) { commands.push_back(std::move(command)); }
  template <class H>
  TimerId arm(Instant now, Duration duration, TimeoutReason reason, H handle) {
    return timers.arm(now, duration, {reason, handle.index, handle.generation});
  }
  void log(LogLevel level, std::string_view text) noexcept {
    if (services.logger != nullptr) services.logger->message(level, text, last_now);
  }

  // ---- tickets.cpp ------------------------------------------------------------------------
  Result<ListenerId> listen(const ListenRequest& request);
  Result<TicketId> prepare(const PrepareRequest& request, Instant now);
  Result<void> give_local_path(Ticket& ticket);  // Prepared
  Result<void> complete(TicketId id, const RemoteDescription& remote, Instant now);
  void listener_up(Listener& listener, const SocketAddress& actual);
  void listener_failed(Listener& listener, const Error& error);
  void resolved(ResolveId query, std::span<const DnsRecord> records, Instant now);
  void resolve_failed(ResolveId query, const Error& error);
  void dial_next(Ticket& ticket, Instant now);
  void fail_ticket(Ticket& ticket, const Error& error);
  void drop_ticket(Ticket& ticket, const Error& error);  // without its event
  void bind_dialled(Ticket& ticket, Connection& conn, Instant now);
  void bind_confirmed(Session& session);
  Session* bind_accepted(Ticket& ticket, Connection& conn, const HeadView& head, Instant now);

  // ---- connections.cpp --------------------------------------------------------------------
  std::optional<ConnId> accepted(ListenerId listener, const TransportInfo& info, Instant now);
  void connected(Connection& conn, const TransportInfo& info, Instant now);
  void lost(Connection& conn, const Error& error);
  void ended(Connection& conn, Instant now);  // end of stream
  void closed(Connection& conn);
  // Nothing more is begun; DoClose follows once the transmit order has gone out.
  void drain(Connection& conn, Instant now);
  void close_if_drained(Connection& conn);
  void close_now(Connection& conn, bool graceful);
  void leave_connection(Session& session, Instant now);
  void mark_sendable(Connection& conn);
  void pause(Connection& conn);
  void resume_paused();
  bool may_read(const Connection& conn) const noexcept;
  bool may_resume(const Connection& conn) const noexcept;
  void transmitted(Connection& conn, std::size_t bytes, Instant now);
  void timed_out(const TimerSubject& subject, Instant now);

  // ---- incoming.cpp -----------------------------------------------------------------------
  std::size_t received(Connection& conn, const Slice& slice, Instant now);
  void framing_lost(Connection& conn, const Error& error, Instant now);
  void head_done(Connection& conn, const HeadView& head, Instant now);
  void request_head(Connection& conn, const HeadView& head, Instant now);
  Session* route_request(Connection& conn, const HeadView& head, Instant now);
  void park(Connection& conn, const HeadView& head, TicketId ticket);
  void unpark(const std::vector<ConnId>& waiting, Instant now);
  void send_head(Connection& conn, Session& session, const HeadView& head, Instant now);
  IncomingMessage* incoming_message(Session& session, const HeadView& head);
  void body_part(Connection& conn, const Slice& slice, std::uint64_t offset, Instant now);
  void chunk_done(Connection& conn, const ChunkDone& done, Instant now);
  void message_chunk_done(Connection& conn, IncomingMessage& message, const ChunkDone& done,
                          Instant now);
  // Answers the request that is being read, if it wants an answer of that kind (RFC 4975 section
  // 7.2), and drops what is left of it.
  void refuse(Connection& conn, std::uint16_t status, Instant now);
  void answer(Connection& conn, std::uint16_t status, Instant now);
  void count_bad_chunk(Connection& conn, const Error& error, Instant now);
  void end_incoming(IncomingMessage& message, std::optional<Error> error);
  void refuse_message(Connection* conn, IncomingMessage& message, std::uint16_t status,
                      const Error& why, Instant now);
  void erase_incoming(IncomingMessage& message) noexcept;
  Result<void> reject(IncomingHandle handle, std::uint16_t status, Instant now);
  void release(Session& session, std::size_t bytes);

  // ---- messages.cpp -----------------------------------------------------------------------
  Result<OutgoingMessage*> make_message(const MessageSpec& spec, Body body);
  Result<MessageHandle> queue_message(Session& session, const MessageSpec& spec, Body body);
  Result<void> check_agreed(const Session& session, const OutgoingMessage& message) const;
  void attach(Session& session, OutgoingMessage& message);
  void offer(OutgoingMessage& message);  // it has something to send
  Result<std::size_t> write(MessageHandle handle, const Slice& slice);
  Result<void> finish(MessageHandle handle);
  void fail_message(OutgoingMessage& message, const Error& error);
  void check_done(OutgoingMessage& message);
  void detach_body(OutgoingMessage& message);  // its connection is gone
  void close_session(Session& session, const Error& reason, Instant now);
  void check_session_done(Session& session);

  // ---- reports.cpp ------------------------------------------------------------------------
  void transaction_answered(Connection& conn, TransactionId id, std::uint16_t status, Instant now);
  void transaction_timed_out(TransactionId id, Instant now);
  void report_head(Connection& conn, Session& session, const HeadView& head, Instant now);
  OutgoingMessage* message_with_id(Session& session, std::string_view message_id) noexcept;
  void send_report(Session& session, const IncomingMessage& message, std::uint16_t status,
                   Instant now);
  Result<void> report(IncomingHandle handle, std::uint16_t status, Instant now);
};

}  // namespace msrp
