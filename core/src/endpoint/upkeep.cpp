// What time and congestion ask for: time-outs, keep-alives, connections held up by one session, and
// what is remembered of sessions that ended.
#include <algorithm>
#include <new>

#include "base/undo.hpp"
#include "endpoint/impl.hpp"
#include "msrp/status.hpp"

namespace msrp {

void Engine::Impl::timed_out(const TimerSubject& subject, Instant now) noexcept {
  const Error error{Errc::timed_out};
  switch (subject.reason) {
    case TimeoutReason::none:
      break;
    case TimeoutReason::transaction:
      transaction_timed_out(subject.as<TransactionId>(), now);
      break;
    case TimeoutReason::bind:
    case TimeoutReason::close:
      if (Connection* conn = connections.find(subject.as<ConnId>())) close_now(*conn, false);
      break;
    case TimeoutReason::idle:
      if (Connection* conn = connections.find(subject.as<ConnId>())) drain(*conn, now);
      break;
    case TimeoutReason::connect:
      if (Connection* conn = connections.find(subject.as<ConnId>())) lost(*conn, error);
      break;
    case TimeoutReason::keep_alive:
      if (Connection* conn = connections.find(subject.as<ConnId>())) keep_alive(*conn, now);
      break;
    case TimeoutReason::behind: {
      Connection* conn = connections.find(subject.as<ConnId>());
      Session* session = conn != nullptr ? most_held(*conn) : nullptr;
      if (session != nullptr) write_off(*conn, *session, now);
      break;
    }
    case TimeoutReason::message:
      if (IncomingMessage* message = incoming.find(subject.as<IncomingHandle>())) {
        refuse_message(*message, status::stop_sending, error, now);
      }
      break;
    case TimeoutReason::report:
      if (OutgoingMessage* message = messages.find(subject.as<MessageHandle>())) {
        message->awaits_report = false;
        check_done(*message);
      }
      break;
    case TimeoutReason::resolve:
      if (Dial* dial = dials.find(subject.as<DialId>())) fail_dial(*dial, error);
      break;
    case TimeoutReason::complete:
      if (Ticket* ticket = tickets.find(subject.as<TicketId>())) fail_ticket(*ticket, error);
      break;
  }
}

// ---- keep-alive

void Engine::Impl::arm_keep_alive(Connection& conn, Instant now) noexcept {
  if (timeouts.keep_alive == Duration{}) return;
  conn.keep_alive.stop();
  if (conn.state != Connection::State::up || conn.open_sessions == 0) return;
  arm(conn.keep_alive, now, timeouts.keep_alive, TimeoutReason::keep_alive, conn.id);
}

// One empty SEND for the whole connection. Nobody answers it within the transaction's time: the
// connection is dead (see transaction_timed_out).
void Engine::Impl::keep_alive(Connection& conn, Instant now) noexcept {
  arm_keep_alive(conn, now);
  if (!conn.transmit.empty() || writer.has_work(conn)) return;  // as good, once the peer reads
  const auto open = std::ranges::find_if(
      conn.sessions, [this](SessionId id) { return sessions[id].state == Session::State::open; });
  if (open == conn.sessions.end()) return;
  try {
    const Result<OutgoingMessage*> message = make_internal();
    if (!message) return;  // so many are under way that this one is not needed
    Undo undo([&] { erase_message(**message); });
    attach(sessions[*open], **message);
    reserve_turn(**message);
    undo.dismiss();
    offer(**message);
  } catch (const std::bad_alloc&) {
    // The next one will do.
  }
}

// ---- messages of which nothing more comes

void Engine::Impl::arm_message_timer(IncomingMessage& message, Instant now) noexcept {
  if (timeouts.message == Duration{}) return;
  arm(message.timer, now, timeouts.message, TimeoutReason::message, message.id);
}

// ---- connections that stand still because the application does not release

Session* Engine::Impl::most_held(Connection& conn) noexcept {
  Session* most = nullptr;
  for (const SessionId id : conn.sessions) {
    Session& session = sessions[id];
    if (session.held_bytes > (most != nullptr ? most->held_bytes : 0)) most = &session;
  }
  return most;
}

// One stream carries many sessions, so a pause for one punishes its neighbours.
void Engine::Impl::held_up(Connection& conn, Instant now) noexcept {
  Session* session = most_held(conn);
  if (session == nullptr) return;
  if (session->when_behind == WhenBehind::refuse) return write_off(conn, *session, now);
  if (conn.open_sessions < 2 || timeouts.behind == Duration{}) return;
  arm(conn.behind, now, timeouts.behind, TimeoutReason::behind, conn.id);
}

// The session's messages are stopped and what it holds counts no more, so that the others go on.
void Engine::Impl::write_off(Connection& conn, Session& session, Instant now) noexcept {
  session.written_off_bytes += session.held_bytes;
  conn.held_bytes -= std::exchange(session.held_bytes, 0);
  // An answer that cannot be queued ends the session.
  const SessionId id = session.id;
  for (std::size_t i = 0; sessions.find(id) != nullptr && i < session.incoming.size(); ++i) {
    IncomingMessage& message = incoming[session.incoming[i]];
    if (message.stage != IncomingMessage::Stage::started || message.hidden) continue;
    refuse_message(message, status::stop_sending, Error{Errc::limit_exceeded}, now);
  }
  resume(conn);
}

// ---- what is remembered of sessions that ended

void Engine::Impl::remember(Session& session) noexcept {
  if (session.received_ids.empty() || limits.remembered_sessions == 0) return;
  if (former_sessions.size() >= limits.remembered_sessions) former_sessions.pop_front();
  try {
    former_sessions.push_back(FormerSession{session.id, std::move(session.received_ids)});
  } catch (const std::bad_alloc&) {
    // This one is forgotten.
  }
}

IdHistory Engine::Impl::former_ids(SessionId session) {
  for (std::size_t i = 0; session && i < former_sessions.size(); ++i) {
    if (former_sessions[i].id == session) return former_sessions[i].received_ids;
  }
  return {};
}

}  // namespace msrp
