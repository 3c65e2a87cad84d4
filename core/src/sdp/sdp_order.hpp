// The order of the lines that are kept as text (RFC 8866 section 5).
#pragma once

#include <string_view>

namespace msrp {

// Lines with a smaller rank come first; c= stands between 3 and 4. Negative: a type that the
// session level does not have.
constexpr int session_line_rank(char type) noexcept {
  switch (type) {
    case 'i':
      return 0;
    case 'u':
      return 1;
    case 'e':
      return 2;
    case 'p':
      return 3;
    case 'b':
      return 4;
    case 't':
    case 'r':
      return 5;
    case 'z':
      return 6;
    case 'k':
      return 7;
    default:
      return -1;
  }
}

constexpr int media_line_rank(char type) noexcept {
  return type == 'i' || type == 'b' || type == 'k' ? session_line_rank(type) : -1;
}

inline constexpr int connection_rank = 4;  // the first one behind c=

}  // namespace msrp
