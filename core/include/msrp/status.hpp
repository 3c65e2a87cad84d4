// Status codes of RFC 4975 section 10, RFC 4976 and RFC 7701.
#pragma once

#include <cstdint>
#include <string_view>

namespace msrp::status {

inline constexpr std::uint16_t ok = 200;
inline constexpr std::uint16_t bad_request = 400;
inline constexpr std::uint16_t unauthorized = 401;
inline constexpr std::uint16_t forbidden = 403;
inline constexpr std::uint16_t not_found = 404;
inline constexpr std::uint16_t timeout = 408;
inline constexpr std::uint16_t stop_sending = 413;
inline constexpr std::uint16_t unsupported_media_type = 415;
inline constexpr std::uint16_t out_of_bounds = 423;
inline constexpr std::uint16_t nickname_malformed = 424;
inline constexpr std::uint16_t nickname_reserved = 425;
inline constexpr std::uint16_t private_messages_unsupported = 428;
inline constexpr std::uint16_t no_such_session = 481;
inline constexpr std::uint16_t unknown_method = 501;
inline constexpr std::uint16_t session_elsewhere = 506;

// The phrase written after the code; never empty, because some deployed parsers take a response
// without one for a request. "Unknown" for codes that no specification defines.
std::string_view phrase(std::uint16_t code) noexcept;

}  // namespace msrp::status
