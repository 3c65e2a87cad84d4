#include "base/ring_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "support/test_services.hpp"

namespace msrp {
namespace {

TEST(RingQueue, FirstInFirstOut) {
  RingQueue<int> queue;
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.push_back(i), i);
  EXPECT_EQ(queue.size(), 100U);
  EXPECT_EQ(queue.front(), 0);
  EXPECT_EQ(queue.back(), 99);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.pop_front(), i);
  EXPECT_TRUE(queue.empty());
}

TEST(RingQueue, GrowsWhileItIsWrappedAround) {
  RingQueue<int> queue;
  int in = 0, out = 0;
  for (int i = 0; i < 6; ++i) queue.push_back(in++);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queue.pop_front(), out++);
  for (int i = 0; i < 40; ++i) queue.push_back(in++);
  while (!queue.empty()) EXPECT_EQ(queue.pop_front(), out++);
  EXPECT_EQ(out, in);
}

TEST(RingQueue, RemoveKeepsTheOrderOfTheOthers) {
  RingQueue<int> queue;
  for (int i = 0; i < 10; ++i) queue.push_back(i % 5);
  EXPECT_TRUE(queue.remove(3));
  EXPECT_FALSE(queue.remove(7));
  EXPECT_TRUE(queue.remove(0));
  EXPECT_TRUE(queue.remove(4));
  EXPECT_TRUE(queue.remove(4));
  EXPECT_FALSE(queue.remove(4));
  for (const int left : {1, 2, 0, 1, 2, 3}) EXPECT_EQ(queue.pop_front(), left);
}

TEST(RingQueue, WhatIsTakenOutIsLetGo) {
  RingQueue<std::shared_ptr<int>> queue;
  const auto watched = std::make_shared<int>(1);
  for (int i = 0; i < 4; ++i) queue.push_back(watched);
  EXPECT_EQ(watched.use_count(), 5);
  queue.pop_front();
  EXPECT_EQ(watched.use_count(), 4);
  queue.pop_back();
  EXPECT_EQ(watched.use_count(), 3);
  EXPECT_TRUE(queue.remove(watched));
  EXPECT_EQ(watched.use_count(), 2);
}

TEST(RingQueue, ShrinksOnlyWhenEmpty) {
  RingQueue<int> queue;
  queue.push_back(1);
  queue.shrink_if_empty();
  EXPECT_EQ(queue.pop_front(), 1);
  queue.shrink_if_empty();
  queue.push_back(2);
  EXPECT_EQ(queue.front(), 2);
}

TEST(RingQueue, AgreesWithADeque) {
  test::Splitmix random(9);
  RingQueue<int> queue;
  std::deque<int> model;
  for (int step = 0; step < 50000; ++step) {
    const std::size_t what = random.below(20);
    if (what < 9) {
      queue.reserve_one();
      queue.push_back(step % 64);
      model.push_back(step % 64);
    } else if (what < 16 && !model.empty()) {
      ASSERT_EQ(queue.pop_front(), model.front());
      model.pop_front();
    } else if (what < 17 && !model.empty()) {
      queue.pop_back();
      model.pop_back();
    } else if (what < 19) {
      const int value = static_cast<int>(random.below(64));
      const auto found = std::find(model.begin(), model.end(), value);
      ASSERT_EQ(queue.remove(value), found != model.end());
      if (found != model.end()) model.erase(found);
    } else {
      queue.shrink_if_empty();
    }
    ASSERT_EQ(queue.size(), model.size());
    for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(queue[i], model[i]);
  }
}

TEST(RingQueueDeathTest, NothingIsThere) {
  RingQueue<int> queue;
  EXPECT_DEATH(queue.pop_front(), "assertion failed");
  queue.push_back(1);
  EXPECT_DEATH(static_cast<void>(queue[1]), "assertion failed");
}

}  // namespace
}  // namespace msrp
