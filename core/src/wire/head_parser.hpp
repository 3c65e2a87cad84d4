// What a head says: from its lines to a HeadView.
#pragma once

#include <string_view>

#include "msrp/chunk.hpp"
#include "msrp/parser.hpp"
#include "wire/head_scanner.hpp"

namespace msrp {

// Fills in everything but has_body and the rule that asks for it, see check_missing(). text is the
// head that scanner has gone through, up to head_bytes(); its lines are in the table, where the
// fields take their places.
void parse_head(std::string_view text, const HeadScanner& scanner, const ParserLimits& limits,
                HeaderTable& table, HeadView& head) noexcept;

// Marks a head without the headers that its method asks for (RFC 4975 section 9).
void check_missing(HeadView& head) noexcept;

}  // namespace msrp
