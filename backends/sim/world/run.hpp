// One run: hosts, sessions and messages, and the trouble that the seed has for them; first chaos,
// then peace, in which everything has to come to its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/sim/world/run_observer.hpp"
#include "backends/sim/world/run_options.hpp"

namespace msrp::sim {

// The exit status of who runs it.
enum class Verdict : std::uint8_t {
  good = 0,
  safety = 10,          // something happened that must not
  liveness = 11,        // something did not happen that must
  memory = 12,          // something is left
  nondeterminism = 13,  // another story with the same seed
  crash = 127,          // it did not come to its end
};
std::string_view describe(Verdict verdict) noexcept;

struct Outcome {
  Verdict verdict = Verdict::good;
  std::string what;          // empty: good
  std::uint64_t hash = 0;    // of everything that happened, with its times
  std::uint64_t events = 0;  // of all engines
  std::uint64_t octets = 0;  // into streams
  Duration virtual_time{};
};

// The observer, null or not, changes nothing.
Outcome run(const RunOptions& options, RunObserver* observer = nullptr);

}  // namespace msrp::sim
