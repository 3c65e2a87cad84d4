#include "base/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "support/test_services.hpp"

namespace msrp {
namespace {

using std::chrono::seconds;
using Timer = TimerQueue<int>::Timer;

Instant at(int second) {
  return Instant(seconds(second));
}

TEST(TimerQueue, EmptyHasNoDeadline) {
  TimerQueue<int> timers;
  EXPECT_EQ(timers.next(), std::nullopt);
  EXPECT_EQ(timers.next_payload(), nullptr);
  EXPECT_EQ(timers.pop_due(at(1'000'000)), std::nullopt);
}

TEST(TimerQueue, FiresAtItsDeadlineAndNotBefore) {
  TimerQueue<int> timers;
  Timer timer;
  timers.start(timer, at(10), seconds(30), 7);
  EXPECT_TRUE(timer.running());
  ASSERT_EQ(timers.next(), at(40));
  EXPECT_EQ(*timers.next_payload(), 7);
  EXPECT_EQ(timers.pop_due(at(40) - Duration(1)), std::nullopt);
  EXPECT_EQ(timers.pop_due(at(40)), 7);
  EXPECT_FALSE(timer.running());
  EXPECT_EQ(timers.pop_due(at(40)), std::nullopt);
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(TimerQueue, SeveralDurationsFireInTheOrderOfTheirDeadlines) {
  TimerQueue<int> timers;
  std::array<Timer, 5> some;
  timers.start(some[0], at(0), seconds(30), 30);
  timers.start(some[1], at(0), seconds(10), 10);
  timers.start(some[2], at(5), seconds(10), 15);
  timers.start(some[3], at(5), seconds(1), 6);
  timers.start(some[4], at(5), seconds(0), 5);
  std::vector<int> fired;
  while (const auto next = timers.next()) {
    const auto payload = timers.pop_due(*next);
    ASSERT_TRUE(payload);
    EXPECT_EQ(at(*payload), *next);
    fired.push_back(*payload);
  }
  EXPECT_EQ(fired, (std::vector{5, 6, 10, 15, 30}));
}

TEST(TimerQueue, OfOneDurationTheFirstStartedFiresFirst) {
  TimerQueue<int> timers;
  std::array<Timer, 5> some;
  for (int i = 0; i < 5; ++i) timers.start(some[std::size_t(i)], at(1), seconds(3), i);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(timers.pop_due(at(4)), i);
}

TEST(TimerQueue, StopTakesOutTheFirstTheLastAndOneBetween) {
  TimerQueue<int> timers;
  std::array<Timer, 7> some;
  for (int i = 0; i < 6; ++i) timers.start(some[std::size_t(i)], at(i), seconds(10), i);
  for (const std::size_t gone : {0U, 3U, 5U}) {
    some[gone].stop();
    EXPECT_FALSE(some[gone].running());
  }
  EXPECT_EQ(timers.next(), at(11));
  timers.start(some[6], at(6), seconds(10), 6);
  for (const int left : {1, 2, 4, 6}) EXPECT_EQ(timers.pop_due(at(100)), left);
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(TimerQueue, StopOfOneThatHasFiredDoesNothing) {
  TimerQueue<int> timers;
  Timer fired, other, never;
  timers.start(fired, at(0), seconds(1), 1);
  EXPECT_EQ(timers.pop_due(at(1)), 1);
  timers.start(other, at(1), seconds(1), 2);
  fired.stop();
  never.stop();
  EXPECT_EQ(timers.pop_due(at(2)), 2);
}

TEST(TimerQueue, StartedAgainItRunsAnew) {
  TimerQueue<int> timers;
  Timer timer;
  timers.start(timer, at(0), seconds(10), 1);
  timers.start(timer, at(5), seconds(1), 2);
  EXPECT_EQ(timers.next(), at(6));
  EXPECT_EQ(timers.pop_due(at(100)), 2);
  EXPECT_EQ(timers.pop_due(at(100)), std::nullopt);
}

TEST(TimerQueue, OneThatIsGoneDoesNotFire) {
  TimerQueue<int> timers;
  {
    Timer timer;
    timers.start(timer, at(0), seconds(1), 1);
  }
  EXPECT_EQ(timers.next(), std::nullopt);
  EXPECT_EQ(timers.pop_due(at(1)), std::nullopt);
}

// Held against a plain list that is searched from end to end.
TEST(TimerQueue, AgreesWithAListThatIsSearched) {
  struct Armed {
    Instant deadline;
    int payload;
    std::unique_ptr<Timer> timer;
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
      armed.push_back({now + duration, payload, std::make_unique<Timer>()});
      timers.start(*armed.back().timer, now, duration, payload++);
    } else if (what < 7 && !armed.empty()) {
      const auto gone = armed.begin() + static_cast<std::ptrdiff_t>(random.below(armed.size()));
      gone->timer->stop();
      armed.erase(gone);
    } else {
      now += std::chrono::milliseconds(random.below(900));
      while (const auto fired = timers.pop_due(now)) {
        const auto found = std::ranges::find(armed, *fired, &Armed::payload);
        ASSERT_NE(found, armed.end());
        ASSERT_LE(found->deadline, now);
        ASSERT_EQ(found->deadline, std::ranges::min_element(armed, {}, &Armed::deadline)->deadline);
        armed.erase(found);
      }
    }
    if (armed.empty()) {
      ASSERT_EQ(timers.next(), std::nullopt);
    } else {
      ASSERT_EQ(timers.next(), std::ranges::min_element(armed, {}, &Armed::deadline)->deadline);
    }
  }
}

TEST(TimerQueueDeathTest, TimeNeverGoesBackwards) {
  TimerQueue<int> timers;
  Timer first, second;
  timers.start(first, at(5), seconds(1), 1);
  EXPECT_DEATH(timers.start(second, at(4), seconds(1), 2), "assertion failed");
}

}  // namespace
}  // namespace msrp
