#include "session/chunk_writer.hpp"

#include <algorithm>
#include <new>

#include "msrp/assert.hpp"
#include "wire/checked_head.hpp"

namespace msrp {
namespace {

// How often another transaction id is drawn for a chunk whose first octets hold its pattern. With
// 80 random bits one draw is one too many; a test that hands in chosen ids may need a few.
constexpr int redraws_max = 8;

// What a head of ours says, read back.
HeadSpec spec_of(const HeadView& head) noexcept {
  HeadSpec spec;
  spec.transaction_id = head.transaction_id;
  spec.method = head.method;
  spec.method_text = head.method_text;
  spec.status = head.status;
  spec.comment = head.comment;
  spec.to_path = head.to_path.text();
  spec.from_path = head.from_path.text();
  spec.message_id = head.message_id;
  spec.byte_range = head.byte_range;
  spec.status_header = head.status_header;
  return spec;
}

}  // namespace

ChunkWriter::ChunkWriter(const Limits& limits, SlotMap<Session, SessionId>& sessions,
                         SlotMap<OutgoingMessage, MessageHandle>& messages,
                         TransactionTable& transactions, Logger* logger)
    : limits_(limits),
      sessions_(sessions),
      messages_(messages),
      transactions_(transactions),
      logger_(logger),
      scratch_(limits.parser.head_bytes + non_send_body_bytes_max + 2 * end_line_bytes_max) {}

void ChunkWriter::reserve(Connection& conn, Session& session, const OutgoingMessage& message) {
  conn.small_turns.reserve_one();
  conn.bulk_turns.reserve_one();
  session.small.reserve_one();
  session.bulk.reserve_one();
  if (session.bulk.size() >= bulk_messages_interleaved && !message.started) {
    session.waiting.reserve_one();
  }
}

void ChunkWriter::enqueue(Connection& conn, Session& session, OutgoingMessage& message) {
  if (message.in_turn || message.ordered || (message.failed && !message.abort_wanted)) return;
  reserve(conn, session, message);
  if (message.small() || message.abort_wanted) {
    session.small.push_back(message.id);
    if (!session.in_small_turns) conn.small_turns.push_back(session.id);
    session.in_small_turns = true;
    if (conn.small_batch == 0 && !conn.bulk_due) conn.small_batch = 1;
  } else if (session.bulk.size() >= bulk_messages_interleaved && !message.started) {
    session.waiting.push_back(message.id);
  } else {
    session.bulk.push_back(message.id);
    if (!session.in_bulk_turns) conn.bulk_turns.push_back(session.id);
    session.in_bulk_turns = true;
  }
  message.in_turn = true;
}

void ChunkWriter::dequeue(Session& session, OutgoingMessage& message) noexcept {
  if (!message.in_turn) return;
  // A session without messages leaves its connection's rings when its turn comes.
  if (!session.small.remove(message.id) && !session.bulk.remove(message.id)) {
    session.waiting.remove(message.id);
  }
  message.in_turn = false;
}

// Those that wait take the places of those that are over. The ring has room: enqueue() reserved it,
// and its smallest size is more than are interleaved.
void ChunkWriter::promote(Session& session) noexcept {
  while (session.bulk.size() < bulk_messages_interleaved && !session.waiting.empty()) {
    session.bulk.push_back(session.waiting.pop_front());
  }
}

bool ChunkWriter::has_work(const Connection& conn) const noexcept {
  if (conn.transmit.bytes() >= limits_.transmit_bytes) return false;
  if (!conn.control.empty()) return true;
  if (conn.chunk_open) {
    const OutgoingMessage* message = messages_.find(conn.open.message);
    if (message == nullptr || message->failed || message->body.ready_bytes() > 0 ||
        message->body.exhausted()) {
      return true;
    }
  }
  return !(conn.small_turns.empty() && conn.bulk_turns.empty()) &&
         conn.transactions.size < limits_.transactions && !transactions_.full();
}

void ChunkWriter::fill(Connection& conn, Instant now) {
  while (conn.transmit.bytes() < limits_.transmit_bytes) {
    if (!conn.chunk_open && !conn.control.empty()) flush_control(conn, now);
    if (!conn.chunk_open && !begin_next(conn, now)) break;
    if (conn.chunk_open && !go_on(conn, now)) break;
  }
}

MessageHandle ChunkWriter::choose(Connection& conn) noexcept {
  const auto next_of = [this](RingQueue<SessionId>& turns,
                              RingQueue<MessageHandle> Session::* queue, bool Session::* in_turns) {
    while (!turns.empty()) {
      const SessionId id = turns.pop_front();
      Session* session = sessions_.find(id);
      if (session == nullptr) continue;
      RingQueue<MessageHandle>& messages = session->*queue;
      session->*in_turns = false;
      if (queue == &Session::bulk) promote(*session);
      if (messages.empty()) continue;
      const MessageHandle message = messages.pop_front();
      // The place that pop_front() made is there for it: no allocation.
      session->*in_turns = !messages.empty();
      if (!messages.empty()) turns.push_back(id);
      return message;
    }
    return MessageHandle{};
  };
  if (conn.small_batch > 0 || conn.bulk_turns.empty()) {
    const MessageHandle small =
        next_of(conn.small_turns, &Session::small, &Session::in_small_turns);
    if (small) {
      if (conn.small_batch > 0 && --conn.small_batch == 0) {
        conn.bulk_due = !conn.bulk_turns.empty();
      }
      return small;
    }
  }
  const MessageHandle bulk = next_of(conn.bulk_turns, &Session::bulk, &Session::in_bulk_turns);
  conn.bulk_due = false;
  conn.small_batch = conn.small_turns.size();
  return bulk ? bulk : next_of(conn.small_turns, &Session::small, &Session::in_small_turns);
}

bool ChunkWriter::begin_next(Connection& conn, Instant now) {
  if (conn.transactions.size >= limits_.transactions || transactions_.full()) return false;
  const MessageHandle handle = choose(conn);
  if (!handle) return false;
  OutgoingMessage& message = messages_[handle];
  Session& session = sessions_[message.session];
  message.in_turn = false;
  begin_chunk(conn, session, message, now);
  return true;
}

HeadSpec ChunkWriter::head_of(const Session& session, const OutgoingMessage& message,
                              std::string_view transaction_id) const noexcept {
  HeadSpec head;
  head.transaction_id = transaction_id;
  head.to_path = session.remote_path;
  head.from_path = session.local.text();
  head.has_body = message.body.has_body();
  if (head.has_body) head.content_type = message.content_type;
  head.extra = message.extra;
  if (!message.is_send()) {
    head.method = message.chunk->method;
    head.method_text = message.chunk->method_text;
    if (message.custom_id) head.message_id = message.message_id.text();
    return head;
  }
  head.method = Method::send;
  head.message_id = message.message_id.text();
  if (head.has_body) {
    const bool part = message.chunk != nullptr;
    head.byte_range =
        ByteRange{(part ? message.chunk->offset : 0) + message.ordered_bytes + 1, std::nullopt,
                  part ? message.chunk->total_bytes : message.body.total_bytes()};
  }
  // Said only where it differs from what their absence means (RFC 4975 section 7.1.1).
  if (message.success_report) head.success_report = true;
  if (message.failure_report != FailureReport::yes) head.failure_report = message.failure_report;
  return head;
}

Result<void> ChunkWriter::check(const Session& session, const OutgoingMessage& message) {
  constexpr std::string_view longest("aaaaaaaaaaaaaaaaaaaa");
  static_assert(longest.size() == IdentSource::bytes);
  constexpr std::string_view range_line("\r\nByte-Range: ");
  HeadSpec head = head_of(session, message, longest);
  head.byte_range.reset();  // it differs from chunk to chunk
  const std::size_t bytes = encoded_size(head) + range_line.size() + ByteRange::text_bytes_max;
  if (bytes > limits_.parser.head_bytes) return fail(Errc::head_too_large);
  // Nothing else in the head of a SEND is the caller's and unchecked: the paths are of parsed URIs,
  // the Message-ID and the Content-Type were looked at when the message was made.
  if (message.is_send() && message.extra.empty()) return {};
  return check_head(head);
}

void ChunkWriter::begin_chunk(Connection& conn, Session& session, OutgoingMessage& message,
                              Instant now) {
  const TransactionId transaction =
      transactions_.open(conn.id, conn.transactions, message.id, message.failure_report);
  message.started = true;
  ++message.unsent_requests;
  if (message.failure_report != FailureReport::no) ++message.open_transactions;
  if (write_whole_chunk(conn, session, message, transaction, now)) return;

  CollisionGuard guard;
  const Slice first = message.body.front(limits_.quantum_bytes);
  for (int i = 0;; ++i) {
    guard = CollisionGuard(transactions_.find(transaction)->id);
    const std::size_t wanted = std::min<std::size_t>(first.bytes.size(), interruptible_bytes);
    if (i == redraws_max || guard.safe_prefix(first.bytes.first(wanted)) == wanted) break;
    transactions_.rename(transaction);
  }
  const HeadSpec head = head_of(session, message, transactions_.find(transaction)->id.text());
  const std::size_t bytes = write_checked_head(head, scratch_);  // by check()
  conn.transmit.append_staged(std::span(scratch_).first(bytes));
  if (logger_ != nullptr) logger_->chunk_sent_head(conn.id, head, now);
  conn.open = OpenChunk{message.id, transaction, guard, 0};
  conn.chunk_open = true;
  conn.quantum_left = limits_.quantum_bytes;
}

// A chunk that need not be interruptible goes out in one copy, with a numeric range-end. False when
// it has to be an interruptible one.
bool ChunkWriter::write_whole_chunk(Connection& conn, Session& session, OutgoingMessage& message,
                                    TransactionId transaction, Instant now) {
  const std::uint64_t body_bytes = message.body.ready_bytes();
  const Flag flag = message.failed ? Flag::abort : message.last_flag();
  if (!message.body.finished()) return false;
  if (message.is_send() && body_bytes > interruptible_bytes) return false;
  // The body stands behind the head's place, because its id is chosen after a look at it.
  const std::span<std::byte> body = std::span(scratch_)
                                        .subspan(limits_.parser.head_bytes)
                                        .first(static_cast<std::size_t>(body_bytes));
  message.body.copy_ready(body);
  Transaction& opened = *transactions_.find(transaction);
  for (int i = 0; CollisionGuard(opened.id).safe_prefix(body) != body.size(); ++i) {
    if (i == redraws_max) return false;
    transactions_.rename(transaction);
  }
  HeadSpec head = head_of(session, message, opened.id.text());
  if (head.byte_range) head.byte_range->end = head.byte_range->start - 1 + body_bytes;
  // All in one piece: the body moves to its head, the end-line to both.
  const std::size_t head_bytes = write_checked_head(head, scratch_);  // by check()
  std::ranges::copy(body, scratch_.begin() + static_cast<std::ptrdiff_t>(head_bytes));
  const std::size_t line_at = head_bytes + body.size();
  const std::size_t line_bytes =
      encode_end_line(opened.id.text(), flag, head.has_body, std::span(scratch_).subspan(line_at));
  conn.transmit.append_staged(std::span(scratch_).first(line_at + line_bytes));
  conn.transmit.mark_request_end(transaction);
  if (logger_ != nullptr) {
    logger_->chunk_sent_head(conn.id, head, now);
    const std::span<const std::byte> sent = std::span(scratch_).subspan(head_bytes, body.size());
    if (!sent.empty()) logger_->chunk_sent_data(conn.id, sent, now);
    logger_->chunk_sent_end(conn.id, flag, now);
  }
  message.body.take_ready();
  message.ordered_bytes += body_bytes;
  message.ordered = true;
  message.abort_wanted = false;
  return true;
}

bool ChunkWriter::go_on(Connection& conn, Instant now) {
  OutgoingMessage& message = messages_[conn.open.message];
  if (message.failed) {
    end_chunk(conn, Flag::abort, now);
    return true;
  }
  if (message.body.exhausted()) {
    end_chunk(conn, message.last_flag(), now);
    return true;
  }
  const bool others = !conn.small_turns.empty() || !conn.bulk_turns.empty();
  const bool waits = message.body.ready_bytes() == 0;  // for its writer, who may never come back
  const bool overtaken = !conn.control.empty() ||
                         (!conn.small_turns.empty() && conn.small_batch > 0) ||
                         (others && (conn.quantum_left == 0 || waits));
  const bool long_enough = conn.open.body_bytes >= interruptible_bytes;
  if (overtaken && (long_enough || waits)) {
    end_chunk(conn, Flag::more, now);
    requeue(conn, message);
    return true;
  }
  if (waits) return false;
  if (conn.quantum_left == 0) conn.quantum_left = limits_.quantum_bytes;
  std::size_t bytes_max = conn.quantum_left;
  if (overtaken) {
    bytes_max = static_cast<std::size_t>(interruptible_bytes - conn.open.body_bytes);
  }
  const std::uint64_t added = append_body(conn, message, bytes_max, now);
  conn.quantum_left -=
      static_cast<std::uint32_t>(std::min<std::uint64_t>(added, conn.quantum_left));
  return true;
}

std::uint64_t ChunkWriter::append_body(Connection& conn, OutgoingMessage& message,
                                       std::size_t bytes_max, Instant now) {
  std::uint64_t added = 0;
  while (added < bytes_max && message.body.ready_bytes() > 0) {
    const Slice piece = message.body.front(bytes_max - static_cast<std::size_t>(added));
    const std::size_t safe = conn.open.guard.safe_prefix(piece.bytes);
    if (safe > 0) {
      const std::span<const std::byte> bytes = piece.bytes.first(safe);
      conn.transmit.append_body(bytes, piece.owner, message.id);
      if (logger_ != nullptr) logger_->chunk_sent_data(conn.id, bytes, now);
      conn.open.guard.pass(bytes);
      message.body.take(safe);
      message.ordered_bytes += safe;
      message.in_flight_bytes += safe;
      conn.open.body_bytes += safe;
      added += safe;
    }
    if (safe < piece.bytes.size()) {
      // The pattern would be complete: the chunk ends before it and the rest goes on under another
      // id (RFC 4975 section 7.1).
      const std::uint32_t quantum_left = conn.quantum_left;
      end_chunk(conn, Flag::more, now);
      begin_chunk(conn, sessions_[message.session], message, now);
      conn.quantum_left = quantum_left;
      break;
    }
  }
  return added;
}

void ChunkWriter::end_chunk(Connection& conn, Flag flag, Instant now) {
  std::array<std::byte, end_line_bytes_max> line;
  const Ident id = transactions_.find(conn.open.transaction)->id;
  const std::size_t bytes = encode_end_line(id.text(), flag, true, line);
  conn.transmit.append_staged(std::span(line).first(bytes));
  conn.transmit.mark_request_end(conn.open.transaction);
  conn.chunk_open = false;
  OutgoingMessage& message = messages_[conn.open.message];
  message.ordered = flag != Flag::more || message.body.exhausted();
  if (logger_ != nullptr) logger_->chunk_sent_end(conn.id, flag, now);
}

void ChunkWriter::requeue(Connection& conn, OutgoingMessage& message) {
  if (message.body.ready_bytes() == 0 && !message.body.finished()) return;  // write() will
  enqueue(conn, sessions_[message.session], message);
}

Result<void> ChunkWriter::write_control(Connection& conn, const HeadSpec& head, Instant now) {
  MSRP_TRY_VOID(check_head(head));
  if (encoded_size(head) > scratch_.size() - end_line_bytes_max) return fail(Errc::head_too_large);
  write_checked_control(conn, head, now);
  return {};
}

void ChunkWriter::write_checked_control(Connection& conn, const HeadSpec& head, Instant now) {
  const std::size_t head_bytes = write_checked_head(head, scratch_);
  const std::size_t line_bytes = encode_end_line(head.transaction_id, Flag::end, false,
                                                 std::span(scratch_).subspan(head_bytes));
  const std::span<const std::byte> bytes = std::span(scratch_).first(head_bytes + line_bytes);
  if (conn.chunk_open) {
    conn.control.insert(conn.control.end(), bytes.begin(), bytes.end());
    return;
  }
  conn.transmit.append_staged(bytes);
  if (logger_ != nullptr) {
    logger_->chunk_sent_head(conn.id, head, now);
    logger_->chunk_sent_end(conn.id, Flag::end, now);
  }
}

void ChunkWriter::flush_control(Connection& conn, Instant now) {
  conn.transmit.append_staged(conn.control);
  if (logger_ != nullptr) log_control(conn, now);
  conn.control.clear();
  constexpr std::size_t kept_bytes = 4096;
  if (conn.control.capacity() > kept_bytes) std::vector<std::byte>().swap(conn.control);
}

// A log has the order of the wire, so what waited for an open chunk is told of when it goes.
// Where there is no memory to read it, it is not told.
void ChunkWriter::log_control(const Connection& conn, Instant now) try {
  HeaderTable table(limits_.parser.headers);
  Parser parser(limits_.parser, table);
  parser.push(Slice{conn.control, {}});
  for (;;) {
    const Result<ParseEvent> event = parser.next();
    if (!event || std::holds_alternative<NeedData>(*event)) return;
    if (const auto* head = std::get_if<HeadDone>(&*event)) {
      logger_->chunk_sent_head(conn.id, spec_of(head->head), now);
    } else if (const auto* done = std::get_if<ChunkDone>(&*event)) {
      logger_->chunk_sent_end(conn.id, done->flag, now);
    }
  }
} catch (const std::bad_alloc&) {
}

}  // namespace msrp
