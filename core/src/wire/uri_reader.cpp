#include "wire/uri_reader.hpp"

#include "msrp/address.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

using grammar::is;
using grammar::span;

// What is left of the text; each step takes its part off the front and leaves the rest at the
// offending octet when there is none.
using Rest = std::string_view;

std::string_view take(Rest& rest, std::size_t bytes) noexcept {
  const std::string_view front = rest.substr(0, bytes);
  rest.remove_prefix(bytes);
  return front;
}

bool take_octet(Rest& rest, char c) noexcept {
  if (rest.empty() || rest[0] != c) return false;
  rest.remove_prefix(1);
  return true;
}

bool read_scheme(Rest& rest, UriView& uri) noexcept {
  constexpr std::string_view usual = "msrp://";
  if (rest.starts_with(usual)) {
    rest.remove_prefix(usual.size());
    return true;
  }
  constexpr std::string_view name = "msrp";
  if (!grammar::equal_without_case(rest.substr(0, name.size()), name)) return false;
  rest.remove_prefix(name.size());
  uri.secure = take_octet(rest, 's') || take_octet(rest, 'S');
  if (!rest.starts_with("://")) return false;
  rest.remove_prefix(3);
  return true;
}

// How many octets are of the classes or percent-encoded.
std::size_t encoded_span(std::string_view text, unsigned classes) noexcept {
  for (std::size_t size = 0;;) {
    size += span(text.substr(size), classes);
    if (size + 2 >= text.size() || text[size] != '%' || !is(text[size + 1], grammar::hex) ||
        !is(text[size + 2], grammar::hex)) {
      return size;
    }
    size += 3;
  }
}

// "@" in front of the first "/" ends the userinfo, which may hold ";" and ":".
bool read_userinfo(Rest& rest, UriView& uri) noexcept {
  const std::size_t bytes = encoded_span(rest, grammar::userinfo);
  if (bytes == rest.size() || rest[bytes] != '@') return true;  // it was none
  uri.userinfo = take(rest, bytes);
  rest.remove_prefix(1);
  return true;
}

// IPvFuture of RFC 3986 section 3.2.2.
bool is_future_address(std::string_view host) noexcept {
  if (host.empty() || grammar::lower(host[0]) != 'v') return false;
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == host.size()) return false;
  return grammar::all(host.substr(1, dot - 1), grammar::hex) &&
         grammar::all(host.substr(dot + 1), grammar::userinfo);
}

bool read_literal(Rest& rest, UriView& uri) noexcept {
  const std::size_t close = rest.find(']');
  if (close == std::string_view::npos) return false;
  uri.host = rest.substr(1, close - 1);
  uri.host_is_ipv6 = true;
  const std::optional<IpAddress> address = IpAddress::parse(uri.host);
  if (!(address && address->v6) && !is_future_address(uri.host)) return false;
  rest.remove_prefix(close + 1);
  return true;
}

bool read_port(Rest& rest, UriView& uri) noexcept {
  std::uint32_t value = 0;
  std::size_t digits = 0;
  for (; digits < rest.size() && is(rest[digits], grammar::digit); ++digits) {
    value = value * 10 + static_cast<std::uint32_t>(rest[digits] - '0');
    if (value > 65535) return false;
  }
  rest.remove_prefix(digits);
  uri.port = static_cast<std::uint16_t>(value);
  return digits > 0;
}

bool read_authority(Rest& rest, UriView& uri) noexcept {
  const Rest whole = rest;
  std::size_t bytes = span(rest, grammar::host_name);
  // Nearly always the host ends here; "@" can only follow what can stand in a userinfo.
  if (bytes < rest.size() && rest[bytes] != '/' && !read_userinfo(rest, uri)) return false;
  if (!rest.empty() && rest[0] == '[') {
    if (!read_literal(rest, uri)) return false;
  } else {
    if (rest.size() != whole.size()) bytes = span(rest, grammar::host_name);
    if (bytes < rest.size() && rest[bytes] == '%') {
      bytes = encoded_span(rest, grammar::host_name);
    }
    uri.host = take(rest, bytes);
    if (uri.host.empty()) return false;
  }
  if (take_octet(rest, ':') && !read_port(rest, uri)) return false;
  // A numeric address stands with a port (RFC 4975 section 6).
  return uri.port || !uri.host_is_address();
}

bool read_session_id(Rest& rest, UriView& uri) noexcept {
  if (!take_octet(rest, '/')) return true;
  uri.session_id = take(rest, span(rest, grammar::session_id));
  return !uri.session_id.empty();
}

bool read_token(Rest& rest) noexcept {
  const std::size_t bytes = span(rest, grammar::token);
  rest.remove_prefix(bytes);
  return bytes > 0;
}

bool read_parameters(Rest& rest, UriView& uri) noexcept {
  if (!take_octet(rest, ';')) return false;  // the transport is asked for
  uri.transport = take(rest, span(rest, grammar::alpha | grammar::digit));
  if (uri.transport.empty()) return false;
  if (rest.empty() || rest[0] != ';') return true;
  const Rest parameters = rest.substr(1);
  while (take_octet(rest, ';')) {
    if (!read_token(rest)) return false;
    if (take_octet(rest, '=') && !read_token(rest)) return false;
  }
  uri.parameters = parameters.substr(0, parameters.size() - rest.size());
  return true;
}

// What nearly all URIs look like: msrp://host:port/session-id;tcp. Returns its size; 0: it has
// another form, or is none.
std::size_t read_usual(std::string_view text, UriView& out) noexcept {
  constexpr std::string_view scheme = "msrp://";
  constexpr std::string_view transport = ";tcp";
  constexpr std::ptrdiff_t port_digits_max = 4;  // which cannot be too large
  if (!text.starts_with(scheme)) return 0;
  const char* const end = text.data() + text.size();
  const char* const host = text.data() + scheme.size();
  const char* at = host + span({host, end}, grammar::host_name);
  const std::string_view host_text(host, at);
  if (host_text.empty() || at == end || *at != ':') return 0;
  const char* const port = ++at;
  unsigned number = 0;
  for (; at != end && is(*at, grammar::digit); ++at) {
    number = number * 10 + static_cast<unsigned>(*at - '0');
  }
  if (at == port || at - port > port_digits_max || at == end || *at != '/') return 0;
  const char* const session_id = ++at;
  at += span({at, end}, grammar::session_id);
  const std::string_view rest(at, end);
  if (at == session_id || !rest.starts_with(transport)) return 0;
  if (rest.size() > transport.size()) {  // of a longer word, or with parameters behind it
    const char next = rest[transport.size()];
    if (next == ';' || is(next, grammar::alpha | grammar::digit)) return 0;
  }
  out.host = host_text;
  out.port = static_cast<std::uint16_t>(number);
  out.session_id = {session_id, at};
  out.transport = {at + 1, transport.size() - 1};
  const char* const uri_end = at + transport.size();
  out.text = {text.data(), uri_end};
  return out.text.size();
}

}  // namespace

UriEnd read_uri(std::string_view text, UriView& out) noexcept {
  if (const std::size_t bytes = read_usual(text, out); bytes > 0) return {true, bytes};
  Rest rest = text;
  const bool good = read_scheme(rest, out) && read_authority(rest, out) &&
                    read_session_id(rest, out) && read_parameters(rest, out);
  const std::size_t at = text.size() - rest.size();
  out.text = text.substr(0, at);
  return {good, at};
}

}  // namespace msrp
