// What a chunk's head says, as views into the octets it was parsed from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "msrp/byte_range.hpp"
#include "msrp/error.hpp"
#include "msrp/path.hpp"

namespace msrp {

enum class Method : std::uint8_t { send, report, auth, nickname, other };

// The continuation flag that ends every chunk (RFC 4975 section 7.1).
enum class Flag : char { more = '+', end = '$', abort = '#' };

enum class FailureReport : std::uint8_t { yes, no, partial };

// Headers of RFC 4975, 4976 and 7701 that have a meaning here; everything else is `other` and is
// kept, in order, untouched.
enum class HeaderId : std::uint8_t {
  other,
  to_path,
  from_path,
  message_id,
  success_report,
  failure_report,
  byte_range,
  status,
  expires,
  min_expires,
  max_expires,
  use_path,
  www_authenticate,
  authorization,
  authentication_info,
  use_nickname,
  content_type,
  content_id,
  content_description,
  content_disposition,
};

// The canonical spelling, for example "To-Path"; empty for `other`.
std::string_view name_of(HeaderId id) noexcept;
// Compares without case (RFC 4975 section 9).
HeaderId header_id(std::string_view name) noexcept;

struct HeaderField {
  HeaderId id = HeaderId::other;
  std::string_view name;
  std::string_view value;  // without the blanks around it
};

// Status header of a REPORT: namespace, code and comment (RFC 4975 section 7.1.2).
struct StatusHeader {
  std::uint16_t name_space = 0;
  std::uint16_t code = 0;
  std::string_view comment;
};

// A parsed head. Every view points into `text`. Valid until the parser that made it goes on, or as
// long as the event that carries it says.
struct HeadView {
  std::string_view text;  // from "MSRP" to the CRLF of the last header line, inclusive

  std::string_view transaction_id;
  bool is_request = true;
  Method method = Method::other;  // requests
  std::string_view method_text;   // requests
  std::uint16_t status = 0;       // responses
  std::string_view comment;       // responses

  PathView to_path;
  PathView from_path;
  std::string_view message_id;
  std::string_view content_type;  // raw value; see MediaTypeView::parse
  std::optional<ByteRange> byte_range;
  std::optional<bool> success_report;           // absent means no
  std::optional<FailureReport> failure_report;  // absent means yes
  std::optional<StatusHeader> status_header;

  bool has_body = false;  // an empty body counts: RFC 4975 section 7.1 tells it from no body
  std::span<const HeaderField> headers;  // all of them, in wire order

  // The first rule that the head breaks although its framing holds; offset counts from `text`.
  // Fields parsed before and after it are filled in as far as they are valid.
  std::optional<Error> invalid;

  FailureReport wants_failure_report() const noexcept {
    return failure_report.value_or(FailureReport::yes);
  }
  bool wants_success_report() const noexcept { return success_report.value_or(false); }

  // The first header with this id, or nullptr.
  const HeaderField* find(HeaderId id) const noexcept;

  // Moves every view (also of `headers`' elements, which the caller has copied to new_headers) from
  // the octets at text.data() to a copy at new_text.
  void rebase(const char* new_text, std::span<HeaderField> new_headers) noexcept;
};

}  // namespace msrp
