// The reference parser's reading of one head: start line and header lines, already taken apart at
// their CRLFs.
#pragma once

#include <string>
#include <vector>

#include "msrp/parser.hpp"
#include "support/event_log.hpp"

namespace msrp::test {

// Fills in what the lines say. `start` is what follows "MSRP SP transact-id SP".
void reference_read_head(const std::string& start, const std::vector<std::string>& lines,
                         const ParserLimits& limits, HeadRecord& head);
// The head has a Content-Type line (whatever its value).
bool reference_has_content_type(const std::vector<std::string>& lines);
// What a head must have; called last, when it is known whether a body follows.
void reference_check_missing(HeadRecord& head);

bool reference_is_ident_octet(char c);

}  // namespace msrp::test
