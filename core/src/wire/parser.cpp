#include "msrp/parser.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "msrp/assert.hpp"
#include "wire/head_parser.hpp"
#include "wire/head_scanner.hpp"
#include "wire/scan.hpp"
#include "wire/usual_head.hpp"

namespace msrp {
namespace {

// Room behind the head's limit for the end-line that may follow.
constexpr std::size_t end_line_room_bytes = 128;
// Buffers up to this size are kept from head to head.
constexpr std::size_t buffer_kept_bytes = 1024;

constexpr std::size_t crlf_bytes = 2;

std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// In place: an event is as large as a HeadView, and is not copied on its way.
Result<ParseEvent> body_part(Slice slice, std::uint64_t offset) noexcept {
  return Result<ParseEvent>(std::in_place, std::in_place_type<BodyPart>,
                            BodyPart{std::move(slice), offset});
}

}  // namespace

Parser::Parser(const ParserLimits& limits, HeaderTable& table) noexcept
    : limits_(limits), table_(&table) {
  MSRP_ASSERT(table.fields().size() >= limits.headers);
}
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;
Parser::~Parser() = default;

void Parser::push(Slice input) noexcept {
  MSRP_ASSERT(unread() == 0);
  forget_input();
  input_ = std::move(input);
  buffered_before_ = buffer_.size();
}

Result<ParseEvent> Parser::next() noexcept {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    return lose(Errc::out_of_memory, read_ + at_);
  }
}

std::size_t Parser::take_back() noexcept {
  const std::size_t bytes = unread();
  input_.bytes = input_.bytes.first(at_);
  forget_input();
  return bytes;
}

bool Parser::idle() const noexcept {
  return state_ == State::between && !half_blank_line_;
}

std::uint64_t Parser::offset() const noexcept {
  return offset_;
}

std::string_view Parser::rest() const noexcept {
  return text_of(input_.bytes.subspan(at_));
}

void Parser::forget_input() noexcept {
  read_ += at_;
  at_ = 0;
  input_ = {};
}

Result<ParseEvent> Parser::need_data() noexcept {
  MSRP_ASSERT(unread() == 0);
  forget_input();
  return Result<ParseEvent>(std::in_place, std::in_place_type<NeedData>);
}

Result<ParseEvent> Parser::lose(Errc code, std::uint64_t offset) noexcept {
  state_ = State::dead;
  offset_ = offset;
  constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
  error_ = Error{code, 0, static_cast<std::uint32_t>(std::min(offset, largest))};
  drop_buffer();
  return std::unexpected(error_);
}

void Parser::drop_buffer() noexcept {
  buffer_.clear();
  if (buffer_.capacity() > buffer_kept_bytes) std::string().swap(buffer_);
}

Result<ParseEvent> Parser::step() {
  switch (state_) {
    case State::between:
      return skip_blank_lines();
    case State::head:
      return go_on_with_head();
    case State::look_ahead:
      return look_ahead();
    case State::body:
      return read_body();
    case State::end_line:
      return read_end_line();
    case State::dead:
      break;
  }
  return std::unexpected(error_);
}

// ---- between chunks

Result<ParseEvent> Parser::skip_blank_lines() {
  const std::string_view text = rest();
  for (const char c : text) {
    if (half_blank_line_) {
      if (c != '\n') return lose(Errc::garbage, read_ + at_);
      half_blank_line_ = false;
    } else if (c == '\r') {
      blank_bytes_ += crlf_bytes;
      if (blank_bytes_ > limits_.blank_bytes) return lose(Errc::garbage, read_ + at_);
      half_blank_line_ = true;
    } else {
      offset_ = read_ + at_;
      return read_head();
    }
    ++at_;
  }
  return need_data();
}

// ---- head

Result<ParseEvent> Parser::read_head() {
  // The one thing that is returned, so that it is made where the caller wants it: it is large.
  Result<ParseEvent> event(std::in_place, std::in_place_type<HeadDone>);
  if (!read_head_at_once(std::get<HeadDone>(*event).head)) event = read_head_by_lines();
  return event;
}

bool Parser::read_head_at_once(HeadView& head) noexcept {
  const std::size_t bytes = read_usual_head(rest(), limits_, *table_, head);
  if (bytes == 0) return false;
  at_ += bytes + (head.has_body ? crlf_bytes : 0);
  expect_end_line(head.transaction_id);
  matched_ = not_body_ = crlf_bytes;
  has_body_ = head.has_body;
  state_ = has_body_ ? State::body : State::end_line;
  begin_rest(head);
  return true;
}

// In place, when all of it is there.
Result<ParseEvent> Parser::read_head_by_lines() {
  const std::string_view text = rest();
  HeadScanner scanner;
  switch (scanner.scan(text, limits_, *table_)) {
    case HeadScanner::Step::lost:
      return lose(scanner.error(), offset_ + scanner.error_offset());
    case HeadScanner::Step::blank_line:
      at_ += scanner.head_bytes() + crlf_bytes;
      return give_head(scanner, text);
    case HeadScanner::Step::end_line:
      at_ += scanner.head_bytes();
      matched_ = crlf_bytes;
      state_ = State::end_line;
      return give_head(scanner, text);
    case HeadScanner::Step::more:
      break;
  }
  if (!buffer_scanner_) buffer_scanner_ = std::make_unique<HeadScanner>();
  *buffer_scanner_ = scanner;
  buffer_ = text;
  at_ += text.size();
  state_ = State::head;
  return need_data();
}

// In the buffer: line by line, so that nothing behind the head gets there.
Result<ParseEvent> Parser::go_on_with_head() {
  while (unread() > 0) {
    const std::size_t room = limits_.head_bytes + end_line_room_bytes - buffer_.size();
    const std::string_view text = rest().substr(0, room);
    const std::string_view line = text.substr(0, text.find('\n') + 1);  // all when there is no LF
    buffer_.append(line.empty() ? text : line);
    at_ += line.empty() ? text.size() : line.size();
    HeadScanner& scanner = *buffer_scanner_;
    switch (scanner.scan(buffer_, limits_, *table_)) {
      case HeadScanner::Step::more:
        continue;
      case HeadScanner::Step::lost:
        return lose(scanner.error(), offset_ + scanner.error_offset());
      case HeadScanner::Step::blank_line:
        break;
      case HeadScanner::Step::end_line: {
        // What of the end-line came with this input is read again behind the head, so that there
        // is something unread as long as there is something to say.
        const std::size_t read_before = std::max(buffered_before_, scanner.head_bytes());
        at_ -= buffer_.size() - read_before;
        matched_ = static_cast<std::uint8_t>(crlf_bytes + read_before - scanner.head_bytes());
        state_ = State::end_line;
        break;
      }
    }
    // Once more and whole: the table is shared, and its views do not survive the buffer's growth.
    scanner = {};
    scanner.scan(buffer_, limits_, *table_);
    return give_head(scanner, buffer_);
  }
  return need_data();
}

// at_ is behind the head and, unless state_ says that the end-line follows, the empty line.
Result<ParseEvent> Parser::give_head(const HeadScanner& scanner, std::string_view text) {
  Result<ParseEvent> event(std::in_place, std::in_place_type<HeadDone>);
  HeadView& head = std::get<HeadDone>(*event).head;
  parse_head(text.substr(0, scanner.head_bytes()), scanner, limits_, *table_, head);
  if (state_ != State::look_ahead) expect_end_line(head.transaction_id);
  if (state_ == State::end_line) {
    // The flag may have come with an input before this one, and is then not read again.
    end_line_[flag_at_] = text[scanner.head_bytes() + flag_at_ - crlf_bytes];
    has_body_ = false;
  } else if (state_ == State::look_ahead) {
    // has_body_ says how that came out.
    state_ = has_body_ ? State::body : State::end_line;
  } else {
    matched_ = not_body_ = crlf_bytes;  // the empty line can be the end-line's own CRLF
    has_body_ = !head.content_type.empty() || head.find(HeaderId::content_type) != nullptr ||
                scanner.content_type_beyond_table();
    state_ = State::body;
    if (!has_body_) {
      // An empty line too many, if the end-line follows; otherwise a body without a type.
      state_ = State::look_ahead;
      if (buffer_.empty()) buffer_ = text.substr(0, scanner.head_bytes() + crlf_bytes);
      return look_ahead();
    }
  }
  head.has_body = has_body_;
  begin_rest(head);
  check_missing(head);
  return event;
}

void Parser::begin_rest(const HeadView& head) noexcept {
  is_request_ = head.is_request;
  is_send_ = head.is_request && head.method == Method::send;
  body_bytes_ = 0;
}

Result<ParseEvent> Parser::look_ahead() {
  const std::size_t at_before = at_;
  const std::uint8_t matched_before = matched_;
  const Match match = match_end_line();
  if (match == Match::more) return need_data();
  has_body_ = match == Match::no;
  if (!has_body_) {
    at_ = at_before;
    matched_ = matched_before;
  }
  HeadScanner scanner;
  scanner.scan(buffer_, limits_, *table_);
  return give_head(scanner, buffer_);
}

// ---- body and end-line

void Parser::expect_end_line(std::string_view transaction_id) noexcept {
  constexpr std::string_view front = "\r\n-------";
  char* to = std::copy(front.begin(), front.end(), end_line_.data());
  to = std::copy(transaction_id.begin(), transaction_id.end(), to);
  flag_at_ = static_cast<std::uint8_t>(to - end_line_.data());
  to[1] = '\r';
  to[2] = '\n';
}

Parser::Match Parser::match_end_line() noexcept {
  const std::string_view text = rest();
  if (!text.empty() && matched_ < flag_at_ && text[0] != end_line_[matched_]) return Match::no;
  const std::size_t whole = flag_at_ + 1 + crlf_bytes;
  if (matched_ < flag_at_ && text.size() >= whole - matched_) {
    const std::size_t front = flag_at_ - matched_;
    if (scan::is_flag(text[front]) && text[front + 1] == '\r' && text[front + 2] == '\n' &&
        std::memcmp(text.data(), end_line_.data() + matched_, front) == 0) {
      end_line_[flag_at_] = text[front];
      at_ += whole - matched_;
      return Match::whole;
    }
  }
  return match_slowly(text);
}

// Octet by octet: it may go on in the next input, or end in the middle.
Parser::Match Parser::match_slowly(std::string_view text) noexcept {
  for (const char c : text) {
    if (matched_ == flag_at_) {
      if (!scan::is_flag(c)) return Match::no;
      end_line_[flag_at_] = c;
    } else if (c != end_line_[matched_]) {
      return Match::no;
    }
    ++at_;
    if (++matched_ == flag_at_ + 1 + crlf_bytes) return Match::whole;
  }
  return Match::more;
}

Result<ParseEvent> Parser::read_body() {
  drop_buffer();
  if (matched_ > 0) {
    const Match match = match_end_line();
    if (match == Match::whole) return chunk_done();
    if (match == Match::more) return need_data();
    // What was held is body. No end-line begins in the middle of it: CR stands at its ends alone,
    // and what is behind the second one was no LF.
    const auto* const held = reinterpret_cast<const std::byte*>(end_line_.data());
    const std::span<const std::byte> part(held + not_body_, held + matched_);
    matched_ = not_body_ = 0;
    if (!part.empty()) {
      const std::uint64_t offset = std::exchange(body_bytes_, body_bytes_ + part.size());
      return body_part(Slice{part, {}}, offset);
    }
  }
  const std::string_view text = rest();
  const std::size_t body = scan::find_end_line(text, {end_line_.data(), flag_at_});
  const std::span<const std::byte> part = input_.bytes.subspan(at_, body);
  at_ += body;
  if (body < text.size()) {
    ++at_;
    matched_ = 1;
  }
  if (part.empty()) return matched_ > 0 ? read_body() : need_data();
  const std::uint64_t offset = std::exchange(body_bytes_, body_bytes_ + part.size());
  return body_part(Slice{part, input_.owner}, offset);
}

Result<ParseEvent> Parser::read_end_line() {
  drop_buffer();
  switch (match_end_line()) {
    case Match::whole:
      return chunk_done();
    case Match::more:
      return need_data();
    case Match::no:
      break;
  }
  return lose(Errc::garbage, read_ + at_);  // pushed octets that differ from those taken back
}

Result<ParseEvent> Parser::chunk_done() noexcept {
  ChunkDone done{static_cast<Flag>(end_line_[flag_at_]), body_bytes_, std::nullopt};
  if (!is_request_ && has_body_) {
    done.invalid = Errc::unexpected_body;
  } else if (!is_send_ && body_bytes_ > limits_.non_send_body_bytes) {
    done.invalid = Errc::body_too_large;
  } else if (!is_send_ && done.flag != Flag::end) {
    done.invalid = Errc::bad_continuation_flag;
  }
  state_ = State::between;
  blank_bytes_ = 0;
  offset_ = read_ + at_;
  return Result<ParseEvent>(std::in_place, done);
}

}  // namespace msrp
