// What the ends of ours have agreed on without a word: their URIs, as short as can be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "msrp/error.hpp"
#include "msrp/uri.hpp"

namespace msrp::app::bench {

// Of the session with that number, below 36^3. Hosts of one letter and session-ids of three make
// the response 120 octets long; where to connect to is told beside the path.
Uri server_uri(std::uint32_t number, bool secure);
Uri client_uri(std::uint32_t number, bool secure);

// Six octets, which with the body below make a whole request of 200.
std::string message_id(std::uint64_t number);
inline constexpr std::string_view small_body = "hello world";

// Throws std::runtime_error: "what, description: report this".
[[noreturn]] void throw_error(std::string_view what, const Error& error);

}  // namespace msrp::app::bench
