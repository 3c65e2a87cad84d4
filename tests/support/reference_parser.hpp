// A second parser, naive on purpose: it has the whole stream in a string, searches it again and
// again and knows nothing of segments. It shares no code with the production one and is what that
// one is held against.
#pragma once

#include <string>

#include "msrp/parser.hpp"
#include "support/event_log.hpp"

namespace msrp::test {

StreamRecord reference_read(const std::string& octets, const ParserLimits& limits);

}  // namespace msrp::test
