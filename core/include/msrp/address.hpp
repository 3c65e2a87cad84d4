// IP addresses and transport addresses, without any system header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace msrp {

struct IpAddress {
  std::array<std::uint8_t, 16> octets{};  // IPv4 in the first four
  bool v6 = false;
  friend constexpr bool operator==(const IpAddress&, const IpAddress&) = default;

  // A dotted IPv4 or an IPv6 literal without brackets or zone; nullopt for anything else.
  static std::optional<IpAddress> parse(std::string_view text) noexcept;
  // RFC 5952 form, without brackets.
  std::string text() const;
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;
  friend constexpr bool operator==(const SocketAddress&, const SocketAddress&) = default;

  // "192.0.2.1:2855" or "[2001:db8::1]:2855"
  std::string text() const;
};

}  // namespace msrp
