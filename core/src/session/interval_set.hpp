// Which octets of a message are covered: a sorted set of disjoint intervals, bounded in number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace msrp {

// Offsets are 0-based and half-open. A message that arrives in order needs no memory at all.
class IntervalSet {
 public:
  // Adds [begin, end). False, and nothing changed, when that would need more than intervals_max
  // separate intervals.
  bool add(std::uint64_t begin, std::uint64_t end, std::size_t intervals_max);
  // Whether [0, end) is covered without a gap.
  bool covers(std::uint64_t end) const noexcept { return first_end_ >= end; }
  // One more than the last octet covered; 0 when empty.
  std::uint64_t end() const noexcept { return rest_.empty() ? first_end_ : rest_.back().end; }
  std::size_t size() const noexcept { return (first_end_ > 0 ? 1 : 0) + rest_.size(); }

 private:
  struct Interval {
    std::uint64_t begin, end;
  };
  std::uint64_t first_end_ = 0;  // [0, first_end_) is covered
  std::vector<Interval> rest_;   // sorted, disjoint, not touching; each begins behind first_end_
};

}  // namespace msrp
