// Of a world that fails: the options that are needed for that.
#pragma once

#include <functional>

#include "backends/sim/world/run.hpp"
#include "backends/sim/world/run_options.hpp"

namespace msrp::sim {

struct Minimized {
  RunOptions options;
  unsigned runs = 0;  // that it took
};

// Each option becomes neutral, or as near to that as it can get, as long as the verdict stays what
// it is with `options`. try_out runs a world; it may do so in a process of its own.
Minimized minimize(const RunOptions& options, Verdict verdict,
                   const std::function<Verdict(const RunOptions&)>& try_out);

}  // namespace msrp::sim
