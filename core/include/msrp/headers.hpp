// Typed access to header values. Each parser takes a raw value and gives views into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msrp/chunk.hpp"
#include "msrp/error.hpp"

namespace msrp {

// ident of RFC 4975 section 9: 4 to 32 octets, the first a letter or digit.
bool is_ident(std::string_view text) noexcept;
// token of RFC 4975 section 9, not empty.
bool is_token(std::string_view text) noexcept;
// utf8text of RFC 4975 section 9; empty is allowed.
bool is_utf8text(std::string_view text) noexcept;

// "name=value; name" lists behind media types and dispositions. Blanks around ";" are accepted.
struct ParameterView {
  std::string_view name;
  std::string_view value;  // without quotes, escapes still in place; see unquote()
  bool quoted = false;
};

// Undoes the \\ and \" of a quoted-string's inside.
std::string unquote(std::string_view inside);
// The text as a quoted-string, quotes included. Control characters cannot be said and are dropped.
std::string quoted(std::string_view text);

// A media type (RFC 4975 section 9, Content-Type).
struct MediaTypeView {
  std::string_view type, subtype;
  std::string_view parameters;  // raw, behind the first ";"

  // Errors: bad_content_type with the offset. The parameters are checked too.
  static Result<MediaTypeView> parse(std::string_view text) noexcept;
  // nullopt when there is no such parameter. Names compare without case.
  std::optional<ParameterView> parameter(std::string_view name) const noexcept;
};

// Whether a type matches one entry of accept-types: "*", "type/*" or "type/subtype" (RFC 4975
// section 8.6). Parameters take no part.
bool accepts(std::string_view entry, const MediaTypeView& type) noexcept;

// Content-Disposition (RFC 2183).
struct ContentDispositionView {
  std::string_view disposition;
  std::string_view parameters;
  static Result<ContentDispositionView> parse(std::string_view text) noexcept;
  std::optional<ParameterView> parameter(std::string_view name) const noexcept;
};
// What is to become of a message: its Content-Disposition, and "render" without one (RFC 4975
// section 7.1.1). Errors: bad_header_value; RFC 2183 section 2.8 has what is not understood treated
// as "attachment".
Result<ContentDispositionView> disposition_of(const HeadView& head) noexcept;

Result<StatusHeader> parse_status_header(std::string_view value) noexcept;
Result<bool> parse_success_report(std::string_view value) noexcept;
Result<FailureReport> parse_failure_report(std::string_view value) noexcept;

// Expires, Min-Expires, Max-Expires: seconds (RFC 4976 section 7). Errors: bad_header_value.
Result<std::uint32_t> parse_expires(std::string_view value) noexcept;

// Use-Nickname (RFC 7701 section 7): the inside of the quoted-string; empty asks for removal.
Result<std::string_view> parse_use_nickname(std::string_view value) noexcept;

// WWW-Authenticate (RFC 4976 section 7). Values quoted or bare; unknown parameters are skipped.
struct ChallengeView {
  std::string_view realm, nonce, opaque;
  std::string_view algorithm;  // empty: MD5
  std::string_view qop;        // the list as it came
  bool stale = false;
  static Result<ChallengeView> parse(std::string_view value) noexcept;
};

// Authorization (RFC 4976 section 7).
struct CredentialsView {
  std::string_view username, realm, nonce, response, cnonce, nc, qop, opaque, algorithm, uri;
  static Result<CredentialsView> parse(std::string_view value) noexcept;
};

// Authentication-Info (RFC 4976 section 7).
struct AuthenticationInfoView {
  std::string_view nextnonce, qop, rspauth, cnonce, nc;
  static Result<AuthenticationInfoView> parse(std::string_view value) noexcept;
};

}  // namespace msrp
