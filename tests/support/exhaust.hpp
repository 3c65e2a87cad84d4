// Walks through all sequences of choices, one run after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace msrp::test {

// for (Exhaust all; all.next_run();) { ... all.below(3) ... }: what is chosen from may depend on
// what was chosen before, and on nothing else.
class Exhaust {
 public:
  bool next_run() {
    if (runs_++ > 0) {
      while (!choices_.empty() && choices_.back().chosen + 1 == choices_.back().out_of) {
        choices_.pop_back();
      }
      if (choices_.empty()) return false;
      ++choices_.back().chosen;
    }
    at_ = 0;
    return true;
  }
  // Precondition: n > 0.
  std::size_t below(std::size_t n) {
    if (at_ == choices_.size()) choices_.push_back({0, n});
    return choices_[at_++].chosen;
  }
  bool flip() { return below(2) == 1; }
  std::uint64_t runs() const noexcept { return runs_ - 1; }  // once next_run() said false

 private:
  struct Choice {
    std::size_t chosen, out_of;
  };

  std::vector<Choice> choices_;
  std::size_t at_ = 0;
  std::uint64_t runs_ = 0;
};

}  // namespace msrp::test
