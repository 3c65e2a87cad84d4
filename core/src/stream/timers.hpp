// The engine's timers.
#pragma once

#include <cstdint>

#include "base/timer_queue.hpp"

namespace msrp {

enum class TimeoutReason : std::uint8_t;  // see engine.hpp

// What a timer is about: a handle whose type the reason implies.
struct TimerSubject {
  TimeoutReason reason{};
  std::uint32_t index = 0, generation = 0;
  template <class H>
  H as() const noexcept {
    return H{index, generation};
  }
};

using Timers = TimerQueue<TimerSubject>;
using Timer = Timers::Timer;

}  // namespace msrp
