#include "base/slot_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "msrp/ids.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

using Id = Handle<struct SlotMapTestTag>;

TEST(SlotMap, FindsWhatIsThere) {
  SlotMap<int, Id> map;
  const Id one = map.emplace(1);
  const Id two = map.emplace(2);
  EXPECT_TRUE(one);
  EXPECT_NE(one, two);
  EXPECT_EQ(*map.find(one), 1);
  EXPECT_EQ(map[two], 2);
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.index_end(), 2U);
  EXPECT_EQ(map.at_index(one.index), one);
  EXPECT_EQ(map.at_index(2), std::nullopt);
}

TEST(SlotMap, AHandleThatWasNeverGivenFindsNothing) {
  SlotMap<int, Id> map;
  EXPECT_EQ(map.find(Id{}), nullptr);
  const Id one = map.emplace(1);
  EXPECT_EQ(map.find(Id{}), nullptr) << "generation 0 is no object";
  EXPECT_EQ(map.find(Id{one.index + 1, 1}), nullptr);
  EXPECT_EQ(map.find(Id{one.index, one.generation + 1}), nullptr);
}

TEST(SlotMap, AStaleHandleIsRecognised) {
  SlotMap<int, Id> map;
  const Id old = map.emplace(1);
  map.erase(old);
  EXPECT_EQ(map.find(old), nullptr);
  EXPECT_EQ(map.at_index(old.index), std::nullopt);
  const Id young = map.emplace(2);
  EXPECT_EQ(young.index, old.index) << "memory of erased objects is used again";
  EXPECT_NE(young, old);
  EXPECT_EQ(map.find(old), nullptr);
  EXPECT_EQ(*map.find(young), 2);
}

TEST(SlotMap, AddressesNeverMove) {
  SlotMap<int, Id> map;
  std::vector<std::pair<Id, const int*>> kept;
  for (int i = 0; i < 3000; ++i) {
    const Id id = map.emplace(i);
    kept.emplace_back(id, map.find(id));
  }
  for (int i = 0; i < 3000; ++i) {
    const auto [id, address] = kept[static_cast<std::size_t>(i)];
    EXPECT_EQ(map.find(id), address);
    EXPECT_EQ(*address, i);
  }
}

TEST(SlotMap, EraseDestroysAtOnce) {
  SlotMap<std::shared_ptr<int>, Id> map;
  const auto watched = std::make_shared<int>(1);
  const Id id = map.emplace(watched);
  EXPECT_EQ(watched.use_count(), 2);
  map.erase(id);
  EXPECT_EQ(watched.use_count(), 1);
}

struct Picky {
  explicit Picky(bool works) {
    if (!works) throw std::runtime_error("no");
  }
};

TEST(SlotMap, AConstructorThatThrowsLeavesItAsItWas) {
  SlotMap<Picky, Id> map;
  EXPECT_THROW(map.emplace(false), std::runtime_error);
  EXPECT_EQ(map.size(), 0U);
  const Id first = map.emplace(true);
  map.erase(first);
  EXPECT_THROW(map.emplace(false), std::runtime_error);
  const Id second = map.emplace(true);
  EXPECT_EQ(second.index, first.index) << "the free slot is not lost";
  EXPECT_EQ(map.size(), 1U);
}

TEST(SlotMap, AgreesWithAMap) {
  test::Splitmix random(5);
  SlotMap<int, Id> map;
  std::map<std::uint64_t, std::pair<Id, int>> live;
  std::vector<Id> dead;
  for (int step = 0; step < 20000; ++step) {
    if (live.empty() || random.below(100) < 52) {
      const Id id = map.emplace(step);
      ASSERT_TRUE(live.emplace(id.value(), std::pair{id, step}).second) << "a handle twice";
    } else {
      auto gone = live.lower_bound(random.next() % (live.rbegin()->first + 1));
      map.erase(gone->second.first);
      dead.push_back(gone->second.first);
      live.erase(gone);
    }
    ASSERT_EQ(map.size(), live.size());
  }
  for (const auto& [value, object] : live) EXPECT_EQ(map[object.first], object.second);
  for (const Id id : dead) EXPECT_EQ(map.find(id), nullptr);
  EXPECT_LT(map.index_end(), 20000U / 4) << "slots are used again";
}

TEST(SlotMapDeathTest, NothingIsThere) {
  SlotMap<int, Id> map;
  const Id id = map.emplace(1);
  map.erase(id);
  EXPECT_DEATH(map.erase(id), "assertion failed");
  EXPECT_DEATH(static_cast<void>(map[id]), "assertion failed");
}

}  // namespace
}  // namespace msrp
