#include "session/interval_set.hpp"

#include <algorithm>

namespace msrp {

bool IntervalSet::add(std::uint64_t begin, std::uint64_t end, std::size_t intervals_max) {
  if (begin >= end) return true;
  if (begin > first_end_) {
    // All that touch [begin, end) melt into one.
    const auto first =
        std::find_if(rest_.begin(), rest_.end(), [&](const Interval& i) { return i.end >= begin; });
    if (first == rest_.end() || first->begin > end) {
      if (size() >= intervals_max) return false;
      rest_.insert(first, Interval{begin, end});
      return true;
    }
    auto last = first;
    while (last + 1 != rest_.end() && (last + 1)->begin <= end) ++last;
    first->begin = std::min(first->begin, begin);
    first->end = std::max(last->end, end);
    rest_.erase(first + 1, last + 1);
    return true;
  }
  const bool is_new = first_end_ == 0 && (rest_.empty() || rest_.front().begin > end);
  if (is_new && size() >= intervals_max) return false;
  first_end_ = std::max(first_end_, end);
  const auto behind = std::find_if(rest_.begin(), rest_.end(),
                                   [&](const Interval& i) { return i.begin > first_end_; });
  if (behind != rest_.begin()) {
    first_end_ = std::max(first_end_, (behind - 1)->end);
    rest_.erase(rest_.begin(), behind);
  }
  return true;
}

}  // namespace msrp
