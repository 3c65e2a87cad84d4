// Worlds of msrp sim. That they are the same on every compiler is for .ci/sim to see.
#include "backends/sim/world/run.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "backends/sim/world/chunk_watch.hpp"
#include "backends/sim/world/minimize.hpp"

namespace msrp::sim {
namespace {

TEST(SimRun, TheFirstSeedsAreGood) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const Outcome outcome = run(options_of_seed(seed));
    EXPECT_EQ(describe(outcome.verdict), "good") << "seed " << seed << ": " << outcome.what;
  }
}

TEST(SimRun, LookingChangesNothing) {
  struct Counter final : ChunkWatch {
    void note(std::uint32_t, std::string_view, std::uint64_t, Instant) override { ++notes; }
    void written(const WatchedChunk&, Instant) override { ++written_chunks; }
    void arrived(const WatchedChunk& chunk, Instant now) override {
      ++ended_chunks;
      EXPECT_LE(chunk.begun, *chunk.written);
      EXPECT_LE(*chunk.written, now);
    }
    void lost(const WatchedChunk& chunk) override { ended_chunks += chunk.written ? 1U : 0U; }
    std::size_t notes = 0, written_chunks = 0, ended_chunks = 0;
  };
  for (const std::uint64_t seed : {5U, 17U, 68U}) {
    const RunOptions options = options_of_seed(seed);
    Counter seen;
    const Outcome outcome = run(options, &seen);
    seen.finish();
    EXPECT_GT(seen.notes, 10U);
    EXPECT_GT(seen.written_chunks, 10U);
    EXPECT_EQ(seen.written_chunks, seen.ended_chunks);
    EXPECT_EQ(outcome.hash, run(options).hash);
    EXPECT_EQ(outcome.events, seen.notes);
  }
}

// Options by name say what describe() says, and a world that is described so is the same one.
TEST(SimRun, OptionsAreSetByName) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const RunOptions options = options_of_seed(seed);
    EXPECT_EQ(check(options), "");
    RunOptions again;
    again.seed = seed;
    for (const RunOption& option : run_options()) {
      if (option.name == "seed") continue;
      const std::string value = std::to_string(option.get(options));
      EXPECT_EQ(set_option(again, std::string(option.name) + "=" + value), "") << option.name;
    }
    EXPECT_EQ(describe(again), describe(options));
    EXPECT_EQ(run(again).hash, run(options).hash);
  }
}

TEST(SimRun, WrongSettingsAreRefused) {
  RunOptions options;
  EXPECT_EQ(set_option(options, "hosts"), "no NAME=VALUE");
  EXPECT_EQ(set_option(options, "guests=3"), "no option of a run");
  EXPECT_EQ(set_option(options, "seed=3"), "no option of a run");
  EXPECT_EQ(set_option(options, "hosts=many"), "the value is no number");
  EXPECT_EQ(set_option(options, "hosts="), "the value is no number");
  EXPECT_EQ(set_option(options, "hosts=99999999999"), "the value is too large");
  EXPECT_EQ(set_option(options, "hosts=1"), "");
  EXPECT_EQ(check(options), "hosts is from 2 to 200");
}

// Of a world that fails because its network is too slow, that is what is left.
TEST(SimRun, AFailureIsMinimized) {
  RunOptions options = options_of_seed(5);
  options.link.bytes_per_second = 100;
  options.message_bytes_max = 4'000'000;
  options.messages = 100;
  const auto try_out = [](const RunOptions& tried) { return run(tried).verdict; };
  const Verdict verdict = try_out(options);
  ASSERT_EQ(describe(verdict), "liveness");
  const Minimized found = minimize(options, verdict, try_out);
  EXPECT_EQ(run(found.options).verdict, verdict);
  std::vector<std::string_view> left;
  for (const RunOption& option : run_options()) {
    if (option.get(found.options) != option.neutral) left.push_back(option.name);
  }
  EXPECT_EQ(left, (std::vector<std::string_view>{"seed", "bytes_per_second"}));
}

// What a seed may choose does come about.
TEST(SimRun, SeedsDiffer) {
  std::map<std::string_view, std::set<std::uint64_t>> values;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const RunOptions options = options_of_seed(seed);
    EXPECT_EQ(check(options), "") << seed;
    for (const RunOption& option : run_options()) values[option.name].insert(option.get(options));
  }
  const std::set<std::string_view> fixed = {"chaos_ns"};
  const std::set<std::string_view> switches = {"named", "fragments"};
  for (const auto& [name, seen] : values) {
    const std::size_t least = fixed.contains(name) ? 1 : switches.contains(name) ? 2 : 4;
    EXPECT_GE(seen.size(), least) << name;
    EXPECT_TRUE(seen.contains(0) || seen.size() > 4 || fixed.contains(name)) << name;
  }
  EXPECT_EQ(values["hosts"].size(), 5U);
  EXPECT_NE(describe(options_of_seed(1)), describe(options_of_seed(2)));
}

}  // namespace
}  // namespace msrp::sim
