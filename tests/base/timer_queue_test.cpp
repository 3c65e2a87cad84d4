#include "base/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/test_services.hpp"

namespace msrp {
namespace {

using std::chrono::seconds;

Instant at(int second) {
  return Instant(seconds(second));
}

TEST(TimerQueue, EmptyHasNoDeadline) {
  TimerQueue<int> timers;
  EXPECT_EQ(timers.next(), std::nullopt);
  EXPECT_EQ(timers.next_payload(), nullptr);
  EXPECT_EQ(timers.pop_due(at(1'000'000)), std::nullopt);
  EXPECT_EQ(timers.size(), 0U);
}

TEST(TimerQueue, FiresAtItsDeadlineAndNotBefore) {
  TimerQueue<int> timers;
  timers.arm(at(10), seconds(30), 7);
  ASSERT_EQ(timers.next(), at(40));
  EXPECT_EQ(*timers.next_payload(), 7);
  EXPECT_EQ(timers.pop_due(at(40) - Duration(1)), std::nullopt);
  EXPECT_EQ(timers.pop_due(at(40)), 7);
  EXPECT_EQ(timers.pop_due(at(40)), std::nullopt);
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(TimerQueue, SeveralDurationsFireInTheOrderOfTheirDeadlines) {
  TimerQueue<int> timers;
  timers.arm(at(0), seconds(30), 30);
  timers.arm(at(0), seconds(10), 10);
  timers.arm(at(5), seconds(10), 15);
  timers.arm(at(5), seconds(1), 6);
  timers.arm(at(5), seconds(0), 5);
  std::vector<int> fired;
  while (const auto next = timers.next()) {
    const auto payload = timers.pop_due(*next);
    ASSERT_TRUE(payload);
    EXPECT_EQ(at(*payload), *next);
    fired.push_back(*payload);
  }
  EXPECT_EQ(fired, (std::vector{5, 6, 10, 15, 30}));
}

TEST(TimerQueue, OfOneDurationTheFirstArmedFiresFirst) {
  TimerQueue<int> timers;
  for (int i = 0; i < 5; ++i) timers.arm(at(1), seconds(3), i);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(timers.pop_due(at(4)), i);
}

TEST(TimerQueue, CancelTakesOutTheFirstTheLastAndOneBetween) {
  TimerQueue<int> timers;
  std::vector<TimerId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(timers.arm(at(i), seconds(10), i));
  for (const std::size_t gone : {0U, 3U, 5U}) {
    timers.cancel(ids[gone]);
    EXPECT_FALSE(ids[gone]);
  }
  EXPECT_EQ(timers.next(), at(11));
  ids.push_back(timers.arm(at(6), seconds(10), 6));
  for (const int left : {1, 2, 4, 6}) EXPECT_EQ(timers.pop_due(at(100)), left);
  EXPECT_EQ(timers.size(), 0U);
}

TEST(TimerQueue, CancelOfOneThatIsGoneDoesNothing) {
  TimerQueue<int> timers;
  TimerId fired = timers.arm(at(0), seconds(1), 1);
  TimerId copy = fired;
  EXPECT_EQ(timers.pop_due(at(1)), 1);
  timers.arm(at(1), seconds(1), 2);  // in the slot of the one that fired
  timers.cancel(fired);
  timers.cancel(copy);
  TimerId none;
  timers.cancel(none);
  EXPECT_EQ(timers.pop_due(at(2)), 2);
}

// Held against a plain list that is searched from end to end.
TEST(TimerQueue, AgreesWithAListThatIsSearched) {
  struct Armed {
    Instant deadline;
    int payload;
    TimerId id;
  };
  test::Splitmix random(11);
  TimerQueue<int> timers;
  std::vector<Armed> armed;
  Instant now = at(0);
  int payload = 0;
  for (int step = 0; step < 20000; ++step) {
    const std::size_t what = random.below(10);
    if (what < 5) {
      const Duration duration = seconds(1 + static_cast<int>(random.below(6)));
      const TimerId id = timers.arm(now, duration, payload);
      armed.push_back({now + duration, payload++, id});
    } else if (what < 7 && !armed.empty()) {
      const auto gone = armed.begin() + static_cast<std::ptrdiff_t>(random.below(armed.size()));
      timers.cancel(gone->id);
      armed.erase(gone);
    } else {
      now += std::chrono::milliseconds(random.below(900));
      while (const auto fired = timers.pop_due(now)) {
        const auto found = std::ranges::find(armed, *fired, &Armed::payload);
        ASSERT_NE(found, armed.end());
        ASSERT_LE(found->deadline, now);
        ASSERT_EQ(found->deadline, std::ranges::min(armed, {}, &Armed::deadline).deadline);
        armed.erase(found);
      }
    }
    ASSERT_EQ(timers.size(), armed.size());
    if (armed.empty()) {
      ASSERT_EQ(timers.next(), std::nullopt);
    } else {
      ASSERT_EQ(timers.next(), std::ranges::min(armed, {}, &Armed::deadline).deadline);
    }
  }
}

TEST(TimerQueueDeathTest, TimeNeverGoesBackwards) {
  TimerQueue<int> timers;
  timers.arm(at(5), seconds(1), 1);
  EXPECT_DEATH(timers.arm(at(4), seconds(1), 2), "assertion failed");
}

}  // namespace
}  // namespace msrp
