// Heads in two steps, for who checks once what is written often.
#pragma once

#include <cstddef>
#include <span>

#include "msrp/encoder.hpp"

namespace msrp {

// What encode_head() says of the fields, without writing anything.
Result<void> check_head(const HeadSpec& head) noexcept;

// Writes a head whose fields check_head() has nothing against. Returns the octets written.
// Precondition: there is room.
std::size_t write_checked_head(const HeadSpec& head, std::span<std::byte> out) noexcept;

}  // namespace msrp
