// Rings between threads, the room that they are in, and slabs that are lent over them.
#include "backends/common/mailbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <thread>

#include "backends/common/mail_room.hpp"
#include "backends/common/slab_pool.hpp"

namespace msrp::backend {
namespace {

TEST(Mailbox, FullAndEmptyAndAround) {
  Mailbox<std::unique_ptr<int>> box(3);
  EXPECT_EQ(box.capacity(), 4U);
  for (int round = 0; round < 10; ++round) {
    EXPECT_TRUE(box.empty());
    EXPECT_FALSE(box.pop());
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(box.has_room());
      box.push(std::make_unique<int>(i));
    }
    EXPECT_FALSE(box.has_room());
    EXPECT_EQ(**box.pop(), 0);
    ASSERT_TRUE(box.has_room());
    box.push(std::make_unique<int>(4));
    for (int i = 1; i <= 4; ++i) EXPECT_EQ(**box.pop(), i);
  }
}

// Letters that were not taken go with the box.
TEST(Mailbox, KeepsNothingThatWasTaken) {
  const auto letter = std::make_shared<int>(7);
  {
    Mailbox<std::shared_ptr<int>> box(4);
    box.push(std::shared_ptr(letter));
    box.push(std::shared_ptr(letter));
    EXPECT_EQ(box.pop()->use_count(), 3);
    EXPECT_EQ(letter.use_count(), 2);
  }
  EXPECT_EQ(letter.use_count(), 1);
}

TEST(Mailbox, BetweenTwoThreads) {
  constexpr std::uint64_t letters = 300'000;
  Mailbox<std::uint64_t> box(64);
  std::thread sender([&box] {
    for (std::uint64_t i = 0; i < letters; ++i) {
      while (!box.has_room()) std::this_thread::yield();
      box.push(std::uint64_t{i});
    }
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t expected = 0; expected < letters;) {
    const auto letter = box.pop();
    if (!letter) {
      std::this_thread::yield();
      continue;
    }
    wrong += *letter != expected++ ? 1U : 0U;
  }
  sender.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(box.empty());
}

// ---- the room

struct Letter {
  ShardIndex to = 0;
  MailLane lane = MailLane::data;
  std::uint64_t number = 0;
};

struct Correspondent {
  using Mail = Letter;
  std::deque<Letter> out;
  std::vector<std::pair<ShardIndex, std::uint64_t>> in;

  bool has_mail() const { return !out.empty(); }
  std::optional<Letter> poll_mail(ShardIndex to, MailLane lane) {
    const auto at = std::ranges::find_if(
        out, [&](const Letter& each) { return each.to == to && each.lane == lane; });
    if (at == out.end()) return std::nullopt;
    const Letter letter = *at;
    out.erase(at);
    return letter;
  }
  void on_mail(ShardIndex from, Letter letter, Instant) { in.emplace_back(from, letter.number); }
};
static_assert(MailingCore<Correspondent>);

TEST(MailRoom, EachWayHasItsOrderAndWakesOnce) {
  MailRoom<Letter> room(3);
  std::vector<int> woken(3);
  for (ShardIndex i = 0; i < 3; ++i) room.on_wake(i, [&woken, i] { ++woken[i]; });
  Correspondent a, b, c;
  for (std::uint64_t i = 0; i < 10; ++i) a.out.push_back({1, MailLane::data, i});
  a.out.push_back({2, MailLane::data, 20});
  EXPECT_TRUE(room.post(0, a));
  EXPECT_FALSE(room.post(0, a));
  EXPECT_EQ(woken, (std::vector{0, 1, 1}));
  EXPECT_FALSE(room.empty());
  EXPECT_TRUE(room.collect(1, b, Instant{}));
  EXPECT_TRUE(room.collect(2, c, Instant{}));
  EXPECT_TRUE(room.empty());
  ASSERT_EQ(b.in.size(), 10U);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(b.in[i], std::pair(ShardIndex{0}, i));
  EXPECT_EQ(c.in, (std::vector{std::pair(ShardIndex{0}, std::uint64_t{20})}));
  EXPECT_EQ(woken, (std::vector{0, 1, 1}));
}

// What does not fit stays with its core, control goes past it, and room is told of.
TEST(MailRoom, AFullWayHoldsUpNothingElse) {
  MailRoom<Letter> room(2, 4);
  std::vector<int> woken(2);
  for (ShardIndex i = 0; i < 2; ++i) room.on_wake(i, [&woken, i] { ++woken[i]; });
  Correspondent a, b;
  for (std::uint64_t i = 0; i < 9; ++i) a.out.push_back({1, MailLane::data, i});
  a.out.push_back({1, MailLane::control, 100});
  EXPECT_TRUE(room.post(0, a));
  EXPECT_EQ(a.out.size(), 5U);
  EXPECT_FALSE(room.post(0, a));
  EXPECT_EQ(woken, (std::vector{0, 1}));
  room.collect(1, b, Instant{});
  ASSERT_EQ(b.in.size(), 5U);
  EXPECT_EQ(b.in[0].second, 100U);
  EXPECT_EQ(woken, (std::vector{1, 1})) << "there is room again";
  room.post(0, a);
  room.collect(1, b, Instant{});
  room.post(0, a);
  room.collect(1, b, Instant{});
  EXPECT_EQ(b.in.size(), 10U);
  EXPECT_TRUE(a.out.empty() && room.empty());
}

// A neighbour that has much to say leaves the shard its other work, which goes on after it.
TEST(MailRoom, OneTurnTakesSoMuchAndWakesItselfForTheRest) {
  MailRoom<Letter> room(2);
  int woken = 0;
  room.on_wake(0, [] {});
  room.on_wake(1, [&woken] { ++woken; });
  Correspondent a, b;
  for (std::uint64_t i = 0; i < 100; ++i) a.out.push_back({1, MailLane::data, i});
  room.post(0, a);
  room.collect(1, b, Instant{});
  EXPECT_EQ(b.in.size(), MailRoom<Letter>::taken_at_once_max);
  EXPECT_EQ(woken, 2);
  room.collect(1, b, Instant{});
  EXPECT_EQ(b.in.size(), 100U);
  EXPECT_EQ(woken, 2);
}

// ---- lending

TEST(LentSlices, KeepTheSlabUntilTheyAreBack) {
  SlabPool pool(4, 100);
  LentSlices lent;
  const auto slice_of = [&pool](std::size_t bytes) {
    BufferRef slab = *pool.acquire();
    const ConstBuffer octets = slab.storage().first(bytes);
    return Slice{octets, std::move(slab)};
  };
  const RemoteSlice first = lent.lend(slice_of(10));
  const RemoteSlice second = lent.lend(slice_of(20));
  EXPECT_EQ(lent.bytes(), 30U);
  EXPECT_EQ(first.bytes.size(), 10U);
  EXPECT_EQ(pool.free_slabs(), 2U);
  lent.give_back(first.token);
  EXPECT_EQ(pool.free_slabs(), 3U);
  const RemoteSlice third = lent.lend(slice_of(30));
  EXPECT_NE(third.token, first.token) << "a place has a new token every time";
  lent.give_back(second.token);
  lent.give_back(third.token);
  EXPECT_EQ(lent.bytes(), 0U);
  EXPECT_EQ(pool.free_slabs(), 4U);
}

TEST(LentSlicesDeathTest, GiveBackOnce) {
  SlabPool pool(1, 100);
  LentSlices lent;
  BufferRef slab = *pool.acquire();
  const ConstBuffer octets = slab.storage();
  const RemoteSlice remote = lent.lend({octets, std::move(slab)});
  lent.give_back(remote.token);
  EXPECT_DEATH(lent.give_back(remote.token), "");
}

}  // namespace
}  // namespace msrp::backend
