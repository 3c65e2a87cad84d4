// Slabs of any size from the allocator, for octets that the caller of write() does not own. How
// many there can be is bounded by the windows of the messages.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "msrp/buffer.hpp"

namespace msrp {

class HeapBuffers final : public BufferPool {
 public:
  Slice copy(std::span<const std::byte> bytes) {
    auto block = std::make_unique<Block>();
    block->octets = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
    std::memcpy(block->octets.get(), bytes.data(), bytes.size());
    block->pool = this;
    block->storage = {block->octets.get(), bytes.size()};
    Block& kept = *block.release();  // recycle() deletes it
    return Slice{kept.storage, adopt(kept)};
  }

  std::optional<BufferRef> acquire() override { return std::nullopt; }
  std::size_t slab_bytes() const noexcept override { return 0; }
  std::size_t free_slabs() const noexcept override { return 0; }

 protected:
  void recycle(Slab& slab) noexcept override { delete static_cast<Block*>(&slab); }

 private:
  struct Block : Slab {
    std::unique_ptr<std::byte[]> octets;
  };
};

}  // namespace msrp
