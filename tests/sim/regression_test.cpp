// Worlds in which something was wrong once, each with a sentence. Their options stand here, since
// what a seed chooses changes when worlds learn something new.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backends/sim/world/run.hpp"

namespace msrp::sim {
namespace {

struct Regression {
  const char* what;
  std::uint64_t seed;
  std::vector<const char*> settings;  // of a world in which nothing else happens
};

RunOptions world_of(const Regression& regression) {
  RunOptions options = options_of_seed(regression.seed);
  for (const RunOption& option : run_options()) {
    if (option.name != "seed") option.set(options, option.neutral);
  }
  for (const char* setting : regression.settings) {
    EXPECT_EQ(set_option(options, setting), "") << setting;
  }
  EXPECT_EQ(check(options), "");
  return options;
}

const Regression regressions[] = {
    {"Ciphertext had all the slabs, and to decrypt it took one.",
     5965,
     {"hosts=4", "sessions=3", "messages=114", "message_bytes_max=32897", "secure_percent=20",
      "cuts=1", "droughts=4", "visits=6", "slabs=9", "slab_bytes=6001"}},
    {"A message whose failure nobody wants to hear of was refused, and the success REPORT was "
     "waited for until the session's end.",
     9,
     {"hosts=2", "sessions=2", "messages=60", "message_bytes_max=100000", "rejects_percent=60",
      "success_reports_percent=100", "failure_no_percent=100", "slab_bytes=4096",
      "window_bytes=6000", "latency_ns=3000000"}},
};

TEST(Regression, AllAreGood) {
  for (const Regression& regression : regressions) {
    const Outcome outcome = run(world_of(regression));
    EXPECT_EQ(outcome.what, "") << regression.what;
  }
}

// The second one needs the time-out that it was given then.
TEST(Regression, TheWaitForReportsIsSeen) {
  RunOptions options = world_of(regressions[1]);
  options.timeouts.report = {};
  const Outcome outcome = run(options);
  EXPECT_EQ(describe(outcome.verdict), "liveness");
  EXPECT_TRUE(outcome.what.starts_with("it has no end")) << outcome.what;
}

}  // namespace
}  // namespace msrp::sim
