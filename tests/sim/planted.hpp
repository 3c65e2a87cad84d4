// Included in front of the sources that have bugs planted in them, and of the test that looks for
// them.
#pragma once

namespace msrp::planted {

inline int bug = 0;         // the one that is there; 0: none
inline unsigned times = 0;  // that its place was come by

// Every so many times.
inline bool now(int which, unsigned every = 1) noexcept {
  return bug == which && ++times % every == 0;
}

}  // namespace msrp::planted
