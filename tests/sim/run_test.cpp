// Worlds of msrp sim. That they are the same on every compiler is for .ci/sim to see.
#include "backends/sim/world/run.hpp"

#include <gtest/gtest.h>

#include <set>

namespace msrp::sim {
namespace {

TEST(SimRun, TheFirstSeedsAreGood) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Outcome outcome = run(options_of_seed(seed));
    EXPECT_EQ(describe(outcome.verdict), "good") << "seed " << seed << ": " << outcome.what;
  }
}

TEST(SimRun, LookingChangesNothing) {
  const RunOptions options = options_of_seed(5);
  std::size_t lines = 0;
  const Outcome seen = run(options, [&lines](std::string_view) { ++lines; });
  EXPECT_GT(lines, 10U);
  EXPECT_EQ(seen.hash, run(options).hash);
  EXPECT_EQ(seen.events, lines);
}

// What a seed may choose does come about.
TEST(SimRun, SeedsDiffer) {
  std::set<std::uint64_t> hosts, sessions, cuts, crashes, fragments, limits;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const RunOptions options = options_of_seed(seed);
    hosts.insert(options.hosts);
    sessions.insert(options.sessions);
    cuts.insert(options.cuts);
    crashes.insert(options.crashes);
    fragments.insert(options.link.fragments ? 1 : 0);
    limits.insert(options.limits.transactions);
    EXPECT_GE(options.link.window_bytes, 500U);
    EXPECT_LE(options.message_bytes_max, 4'000'000U);
  }
  EXPECT_EQ(hosts.size(), 5U);
  EXPECT_EQ(sessions.size(), 12U);
  EXPECT_EQ(cuts.size(), 7U);
  EXPECT_EQ(crashes.size(), 4U);
  EXPECT_EQ(fragments.size(), 2U);
  EXPECT_GT(limits.size(), 20U);
  EXPECT_NE(describe(options_of_seed(1)), describe(options_of_seed(2)));
}

}  // namespace
}  // namespace msrp::sim
