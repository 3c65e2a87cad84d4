// The chunk level: requests that the application answers itself, and chunks of its own making.
#include "base/undo.hpp"
#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"
#include "msrp/headers.hpp"
#include "msrp/status.hpp"

namespace msrp {

// ---- requests that come

void Engine::Impl::chunk_head(Connection& conn, Session& session, const HeadView& head) {
  IncomingChunk& chunk = conn.incoming;
  reserve_one(session.requests);
  const RequestHandle handle = requests.emplace();
  Undo undo([&] { requests.erase(handle); });
  IncomingRequest& request = requests[handle];
  request.id = handle;
  request.events = events.owe(1);
  request.session = session.id;
  request.failure_report = chunk.failure_report;
  request.wants_answer = !chunk.answered;
  if (request.wants_answer) {
    request.transaction_id = Ident(head.transaction_id);
    request.answer_to = CountedText(chunk.answer_to, conn.path_bytes);
    request.answer_from = CountedText(chunk.answer_from, conn.path_bytes);
  }
  events.push_started(session.id, handle, head);
  undo.dismiss();
  session.requests.push_back(handle);
  ++conn.requests;
  chunk.answered = true;  // by the application, in its time
  chunk.kind = IncomingChunk::Kind::chunk;
  chunk.request = handle;
}

void Engine::Impl::chunk_body(Connection& conn, const Slice& slice, std::uint64_t offset) {
  IncomingRequest* request = requests.find(conn.incoming.request);
  if (request == nullptr) return;
  request->bytes += slice.bytes.size();
  if (request->dropped) return;
  Session& session = sessions[request->session];
  events.push(
      ChunkData{session.id, request->id, offset, slice.owner ? slice : copies.append(slice.bytes)});
  hold(conn, session, slice.bytes.size());
}

void Engine::Impl::chunk_ended(Connection& conn, const ChunkDone& done, Instant now) {
  IncomingRequest* request = requests.find(conn.incoming.request);
  if (request == nullptr) return;
  request->ended = true;
  std::optional<Error> error;
  if (done.invalid) error = Error{*done.invalid, status::bad_request};
  events.push(request->events,
              ChunkEnded{request->session, request->id, done.flag, done.body_bytes, error});
  if (done.invalid && std::exchange(request->wants_answer, false)) {
    (void)answer_request(conn, *request, status::bad_request, {}, now);
  }
  if (!request->wants_answer) erase_request(*request);
}

Result<void> Engine::Impl::respond(RequestHandle handle, std::uint16_t code,
                                   std::string_view comment, Instant now) {
  if (code < 200 || code > 699) return fail(Errc::invalid_argument);
  IncomingRequest* request = requests.find(handle);
  if (request == nullptr || request->responded) return fail(Errc::stale_handle);
  Connection* conn = connections.find(sessions[request->session].conn);
  MSRP_ASSERT(conn != nullptr);
  if (request->wants_answer) {
    MSRP_TRY_VOID(answer_request(*conn, *request, code, comment, now));
    request->wants_answer = false;
  }
  request->responded = true;
  request->dropped = code / 100 != 2;
  if (request->ended) erase_request(*request);
  resume(*conn);
  return {};
}

// "partial" asks for bad news alone (RFC 4975 section 7.2).
Result<void> Engine::Impl::answer_request(Connection& conn, const IncomingRequest& request,
                                          std::uint16_t code, std::string_view comment,
                                          Instant now) {
  if (request.failure_report == FailureReport::partial && code == status::ok) return {};
  HeadSpec head;
  head.transaction_id = request.transaction_id.text();
  head.status = code;
  head.comment = comment;
  head.to_path = request.answer_to.text();
  head.from_path = request.answer_from.text();
  MSRP_TRY_VOID(writer.write_control(conn, head, now));
  mark_sendable(conn);
  return {};
}

void Engine::Impl::erase_request(IncomingRequest& request) noexcept {
  Session& session = sessions[request.session];
  std::erase(session.requests, request.id);
  if (Connection* conn = connections.find(session.conn)) --conn->requests;
  requests.erase(request.id);
}

// ---- chunks that go

Result<MessageHandle> Engine::Impl::send_chunk(Session& session, const ChunkSpec& spec, Body body) {
  if (spec.method != Method::send && spec.method != Method::nickname &&
      spec.method != Method::other) {
    return fail(Errc::invalid_argument);
  }
  const bool is_send = spec.method == Method::send;
  const bool is_stream = std::holds_alternative<StreamBody>(body);
  if (spec.start == 0 || (!is_send && is_stream)) return fail(Errc::invalid_argument);
  MessageSpec message_spec;
  message_spec.content_type = spec.content_type;
  message_spec.message_id = spec.message_id;
  message_spec.extra = spec.extra;
  if (is_send) {
    message_spec.success_report = spec.success_report;
    message_spec.failure_report = spec.failure_report;
  }
  auto chunk = std::make_unique<OutgoingMessage::ChunkLevel>(OutgoingMessage::ChunkLevel{
      spec.method, std::string(spec.method_text), spec.start - 1, spec.total_bytes, spec.flag});
  return queue_message(session, message_spec, std::move(body), std::move(chunk));
}

Result<void> Engine::Impl::send_report(Session& session, const ReportSpec& report, Instant now) {
  Connection* conn = connections.find(session.conn);
  if (session.state != Session::State::open || conn == nullptr) return fail(Errc::bad_state);
  if (conn->control.size() >= limits.control_bytes ||
      conn->transmit.bytes() >= std::size_t{limits.transmit_bytes} + limits.control_bytes) {
    return fail(Errc::would_block);
  }
  return write_report(*conn, session, session.remote_path, report, now);
}

Result<void> Engine::Impl::write_raw(Session& session, std::span<const std::byte> bytes) {
  Connection* conn = connections.find(session.conn);
  if (session.state != Session::State::open || conn == nullptr || conn->open_sessions != 1 ||
      conn->sessions.size() != 1 || conn->chunk_open) {
    return fail(Errc::bad_state);
  }
  if (conn->transmit.bytes() + bytes.size() > limits.transmit_bytes) {
    return fail(Errc::would_block);
  }
  conn->transmit.append_staged(bytes);
  mark_sendable(*conn);
  return {};
}

}  // namespace msrp
