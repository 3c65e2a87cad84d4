// Counts what goes through operator new, so that a benchmark can say how often it allocates and how
// much is in use.
#pragma once

#include <cstdint>

namespace msrp::bench {

std::uint64_t allocations() noexcept;  // since the start of the program
std::int64_t live_bytes() noexcept;    // in use now, with the allocator's own header of each block

}  // namespace msrp::bench
