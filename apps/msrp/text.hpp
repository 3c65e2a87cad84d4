// Text of unknown origin, made fit for JSON and for terminals; sizes and times for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace msrp::app {

// The bytes of the well-formed UTF-8 sequence at the front of text (RFC 3629); 0: there is none.
std::size_t utf8_sequence_bytes(std::string_view text) noexcept;

// Valid UTF-8 that says every octet of text. An octet 0xNN that is not part of valid UTF-8 becomes
// the private-use code point U+EFNN; so do the three octets of a U+EF80..U+EFFF that was in the
// text, which makes the mapping reversible: code points U+EF80..U+EFFF are octets, all else is
// UTF-8.
std::string json_text(std::string_view text);

// For terminals and logs: control characters and what is no UTF-8 appear as \xNN. A line end stays
// one when multi_line.
std::string printable(std::string_view text, bool multi_line = false);

std::string size_text(std::uint64_t bytes);      // "1.2 MiB"
std::string rate_text(double bytes_per_second);  // "830.1 MiB/s"
std::string duration_text(double seconds);       // "1:02:03", "4:05", "3.2 s"

}  // namespace msrp::app
