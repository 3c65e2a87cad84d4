#include "apps/msrp/listen_address.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <charconv>
#include <memory>
#include <optional>

#include "apps/msrp/text.hpp"
#include "backends/common/socket.hpp"
#include "msrp/uri.hpp"

namespace msrp::app {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<IpAddress> look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    backend::RawAddress raw;
    if (entry->ai_addrlen > sizeof raw.storage) continue;
    std::copy_n(reinterpret_cast<const std::byte*>(entry->ai_addr), entry->ai_addrlen,
                reinterpret_cast<std::byte*>(&raw.storage));
    raw.size = entry->ai_addrlen;
    if (const auto address = backend::from_raw(raw)) return address->ip;
  }
  return std::nullopt;
}

}  // namespace

std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text,
                                                               std::string_view host) {
  const auto wrong = [&](std::string_view advice) {
    return std::unexpected(
        fmt::format("'{}' is no address to listen on: {}", printable(text), advice));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("give HOST:PORT, for example 127.0.0.1:2855");
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return wrong("the port is a number from 0 (any free one) to 65535");

  std::string_view name = text.substr(0, colon);
  const bool bracketed = name.starts_with('[') && name.ends_with(']');
  if (bracketed) name = name.substr(1, name.size() - 2);
  if (name.empty()) name = "127.0.0.1";
  std::optional<IpAddress> address = IpAddress::parse(name);
  if (address && address->v6 != bracketed) return wrong("write IPv6 addresses as [::1]:2855");
  if (!address && bracketed) return wrong("write IPv6 addresses as [::1]:2855");
  if (!address) address = look_up(std::string(name));
  if (!address) return wrong("the name is not known, give an address of this machine");

  ListenAddress listen{{*address, *port}, std::string(host.empty() ? name : host)};
  if (host.empty() && address->octets == IpAddress{}.octets) {
    return wrong("for every address say with --host NAME what peers shall connect to");
  }
  const UriParts parts{.host = listen.host, .port = std::uint16_t{1}, .session_id = "check"};
  if (!Uri::make(parts)) {
    return std::unexpected(
        fmt::format("'{}' cannot be the host of an MSRP URI: give a name or an "
                    "address with --host",
                    printable(listen.host)));
  }
  return listen;
}

}  // namespace msrp::app
