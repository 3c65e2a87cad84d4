// Counts what goes through operator new, so that a benchmark can say how often it allocates.
#pragma once

#include <cstdint>

namespace msrp::bench {

std::uint64_t allocations() noexcept;  // since the start of the program

}  // namespace msrp::bench
