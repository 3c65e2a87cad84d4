#include "backends/common/slab_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "backends/common/receive_slabs.hpp"

namespace msrp::backend {
namespace {

TEST(SlabPool, GivesOutNoMoreThanItsLimitAndTakesMemoryOnlyWhenNeeded) {
  SlabPool pool(3, 4096);
  EXPECT_EQ(pool.allocated_slabs(), 0u);
  EXPECT_EQ(pool.free_slabs(), 3u);
  auto a = pool.acquire();
  ASSERT_TRUE(a);
  EXPECT_EQ(pool.allocated_slabs(), 1u);
  EXPECT_EQ(a->storage().size(), 4096u);
  auto b = pool.acquire();
  auto c = pool.acquire();
  ASSERT_TRUE(b && c);
  EXPECT_FALSE(pool.acquire());
  EXPECT_EQ(pool.free_slabs(), 0u);
  const std::byte* last = c->storage().data();
  a.reset();
  c.reset();
  EXPECT_EQ(pool.free_slabs(), 2u);
  auto again = pool.acquire();  // the warm one
  ASSERT_TRUE(again);
  EXPECT_EQ(again->storage().data(), last);
  EXPECT_EQ(pool.allocated_slabs(), 3u);
}

TEST(SlabPool, ASlabComesBackWithItsLastReference) {
  SlabPool pool(1, 64);
  auto a = pool.acquire();
  EXPECT_TRUE(a->unique());
  BufferRef copy = *a;
  EXPECT_FALSE(a->unique());
  BufferRef moved = std::move(*a);
  a.reset();
  EXPECT_EQ(pool.free_slabs(), 0u);
  copy = BufferRef();
  EXPECT_TRUE(moved.unique());
  EXPECT_EQ(pool.free_slabs(), 0u);
  moved = BufferRef();
  EXPECT_EQ(pool.free_slabs(), 1u);
}

std::vector<Slice> fill(ReceiveSlabs& slabs, std::size_t bytes, std::size_t wanted, char with) {
  const auto room = slabs.room(wanted);
  std::size_t left = bytes;
  for (const iovec& part : room) {
    const std::size_t size = std::min(left, part.iov_len);
    std::memset(part.iov_base, with, size);
    left -= size;
  }
  EXPECT_EQ(left, 0u);
  std::vector<Slice> slices;
  slabs.commit(bytes, [&slices](Slice&& slice) { slices.push_back(std::move(slice)); });
  return slices;
}

TEST(ReceiveSlabs, SmallReadsShareASlab) {
  SlabPool pool(4, 64 * 1024);
  std::vector<Slice> kept;
  {
    ReceiveSlabs slabs(pool);
    for (int i = 0; i < 1000; ++i) {
      auto slices = fill(slabs, 1, 1, static_cast<char>('a' + i % 26));
      ASSERT_EQ(slices.size(), 1u);
      kept.push_back(std::move(slices[0]));
    }
  }
  EXPECT_EQ(pool.free_slabs(), 3u);  // a thousand bytes pin one slab
  for (std::size_t i = 0; i < kept.size(); ++i)
    ASSERT_EQ(static_cast<char>(kept[i].bytes[0]), static_cast<char>('a' + i % 26));
}

TEST(ReceiveSlabs, ASlabThatNobodyHoldsIsFilledFromItsStart) {
  SlabPool pool(4, 64 * 1024);
  ReceiveSlabs slabs(pool);
  const std::byte* first = fill(slabs, 30000, 1, 'x')[0].bytes.data();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fill(slabs, 30000, 1, 'y')[0].bytes.data(), first);
  EXPECT_EQ(pool.allocated_slabs(), 1u);
}

TEST(ReceiveSlabs, ALargeReadGoesOverSeveralSlabs) {
  SlabPool pool(8, 64 * 1024);
  ReceiveSlabs slabs(pool);
  const auto first = fill(slabs, 10000, 4, 'x');
  const auto big = fill(slabs, 3 * 65536 + 5, 4, 'y');
  ASSERT_EQ(big.size(), 4u);
  EXPECT_EQ(big[0].bytes.size(), 65536u - 10000);
  EXPECT_EQ(big[1].bytes.size(), 65536u);
  EXPECT_EQ(big[3].bytes.size(), 10005u);
  EXPECT_EQ(static_cast<char>(first[0].bytes[9999]), 'x');
  const auto next = fill(slabs, 7, 1, 'z');  // behind it in the last slab
  EXPECT_EQ(next[0].bytes.data(), big[3].bytes.data() + 10005);
}

TEST(ReceiveSlabs, AnEmptyPoolGivesNoRoomUntilASlabIsBack) {
  SlabPool pool(2, 1024);
  ReceiveSlabs slabs(pool);
  std::vector<Slice> kept = fill(slabs, 2048, 4, 'x');
  EXPECT_TRUE(slabs.room(4).empty());
  kept.pop_back();
  EXPECT_EQ(slabs.room(4).size(), 1u);
}

}  // namespace
}  // namespace msrp::backend
