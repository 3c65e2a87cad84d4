// The example of docs/simulation.md does what the document says.
#include <gtest/gtest.h>

#include "echo_story.hpp"

// The seed that the document names.
TEST(EchoStory, TheSeedThatFindsTheBug) {
  std::uint64_t seed = 1;
  while (echo_story(seed, true).empty()) ++seed;
  EXPECT_EQ(seed, 2U);
  EXPECT_EQ(echo_story(seed, true), "something else was said back");
  EXPECT_EQ(echo_story(seed, false), "");
}

TEST(EchoStory, TheServerWithoutItPasses) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) EXPECT_EQ(echo_story(seed, false), "") << seed;
}
