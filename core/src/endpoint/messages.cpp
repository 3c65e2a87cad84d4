#include <algorithm>

#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"
#include "msrp/headers.hpp"

namespace msrp {

Result<OutgoingMessage*> Engine::Impl::make_message(const MessageSpec& spec, Body body) {
  if (messages.size() >= IdentSource::index_end - 1) return fail(Errc::limit_exceeded);
  if (!spec.message_id.empty() && !is_ident(spec.message_id)) return fail(Errc::bad_message_id);
  if (std::holds_alternative<NoBody>(body)) {
    if (!spec.content_type.empty()) return fail(Errc::invalid_argument);
  } else if (!MediaTypeView::parse(spec.content_type)) {
    return fail(Errc::bad_content_type);
  }
  const MessageHandle handle = messages.emplace(spec, std::move(body));
  OutgoingMessage& message = messages[handle];
  message.id = handle;
  message.custom_id = !spec.message_id.empty();
  message.message_id = message.custom_id ? Ident(spec.message_id) : idents.indexed(handle.index);
  return &message;
}

// What the peer said that it takes (RFC 4975 section 8.6).
Result<void> Engine::Impl::check_agreed(const Session& session,
                                        const OutgoingMessage& message) const {
  if (!message.body.has_body()) return {};
  const Result<MediaTypeView> type = MediaTypeView::parse(message.content_type);
  MSRP_ASSERT(type.has_value());  // make_message() parsed it
  const auto& accepted = session.remote.accept_types;
  if (std::ranges::none_of(accepted, [&](const auto& entry) { return accepts(entry, *type); })) {
    return fail(Errc::unsupported_type);
  }
  if (message.body.total_bytes().value_or(0) >
      session.remote.max_size_bytes.value_or(~std::uint64_t{0})) {
    return fail(Errc::message_too_large);
  }
  return {};
}

Result<MessageHandle> Engine::Impl::queue_message(Session& session, const MessageSpec& spec,
                                                  Body body) {
  if (session.state != Session::State::open) return fail(Errc::bad_state);
  if (session.outgoing.size() >= limits.outgoing_messages) return fail(Errc::limit_exceeded);
  MSRP_TRY(OutgoingMessage* const message, make_message(spec, std::move(body)));
  Result<void> fits = check_agreed(session, *message);
  if (fits) fits = writer.check(session, *message);
  if (!fits) {
    messages.erase(message->id);
    return std::unexpected(fits.error());
  }
  attach(session, *message);
  offer(*message);
  return message->id;
}

void Engine::Impl::attach(Session& session, OutgoingMessage& message) {
  session.outgoing.push_back(message.id);
  message.session = session.id;
}

void Engine::Impl::offer(OutgoingMessage& message) {
  Session* session = sessions.find(message.session);
  if (session == nullptr) return;
  Connection* conn = connections.find(session->conn);
  if (conn == nullptr || conn->state != Connection::State::up) return;
  const bool nothing_yet = message.body.ready_bytes() == 0 && !message.body.finished();
  const bool open = conn->chunk_open && conn->open.message == message.id;
  if (!open && !nothing_yet) writer.enqueue(*conn, *session, message);
  mark_sendable(*conn);
}

Result<std::size_t> Engine::Impl::write(MessageHandle handle, const Slice& slice) {
  OutgoingMessage* message = messages.find(handle);
  if (message == nullptr) return fail(Errc::stale_handle);
  if (!message->body.is_stream() || message->body.finished()) return fail(Errc::bad_state);
  const std::uint64_t written_bytes = message->body.written_bytes();
  if (message->body.total_bytes() &&
      slice.bytes.size() > *message->body.total_bytes() - written_bytes) {
    return fail(Errc::invalid_argument);
  }
  if (const Session* session = sessions.find(message->session)) {
    const std::uint64_t largest = session->remote.max_size_bytes.value_or(~std::uint64_t{0});
    if (slice.bytes.size() > largest - std::min(largest, written_bytes)) {
      return fail(Errc::message_too_large);  // of unknown size when it was sent
    }
  }
  const std::uint64_t buffered = message->body.ready_bytes() + message->in_flight_bytes;
  const std::uint64_t window = limits.write_window_bytes;
  const std::size_t taken = static_cast<std::size_t>(
      std::min<std::uint64_t>(slice.bytes.size(), window - std::min(window, buffered)));
  message->writable_wanted = taken < slice.bytes.size();
  if (taken == 0) return taken;
  const std::span<const std::byte> bytes = slice.bytes.first(taken);
  message->body.write(slice.owner ? Slice{bytes, slice.owner} : written.copy(bytes));
  if (message->body.written_bytes() == message->body.total_bytes()) message->body.finish();
  offer(*message);
  return taken;
}

Result<void> Engine::Impl::finish(MessageHandle handle) {
  OutgoingMessage* message = messages.find(handle);
  if (message == nullptr) return fail(Errc::stale_handle);
  if (!message->body.is_stream()) return fail(Errc::bad_state);
  if (message->body.finished()) return {};  // the announced total was written
  if (message->body.total_bytes()) return fail(Errc::bad_state);
  message->body.finish();
  offer(*message);
  return {};
}

void Engine::Impl::fail_message(OutgoingMessage& message, const Error& error) {
  message.awaits_report = false;
  if (message.failed || message.settled) return check_done(message);
  message.failed = true;
  if (!message.internal) events.push(MessageFailed{message.id, error});
  message.body.discard();
  if (Session* session = sessions.find(message.session)) {
    writer.dequeue(*session, message);
    Connection* conn = connections.find(session->conn);
    if (conn != nullptr && conn->state == Connection::State::up) {
      const bool open = conn->chunk_open && conn->open.message == message.id;
      if (!open && message.started && !message.ordered && session->state == Session::State::open) {
        // Its last chunk ended with "+": an empty one says that no more comes.
        message.abort_wanted = true;
        writer.enqueue(*conn, *session, message);
      }
      mark_sendable(*conn);
    }
  }
  check_done(message);
}

// Says what has become true of a message, and erases it when nothing is left to say.
void Engine::Impl::check_done(OutgoingMessage& message) {
  if (message.ordered && message.unsent_requests == 0 && !message.failed && !message.sent) {
    message.sent = true;
    message.awaits_report = message.success_report && !message.report_complete;
    if (!message.internal) events.push(Sent{message.id});
  }
  if (message.sent && message.open_transactions == 0 && !message.failed && !message.settled) {
    message.settled = true;
    if (message.failure_report == FailureReport::yes && !message.internal) {
      events.push(Delivered{message.id});
    }
  }
  const bool over = message.failed || (message.settled && !message.awaits_report);
  if (!over || message.unsent_requests > 0 || message.in_flight_bytes > 0 || message.abort_wanted) {
    return;
  }
  if (!message.internal) {
    if (message.body.is_borrowed()) events.push(BodyReleased{message.id});
    events.push(MessageDone{message.id});
  }
  const SessionId session_id = message.session;
  const MessageHandle id = message.id;
  messages.erase(id);
  Session* session = sessions.find(session_id);
  if (session == nullptr) return;
  const auto at = std::ranges::find(session->outgoing, id);
  MSRP_ASSERT(at != session->outgoing.end());
  *at = session->outgoing.back();
  session->outgoing.pop_back();
  check_session_done(*session);
}

void Engine::Impl::detach_body(OutgoingMessage& message) {
  MSRP_ASSERT(message.failed || message.settled);
  message.unsent_requests = 0;
  message.in_flight_bytes = 0;
  message.abort_wanted = false;
  check_done(message);
}

void Engine::Impl::close_session(Session& session, const Error& reason, Instant now) {
  if (session.state == Session::State::closing) return;
  const bool binding = session.state == Session::State::binding;
  session.state = Session::State::closing;
  session.close_reason = reason;
  if (Ticket* ticket = binding ? tickets.find(session.ticket) : nullptr) {
    ticket->conn = {};  // its session is being dealt with here
    fail_ticket(*ticket, reason);
  } else {
    routes.remove(session.local.view());
  }
  for (const IncomingHandle handle : std::exchange(session.incoming, {})) {
    IncomingMessage& message = incoming[handle];
    if (message.stage == IncomingMessage::Stage::started) end_incoming(message, reason);
    incoming.erase(handle);
  }
  for (const MessageHandle handle : std::vector<MessageHandle>(session.outgoing)) {
    if (OutgoingMessage* message = messages.find(handle)) {
      // One that failed before may still wait for its turn to say "#".
      message->abort_wanted = false;
      writer.dequeue(session, *message);
      fail_message(*message, reason);
    }
  }
  leave_connection(session, now);
  check_session_done(session);
}

void Engine::Impl::check_session_done(Session& session) {
  if (!session.left || !session.outgoing.empty()) return;
  if (Connection* conn = connections.find(session.conn)) std::erase(conn->sessions, session.id);
  if (session.announced) events.push(SessionClosed{session.id, session.close_reason});
  sessions.erase(session.id);
}

}  // namespace msrp
