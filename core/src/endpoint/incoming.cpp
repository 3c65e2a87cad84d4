#include <algorithm>
#include <limits>
#include <new>

#include "base/undo.hpp"
#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"
#include "msrp/headers.hpp"
#include "msrp/status.hpp"

namespace msrp {
namespace {

bool acceptable(const Session& session, std::string_view content_type) {
  const Result<MediaTypeView> type = MediaTypeView::parse(content_type);
  if (!type) return false;
  // Always acceptable at the top (RFC 4975 sections 7.3.1 and 14.3).
  for (const std::string_view always :
       {"multipart/mixed", "multipart/alternative", "multipart/signed"}) {
    if (accepts(always, *type)) return true;
  }
  return std::ranges::any_of(session.accept_types,
                             [&](const std::string& entry) { return accepts(entry, *type); });
}

}  // namespace

Result<std::size_t> Engine::Impl::received(Connection& conn, const Slice& slice, Instant now) {
  const std::size_t size = slice.bytes.size();
  const ConnId id = conn.id;
  std::size_t taken = 0;
  while (taken < size) {
    if (conn.state != Connection::State::up || conn.ended) return size;
    if (conn.paused) return taken;
    copies.ensure(copy_room_bytes);
    if (!may_read(conn)) {
      pause(conn, now);
      return taken;
    }
    std::span<const std::byte> piece = slice.bytes.subspan(taken);
    if (!slice.owner) {
      // All of it may be body, and body is copied.
      if (copies.room() < 2 * copy_room_bytes) copies.ensure(copies.room() + 1);
      if (copies.room() < 2 * copy_room_bytes) {
        pause(conn, now);
        return taken;
      }
      piece = piece.first(std::min(piece.size(), copies.room() - copy_room_bytes));
    }
    conn.parser.push(Slice{piece, slice.owner});
    taken += piece.size();
    for (bool more = true; more;) {
      Result<ParseEvent> event = conn.parser.next();
      if (!event) {
        framing_lost(conn, event.error(), now);
        return size;
      }
      more = !std::holds_alternative<NeedData>(*event);
      if (auto* head = std::get_if<HeadDone>(&*event)) {
        head_done(conn, head->head, now);
      } else if (auto* part = std::get_if<BodyPart>(&*event)) {
        body_part(conn, part->slice, part->offset, now);
      } else if (auto* done = std::get_if<ChunkDone>(&*event)) {
        chunk_done(conn, *done, now);
      }
      if (conn.state != Connection::State::up) return size;
      copies.ensure(copy_room_bytes);
      if (more && !may_read(conn)) {
        taken -= conn.parser.take_back();
        pause(conn, now);
        return taken;
      }
    }
  }
  MSRP_ASSERT(connections.find(id) != nullptr);  // handles end in on_closed() alone
  return taken;
}

void Engine::Impl::framing_lost(Connection& conn, const Error& error, Instant now) noexcept {
  if (services.logger != nullptr) services.logger->illegal_data(conn.id, error, now);
  close_sessions(conn, error, now);
  drain(conn, now);
}

void Engine::Impl::head_done(Connection& conn, const HeadView& head, Instant now) {
  if (services.logger != nullptr) services.logger->chunk_received_head(conn.id, head, now);
  IncomingChunk& chunk = conn.incoming;
  chunk.kind = IncomingChunk::Kind::discard;
  chunk.is_request = head.is_request;
  chunk.well_formed = !head.invalid;
  chunk.answered = true;
  chunk.replaced_partial = false;
  chunk.message = {};
  chunk.request = {};
  chunk.responds_to = {};
  chunk.report = {};
  if (head.is_request) return request_head(conn, head, now);
  if (head.invalid) return count_bad_chunk(conn, *head.invalid, now);
  // It counts when its end-line has come and says that the response is well formed.
  chunk.status = head.status;
  const auto id = transactions.find(conn.id, head.transaction_id);
  if (!id) return;
  chunk.responds_to = *id;
  const OutgoingMessage* message = messages.find(transactions[*id].message);
  if (message != nullptr && message->chunk != nullptr) chunk.comment = head.comment;
}

void Engine::Impl::request_head(Connection& conn, const HeadView& head, Instant now) {
  IncomingChunk& chunk = conn.incoming;
  chunk.method = head.method;
  chunk.failure_report = head.wants_failure_report();
  // A REPORT is never answered, and nothing is where the sender asked for no answer (RFC 4975
  // sections 7.1.2 and 7.2). The report headers have no meaning in AUTH and NICKNAME.
  const bool asks = head.method == Method::auth || head.method == Method::nickname ||
                    chunk.failure_report != FailureReport::no;
  chunk.answered = head.method == Method::report || !asks || head.from_path.empty();
  chunk.transaction_id_bytes = head.transaction_id.size();
  std::ranges::copy(head.transaction_id, chunk.transaction_id.begin());
  if (!chunk.answered) {
    // The answer to a SEND goes one hop, to other methods all the way (RFC 4975 section 7.2).
    chunk.answer_to =
        head.method == Method::send ? head.from_path.front().text : head.from_path.text();
    if (!head.to_path.empty()) {
      chunk.answer_from = head.to_path.front().text;
    } else if (!conn.sessions.empty()) {  // an answer has to come from somewhere
      chunk.answer_from = sessions[conn.sessions.front()].local.text();
    }
  }
  if (head.invalid) {
    const bool method = head.invalid->code == Errc::bad_method;
    refuse(conn, method ? status::unknown_method : status::bad_request, now);
    return count_bad_chunk(conn, *head.invalid, now);
  }
  Session* session = route_request(conn, head, now);
  if (session == nullptr) return;
  const bool extra = head.method != Method::send && head.method != Method::report;
  if (session->handling == Handling::chunks ||
      (extra && session->handling == Handling::messages_and_more)) {
    return chunk_head(conn, *session, head);
  }
  switch (head.method) {
    case Method::send:
      return send_head(conn, *session, head, now);
    case Method::report:
      return report_head(conn, *session, head);
    default:
      return refuse(conn, status::unknown_method, now);
  }
}

// One that the connection carries and whose paths are, octet by octet, those of the head: what
// nearly every request is for, and needs no table. Null: it is for another, or not so simple.
Session* Engine::Impl::usual_session(Connection& conn, const HeadView& head) noexcept {
  constexpr std::size_t looked_at_max = 4;
  const std::size_t count = std::min(conn.sessions.size(), looked_at_max);
  for (std::size_t i = 0; i < count; ++i) {
    Session& session = sessions[conn.sessions[i]];
    if (session.state == Session::State::open && session.local.text() == head.to_path.text() &&
        session.remote_path == head.from_path.text()) {
      return &session;
    }
  }
  return nullptr;
}

// To-Path is looked at before anything else (RFC 4975 sections 5.4 and 7.3). Null: refused, or the
// head waits for the application.
Session* Engine::Impl::route_request(Connection& conn, const HeadView& head, Instant now) {
  const auto refused = [&](std::uint16_t status, Errc why) -> Session* {
    refuse(conn, status, now);
    count_bad_chunk(conn, Error{why, status}, now);
    return nullptr;
  };
  if (head.to_path.size() != 1) return refused(status::no_such_session, Errc::no_such_session);
  if (Session* session = usual_session(conn, head)) return session;
  const Route* route = routes.find(head.to_path.front());
  // What was agreed on with TLS is not spoken of without (RFC 4975 section 6).
  if (head.to_path.front().secure && !conn.info.secure) route = nullptr;
  if (route == nullptr) return refused(status::no_such_session, Errc::no_such_session);
  if (Session* session = sessions.find(route->session)) {
    if (session->conn != conn.id) {
      return refused(status::session_elsewhere, Errc::session_elsewhere);
    }
    if (session->enforce_path && head.from_path.text() != session->remote_path) {
      const Result<PathView> peer = PathView::parse(session->remote_path, limits.parser.path_uris);
      if (!peer || !equivalent(*peer, head.from_path)) {
        return refused(status::no_such_session, Errc::peer_mismatch);
      }
    }
    bind_confirmed(*session);
    return session;
  }
  Ticket* ticket = tickets.find(route->ticket);
  if (ticket == nullptr || ticket->active) {
    return refused(status::no_such_session, Errc::no_such_session);
  }
  if (ticket->stage == Ticket::Stage::prepared) {
    park(conn, head, ticket->id);
    return nullptr;
  }
  if (ticket->remote.enforce_path && ticket->remote.path &&
      !equivalent(ticket->remote.path->view(), head.from_path)) {
    return refused(status::no_such_session, Errc::peer_mismatch);
  }
  if (!is_peer_of(*ticket, conn)) {
    turn_away(*ticket, conn, now);
    return nullptr;
  }
  if (conn.open_sessions >= limits.sessions_per_connection) {
    return refused(status::forbidden, Errc::limit_exceeded);
  }
  return bind_accepted(*ticket, conn, head, now);
}

// The peer was faster than our own signalling: its request waits until complete() says what to
// expect.
void Engine::Impl::park(Connection& conn, const HeadView& head, TicketId ticket) {
  auto parked = std::make_unique<ParkedHead>();
  parked->text = head.text;
  parked->fields.assign(head.headers.begin(), head.headers.end());
  parked->head = head;
  parked->head.rebase(parked->text.data(), parked->fields);
  parked->ticket = ticket;
  tickets[ticket].parked.push_back(conn.id);
  conn.parked = std::move(parked);
}

void Engine::Impl::unpark(const std::vector<ConnId>& waiting, Instant now) noexcept {
  for (const ConnId id : waiting) {
    Connection* conn = connections.find(id);
    if (conn == nullptr || conn->parked == nullptr) continue;
    const std::unique_ptr<ParkedHead> parked = std::move(conn->parked);
    conn->incoming.answered = false;
    try {
      request_head(*conn, parked->head, now);
    } catch (const std::bad_alloc&) {
      lost(*conn, Error{Errc::out_of_memory});
    }
  }
  resume_paused();
}

void Engine::Impl::send_head(Connection& conn, Session& session, const HeadView& head,
                             Instant now) {
  IncomingChunk& chunk = conn.incoming;
  chunk.start = head.byte_range ? head.byte_range->start : 1;
  // Also of a chunk that is refused, or without a body: its "#" ends the message.
  for (const IncomingHandle handle : session.incoming) {
    if (incoming[handle].message_id.text() == head.message_id) chunk.message = handle;
  }
  if (!head.has_body) return;  // keep-alive, binding, or "#" alone
  if (head.byte_range && !head.byte_range->consistent()) {
    refuse(conn, status::bad_request, now);
    return count_bad_chunk(conn, Error{Errc::bad_byte_range, status::bad_request}, now);
  }
  if (!acceptable(session, head.content_type)) {
    return refuse(conn, status::unsupported_media_type, now);
  }
  const std::uint64_t largest =
      session.max_size_bytes.value_or(std::numeric_limits<std::uint64_t>::max());
  if (head.byte_range && (head.byte_range->total.value_or(0) > largest ||
                          (chunk.start > 0 && chunk.start - 1 > largest))) {
    return refuse(conn, status::stop_sending, now);
  }
  if (session.written_off_bytes > 0) return refuse(conn, status::stop_sending, now);
  IncomingMessage* message = incoming_message(session, head, now);
  if (message == nullptr) return refuse(conn, status::stop_sending, now);
  if (message->stage == IncomingMessage::Stage::refused) {
    return refuse(conn, message->refusal, now);
  }
  chunk.kind = IncomingChunk::Kind::body;
  chunk.message = message->id;
}

// The message that this chunk belongs to, new or known; null when there are too many.
IncomingMessage* Engine::Impl::incoming_message(Session& session, const HeadView& head,
                                                Instant now) {
  for (const IncomingHandle handle : session.incoming) {
    IncomingMessage& known = incoming[handle];
    if (known.message_id.text() != head.message_id ||
        known.stage == IncomingMessage::Stage::reportable) {
      continue;
    }
    if (known.stage == IncomingMessage::Stage::refused || head.byte_range) return &known;
    // Without Byte-Range it is a message of its own; what came of it before is void.
    connections[session.conn].incoming.replaced_partial = true;
    end_incoming(known, Error{Errc::aborted});
    erase_incoming(known);
    break;
  }
  if (session.incoming.size() >= limits.incoming_messages) {
    // Room can be made from those whose sender or application has nothing more to say.
    const auto idle = std::ranges::find_if(session.incoming, [this](IncomingHandle handle) {
      return incoming[handle].stage != IncomingMessage::Stage::started;
    });
    if (idle == session.incoming.end()) return nullptr;
    erase_incoming(incoming[*idle]);
  }
  const bool reports = head.wants_success_report() || !session.automatic_reports;
  const bool keeps_path = reports && head.from_path.text() != session.remote_path;
  if (keeps_path &&
      connections[session.conn].path_bytes + head.from_path.text().size() > limits.path_bytes) {
    return nullptr;
  }
  reserve_one(session.incoming);
  const IncomingHandle handle = incoming.emplace();
  Undo undo([&] { incoming.erase(handle); });
  IncomingMessage& message = incoming[handle];
  message.id = handle;
  message.session = session.id;
  message.message_id = Ident(head.message_id);
  message.success_report = head.wants_success_report();
  message.failure_report = head.wants_failure_report() != FailureReport::no;
  if (keeps_path) {
    message.report_to = CountedText(head.from_path.text(), connections[session.conn].path_bytes);
  }
  message.duplicate = session.received_ids.contains(head.message_id);
  message.hidden = message.duplicate && session.drop_duplicates;
  if (!message.hidden) {
    message.events = events.owe(1);
    events.push_started(session.id, handle, head, message.duplicate);
  }
  undo.dismiss();
  session.incoming.push_back(handle);
  arm_message_timer(message, now);
  return &message;
}

void Engine::Impl::body_part(Connection& conn, const Slice& slice, std::uint64_t offset,
                             Instant now) {
  if (services.logger != nullptr) {
    services.logger->chunk_received_data(conn.id, slice.bytes, now);
  }
  IncomingChunk& chunk = conn.incoming;
  if (chunk.kind == IncomingChunk::Kind::chunk) return chunk_body(conn, slice, offset);
  if (chunk.kind != IncomingChunk::Kind::body) return;
  IncomingMessage* message = incoming.find(chunk.message);
  if (message == nullptr || message->stage != IncomingMessage::Stage::started) return;
  Session& session = sessions[message->session];
  const std::uint64_t size = slice.bytes.size();
  const std::uint64_t before = chunk.start + offset;  // octets in front of it, and one
  const bool overflow = chunk.start == 0 || before < offset ||
                        before - 1 > std::numeric_limits<std::uint64_t>::max() - size;
  const std::uint64_t begin = before - 1;
  if (overflow || (message->total_bytes && begin + size > *message->total_bytes)) {
    return refuse_message(*message, status::bad_request, Error{Errc::bad_byte_range}, now);
  }
  if (session.max_size_bytes && begin + size > *session.max_size_bytes) {
    return refuse_message(*message, status::stop_sending, Error{Errc::message_too_large}, now);
  }
  if (!message->received.add(begin, begin + size, limits.intervals)) {
    return refuse_message(*message, status::stop_sending, Error{Errc::limit_exceeded}, now);
  }
  message->bytes += size;
  arm_message_timer(*message, now);
  if (message->hidden) return;
  events.push(MessageData{session.id, message->id, begin,
                          slice.owner ? slice : copies.append(slice.bytes)});
  hold(conn, session, size);
}

void Engine::Impl::hold(Connection& conn, Session& session, std::size_t bytes) noexcept {
  session.held_bytes += bytes;
  conn.held_bytes += bytes;
  held_bytes += bytes;
}

void Engine::Impl::chunk_done(Connection& conn, const ChunkDone& done, Instant now) {
  if (services.logger != nullptr) services.logger->chunk_received_end(conn.id, done.flag, now);
  IncomingChunk& chunk = conn.incoming;
  if (chunk.kind == IncomingChunk::Kind::chunk) {
    chunk_ended(conn, done, now);
    if (done.invalid) count_bad_chunk(conn, Error{*done.invalid, status::bad_request}, now);
  } else if (done.invalid) {
    refuse(conn, status::bad_request, now);
    count_bad_chunk(conn, Error{*done.invalid, status::bad_request}, now);
  } else if (transactions.find(chunk.responds_to) != nullptr) {
    transaction_answered(conn, std::exchange(chunk.responds_to, {}), chunk.status, now);
  } else if (chunk.report.message) {
    report_done(chunk.report, now);
  }
  IncomingMessage* message = incoming.find(chunk.message);
  if (message != nullptr && message->stage == IncomingMessage::Stage::started) {
    if (chunk.kind == IncomingChunk::Kind::body) {
      message_chunk_done(conn, *message, done, now);
    } else if (done.flag == Flag::abort) {
      end_incoming(*message, Error{Errc::aborted});
      erase_incoming(*message);
    }
  } else if (message == nullptr && chunk.kind == IncomingChunk::Kind::body) {
    answer(conn, status::no_such_session, now);  // it was closed meanwhile
  }
  answer(conn, status::ok, now);
  chunk.kind = IncomingChunk::Kind::none;
}

void Engine::Impl::message_chunk_done(Connection& conn, IncomingMessage& message,
                                      const ChunkDone& done, Instant now) {
  const IncomingChunk& chunk = conn.incoming;
  ++message.chunks;
  switch (done.flag) {
    case Flag::abort:
      end_incoming(message, Error{Errc::aborted});
      return erase_incoming(message);
    case Flag::more:
      if (chunk.replaced_partial) {
        return refuse_message(message, status::bad_request, Error{Errc::missing_header}, now);
      }
      break;
    case Flag::end:
      // Its position says how long the message is, whatever was announced (RFC 4975 section 7.3.1).
      message.total_bytes = (chunk.start == 0 ? 0 : chunk.start - 1) + done.body_bytes;
      break;
  }
  if (!message.total_bytes) return;
  // A chunk from 1 to "$" is a message by itself: what came beyond it earlier is void. Otherwise
  // octets behind the end are an error.
  const bool whole = done.flag == Flag::end && chunk.start <= 1;
  if (message.received.end() > *message.total_bytes && !whole) {
    return refuse_message(message, status::bad_request, Error{Errc::bad_byte_range}, now);
  }
  if (!message.received.covers(*message.total_bytes)) return;
  Session& session = sessions[message.session];
  answer(conn, status::ok, now);
  const bool automatic = session.automatic_reports || message.hidden;
  if (automatic && message.success_report) report_on(session, message, status::ok, now);
  end_incoming(message, std::nullopt);
  if (!message.duplicate) {
    session.received_ids.add(message.message_id.text(), limits.remembered_message_ids);
  }
  if (!automatic && (message.success_report || message.failure_report)) {
    message.move(IncomingMessage::Input::complete);
  } else {
    erase_incoming(message);
  }
}

void Engine::Impl::refuse(Connection& conn, std::uint16_t status, Instant now) {
  conn.incoming.kind = IncomingChunk::Kind::discard;
  answer(conn, status, now);
}

void Engine::Impl::answer(Connection& conn, std::uint16_t status, Instant now) {
  IncomingChunk& chunk = conn.incoming;
  if (!chunk.is_request || std::exchange(chunk.answered, true)) return;
  if (chunk.failure_report == FailureReport::partial && status == status::ok) return;
  HeadSpec head;
  head.transaction_id = {chunk.transaction_id.data(), chunk.transaction_id_bytes};
  head.status = status;
  head.to_path = chunk.answer_to;
  head.from_path = chunk.answer_from;
  if (chunk.well_formed) {
    writer.write_checked_control(conn, head, now);
  } else if (!writer.write_control(conn, head, now)) {
    return;  // what cannot be said (an id outside the grammar) is not answered
  }
  mark_sendable(conn);
}

void Engine::Impl::count_bad_chunk(Connection& conn, const Error& error, Instant now) noexcept {
  ++bad_chunks;
  if (services.logger != nullptr) services.logger->illegal_data(conn.id, error, now);
  if (++conn.bad_chunks < limits.bad_chunks || conn.open_sessions > 0) return;
  conn.ended = true;  // what follows is not read
  drain(conn, now);
}

void Engine::Impl::end_incoming(IncomingMessage& message, std::optional<Error> error) noexcept {
  message.timer.stop();
  if (message.hidden) return;
  events.push(message.events,
              MessageEnded{message.session, message.id,
                           error ? message.bytes : *message.total_bytes, message.chunks, error});
}

// The chunk of it that is just being read is refused, and those that still come.
void Engine::Impl::refuse_message(IncomingMessage& message, std::uint16_t status, const Error& why,
                                  Instant now) noexcept {
  end_incoming(message, Error{why.code, status});
  message.move(IncomingMessage::Input::refuse);
  message.refusal = status;
  Connection* conn = connections.find(sessions[message.session].conn);
  const bool current = conn != nullptr && conn->incoming.kind == IncomingChunk::Kind::body &&
                       conn->incoming.message == message.id;
  try {
    if (current) refuse(*conn, status, now);
  } catch (const std::bad_alloc&) {
    lost(*conn, Error{Errc::out_of_memory});  // the sender would wait for it
  }
}

void Engine::Impl::erase_incoming(IncomingMessage& message) noexcept {
  Session& session = sessions[message.session];
  std::erase(session.incoming, message.id);
  incoming.erase(message.id);
}

Result<void> Engine::Impl::reject(IncomingHandle handle, std::uint16_t status, Instant now) {
  if (status < 400 || status > 699 || status == status::timeout) {
    return fail(Errc::invalid_argument);
  }
  IncomingMessage* message = incoming.find(handle);
  if (message == nullptr || message->stage != IncomingMessage::Stage::started) {
    return fail(Errc::stale_handle);
  }
  refuse_message(*message, status, Error{Errc::aborted}, now);
  return {};
}

void Engine::Impl::release(Session& session, std::size_t bytes) noexcept {
  MSRP_ASSERT(bytes <= session.held_bytes + session.written_off_bytes);
  held_bytes -= bytes;
  const std::size_t written_off = std::min(bytes, session.written_off_bytes);
  session.written_off_bytes -= written_off;
  bytes -= written_off;
  session.held_bytes -= bytes;
  Connection* conn = connections.find(session.conn);
  if (conn == nullptr) return;
  conn->held_bytes -= bytes;
  resume(*conn);
}

}  // namespace msrp
