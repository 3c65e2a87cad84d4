// The incremental parser: pull, zero copy for bodies, bounded by named limits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "msrp/buffer.hpp"
#include "msrp/chunk.hpp"
#include "msrp/error.hpp"

namespace msrp {

struct ParserLimits {
  std::uint32_t head_bytes = 16 * 1024;           // start line and headers of one chunk
  std::uint16_t headers = 64;                     // header lines of one chunk
  std::uint16_t path_uris = 16;                   // URIs in one path
  std::uint32_t non_send_body_bytes = 10 * 1024;  // RFC 4975 section 7.1
  std::uint32_t blank_bytes = 64;                 // CRLFs skipped between chunks
  // Longest transaction id with which framing is kept; longer than RFC 4975's 32 so that a chunk
  // with an id of up to this length can be answered with 400 instead of losing the connection.
  static constexpr std::size_t transaction_id_bytes = 64;
};

// Where a parser notes the header lines of the head it is at. One may serve many parsers of one
// thread, because a HeadView lasts only until its parser goes on.
class HeaderTable {
 public:
  explicit HeaderTable(std::uint16_t headers_max = ParserLimits{}.headers) : fields_(headers_max) {}
  std::span<HeaderField> fields() noexcept { return fields_; }

 private:
  std::vector<HeaderField> fields_;
};

class HeadScanner;

struct NeedData {};
// Returned before any octet of the body, so that the caller can reject or choose a destination.
struct HeadDone {
  HeadView head;  // valid until the next next()
};
struct BodyPart {
  Slice slice;           // shares the input's owner; without one it is valid until the next next()
  std::uint64_t offset;  // of its first octet, in this chunk's body
};
struct ChunkDone {
  Flag flag;
  std::uint64_t body_bytes;
  // The first rule broken behind the head: a response or non-SEND request with a flag other than
  // "$", a response with a body, a non-SEND body over the limit.
  std::optional<Errc> invalid;
};
using ParseEvent = std::variant<NeedData, HeadDone, BodyPart, ChunkDone>;

// Reads one stream of chunks.
//
// A body part that shares its slice's owner is a sub-span of the input: no copy. Octets that might
// begin the end-line are held back (at most 2 + 7 + 64 + 1 + 1 of them) and, when they turn out to
// be body, are returned from the parser's own memory with an empty owner.
class Parser {
 public:
  // table outlives the parser and has room for limits.headers fields.
  Parser(const ParserLimits& limits, HeaderTable& table) noexcept;
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;
  ~Parser();

  // Precondition: unread() == 0 (the last next() said NeedData, or take_back() was called). The
  // bytes stay valid until they are read or taken back.
  void push(Slice input) noexcept;

  // Errors (garbage, head_too_large, bad_transaction_id, out_of_memory) are sticky: a stream that
  // lost its framing cannot be read any further. Error::offset saturates; see offset().
  Result<ParseEvent> next() noexcept;

  // Input not looked at yet. Whoever must stop in the middle of an input takes it back and pushes
  // it again later. Precondition for take_back(): the last next() returned HeadDone, BodyPart or
  // ChunkDone. With nothing unread, next() has nothing more to say.
  std::size_t unread() const noexcept { return input_.bytes.size() - at_; }
  std::size_t take_back() noexcept;  // forgets the unread input, returns how many bytes it had

  // True exactly between chunks: an end of stream here is clean, elsewhere it is truncation.
  bool idle() const noexcept;
  // Offset in the stream of the chunk that is being read, or of the error.
  std::uint64_t offset() const noexcept;

 private:
  enum class State : std::uint8_t { between, head, look_ahead, body, end_line, dead };
  enum class Match : std::uint8_t { more, no, whole };
  // CRLF "-------" transaction-id flag CRLF
  static constexpr std::size_t end_line_bytes = 2 + 7 + ParserLimits::transaction_id_bytes + 1 + 2;

  std::string_view rest() const noexcept;
  Result<ParseEvent> step();
  Result<ParseEvent> skip_blank_lines();
  Result<ParseEvent> read_head();
  bool read_head_at_once(HeadView& head) noexcept;
  Result<ParseEvent> read_head_by_lines();
  Result<ParseEvent> go_on_with_head();
  Result<ParseEvent> give_head(const HeadScanner& scanner, std::string_view text);
  void begin_rest(const HeadView& head) noexcept;
  Result<ParseEvent> look_ahead();
  Result<ParseEvent> read_body();
  Result<ParseEvent> read_end_line();
  Result<ParseEvent> chunk_done() noexcept;
  Match match_end_line() noexcept;
  Match match_slowly(std::string_view text) noexcept;
  void expect_end_line(std::string_view transaction_id) noexcept;
  Result<ParseEvent> need_data() noexcept;
  Result<ParseEvent> lose(Errc code, std::uint64_t offset) noexcept;
  void forget_input() noexcept;
  void drop_buffer() noexcept;

  ParserLimits limits_;
  HeaderTable* table_;
  State state_ = State::between;
  Slice input_;
  std::size_t at_ = 0;        // in input_
  std::uint64_t read_ = 0;    // octets of the stream in front of input_
  std::uint64_t offset_ = 0;  // of the chunk, of the blank lines in front of it, or of the error
  Error error_{};             // dead
  // ---- between chunks
  std::uint32_t blank_bytes_ = 0;
  bool half_blank_line_ = false;
  // ---- head
  std::string buffer_;  // the head, when it straddles inputs
  std::unique_ptr<HeadScanner> buffer_scanner_;
  std::size_t buffered_before_ = 0;  // size of buffer_ when input_ was pushed
  // ---- body and end-line
  std::array<char, end_line_bytes> end_line_{};
  std::uint8_t flag_at_ = 0;   // in end_line_
  std::uint8_t matched_ = 0;   // octets of end_line_ that were read
  std::uint8_t not_body_ = 0;  // of those, how many from the front are no body in any case
  bool is_request_ = false;
  bool is_send_ = false;
  bool has_body_ = false;
  std::uint64_t body_bytes_ = 0;
};

}  // namespace msrp
