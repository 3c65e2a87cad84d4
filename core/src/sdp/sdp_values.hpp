// The values of single lines: each reader takes the text behind "x=" or "a=name:" and says what is
// wrong with it.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "msrp/sdp.hpp"
#include "wire/grammar.hpp"

namespace msrp {

struct SdpFault {
  std::string_view what;  // static storage
  Errc code = Errc::bad_sdp;
};

template <class T>
using SdpValue = std::expected<T, SdpFault>;

inline std::unexpected<SdpFault> sdp_fault(std::string_view what,
                                           Errc code = Errc::bad_sdp) noexcept {
  return std::unexpected(SdpFault{what, code});
}

using grammar::take_word;

// An octet that would end a line, or the text that the line is in.
bool has_line_breaker(std::string_view text) noexcept;

// 1*DIGIT; a number that does not fit is the largest there is, never a wrapped one.
SdpValue<std::uint64_t> read_number(std::string_view text) noexcept;
// "IN IP4 192.0.2.1", "IN IP6 2001:db8::1", "IN IP4 host.example.com". A literal says itself of
// which family it is.
SdpValue<SdpAddress> read_address(std::string_view text);
// "alice 2890844526 2890844527 IN IP4 alice.example.com"
SdpValue<SdpOrigin> read_origin(std::string_view text);
SdpValue<Setup> read_setup(std::string_view text) noexcept;
SdpValue<ConnectionReuse> read_reuse(std::string_view text) noexcept;
// "sha-256 12:DF:...". Digits in lower case are taken; known hash functions have their length.
SdpValue<Fingerprint> read_fingerprint(std::string_view text);
SdpValue<std::vector<std::string>> read_formats(std::string_view text, std::uint32_t entries_max);
SdpValue<Path> read_path(std::string_view text);

std::string_view setup_name(Setup setup) noexcept;
std::string_view reuse_name(ConnectionReuse reuse) noexcept;
std::string_view direction_name(Direction direction) noexcept;
// nullopt: not the name of one.
std::optional<Direction> direction_of_name(std::string_view name) noexcept;

}  // namespace msrp
