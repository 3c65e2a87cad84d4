#include <algorithm>
#include <new>

#include "base/undo.hpp"
#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"
#include "msrp/headers.hpp"
#include "msrp/status.hpp"

namespace msrp {
namespace {

bool is_end_of_connection(Errc code) noexcept {
  return code == Errc::connection_lost || code == Errc::connection_closed ||
         code == Errc::truncated;
}

// Precondition: make_message() parsed the type.
bool is_accepted(const std::vector<std::string>& entries, std::string_view content_type) {
  if (std::ranges::find(entries, "*") != entries.end()) return true;
  const Result<MediaTypeView> type = MediaTypeView::parse(content_type);
  MSRP_ASSERT(type.has_value());
  return std::ranges::any_of(entries, [&](const auto& entry) { return accepts(entry, *type); });
}

}  // namespace

Result<OutgoingMessage*> Engine::Impl::make_message(const MessageSpec& spec, Body body) {
  if (messages.size() >= IdentSource::index_end - 1) return fail(Errc::limit_exceeded);
  if (!spec.message_id.empty() && !is_ident(spec.message_id)) return fail(Errc::bad_message_id);
  if (std::holds_alternative<NoBody>(body)) {
    if (!spec.content_type.empty()) return fail(Errc::invalid_argument);
  } else if (!MediaTypeView::parse(spec.content_type)) {
    return fail(Errc::bad_content_type);
  }
  if (const auto* shared = std::get_if<SharedBody>(&body)) {
    for (const Slice& part : shared->parts) {
      if (!part.owner && !part.bytes.empty()) return fail(Errc::invalid_argument);
    }
  }
  Places places = events.owe(std::holds_alternative<BorrowedBody>(body) ? 4 : 3);
  const MessageHandle handle = messages.emplace(spec, std::move(body));
  OutgoingMessage& message = messages[handle];
  message.id = handle;
  message.events = std::move(places);
  message.custom_id = !spec.message_id.empty();
  message.message_id = message.custom_id ? Ident(spec.message_id) : idents.indexed(handle.index);
  return &message;
}

Result<OutgoingMessage*> Engine::Impl::make_internal() {
  MSRP_TRY(OutgoingMessage* const message, make_message(MessageSpec{}, NoBody{}));
  message->internal = true;
  message->events = {};
  return message;
}

// What the peer said that it takes (RFC 4975 section 8.6).
Result<void> Engine::Impl::check_agreed(const Session& session,
                                        const OutgoingMessage& message) const {
  if (!message.body.has_body()) return {};
  if (!message.is_send()) {
    if (message.body.total_bytes() <= non_send_body_bytes_max) return {};
    return fail(Errc::body_too_large, status::bad_request);
  }
  if (!is_accepted(session.peer_accept_types, message.content_type)) {
    return fail(Errc::unsupported_type);
  }
  const std::uint64_t size = message.body.total_bytes().value_or(0);
  const std::uint64_t largest = session.peer_max_size_bytes.value_or(~std::uint64_t{0});
  if (message.chunk == nullptr) {
    if (size > largest) return fail(Errc::message_too_large);
    return {};
  }
  const std::uint64_t offset = message.chunk->offset;
  const std::uint64_t total = message.chunk->total_bytes.value_or(~std::uint64_t{0});
  if (offset > total || size > total - offset) return fail(Errc::invalid_argument);
  const std::uint64_t end = std::max(message.chunk->total_bytes.value_or(0), offset + size);
  if (end > largest) return fail(Errc::message_too_large);
  return {};
}

Result<MessageHandle> Engine::Impl::queue_message(
    Session& session, const MessageSpec& spec, Body body,
    std::unique_ptr<OutgoingMessage::ChunkLevel> chunk) {
  if (session.state != Session::State::open) return fail(Errc::bad_state);
  if (session.outgoing.size() >= limits.outgoing_messages) return fail(Errc::limit_exceeded);
  MSRP_TRY(OutgoingMessage* const message, make_message(spec, std::move(body)));
  Undo undo([&] { erase_message(*message); });
  message->chunk = std::move(chunk);
  MSRP_TRY_VOID(check_agreed(session, *message));
  MSRP_TRY_VOID(writer.check(session, *message));
  attach(session, *message);
  reserve_turn(*message);
  undo.dismiss();
  offer(*message);
  return message->id;
}

std::uint64_t Engine::Impl::custom_key(SessionId session,
                                       std::string_view message_id) const noexcept {
  return std::hash<std::string_view>{}(message_id) ^ std::hash<SessionId>{}(session);
}

void Engine::Impl::attach(Session& session, OutgoingMessage& message) {
  reserve_one(session.outgoing);
  if (message.custom_id && message.chunk == nullptr) {
    custom_ids.emplace(custom_key(session.id, message.message_id.text()), message.id);
  }
  session.outgoing.push_back(message.id);
  message.place = static_cast<std::uint32_t>(session.outgoing.size() - 1);
  message.session = session.id;
}

void Engine::Impl::detach(Session& session, OutgoingMessage& message) noexcept {
  session.outgoing[message.place] = session.outgoing.back();
  messages[session.outgoing.back()].place = message.place;
  session.outgoing.pop_back();
  message.session = {};
  if (!message.custom_id || message.chunk != nullptr) return;
  auto [at, end] = custom_ids.equal_range(custom_key(session.id, message.message_id.text()));
  for (; at != end; ++at) {
    if (at->second != message.id) continue;
    custom_ids.erase(at);
    return;
  }
}

void Engine::Impl::erase_message(OutgoingMessage& message) noexcept {
  if (Session* session = sessions.find(message.session)) detach(*session, message);
  messages.erase(message.id);
}

void Engine::Impl::reserve_turn(const OutgoingMessage& message) {
  Session* session = sessions.find(message.session);
  Connection* conn = session != nullptr ? connections.find(session->conn) : nullptr;
  if (conn != nullptr) writer.reserve(*conn, *session, message);
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
    const std::uint64_t largest = session->peer_max_size_bytes.value_or(~std::uint64_t{0});
    if (slice.bytes.size() > largest - std::min(largest, written_bytes)) {
      return fail(Errc::message_too_large);  // of unknown size when it was sent
    }
  }
  const std::uint64_t buffered = message->body.ready_bytes() + message->in_flight_bytes;
  const std::uint64_t window = limits.write_window_bytes;
  const std::size_t taken = static_cast<std::size_t>(
      std::min<std::uint64_t>(slice.bytes.size(), window - std::min(window, buffered)));
  const bool all = taken == slice.bytes.size();
  if (!all && message->writable.empty()) events.owe(message->writable, 1);
  if (taken == 0) {
    message->writable_wanted = !all;
    return taken;
  }
  reserve_turn(*message);
  const std::span<const std::byte> bytes = slice.bytes.first(taken);
  message->body.write(slice.owner ? Slice{bytes, slice.owner} : written.copy(bytes));
  message->writable_wanted = !all;
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
  reserve_turn(*message);
  message->body.finish();
  offer(*message);
  return {};
}

void Engine::Impl::fail_message(OutgoingMessage& message, const Error& error) noexcept {
  message.awaits_report = false;
  if (message.failed || message.settled) return check_done(message);
  message.failed = true;
  if (!message.internal) events.push(message.events, MessageFailed{message.id, error});
  message.body.discard();
  if (Session* session = sessions.find(message.session)) {
    writer.dequeue(*session, message);
    Connection* conn = connections.find(session->conn);
    if (conn != nullptr && conn->state == Connection::State::up) {
      const bool open = conn->chunk_open && conn->open.message == message.id;
      if (!open && message.started && !message.ordered && session->state == Session::State::open) {
        // Its last chunk ended with "+": an empty one says that no more comes.
        // Without memory for that it is left out.
        message.abort_wanted = true;
        try {
          writer.enqueue(*conn, *session, message);
        } catch (const std::bad_alloc&) {
          message.abort_wanted = false;
        }
      }
      mark_sendable(*conn);
    }
  }
  check_done(message);
}

// Says what has become true of a message, and erases it when nothing is left to say.
void Engine::Impl::check_done(OutgoingMessage& message) noexcept {
  if (message.ordered && message.unsent_requests == 0 && !message.failed && !message.sent) {
    message.sent = true;
    message.awaits_report =
        message.success_report && !message.report_complete && message.chunk == nullptr;
    if (message.awaits_report && timeouts.report != Duration{}) {
      arm(message.report_timer, last_now, timeouts.report, TimeoutReason::report, message.id);
    }
    if (!message.internal) events.push(message.events, Sent{message.id});
  }
  if (message.sent && message.open_transactions == 0 && !message.failed && !message.settled) {
    message.settled = true;
    if (message.failure_report == FailureReport::yes && !message.internal) {
      events.push(message.events, Delivered{message.id});
    }
  }
  const bool over = message.failed || (message.settled && !message.awaits_report);
  if (!over || message.unsent_requests > 0 || message.in_flight_bytes > 0 || message.abort_wanted) {
    return;
  }
  if (!message.internal) {
    if (message.body.is_borrowed()) events.push(message.events, BodyReleased{message.id});
    events.push(message.events, MessageDone{message.id});
  }
  Session* session = sessions.find(message.session);
  erase_message(message);
  if (session != nullptr) check_session_done(*session);
}

void Engine::Impl::detach_body(OutgoingMessage& message) noexcept {
  MSRP_ASSERT(message.failed || message.settled);
  message.unsent_requests = 0;
  message.in_flight_bytes = 0;
  message.abort_wanted = false;
  check_done(message);
}

void Engine::Impl::close_session(Session& session, const Error& reason, Instant now) noexcept {
  if (session.state == Session::State::closing) return;
  const bool binding = session.state == Session::State::binding;
  session.move(Session::Input::close);
  session.close_reason = reason;
  Ticket* ticket = binding ? tickets.find(session.ticket) : nullptr;
  if (ticket != nullptr) {
    ticket->session = {};  // it is being dealt with here
    if (session.may_redial && is_end_of_connection(reason.code)) {
      redial(*ticket, reason, now);
    } else {
      fail_ticket(*ticket, reason);
    }
  } else if (!binding) {
    routes.remove(session.local.view());
    remember(session);
  }
  for (const RequestHandle handle : std::exchange(session.requests, {})) {
    IncomingRequest& request = requests[handle];
    if (!request.ended) {
      events.push(request.events,
                  ChunkEnded{session.id, handle, Flag::abort, request.bytes, reason});
    }
    requests.erase(handle);
    if (Connection* conn = connections.find(session.conn)) --conn->requests;
  }
  for (const IncomingHandle handle : std::exchange(session.incoming, {})) {
    IncomingMessage& message = incoming[handle];
    if (message.stage == IncomingMessage::Stage::started) end_incoming(message, reason);
    incoming.erase(handle);
  }
  // From the back: one that is gone leaves its place to one that had its turn.
  for (std::size_t i = session.outgoing.size(); i > 0; --i) {
    OutgoingMessage& message = messages[session.outgoing[i - 1]];
    // One that failed before may still wait for its turn to say "#".
    message.abort_wanted = false;
    writer.dequeue(session, message);
    fail_message(message, reason);
  }
  leave_connection(session, now);
  check_session_done(session);
}

void Engine::Impl::check_session_done(Session& session) noexcept {
  if (!session.left || !session.outgoing.empty()) return;
  if (Connection* conn = connections.find(session.conn)) {
    conn->sessions[session.place] = conn->sessions.back();
    sessions[conn->sessions.back()].place = session.place;
    conn->sessions.pop_back();
  }
  if (session.announced)
    events.push(session.events, SessionClosed{session.id, session.close_reason});
  sessions.erase(session.id);
}

}  // namespace msrp
