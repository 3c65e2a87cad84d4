#include "support/reference_uri.hpp"

#include <string_view>

namespace msrp::test {
namespace {

const std::string upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string lower = "abcdefghijklmnopqrstuvwxyz";
const std::string digits = "0123456789";
const std::string hex_digits = "0123456789abcdefABCDEF";
const std::string unreserved = upper + lower + digits + "-._~";
const std::string sub_delims = "!$&'()*+,;=";

bool is_one_of(char c, const std::string& set) {
  return set.find(c) != std::string::npos;
}

bool all_of(const std::string& text, const std::string& set) {
  return text.find_first_not_of(set) == std::string::npos;
}

// Octets of the set and percent-encoded ones (RFC 3986 section 2.1).
bool all_of_or_encoded(const std::string& text, const std::string& set) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_one_of(text[i], set)) continue;
    if (text[i] != '%' || i + 2 >= text.size()) return false;
    if (!is_one_of(text[i + 1], hex_digits) || !is_one_of(text[i + 2], hex_digits)) return false;
    i += 2;
  }
  return true;
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// dec-octet of RFC 3986: no leading zeros, at most 255.
std::optional<std::uint8_t> decimal_octet(const std::string& text) {
  if (text.empty() || text.size() > 3 || !all_of(text, digits)) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  const int value = std::stoi(text);
  if (value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

using Address = std::vector<std::uint8_t>;  // 4 or 16 octets

std::optional<Address> ipv4(const std::string& text) {
  const std::vector<std::string> parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  Address out;
  for (const std::string& part : parts) {
    const auto octet = decimal_octet(part);
    if (!octet) return std::nullopt;
    out.push_back(*octet);
  }
  return out;
}

// The 16-bit groups of one side of "::"; the last group may be an IPv4 address.
std::optional<Address> ipv6_groups(const std::string& text, bool may_end_in_ipv4) {
  Address out;
  if (text.empty()) return out;
  const std::vector<std::string> groups = split(text, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string& group = groups[i];
    if (may_end_in_ipv4 && i + 1 == groups.size()) {
      if (const auto address = ipv4(group)) {
        out.insert(out.end(), address->begin(), address->end());
        continue;
      }
    }
    if (group.empty() || group.size() > 4 || !all_of(group, hex_digits)) return std::nullopt;
    const unsigned long value = std::stoul(group, nullptr, 16);
    out.push_back(static_cast<std::uint8_t>(value >> 8U));
    out.push_back(static_cast<std::uint8_t>(value & 0xff));
  }
  return out;
}

std::optional<Address> ipv6(const std::string& text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string::npos) {
    const auto whole = ipv6_groups(text, true);
    if (!whole || whole->size() != 16) return std::nullopt;
    return whole;
  }
  if (text.find("::", gap + 1) != std::string::npos) return std::nullopt;
  const auto left = ipv6_groups(text.substr(0, gap), false);
  const auto right = ipv6_groups(text.substr(gap + 2), true);
  if (!left || !right || left->size() + right->size() > 14) return std::nullopt;
  Address out = *left;
  out.resize(16 - right->size());
  out.insert(out.end(), right->begin(), right->end());
  return out;
}

// IPvFuture of RFC 3986: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_future_address(const std::string& text) {
  if (text.empty() || (text[0] != 'v' && text[0] != 'V')) return false;
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos || dot < 2 || dot + 1 == text.size()) return false;
  return all_of(text.substr(1, dot - 1), hex_digits) &&
         all_of(text.substr(dot + 1), unreserved + sub_delims + ":");
}

// What is behind the host: nothing, or ":" and a port of 1 to 65535.
bool parse_port(const std::string& text, ReferenceUri& uri) {
  if (text.empty()) return true;
  std::string number = text.substr(1);
  if (text[0] != ':' || number.empty() || !all_of(number, digits)) return false;
  while (number.size() > 1 && number[0] == '0') number.erase(0, 1);
  if (number.size() > 5) return false;
  const unsigned long value = std::stoul(number);
  if (value > 65535) return false;
  uri.port = static_cast<std::uint16_t>(value);
  return true;
}

// authority of RFC 3986 section 3.2, without ";" in the host.
bool parse_authority(const std::string& text, ReferenceUri& uri) {
  std::string rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string::npos) {
    uri.userinfo = rest.substr(0, at);
    if (!all_of_or_encoded(uri.userinfo, unreserved + sub_delims + ":")) return false;
    rest = rest.substr(at + 1);
  }
  if (!rest.empty() && rest[0] == '[') {
    const std::size_t close = rest.find(']');
    if (close == std::string::npos) return false;
    uri.host = rest.substr(1, close - 1);
    uri.in_brackets = true;
    if (!ipv6(uri.host) && !is_future_address(uri.host)) return false;
    return parse_port(rest.substr(close + 1), uri);
  }
  const std::size_t colon = rest.find(':');
  uri.host = rest.substr(0, colon);
  if (uri.host.empty()) return false;
  if (!all_of_or_encoded(uri.host, unreserved + "!$&'()*+,=")) return false;
  return colon == std::string::npos || parse_port(rest.substr(colon), uri);
}

bool parse_parameters(const std::vector<std::string>& parts, ReferenceUri& uri) {
  if (parts.empty()) return false;  // the transport is asked for (RFC 4975 section 6)
  uri.transport = parts[0];
  if (uri.transport.empty() || !all_of(uri.transport, upper + lower + digits)) return false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (!reference_is_token(parts[i].substr(0, equals))) return false;
    if (equals != std::string::npos && !reference_is_token(parts[i].substr(equals + 1)))
      return false;
    uri.parameters += (i > 1 ? ";" : "") + parts[i];
  }
  return true;
}

std::string decoded_host(const std::string& host) {
  std::string out;
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (host[i] == '%') {
      const char octet = static_cast<char>(std::stoul(host.substr(i + 1, 2), nullptr, 16));
      if (is_one_of(octet, unreserved)) {
        out += octet;
        i += 2;
        continue;
      }
    }
    out += host[i];
  }
  return lower_case(out);
}

// Comparable text: addresses as their octets, names without case.
std::string comparable_host(const ReferenceUri& uri) {
  const std::string host = decoded_host(uri.host);
  const auto address = uri.in_brackets ? ipv6(host) : ipv4(host);
  if (!address) return (uri.in_brackets ? "future " : "name ") + host;
  return "address " + std::string(address->begin(), address->end());
}

}  // namespace

bool reference_is_token(const std::string& text) {
  static const std::string token = upper + lower + digits + "!#$%&'*+-.^_`{|}~";
  return !text.empty() && all_of(text, token);
}

std::optional<ReferenceUri> reference_parse_uri(const std::string& text) {
  ReferenceUri uri;
  const std::size_t colon = text.find("://");
  if (colon == std::string::npos) return std::nullopt;
  const std::string scheme = lower_case(text.substr(0, colon));
  if (scheme != "msrp" && scheme != "msrps") return std::nullopt;
  uri.secure = scheme == "msrps";
  const std::string rest = text.substr(colon + 3);

  // "@" before the first "/" ends the userinfo, which may hold ";". Behind it "/" begins the
  // session-id and ";" the parameters.
  const std::size_t at = rest.substr(0, rest.find('/')).find('@');
  const std::size_t host = at == std::string::npos ? 0 : at + 1;
  // A literal of the form "v1.x" may hold ";" too (RFC 3986 section 3.2.2); its "]" ends it.
  const bool in_brackets = rest.compare(host, 1, "[") == 0;
  const std::size_t literal_end = in_brackets ? rest.find(']', host) : host;
  if (literal_end == std::string::npos) return std::nullopt;
  const std::size_t authority_end = rest.find_first_of("/;", literal_end);
  if (authority_end == std::string::npos) return std::nullopt;
  if (!parse_authority(rest.substr(0, authority_end), uri)) return std::nullopt;
  const bool is_address = uri.in_brackets || ipv4(uri.host).has_value();
  if (is_address && !uri.port) return std::nullopt;  // RFC 4975 section 6

  std::vector<std::string> parts = split(rest.substr(authority_end), ';');
  if (rest[authority_end] == '/') {
    uri.session_id = parts[0].substr(1);
    if (uri.session_id.empty() || !all_of(uri.session_id, unreserved + "+=/")) return std::nullopt;
  }
  parts.erase(parts.begin());
  if (!parse_parameters(parts, uri)) return std::nullopt;
  return uri;
}

bool reference_equivalent(const ReferenceUri& a, const ReferenceUri& b) {
  return a.secure == b.secure && comparable_host(a) == comparable_host(b) && a.port == b.port &&
         a.session_id == b.session_id && lower_case(a.transport) == lower_case(b.transport);
}

ReferencePath reference_parse_path(const std::string& text, std::size_t uris_max) {
  ReferencePath path;
  for (const std::string& part : split(text, ' ')) {
    if (part.empty()) return {{}, Errc::bad_path};
    if (path.uris.size() == uris_max) return {{}, Errc::too_many_uris};
    if (!reference_parse_uri(part)) return {{}, Errc::bad_uri};
    path.uris.push_back(part);
  }
  return path;
}

}  // namespace msrp::test
