#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"

namespace msrp {

std::optional<ConnId> Engine::Impl::accepted(ListenerId listener, const TransportInfo& info,
                                             Instant now) {
  if (listeners.find(listener) == nullptr || connections.size() >= limits.connections ||
      unbound_connections >= limits.unbound_connections) {
    return std::nullopt;
  }
  const ConnId id = connections.emplace(limits.parser, header_table, staging);
  Connection& conn = connections[id];
  conn.id = id;
  conn.state = Connection::State::up;
  conn.info = info;
  conn.unbound = true;
  ++unbound_connections;
  conn.timer = arm(now, timeouts.bind, TimeoutReason::bind, id);
  return id;
}

void Engine::Impl::lost(Connection& conn, const Error& error) {
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
  for (const SessionId id : std::vector<SessionId>(conn.sessions)) {
    if (Session* session = sessions.find(id)) close_session(*session, error, last_now);
  }
}

// What was received is still answered; then the connection is of no use to its sessions.
void Engine::Impl::ended(Connection& conn, Instant now) {
  if (conn.state != Connection::State::up) return;
  conn.ended = true;
  retire(conn);
  const Error reason{conn.parser.idle() ? Errc::connection_closed : Errc::truncated};
  for (const SessionId id : std::vector<SessionId>(conn.sessions)) {
    if (Session* session = sessions.find(id)) close_session(*session, reason, now);
  }
  drain(conn, now);
}

// No session joins it any more.
void Engine::Impl::retire(Connection& conn) noexcept {
  if (Dial* dial = dials.find(conn.dial)) forget_dial(*dial);
  timers.cancel(conn.keep_alive);
  timers.cancel(conn.behind);
}

void Engine::Impl::close_now(Connection& conn, bool graceful) {
  if (conn.state == Connection::State::closing) return;
  if (conn.state != Connection::State::connecting) retire(conn);
  conn.move(Connection::Input::close);
  timers.cancel(conn.timer);
  conn.parked.reset();
  if (conn.unbound) {
    conn.unbound = false;
    --unbound_connections;
  }
  command(DoClose{conn.id, graceful});
}

void Engine::Impl::drain(Connection& conn, Instant now) {
  if (conn.state != Connection::State::up) return;
  retire(conn);
  conn.move(Connection::Input::drain);
  conn.parked.reset();  // no session is bound to it any more
  timers.cancel(conn.timer);
  conn.timer = arm(now, timeouts.close, TimeoutReason::close, conn.id);
  mark_sendable(conn);
  close_if_drained(conn);
}

void Engine::Impl::close_if_drained(Connection& conn) {
  if (conn.state != Connection::State::draining) return;
  if (conn.transmit.empty() && !writer.has_work(conn)) close_now(conn, true);
}

void Engine::Impl::closed(Connection& conn) {
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
    session = sessions.find(session_id);
    if (session == nullptr) continue;
    for (const MessageHandle message : std::vector<MessageHandle>(session->outgoing)) {
      if (OutgoingMessage* left = messages.find(message)) detach_body(*left);
    }
  }
}

void Engine::Impl::close_transactions(TransactionList& list) {
  while (Transaction* transaction = transactions.find(list.first)) {
    timers.cancel(transaction->timer);
    if (OutgoingMessage* message = messages.find(transaction->message)) {
      if (transaction->failure_report != FailureReport::no && !transaction->answered) {
        --message->open_transactions;
      }
    }
    transactions.close(list.first, list);
  }
}

void Engine::Impl::enter_connection(Session& session, Connection& conn) {
  session.conn = conn.id;
  session.place = static_cast<std::uint32_t>(conn.sessions.size());
  conn.sessions.push_back(session.id);
  ++conn.open_sessions;
  timers.cancel(conn.timer);  // bind or idle
  if (!conn.unbound) return;
  conn.unbound = false;
  --unbound_connections;
}

// The session counts no more; a connection without any is closed once its queue has gone out.
void Engine::Impl::leave_connection(Session& session, Instant now) {
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
  timers.cancel(conn->keep_alive);
  timers.cancel(conn->timer);
  conn->timer = arm(now, timeouts.idle, TimeoutReason::idle, conn->id);
}

void Engine::Impl::mark_sendable(Connection& conn) {
  if (conn.sendable_queued || conn.state == Connection::State::connecting ||
      conn.state == Connection::State::closing) {
    return;
  }
  if (conn.transmit.empty() && !writer.has_work(conn)) return;
  sendable.push_back(conn.id);
  conn.sendable_queued = true;
}

// ---- reading: stopped when something that it would fill is full, and begun again at half of it.

bool Engine::Impl::may_read(const Connection& conn) const noexcept {
  return events.size() < limits.events && conn.held_bytes < limits.held_bytes &&
         conn.control.size() + conn.transmit.bytes() <
             std::size_t{limits.transmit_bytes} + limits.control_bytes &&
         conn.requests < limits.requests && conn.parked == nullptr &&
         copies.room() >= copy_room_bytes;
}

bool Engine::Impl::may_resume(const Connection& conn) const noexcept {
  return events.size() <= limits.events / 2 && conn.held_bytes <= limits.held_bytes / 2 &&
         conn.control.size() + conn.transmit.bytes() <=
             std::size_t{limits.transmit_bytes} + limits.control_bytes / 2 &&
         conn.requests <= limits.requests / 2 && conn.parked == nullptr &&
         copies.room() >= copy_room_bytes;
}

void Engine::Impl::pause(Connection& conn, Instant now) {
  if (conn.paused) return;
  if (copies.room() < copy_room_bytes) pool_was_empty = true;
  if (!conn.paused_queued) paused.push_back(conn.id);
  conn.paused_queued = true;
  conn.paused = true;
  command(DoPauseRead{conn.id});
  if (conn.held_bytes >= limits.held_bytes) held_up(conn, now);
}

void Engine::Impl::resume(Connection& conn) {
  if (!conn.paused || conn.state == Connection::State::closing) return;
  if (conn.state == Connection::State::up && !may_resume(conn)) return;
  conn.paused = false;
  timers.cancel(conn.behind);
  command(DoResumeRead{conn.id});
}

void Engine::Impl::resume_paused() {
  for (std::size_t left = paused.size(); left > 0; --left) {
    const ConnId id = paused.pop_front();
    Connection* conn = connections.find(id);
    if (conn == nullptr) continue;
    copies.ensure(copy_room_bytes);
    resume(*conn);
    conn->paused_queued = conn->paused && conn->state != Connection::State::closing;
    if (conn->paused_queued) paused.push_back(id);
  }
  if (copies.room() >= copy_room_bytes) pool_was_empty = false;
}

// ---- sending

void Engine::Impl::transmitted(Connection& conn, std::size_t bytes, Instant now) {
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

void Engine::Impl::request_transmitted(Connection& conn, TransactionId id, Instant now) {
  Transaction& transaction = transactions[id];
  const MessageHandle handle = transaction.message;
  // The timer runs from the last octet, so a chunk that takes minutes does not time out while it is
  // written (RFC 4975 section 7.1.1).
  if (transaction.answered || transaction.failure_report == FailureReport::no) {
    transactions.close(id, conn.transactions);
  } else {
    transaction.timer = arm(now, timeouts.transaction, TimeoutReason::transaction, id);
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
