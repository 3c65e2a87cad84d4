// A clock that the core cannot read: there is no now(). Time comes in with every input.
#pragma once

#include <chrono>

namespace msrp {

struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
};

using Instant = Clock::time_point;
using Duration = Clock::duration;

}  // namespace msrp
