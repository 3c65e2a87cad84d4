// decode --split-each: whether a stream reads the same wherever it is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace msrp::app {

struct SplitResult {
  std::uint64_t splits = 0;
  std::optional<std::uint64_t> first_difference;  // the length of the first part
};

// Reads the input whole, then in two parts, split at every place, and compares everything the
// parser said. Takes time in the square of the input's size, and memory in its size.
SplitResult check_splits(std::span<const std::byte> input);

}  // namespace msrp::app
