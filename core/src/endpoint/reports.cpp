#include <algorithm>
#include <limits>

#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"
#include "msrp/status.hpp"

namespace msrp {
namespace {

Error error_of(std::uint16_t code) noexcept {
  switch (code) {
    case status::timeout:  // exactly as a time-out of our own (RFC 4975 section 10.4)
      return Error{Errc::timed_out, code};
    case status::stop_sending:
      return Error{Errc::message_too_large, code};
    case status::unsupported_media_type:
      return Error{Errc::unsupported_type, code};
    case status::no_such_session:
      return Error{Errc::no_such_session, code};
    case status::session_elsewhere:
      return Error{Errc::session_elsewhere, code};
    default:
      return Error{Errc::rejected_by_peer, code};
  }
}

// Both end the session (RFC 4975 sections 10.8 and 10.10).
bool ends_session(std::uint16_t code) noexcept {
  return code == status::no_such_session || code == status::session_elsewhere;
}

bool is_success(std::uint16_t code) noexcept {
  return code / 100 == 2;
}

}  // namespace

// ---- answers to our requests

void Engine::Impl::transaction_answered(Connection& conn, TransactionId id, std::uint16_t code,
                                        Instant now) {
  Transaction& transaction = *transactions.find(id);
  if (transaction.answered) return;  // the same answer twice
  OutgoingMessage* message = messages.find(transaction.message);
  if (message != nullptr && message->chunk != nullptr && !message->failed) {
    events.push_answered(message->id, code, conn.incoming.comment);
  }
  const bool counted = transaction.failure_report != FailureReport::no;
  if (transaction.timer.running()) {
    transactions.close(id, transaction.sent_partial ? conn.sent_partials : conn.transactions);
  } else {
    transaction.answered = true;  // an answer before the request's end: the entry stays until then
  }
  mark_sendable(conn);  // one more transaction may be begun
  if (message == nullptr) return;
  if (counted) --message->open_transactions;
  Session* session = sessions.find(message->session);
  if (is_success(code)) {
    if (session != nullptr) bind_confirmed(*session);
    return check_done(*message);
  }
  const bool binding = session != nullptr && session->state == Session::State::binding;
  const SessionId session_id = message->session;
  fail_message(*message, error_of(code));
  session = sessions.find(session_id);
  if (session != nullptr && (binding || ends_session(code))) {
    close_session(*session, error_of(code), now);
  }
}

void Engine::Impl::transaction_timed_out(TransactionId id, Instant now) noexcept {
  Transaction* transaction = transactions.find(id);
  if (transaction == nullptr) return;
  Connection& conn = connections[transaction->conn];
  const MessageHandle handle = transaction->message;
  const FailureReport failure_report = transaction->failure_report;
  transactions.close(id, transaction->sent_partial ? conn.sent_partials : conn.transactions);
  mark_sendable(conn);
  OutgoingMessage* message = messages.find(handle);
  if (message == nullptr) return;
  --message->open_transactions;
  // With "partial" no answer is no bad news (RFC 4975 section 7.1.1).
  if (failure_report == FailureReport::partial) return check_done(*message);
  Session* session = sessions.find(message->session);
  const bool binding = session != nullptr && session->state == Session::State::binding;
  const bool keep_alive = message->internal && !binding;
  const SessionId session_id = message->session;
  fail_message(*message, Error{Errc::timed_out});
  if (keep_alive) return lost(conn, Error{Errc::timed_out});
  session = sessions.find(session_id);
  if (binding && session != nullptr) close_session(*session, Error{Errc::timed_out}, now);
}

// ---- REPORTs about our messages

OutgoingMessage* Engine::Impl::message_with_id(const Session& session,
                                               std::string_view message_id) noexcept {
  if (const auto index = IdentSource::index_of(message_id)) {
    if (const auto handle = messages.at_index(*index)) {
      OutgoingMessage& message = messages[*handle];
      if (message.session == session.id && message.message_id.text() == message_id &&
          message.chunk == nullptr) {
        return &message;
      }
    }
  }
  const auto [first, last] = custom_ids.equal_range(custom_key(session.id, message_id));
  for (auto it = first; it != last; ++it) {
    OutgoingMessage& message = messages[it->second];
    if (message.session == session.id && message.message_id.text() == message_id) return &message;
  }
  return nullptr;
}

// Unknown messages are ignored, and nothing is ever said in answer (RFC 4975 section 7.1.2).
void Engine::Impl::report_head(Connection& conn, const Session& session,
                               const HeadView& head) noexcept {
  OutgoingMessage* message = message_with_id(session, head.message_id);
  if (message == nullptr || message->internal) return;
  const StatusHeader& status = *head.status_header;  // the parser asked for it
  if (status.name_space != 0) return;                // opaque: nothing follows from it
  conn.incoming.report = {message->id, status.code, head.byte_range};
}

// Its end-line has come.
void Engine::Impl::report_done(const IncomingReport& report, Instant now) {
  OutgoingMessage* message = messages.find(report.message);
  if (message == nullptr || message->failed) return;
  Session& session = sessions[message->session];
  const std::uint64_t total =
      message->body.total_bytes().value_or(std::numeric_limits<std::uint64_t>::max());
  const ByteRange range = report.range.value_or(ByteRange{1, total, total});
  if (!is_success(report.status)) {
    events.push(Reported{message->id, report.status, range, false});
    fail_message(*message, error_of(report.status));
    // What a response with this code does, and where octets got lost on the way the session is of
    // no more use (RFC 4975 section 7.3.2).
    if (ends_session(report.status) || report.status == status::timeout) {
      close_session(session, error_of(report.status), now);
    }
    return;
  }
  if (!message->success_report || !range.consistent()) return;
  // Ranges need not be those of our chunks; beyond what was sent they say nothing.
  const std::uint64_t sent = message->ordered_bytes;
  const std::uint64_t begin = range.start == 0 ? 0 : range.start - 1;
  const std::uint64_t end = std::min(range.end.value_or(range.total.value_or(total)), sent);
  if (!message->reported.add(begin, end, limits.intervals)) return;
  const bool complete = message->ordered && message->reported.covers(sent);
  message->report_complete = message->report_complete || complete;
  events.push(Reported{message->id, report.status, range, complete});
  if (!complete) return;
  message->awaits_report = false;
  check_done(*message);
}

// ---- REPORTs of ours

void Engine::Impl::report_on(Session& session, const IncomingMessage& message, std::uint16_t code,
                             Instant now) {
  Connection* conn = connections.find(session.conn);
  if (conn == nullptr || conn->state != Connection::State::up) return;
  const std::uint64_t end = message.total_bytes.value_or(message.received.end());
  const ReportSpec report{.message_id = message.message_id.text(),
                          .byte_range = {1, end, message.total_bytes},
                          .status = code};
  const std::string_view to =
      message.report_to.empty() ? session.remote_path : message.report_to.text();
  const Result<void> written_report = write_report(*conn, session, to, report, now);
  MSRP_ASSERT(written_report.has_value());
}

Result<void> Engine::Impl::write_report(Connection& conn, const Session& session,
                                        std::string_view to_path, const ReportSpec& report,
                                        Instant now) {
  const Ident id = idents.plain();
  HeadSpec head;
  head.transaction_id = id.text();
  head.method = Method::report;
  head.to_path = to_path;
  head.from_path = session.local.text();
  head.message_id = report.message_id;
  head.byte_range = report.byte_range;
  head.status_header = StatusHeader{
      0, report.status, report.comment.empty() ? status::phrase(report.status) : report.comment};
  MSRP_TRY_VOID(writer.write_control(conn, head, now));
  mark_sendable(conn);
  return {};
}

Result<void> Engine::Impl::report(IncomingHandle handle, std::uint16_t code, Instant now) {
  IncomingMessage* message = incoming.find(handle);
  if (message == nullptr || message->stage != IncomingMessage::Stage::reportable) {
    return fail(Errc::stale_handle);
  }
  if (code < 200 || code > 699 || code == status::timeout) return fail(Errc::invalid_argument);
  const bool wanted = is_success(code) ? message->success_report : message->failure_report;
  if (wanted) report_on(sessions[message->session], *message, code, now);
  erase_incoming(*message);
  return {};
}

}  // namespace msrp
