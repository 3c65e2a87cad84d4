// The system's steady clock as the core's time.
#pragma once

#include <chrono>

#include "msrp/time.hpp"

namespace msrp::backend {

inline Instant steady_now() noexcept {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace msrp::backend
