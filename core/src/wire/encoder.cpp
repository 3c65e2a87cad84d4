#include "msrp/encoder.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

#include "msrp/assert.hpp"
#include "msrp/headers.hpp"
#include "msrp/path.hpp"
#include "msrp/status.hpp"
#include "wire/checked_head.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::string_view hyphens = "-------";
constexpr std::uint16_t three_digits_end = 1000;

bool is_response(const HeadSpec& head) noexcept {
  return head.status != 0;
}

std::string_view method_text(const HeadSpec& head) noexcept {
  switch (head.method) {
    case Method::send:
      return "SEND";
    case Method::report:
      return "REPORT";
    case Method::auth:
      return "AUTH";
    case Method::nickname:
      return "NICKNAME";
    case Method::other:
      break;
  }
  return head.method_text;
}

std::string_view text_of(FailureReport report) noexcept {
  switch (report) {
    case FailureReport::yes:
      return "yes";
    case FailureReport::no:
      return "no";
    case FailureReport::partial:
      return "partial";
  }
  return "yes";
}

// Where the octets of a head go.
class Writer {
 public:
  explicit Writer(std::byte* at) noexcept : at_(at) {}
  void put(std::string_view text) noexcept {
    if (text.empty()) return;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  std::byte* at() const noexcept { return at_; }

 private:
  std::byte* at_;
};

// Counts them instead.
class Counter {
 public:
  void put(std::string_view text) noexcept { bytes_ += text.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

template <class Sink>
void put_three_digits(Sink& sink, unsigned number) noexcept {
  const std::array<char, 3> digits{static_cast<char>('0' + number / 100 % 10),
                                   static_cast<char>('0' + number / 10 % 10),
                                   static_cast<char>('0' + number % 10)};
  sink.put({digits.data(), digits.size()});
}

template <class Sink>
void put_start_line(Sink& sink, const HeadSpec& head) noexcept {
  sink.put("MSRP ");
  sink.put(head.transaction_id);
  sink.put(" ");
  if (is_response(head)) {
    put_three_digits(sink, head.status);
    sink.put(" ");
    sink.put(head.comment.empty() ? status::phrase(head.status) : head.comment);
  } else {
    sink.put(method_text(head));
  }
}

// The one description of what a head looks like, so that what is counted is what is written. The
// range is the text of head.byte_range. Each line begins with the CRLF of the one before.
template <class Sink>
void put_head(Sink& sink, const HeadSpec& head, std::string_view range) noexcept {
  put_start_line(sink, head);
  sink.put("\r\nTo-Path: ");
  sink.put(head.to_path);
  sink.put("\r\nFrom-Path: ");
  sink.put(head.from_path);
  if (!head.message_id.empty()) {
    sink.put("\r\nMessage-ID: ");
    sink.put(head.message_id);
  }
  if (!range.empty()) {
    sink.put("\r\nByte-Range: ");
    sink.put(range);
  }
  if (head.success_report) {
    sink.put("\r\nSuccess-Report: ");
    sink.put(*head.success_report ? "yes" : "no");
  }
  if (head.failure_report) {
    sink.put("\r\nFailure-Report: ");
    sink.put(text_of(*head.failure_report));
  }
  if (head.status_header) {
    sink.put("\r\nStatus: ");
    put_three_digits(sink, head.status_header->name_space);
    sink.put(" ");
    put_three_digits(sink, head.status_header->code);
    if (!head.status_header->comment.empty()) {
      sink.put(" ");
      sink.put(head.status_header->comment);
    }
  }
  for (const HeaderField& field : head.extra) {
    sink.put(crlf);
    sink.put(field.name);
    sink.put(": ");
    sink.put(field.value);
  }
  if (!head.content_type.empty()) {
    sink.put("\r\nContent-Type: ");
    sink.put(head.content_type);
  }
  sink.put(crlf);
  if (head.has_body) sink.put(crlf);
}

// The text of a head's Byte-Range, made once.
class RangeText {
 public:
  explicit RangeText(const HeadSpec& head) noexcept
      : bytes_(head.byte_range ? head.byte_range->print(octets_) : 0) {}
  std::string_view text() const noexcept { return {octets_.data(), bytes_}; }

 private:
  std::array<char, ByteRange::text_bytes_max> octets_;
  std::size_t bytes_;
};

std::size_t size_of(const HeadSpec& head, std::string_view range) noexcept {
  Counter counter;
  put_head(counter, head, range);
  return counter.bytes();
}

std::size_t write(const HeadSpec& head, std::string_view range, std::size_t bytes,
                  std::span<std::byte> out) noexcept {
  MSRP_ASSERT(bytes <= out.size());
  Writer writer(out.data());
  put_head(writer, head, range);
  MSRP_ASSERT(writer.at() == out.data() + bytes);
  return bytes;
}

Result<void> check_start_line(const HeadSpec& head) noexcept {
  if (!is_ident(head.transaction_id)) return fail(Errc::bad_transaction_id);
  if (is_response(head)) {
    if (head.status >= three_digits_end) return fail(Errc::bad_status_code);
    if (!is_utf8text(head.comment)) return fail(Errc::bad_comment);
    if (head.has_body) return fail(Errc::unexpected_body);
    return {};
  }
  if (head.method != Method::other) return {};
  const std::string_view method = head.method_text;
  // A known method under the name of an unknown one would slip through what it must have.
  const bool known =
      method == "SEND" || method == "REPORT" || method == "AUTH" || method == "NICKNAME";
  if (method.empty() || known || !grammar::all(method, grammar::upper)) {
    return fail(Errc::bad_method);
  }
  return {};
}

Result<void> check_path(std::string_view path) noexcept {
  if (path.empty()) return fail(Errc::missing_header);
  constexpr std::uint16_t any_number = std::numeric_limits<std::uint16_t>::max();
  const Result<PathView> parsed = PathView::parse(path, any_number);
  if (!parsed) return fail(parsed.error().code, 0, parsed.error().offset);
  return {};
}

Result<void> check_own_fields(const HeadSpec& head) noexcept {
  MSRP_TRY_VOID(check_path(head.to_path));
  MSRP_TRY_VOID(check_path(head.from_path));
  const bool is_report = !is_response(head) && head.method == Method::report;
  const bool is_send = !is_response(head) && head.method == Method::send;
  if (head.message_id.empty()) {
    if (is_report || is_send) return fail(Errc::missing_header);
  } else if (!is_ident(head.message_id)) {
    return fail(Errc::bad_message_id);
  }
  if (const auto& line = head.status_header) {
    if (line->name_space >= three_digits_end || line->code >= three_digits_end ||
        !is_utf8text(line->comment)) {
      return fail(Errc::bad_status_header);
    }
  } else if (is_report) {
    return fail(Errc::missing_header);
  }
  if (head.content_type.empty()) {
    if (head.has_body) return fail(Errc::missing_header);
    return {};
  }
  if (!head.has_body) return fail(Errc::forbidden_header);
  const Result<MediaTypeView> type = MediaTypeView::parse(head.content_type);
  if (!type) return fail(type.error().code, 0, type.error().offset);
  return {};
}

constexpr std::uint32_t bit(HeaderId id) noexcept {
  return 1U << static_cast<unsigned>(id);
}

// Headers that HeadSpec has a member for.
constexpr std::uint32_t own_headers = bit(HeaderId::to_path) | bit(HeaderId::from_path) |
                                      bit(HeaderId::message_id) | bit(HeaderId::success_report) |
                                      bit(HeaderId::failure_report) | bit(HeaderId::byte_range) |
                                      bit(HeaderId::status) | bit(HeaderId::content_type);
// Those that may stand more than once.
constexpr std::uint32_t repeated_headers = bit(HeaderId::other) | bit(HeaderId::www_authenticate);

bool is_own_and_set(const HeadSpec& head, HeaderId id) noexcept {
  switch (id) {
    case HeaderId::to_path:
    case HeaderId::from_path:
      return true;
    case HeaderId::message_id:
      return !head.message_id.empty();
    case HeaderId::success_report:
      return head.success_report.has_value();
    case HeaderId::failure_report:
      return head.failure_report.has_value();
    case HeaderId::byte_range:
      return head.byte_range.has_value();
    case HeaderId::status:
      return head.status_header.has_value();
    case HeaderId::content_type:
      return !head.content_type.empty();
    default:
      return false;
  }
}

bool is_content_header(std::string_view name) noexcept {
  constexpr std::string_view prefix = "Content-";
  return grammar::equal_without_case(name.substr(0, prefix.size()), prefix);
}

Result<void> check_extra(const HeadSpec& head) noexcept {
  std::uint32_t seen = 0;
  for (const HeaderField& field : head.extra) {
    if (!is_token(field.name) || !grammar::is(field.name[0], grammar::alpha)) {
      return fail(Errc::bad_header_name);
    }
    if (!is_utf8text(field.value)) return fail(Errc::bad_header_value);
    const HeaderId id = header_id(field.name);  // the field's own id is not checked by anyone
    if ((bit(id) & own_headers) != 0) {
      return fail(is_own_and_set(head, id) ? Errc::duplicate_header : Errc::forbidden_header);
    }
    if ((seen & bit(id) & ~repeated_headers) != 0) return fail(Errc::duplicate_header);
    seen |= bit(id);
    // MSRP bodies are binary, there is no other encoding (RFC 4975 section 7.1.1).
    if (is_content_header(field.name) &&
        (!head.has_body || grammar::equal_without_case(field.name, "Content-Transfer-Encoding"))) {
      return fail(Errc::forbidden_header);
    }
  }
  return {};
}

}  // namespace

std::size_t encoded_size(const HeadSpec& head) noexcept {
  return size_of(head, RangeText(head).text());
}

Result<void> check_head(const HeadSpec& head) noexcept {
  MSRP_TRY_VOID(check_start_line(head));
  MSRP_TRY_VOID(check_own_fields(head));
  return check_extra(head);
}

Result<std::size_t> encode_head(const HeadSpec& head, std::span<std::byte> out) noexcept {
  MSRP_TRY_VOID(check_head(head));
  const RangeText range(head);
  const std::size_t bytes = size_of(head, range.text());
  if (bytes > out.size()) return fail(Errc::buffer_too_small);
  return write(head, range.text(), bytes, out);
}

std::size_t write_checked_head(const HeadSpec& head, std::span<std::byte> out) noexcept {
  const RangeText range(head);
  return write(head, range.text(), size_of(head, range.text()), out);
}

std::size_t encode_end_line(std::string_view transaction_id, Flag flag, bool has_body,
                            std::span<std::byte> out) noexcept {
  MSRP_ASSERT(is_ident(transaction_id));
  MSRP_ASSERT(out.size() >= end_line_bytes_max);
  const char flag_octet = static_cast<char>(flag);
  Writer writer(out.data());
  if (has_body) writer.put(crlf);
  writer.put(hyphens);
  writer.put(transaction_id);
  writer.put({&flag_octet, 1});
  writer.put(crlf);
  return static_cast<std::size_t>(writer.at() - out.data());
}

}  // namespace msrp
