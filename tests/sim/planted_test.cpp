// Proof that the worlds see: bugs that are planted in the core one at a time, each of which has to
// be found within five hundred seeds.
#include <gtest/gtest.h>

#include "backends/sim/world/run.hpp"
#include "planted.hpp"

namespace msrp::sim {
namespace {

constexpr std::uint64_t seeds_max = 500;

struct Bug {
  int number;
  const char* what;
};

class Planted : public testing::TestWithParam<Bug> {};

TEST_P(Planted, IsFound) {
  planted::bug = GetParam().number;
  std::uint64_t seed = 0;
  Outcome outcome;
  while (outcome.verdict == Verdict::good && seed < seeds_max) {
    planted::times = 0;
    outcome = run(options_of_seed(++seed));
  }
  planted::bug = 0;
  EXPECT_NE(describe(outcome.verdict), "good") << GetParam().what;
  std::printf("%s: seed %llu, %s\n", GetParam().what, static_cast<unsigned long long>(seed),
              outcome.what.c_str());
}

INSTANTIATE_TEST_SUITE_P(
    Bugs, Planted,
    testing::Values(Bug{1, "an answer is lost"}, Bug{2, "a 200 where only bad news is wanted"},
                    Bug{3, "the transaction timer is a second late"},
                    Bug{4, "credit is not given back"}, Bug{5, "a request goes to another session"},
                    Bug{6, "a connection is not closed"}, Bug{7, "octets come twice"},
                    Bug{8, "an octet is behind its place"},
                    Bug{9, "an interrupted chunk says that it is the last"},
                    Bug{10, "a REPORT is answered"}));

TEST(Planted, NoneIsNone) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(run(options_of_seed(seed)).what, "") << seed;
  }
}

}  // namespace
}  // namespace msrp::sim
