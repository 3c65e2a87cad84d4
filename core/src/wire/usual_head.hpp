// One look at a head in the form that nearly all peers write nearly always.
#pragma once

#include <cstddef>
#include <string_view>

#include "msrp/chunk.hpp"
#include "msrp/parser.hpp"

namespace msrp {

// Reads a whole SEND or 200 response whose headers stand in their canonical spelling, are valid and
// known, in one pass over its octets: several times as fast as HeadScanner and parse_head(), which
// say the same of such a head. Returns the octets up to the empty line or the end-line behind it; 0
// for any other head, good or bad, of which nothing is known then. In head, which is a fresh one,
// everything is filled in.
std::size_t read_usual_head(std::string_view text, const ParserLimits& limits, HeaderTable& table,
                            HeadView& head) noexcept;

}  // namespace msrp
