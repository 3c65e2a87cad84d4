#include "sdp/address_match.hpp"

#include <algorithm>

#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::uint16_t discard_port = 9;
constexpr std::uint16_t default_port = 2855;  // RFC 4975 section 15.4

bool same_port(const LineAddress& line, const UriView& uri) noexcept {
  const std::uint16_t port = uri.port.value_or(default_port);
  if (line.port == port) return true;
  return line.author_connects && (line.port == discard_port || port == discard_port);
}

// As RFC 4975 section 6.1 compares hosts: addresses as addresses (so that the form of an IPv6 one
// does not matter), names without case and percent-encoding.
bool same_host(std::string_view host, const UriView& uri) {
  const Result<Uri> made =
      Uri::make({.secure = uri.secure, .host = host, .port = default_port, .session_id = "x"});
  if (!made) return false;
  UriView other = made->view();
  other.port = uri.port;
  other.session_id = uri.session_id;
  other.transport = uri.transport;
  return equivalent(uri, other);
}

std::vector<IpAddress> addresses_of(std::string_view host, std::span<const ResolvedName> names) {
  if (const std::optional<IpAddress> literal = IpAddress::parse(host)) return {*literal};
  for (const ResolvedName& resolved : names) {
    if (grammar::equal_without_case(resolved.name, host)) return resolved.addresses;
  }
  return {};
}

// Each record of the one with each of the other.
bool share_an_address(const std::vector<IpAddress>& a, const std::vector<IpAddress>& b) {
  return std::ranges::any_of(
      a, [&b](const IpAddress& one) { return std::ranges::find(b, one) != b.end(); });
}

}  // namespace

bool matches_path(const LineAddress& line, const PathView& path,
                  std::span<const ResolvedName> names) {
  if (!line.connection) return true;
  const std::string& host = line.connection->host;
  return std::ranges::any_of(path.begin(), path.end(), [&](const UriView& uri) {
    return same_port(line, uri) &&
           (same_host(host, uri) ||
            share_an_address(addresses_of(host, names), addresses_of(uri.host, names)));
  });
}

std::vector<std::string> undecided_names(const LineAddress& line, const PathView& path) {
  if (!line.connection || matches_path(line, path, {})) return {};
  std::vector<std::string> names;
  const auto add = [&names](std::string_view host) {
    if (!IpAddress::parse(host) && std::ranges::find(names, host) == names.end()) {
      names.emplace_back(host);
    }
  };
  for (const UriView uri : path) {
    if (!same_port(line, uri)) continue;
    add(line.connection->host);
    add(uri.host);
  }
  return names;
}

}  // namespace msrp
