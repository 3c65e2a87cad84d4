// Octets as readable text and back: what the wire cases are written in.
//
// Each line ends in CRLF on the wire, unless a lone "\" ends it. Escapes: \r \n \t \\ \xHH, and
// \{N:text} for N times the text (which may hold escapes, not a further repetition).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace msrp::test {

// Turns readable text into octets. Throws std::invalid_argument for an unknown escape: a case that
// is written wrongly must not pass.
std::string wire_from_text(std::string_view text);

// One line of printable ASCII; what is outside is escaped as above.
std::string printable(std::string_view octets);

}  // namespace msrp::test
