#include "session/interval_set.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/test_services.hpp"

namespace msrp {
namespace {

constexpr std::size_t many = 100;

TEST(IntervalSet, EmptyCoversNothing) {
  const IntervalSet set;
  EXPECT_TRUE(set.covers(0));
  EXPECT_FALSE(set.covers(1));
  EXPECT_EQ(set.end(), 0U);
  EXPECT_EQ(set.size(), 0U);
}

TEST(IntervalSet, InOrderIsOneInterval) {
  IntervalSet set;
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(set.add(i * 10, i * 10 + 10, 1));
  EXPECT_TRUE(set.covers(10'000));
  EXPECT_FALSE(set.covers(10'001));
  EXPECT_EQ(set.end(), 10'000U);
  EXPECT_EQ(set.size(), 1U);
}

TEST(IntervalSet, ReversedOrderMeltsIntoOne) {
  IntervalSet set;
  for (std::uint64_t i = 10; i-- > 0;) {
    EXPECT_TRUE(set.add(i * 10, i * 10 + 10, many));
    EXPECT_EQ(set.size(), 1U);
    EXPECT_EQ(set.covers(100), i == 0);
  }
}

TEST(IntervalSet, AGapIsSeenUntilItIsFilled) {
  IntervalSet set;
  EXPECT_TRUE(set.add(0, 10, many));
  EXPECT_TRUE(set.add(20, 30, many));
  EXPECT_TRUE(set.add(40, 50, many));
  EXPECT_EQ(set.size(), 3U);
  EXPECT_EQ(set.end(), 50U);
  EXPECT_TRUE(set.covers(10));
  EXPECT_FALSE(set.covers(11));
  EXPECT_TRUE(set.add(30, 40, many));  // touches both neighbours
  EXPECT_EQ(set.size(), 2U);
  EXPECT_TRUE(set.add(5, 25, many));  // overlaps both
  EXPECT_EQ(set.size(), 1U);
  EXPECT_TRUE(set.covers(50));
}

TEST(IntervalSet, AnEmptyIntervalChangesNothing) {
  IntervalSet set;
  EXPECT_TRUE(set.add(5, 5, 0));
  EXPECT_TRUE(set.add(7, 3, 0));
  EXPECT_EQ(set.size(), 0U);
}

TEST(IntervalSet, TheLimitRefusesAndChangesNothing) {
  IntervalSet set;
  EXPECT_TRUE(set.add(0, 1, 2));
  EXPECT_TRUE(set.add(10, 11, 2));
  EXPECT_FALSE(set.add(20, 21, 2));
  EXPECT_FALSE(set.add(5, 6, 2));
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.end(), 11U);
  EXPECT_TRUE(set.add(11, 21, 2)) << "what touches needs no room";
  EXPECT_EQ(set.end(), 21U);
}

TEST(IntervalSet, TheLargestNumbers) {
  constexpr std::uint64_t largest = ~std::uint64_t{0};
  IntervalSet set;
  EXPECT_TRUE(set.add(largest - 1, largest, many));
  EXPECT_EQ(set.end(), largest);
  EXPECT_FALSE(set.covers(largest));
  EXPECT_TRUE(set.add(0, largest - 1, many));
  EXPECT_TRUE(set.covers(largest));
  EXPECT_EQ(set.size(), 1U);
}

TEST(IntervalSet, AgreesWithOneMarkAnOctet) {
  constexpr std::size_t octets = 200;
  test::Splitmix random(21);
  for (int round = 0; round < 300; ++round) {
    IntervalSet set;
    std::vector<bool> marks(octets + 1);  // the last is never set
    const auto intervals = [](const std::vector<bool>& of) {
      std::size_t count = 0;
      for (std::size_t i = 0; i < octets; ++i) count += of[i] && !of[i + 1] ? 1 : 0;
      return count;
    };
    for (int step = 0; step < 40; ++step) {
      const std::size_t begin = random.below(octets);
      const std::size_t end = begin + random.below(std::min<std::size_t>(octets - begin, 20) + 1);
      const std::size_t limit = 3 + random.below(4);
      std::vector<bool> wanted = marks;
      for (std::size_t i = begin; i < end; ++i) wanted[i] = true;
      const bool fits = intervals(wanted) <= std::max(limit, intervals(marks));
      ASSERT_EQ(set.add(begin, end, limit), fits) << begin << " " << end;
      if (fits) marks = wanted;
      ASSERT_EQ(set.size(), intervals(marks));
      std::size_t covered = 0, last = 0;
      while (marks[covered]) ++covered;
      for (std::size_t i = 0; i < octets; ++i) last = marks[i] ? i + 1 : last;
      ASSERT_TRUE(set.covers(covered));
      ASSERT_FALSE(set.covers(covered + 1));
      ASSERT_EQ(set.end(), last);
    }
  }
}

}  // namespace
}  // namespace msrp
