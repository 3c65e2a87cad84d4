#include "base/owing_queue.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "support/fail_alloc.hpp"

namespace msrp {
namespace {

using test::heap;
using test::inside;

std::vector<int> popped(OwingQueue<int>& queue) {
  std::vector<int> all;
  while (!queue.empty()) all.push_back(queue.pop());
  return all;
}

TEST(OwingQueue, WhatHasItsPlaceTakesNoMemory) {
  heap = {};
  OwingQueue<int> queue;
  Places places = inside([&] { return queue.owe(20); });
  // Others do not get into the places that are kept.
  for (int i = 0; i < 100; ++i) inside([&] { queue.push(i); });
  heap.taken = 0;
  for (int i = 100; i < 120; ++i) inside([&] { queue.push(places, i); });
  EXPECT_EQ(heap.taken, 0U);
  EXPECT_TRUE(places.empty());
  const std::vector<int> all = popped(queue);
  ASSERT_EQ(all.size(), 120U);
  for (int i = 0; i < 120; ++i) EXPECT_EQ(all[std::size_t(i)], i);
}

TEST(OwingQueue, PlacesThatAreGivenBackServeOthers) {
  heap = {};
  OwingQueue<int> queue;
  {
    const Places places = queue.owe(8);
  }
  heap.taken = 0;
  for (int i = 0; i < 8; ++i) inside([&] { queue.push(i); });
  EXPECT_EQ(heap.taken, 0U);
}

TEST(OwingQueue, ThePlaceOfWhatWasPoppedIsKept) {
  heap = {};
  OwingQueue<int> queue;
  Places places = queue.owe(1);
  for (int i = 0; i < 30; ++i) {
    inside([&] { queue.push(places, i); });
    EXPECT_EQ(queue.pop(), i);
    queue.keep(places);
  }
  const Places moved = std::move(places);
  EXPECT_TRUE(places.empty());
  EXPECT_FALSE(moved.empty());
}

TEST(OwingQueue, WithoutMemoryNothingChanges) {
  heap = {};
  OwingQueue<int> queue;
  queue.push(1);
  Places places = queue.owe(7);
  heap.refused_first = 1, heap.refused_end = 100;
  EXPECT_THROW(inside([&] { queue.owe(places, 1); }), std::bad_alloc);
  EXPECT_THROW(inside([&] { queue.push(2); }), std::bad_alloc);
  for (int i = 0; i < 7; ++i) inside([&] { queue.push(places, i); });
  heap = {};
  EXPECT_TRUE(places.empty());
  EXPECT_EQ(popped(queue), (std::vector{1, 0, 1, 2, 3, 4, 5, 6}));
}

TEST(OwingQueueDeathTest, APlaceIsUsedOnce) {
  OwingQueue<int> queue;
  Places places = queue.owe(1);
  queue.push(places, 1);
  EXPECT_DEATH(queue.push(places, 2), "assertion failed");
}

}  // namespace
}  // namespace msrp
