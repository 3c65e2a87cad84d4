// Virtual time: what is to happen, in order of its instant and, at one instant, of its planning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "msrp/assert.hpp"
#include "msrp/time.hpp"

namespace msrp::sim {

class Scheduler {
 public:
  using Action = std::move_only_function<void()>;

  explicit Scheduler(Instant start = Instant(std::chrono::hours(1))) noexcept : now_(start) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  Instant now() const noexcept { return now_; }

  // Not before now.
  void at(Instant when, Action action) {
    MSRP_ASSERT(when >= now_);
    planned_.push(Planned{when, planned_so_far_++, std::move(action)});
  }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  std::optional<Instant> next() const noexcept {
    if (planned_.empty()) return std::nullopt;
    return planned_.top().when;
  }
  // One action that is due at the latest then; false when there is none, and time does not move.
  bool step(Instant until) {
    if (planned_.empty() || planned_.top().when > until) return false;
    // The queue's order does not look at the action.
    Planned planned = std::move(const_cast<Planned&>(planned_.top()));
    planned_.pop();
    now_ = planned.when;
    planned.action();
    return true;
  }
  // Everything that is due until then, which is then the time.
  void advance(Instant until) {
    while (step(until)) {
    }
    now_ = std::max(now_, until);
  }

 private:
  struct Planned {
    Instant when;
    std::uint64_t number;
    Action action;
    friend bool operator<(const Planned& a, const Planned& b) noexcept {  // for a max-heap
      return a.when != b.when ? a.when > b.when : a.number > b.number;
    }
  };

  Instant now_;
  std::uint64_t planned_so_far_ = 0;
  std::priority_queue<Planned> planned_;
};

}  // namespace msrp::sim
