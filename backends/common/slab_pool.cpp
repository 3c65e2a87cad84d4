#include "backends/common/slab_pool.hpp"

#include <new>
#include <utility>

#include "msrp/assert.hpp"

namespace msrp::backend {

SlabPool::SlabPool(std::size_t slabs_max, std::size_t slab_bytes)
    : slabs_max_(slabs_max), slab_bytes_(slab_bytes) {
  MSRP_ASSERT(slabs_max > 0 && slab_bytes > 0);
}

SlabPool::~SlabPool() {
  // A reference that is left would point into freed memory.
  MSRP_ASSERT(used_ == 0);
}

std::optional<BufferRef> SlabPool::acquire() {
  if (free_.empty() && !grow()) return std::nullopt;
  Slab& slab = *free_.back();
  free_.pop_back();
  ++used_;
  return adopt(slab);
}

bool SlabPool::grow() noexcept {
  if (blocks_.size() == slabs_max_) return false;
  try {
    auto block = std::make_unique<Block>();
    block->memory = std::make_unique_for_overwrite<std::byte[]>(slab_bytes_);
    block->slab.pool = this;
    block->slab.storage = {block->memory.get(), slab_bytes_};
    if (free_.capacity() <= blocks_.size()) free_.reserve(blocks_.size() * 2 + 8);
    blocks_.push_back(std::move(block));
  } catch (const std::bad_alloc&) {
    return false;
  }
  free_.push_back(&blocks_.back()->slab);
  return true;
}

void SlabPool::recycle(Slab& slab) noexcept {
  --used_;
  free_.push_back(&slab);
}

}  // namespace msrp::backend
