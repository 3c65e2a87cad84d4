#include "msrp/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace msrp::detail {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace msrp::detail
