#include <new>

#include "base/undo.hpp"
#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"

namespace msrp {
namespace {

constexpr std::size_t gather_bytes_max = 256 * 1024;

bool has_room_for_requests(const Connection& conn, std::uint32_t requests,
                           std::size_t path_bytes) noexcept {
  return conn.requests == 0 || (conn.requests < requests && conn.path_bytes < path_bytes);
}

}  // namespace

// With everything that its end will need.
Connection& Engine::Impl::make_connection() {
  const ConnId id = connections.emplace(limits.parser, header_table, staging);
  Undo undo([&] { connections.erase(id); });
  Connection& conn = connections[id];
  conn.id = id;
  conn.commands = commands.owe(1);
  conn.sendable_place = sendable.owe(1);
  conn.paused_place = paused.owe(1);
  undo.dismiss();
  return conn;
}

Result<ConnId> Engine::Impl::accepted(ListenerId listener, const TransportInfo& info, Instant now) {
  if (listeners.find(listener) == nullptr || connections.size() >= limits.connections ||
      unbound_connections >= limits.unbound_connections) {
    return fail(Errc::limit_exceeded);
  }
  Connection& conn = make_connection();
  conn.state = Connection::State::up;
  conn.info = info;
  conn.unbound = true;
  ++unbound_connections;
  arm(conn.timer, now, timeouts.bind, TimeoutReason::bind, conn.id);
  return conn.id;
}

void Engine::Impl::lost(Connection& conn, const Error& error) noexcept {
  if (conn.state == Connection::State::closing) return;
  const bool was_connecting = conn.state == Connection::State::connecting;
  close_now(conn, false);
  if (was_connecting) {
    Dial* dial = dials.find(std::exchange(conn.dial, {}));
    if (dial == nullptr) return;
    dial->last_error = error;
    return dial_next(*dial, last_now);
  }
  // A connection that fails takes its sessions along (RFC 4975 section 5.4).
  close_sessions(conn, error, last_now);
}

// From the back: one that is gone leaves its place to one that had its turn.
void Engine::Impl::close_sessions(Connection& conn, const Error& reason, Instant now) noexcept {
  for (std::size_t i = conn.sessions.size(); i > 0; --i) {
    if (i <= conn.sessions.size()) close_session(sessions[conn.sessions[i - 1]], reason, now);
  }
}

// What was received is still answered; then the connection is of no use to its sessions.
void Engine::Impl::ended(Connection& conn, Instant now) noexcept {
  if (conn.state != Connection::State::up) return;
  conn.ended = true;
  retire(conn);
  close_sessions(conn, Error{conn.parser.idle() ? Errc::connection_closed : Errc::truncated}, now);
  drain(conn, now);
}

// No session joins it any more.
void Engine::Impl::retire(Connection& conn) noexcept {
  if (Dial* dial = dials.find(conn.dial)) forget_dial(*dial);
  conn.keep_alive.stop();
  conn.behind.stop();
}

void Engine::Impl::close_now(Connection& conn, bool graceful) noexcept {
  if (conn.state == Connection::State::closing) return;
  if (conn.state != Connection::State::connecting) retire(conn);
  conn.move(Connection::Input::close);
  conn.timer.stop();
  conn.parked.reset();
  if (conn.unbound) {
    conn.unbound = false;
    --unbound_connections;
  }
  commands.push(conn.commands, DoClose{conn.id, graceful});
}

void Engine::Impl::drain(Connection& conn, Instant now) noexcept {
  if (conn.state != Connection::State::up) return;
  retire(conn);
  conn.move(Connection::Input::drain);
  conn.parked.reset();  // no session is bound to it any more
  arm(conn.timer, now, timeouts.close, TimeoutReason::close, conn.id);
  mark_sendable(conn);
  close_if_drained(conn);
}

void Engine::Impl::close_if_drained(Connection& conn) noexcept {
  if (conn.state != Connection::State::draining) return;
  if (conn.transmit.empty() && !writer.has_work(conn)) close_now(conn, true);
}

void Engine::Impl::closed(Connection& conn) noexcept {
  MSRP_ASSERT(conn.state == Connection::State::closing);
  close_transactions(conn.transactions);
  close_transactions(conn.sent_partials);
  const std::vector<SessionId> carried = std::move(conn.sessions);
  const ConnId id = conn.id;
  connections.erase(id);  // lent octets are nobody's from here on
  for (const SessionId session_id : carried) {
    Session* session = sessions.find(session_id);
    if (session == nullptr) continue;
    close_session(*session, Error{Errc::connection_lost}, last_now);
    // Each is gone with this, and the session with the last.
    while ((session = sessions.find(session_id)) != nullptr) {
      detach_body(messages[session->outgoing.back()]);
    }
  }
}

void Engine::Impl::close_transactions(TransactionList& list) noexcept {
  while (const Transaction* transaction = transactions.find(list.first)) {
    if (OutgoingMessage* message = messages.find(transaction->message)) {
      if (transaction->failure_report != FailureReport::no && !transaction->answered) {
        --message->open_transactions;
      }
    }
    transactions.close(list.first, list);
  }
}

void Engine::Impl::enter_connection(Session& session, Connection& conn) noexcept {
  session.conn = conn.id;
  session.place = static_cast<std::uint32_t>(conn.sessions.size());
  conn.sessions.push_back(session.id);
  ++conn.open_sessions;
  conn.timer.stop();  // bind or idle
  if (!conn.unbound) return;
  conn.unbound = false;
  --unbound_connections;
}

// The session counts no more; a connection without any is closed once its queue has gone out.
void Engine::Impl::leave_connection(Session& session, Instant now) noexcept {
  session.left = true;
  const std::size_t held = std::exchange(session.held_bytes, 0);
  held_bytes -= held + std::exchange(session.written_off_bytes, 0);
  Connection* conn = connections.find(session.conn);
  if (conn == nullptr) return;
  conn->held_bytes -= held;
  MSRP_ASSERT(conn->open_sessions > 0);
  --conn->open_sessions;
  resume(*conn);
  mark_sendable(*conn);
  if (conn->open_sessions > 0 || conn->binding > 0 || conn->state != Connection::State::up) return;
  if (timeouts.idle == Duration{} || conn->ended) return drain(*conn, now);
  conn->keep_alive.stop();
  arm(conn->timer, now, timeouts.idle, TimeoutReason::idle, conn->id);
}

void Engine::Impl::mark_sendable(Connection& conn) noexcept {
  if (conn.sendable_queued || conn.state == Connection::State::connecting ||
      conn.state == Connection::State::closing) {
    return;
  }
  if (conn.transmit.empty() && !writer.has_work(conn)) return;
  sendable.push(conn.sendable_place, conn.id);
  conn.sendable_queued = true;
}

std::optional<ConnId> Engine::Impl::next_sendable() noexcept {
  while (!sendable.empty()) {
    const ConnId id = sendable.pop();
    Connection* conn = connections.find(id);
    if (conn == nullptr) continue;
    sendable.keep(conn->sendable_place);
    conn->sendable_queued = false;
    if (conn->state != Connection::State::closing) return id;
  }
  return std::nullopt;
}

// ---- reading: stopped when something that it would fill is full, and begun again at half of it.

bool Engine::Impl::may_read(const Connection& conn) const noexcept {
  return events.size() < limits.events && conn.held_bytes < limits.held_bytes &&
         conn.control.size() + conn.transmit.bytes() <
             std::size_t{limits.transmit_bytes} + limits.control_bytes &&
         has_room_for_requests(conn, limits.requests, limits.path_bytes) &&
         conn.parked == nullptr && copies.room() >= copy_room_bytes;
}

bool Engine::Impl::may_resume(const Connection& conn) const noexcept {
  return events.size() <= limits.events / 2 && conn.held_bytes <= limits.held_bytes / 2 &&
         conn.control.size() + conn.transmit.bytes() <=
             std::size_t{limits.transmit_bytes} + limits.control_bytes / 2 &&
         has_room_for_requests(conn, limits.requests / 2 + 1, limits.path_bytes) &&
         conn.parked == nullptr && copies.room() >= copy_room_bytes;
}

void Engine::Impl::pause(Connection& conn, Instant now) {
  if (conn.paused) return;
  commands.owe(conn.commands, 2);  // the resume too
  if (copies.room() < copy_room_bytes) pool_was_empty = true;
  if (!conn.paused_queued) paused.push(conn.paused_place, conn.id);
  conn.paused_queued = true;
  conn.paused = true;
  commands.push(conn.commands, DoPauseRead{conn.id});
  if (conn.held_bytes >= limits.held_bytes) held_up(conn, now);
}

void Engine::Impl::resume(Connection& conn) noexcept {
  if (!conn.paused || conn.state == Connection::State::closing) return;
  if (conn.state == Connection::State::up && !may_resume(conn)) return;
  conn.paused = false;
  conn.behind.stop();
  commands.push(conn.commands, DoResumeRead{conn.id});
}

void Engine::Impl::resume_paused() noexcept {
  for (std::size_t left = paused.size(); left > 0; --left) {
    const ConnId id = paused.pop();
    Connection* conn = connections.find(id);
    if (conn == nullptr) continue;
    paused.keep(conn->paused_place);
    copies.ensure(copy_room_bytes);
    resume(*conn);
    conn->paused_queued = conn->paused && conn->state != Connection::State::closing;
    if (conn->paused_queued) paused.push(conn->paused_place, id);
  }
  if (copies.room() >= copy_room_bytes) pool_was_empty = false;
}

// ---- sending

std::size_t Engine::Impl::transmit(Connection& conn, std::span<ConstBuffer> out,
                                   Instant now) noexcept {
  if (conn.state == Connection::State::connecting || conn.state == Connection::State::closing) {
    return 0;
  }
  try {
    writer.fill(conn, now);
  } catch (const std::bad_alloc&) {
    lost(conn, Error{Errc::out_of_memory});  // in the middle of a chunk
    return 0;
  }
  close_if_drained(conn);
  return conn.transmit.gather(out, gather_bytes_max);
}

void Engine::Impl::transmitted(Connection& conn, std::size_t bytes, Instant now) noexcept {
  while (bytes > 0) {
    TransmitQueue::Consumed consumed;
    bytes -= conn.transmit.consume(bytes, consumed);
    if (OutgoingMessage* message = messages.find(consumed.body_of)) {
      message->in_flight_bytes -= consumed.body_bytes;
      const std::uint64_t buffered = message->body.ready_bytes() + message->in_flight_bytes;
      if (message->writable_wanted && !message->failed &&
          buffered <= limits.write_window_bytes / 2) {
        message->writable_wanted = false;
        events.push(
            message->writable,
            Writable{message->id, static_cast<std::size_t>(limits.write_window_bytes - buffered)});
      }
    }
    if (transactions.find(consumed.request_end) != nullptr) {
      request_transmitted(conn, consumed.request_end, now);
    }
  }
  arm_keep_alive(conn, now);
  if (conn.transmit.empty() && !writer.has_work(conn)) conn.transmit.release_memory();
  close_if_drained(conn);
  mark_sendable(conn);
  resume(conn);
}

void Engine::Impl::request_transmitted(Connection& conn, TransactionId id, Instant now) noexcept {
  Transaction& transaction = transactions[id];
  const MessageHandle handle = transaction.message;
  // The timer runs from the last octet, so a chunk that takes minutes does not time out while it is
  // written (RFC 4975 section 7.1.1).
  if (transaction.answered || transaction.failure_report == FailureReport::no) {
    transactions.close(id, conn.transactions);
  } else {
    arm(transaction.timer, now, timeouts.transaction, TimeoutReason::transaction, id);
    if (transaction.failure_report == FailureReport::partial) {
      if (conn.sent_partials.size >= limits.transactions) {
        transaction_timed_out(conn.sent_partials.last, now);
      }
      transactions.move(id, conn.transactions, conn.sent_partials);
      transactions[id].sent_partial = true;
    }
  }
  if (OutgoingMessage* message = messages.find(handle)) {
    --message->unsent_requests;
    check_done(*message);
  }
}

}  // namespace msrp
