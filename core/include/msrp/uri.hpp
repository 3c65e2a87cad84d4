// MSRP URIs (RFC 4975 section 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msrp/error.hpp"

namespace msrp {

// The parts of a URI as views into the caller's text, octets as they came.
struct UriView {
  std::string_view text;        // the whole URI
  bool secure = false;          // msrps
  std::string_view userinfo;    // without "@"; empty when absent
  std::string_view host;        // without the brackets of an IPv6 literal
  bool host_is_ipv6 = false;    // host was in brackets
  std::string_view session_id;  // without the leading "/"; empty when absent
  std::string_view transport;   // "tcp" and so on; never empty
  std::string_view parameters;  // what follows the transport, without its leading ";"
  std::optional<std::uint16_t> port;

  // Errors: bad_uri with the offset of the offending octet.
  static Result<UriView> parse(std::string_view text) noexcept;

  // host is an IPv4 or IPv6 literal.
  bool host_is_address() const noexcept;
};

// The comparison of RFC 4975 section 6.1: scheme, host (addresses as addresses, names without
// case, percent-encoded unreserved octets decoded), port, session-id (octet for octet) and
// transport; userinfo and further parameters take no part. No name is looked up.
bool equivalent(const UriView& a, const UriView& b) noexcept;

// Equal for URIs that are equivalent(). Not keyed: use it with bounded tables.
std::uint64_t hash(const UriView& uri) noexcept;

// What a new URI is made of.
struct UriParts {
  bool secure = false;
  std::string_view host;  // an IPv6 literal without brackets
  std::optional<std::uint16_t> port;
  std::string_view session_id;
  std::string_view transport = "tcp";
};

// An owned, valid URI. Immutable.
class Uri {
 public:
  static Result<Uri> parse(std::string_view text);
  // Prints canonical text: lower-case scheme, brackets around IPv6. Errors: bad_uri when the parts
  // make no URI (an address without a port, a session-id with octets outside the grammar).
  static Result<Uri> make(const UriParts& parts);

  UriView view() const noexcept;
  std::string_view text() const noexcept { return text_; }

  friend bool operator==(const Uri& a, const Uri& b) noexcept {
    return equivalent(a.view(), b.view());
  }

 private:
  explicit Uri(std::string text) noexcept : text_(std::move(text)) {}
  std::string text_;
};

// The URI with its session-id replaced by "***", for logs and traces: session URIs are secrets
// (RFC 4975 section 3). Userinfo is left out.
std::string redacted(const UriView& uri);

}  // namespace msrp
