#include "wire/head_parser.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "msrp/headers.hpp"
#include "msrp/status.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::uint32_t bit(HeaderId id) noexcept {
  return 1U << static_cast<unsigned>(id);
}

// Headers that may stand in a chunk more than once.
constexpr std::uint32_t repeatable = bit(HeaderId::other) | bit(HeaderId::www_authenticate);

}  // namespace

// Not in the unnamed namespace: PathView lets it in.
class HeadParser {
 public:
  HeadParser(std::string_view text, const ParserLimits& limits, HeaderTable& table,
             HeadView& head) noexcept
      : limits_(limits), fields_(table.fields()), head_(head) {
    head_.text = text;
  }

  void read_start(std::string_view transaction_id, std::string_view start) noexcept {
    head_.transaction_id = transaction_id;
    // The scanner let nothing but octets of an ident through.
    if (transaction_id.size() < 4 || transaction_id.size() > 32 ||
        !grammar::is(transaction_id[0], grammar::alpha | grammar::digit)) {
      mark(Errc::bad_transaction_id, transaction_id);
    }
    if (!start.empty() && grammar::is(start[0], grammar::digit)) return read_status(start);
    head_.method_text = start;
    if (start == "SEND") {
      head_.method = Method::send;
    } else if (start == "REPORT") {
      head_.method = Method::report;
    } else if (start == "AUTH") {
      head_.method = Method::auth;
    } else if (start == "NICKNAME") {
      head_.method = Method::nickname;
    } else if (start.empty() || !grammar::all(start, grammar::upper)) {
      mark(Errc::bad_method, start);
    }
  }

  void read_lines(std::size_t lines) noexcept {
    const std::size_t room = std::min<std::size_t>(limits_.headers, fields_.size());
    for (std::size_t i = 0; i < lines; ++i) {
      if (i == room) {
        mark(Errc::too_many_headers, head_.text.substr(head_.text.size()));
        break;
      }
      read_line(fields_[i].name, i);
    }
    head_.headers = fields_.first(size_);
  }

 private:
  void mark(Errc code, std::string_view where, std::size_t offset = 0) noexcept {
    if (head_.invalid) return;
    const auto at = static_cast<std::size_t>(where.data() - head_.text.data()) + offset;
    const std::uint16_t answer =
        code == Errc::bad_method ? status::unknown_method : status::bad_request;
    head_.invalid = Error{code, answer, static_cast<std::uint32_t>(at)};
  }

  void read_status(std::string_view start) noexcept {
    head_.is_request = false;
    const std::string_view code = start.substr(0, start.find(' '));
    if (code.size() != 3 || !grammar::all(code, grammar::digit)) {
      return mark(Errc::bad_status_code, start);
    }
    head_.status =
        static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    if (start.size() <= 4) return;
    const std::string_view comment = start.substr(4);
    if (!is_utf8text(comment)) return mark(Errc::bad_comment, comment);
    head_.comment = comment;
  }

  static constexpr std::uint64_t first_eight(std::string_view name) noexcept {
    std::array<char, sizeof(std::uint64_t)> octets{};
    std::copy_n(name.begin(), octets.size(), octets.begin());
    return std::bit_cast<std::uint64_t>(octets);
  }

  // The header that the line begins with, when it is one of those that nearly every chunk has and
  // in their canonical spelling; an empty name otherwise.
  static HeaderField usual_name(std::string_view line) noexcept {
    std::uint64_t front = 0;
    if (line.size() < sizeof front) return {};
    std::memcpy(&front, line.data(), sizeof front);
    const auto known = [&](std::string_view name, HeaderId id) -> HeaderField {
      if (!line.starts_with(name)) return {};
      return {id, {line.data(), name.size() - 1}, {}};
    };
    if (front == first_eight("To-Path:")) return known("To-Path:", HeaderId::to_path);
    if (front == first_eight("From-Path:")) return known("From-Path:", HeaderId::from_path);
    if (front == first_eight("Message-ID:")) return known("Message-ID:", HeaderId::message_id);
    if (front == first_eight("Byte-Range:")) return known("Byte-Range:", HeaderId::byte_range);
    if (front == first_eight("Content-Type:")) {
      return known("Content-Type:", HeaderId::content_type);
    }
    return {};
  }

  void read_line(std::string_view line, std::size_t index) noexcept {
    HeaderField field = usual_name(line);
    if (field.name.empty()) {
      if (!line.empty() && grammar::is_blank(line[0])) {  // no folding (RFC 4975 section 9)
        return mark(Errc::bad_header_line, line);
      }
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) return mark(Errc::bad_header_line, line);
      field.name = line.substr(0, colon);
      if (!is_token(field.name) || !grammar::is(field.name[0], grammar::alpha)) {
        return mark(Errc::bad_header_name, line);
      }
      field.id = header_id(field.name);
    }
    const std::size_t value_at = field.name.size() + 1;
    field.value = grammar::trimmed({line.data() + value_at, line.size() - value_at});
    fields_[size_++] = field;
    if (index < 2 && field.id != (index == 0 ? HeaderId::to_path : HeaderId::from_path)) {
      mark(Errc::header_order, line);
    }
    const std::uint32_t seen = bit(field.id) & ~repeatable;
    if ((seen_ & seen) != 0) return mark(Errc::duplicate_header, line);
    seen_ |= seen;
    read_value(field.id, field.value);
  }

  void read_value(HeaderId id, std::string_view value) noexcept {
    switch (id) {
      case HeaderId::to_path:
        return read_path(value, head_.to_path);
      case HeaderId::from_path:
        return read_path(value, head_.from_path);
      case HeaderId::message_id:
        if (!is_ident(value)) return refuse(Error{Errc::bad_message_id}, value);
        head_.message_id = value;
        return;
      case HeaderId::byte_range:
        return keep(ByteRange::parse(value), head_.byte_range, value);
      case HeaderId::success_report:
        return keep(parse_success_report(value), head_.success_report, value);
      case HeaderId::failure_report:
        return keep(parse_failure_report(value), head_.failure_report, value);
      case HeaderId::content_type:
        return read_content_type(value);
      default:
        break;
    }
    if (!is_utf8text(value)) return mark(Errc::bad_header_value, value);
    if (id == HeaderId::status) keep(parse_status_header(value), head_.status_header, value);
  }

  void read_content_type(std::string_view value) noexcept {
    // Without parameters it has octets of tokens and one "/" alone, which are all utf8text.
    const Result<MediaTypeView> type = MediaTypeView::parse(value);
    if (!type) return refuse(type.error(), value);
    if (!type->parameters.empty() && !is_utf8text(value)) {
      return mark(Errc::bad_header_value, value);
    }
    head_.content_type = value;
  }

  void read_path(std::string_view value, PathView& path) noexcept {
    if (const std::optional<Error> error = path.assign(value, limits_.path_uris)) {
      refuse(*error, value);
    }
  }

  template <class T, class Field>
  void keep(const Result<T>& read, Field& field, std::string_view value) noexcept {
    if (!read) return refuse(read.error(), value);
    field = *read;
  }

  // Octets that stand in no value at all are the first thing to say.
  void refuse(const Error& error, std::string_view value) noexcept {
    if (!is_utf8text(value)) return mark(Errc::bad_header_value, value);
    mark(error.code, value, std::min<std::size_t>(error.offset, value.size()));
  }

  const ParserLimits& limits_;
  std::span<HeaderField> fields_;
  HeadView& head_;
  std::size_t size_ = 0;
  std::uint32_t seen_ = 0;
};

void parse_head(std::string_view text, const HeadScanner& scanner, const ParserLimits& limits,
                HeaderTable& table, HeadView& head) noexcept {
  HeadParser parser(text, limits, table, head);
  parser.read_start(scanner.transaction_id(text), scanner.start(text));
  parser.read_lines(scanner.header_lines());
}

void check_missing(HeadView& head) noexcept {
  // With nothing marked so far, a header that is there has a valid value.
  if (head.invalid) return;
  bool complete = !head.to_path.empty() && !head.from_path.empty();
  if (head.is_request) {
    if (head.method == Method::send || head.method == Method::report) {
      complete = complete && !head.message_id.empty();
    }
    if (head.method == Method::report) complete = complete && head.status_header;
    if (head.has_body) complete = complete && !head.content_type.empty();
  }
  if (complete) return;
  head.invalid = Error{Errc::missing_header, status::bad_request,
                       static_cast<std::uint32_t>(head.text.size())};
}

}  // namespace msrp
