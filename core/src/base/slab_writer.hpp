// Copies octets that nobody owns into slabs, many small pieces into one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "msrp/assert.hpp"
#include "msrp/buffer.hpp"

namespace msrp {

class SlabWriter {
 public:
  explicit SlabWriter(BufferPool& pool) noexcept : pool_(&pool) {}

  // Makes sure of at least bytes of room; false when the pool is exhausted.
  bool ensure(std::size_t bytes) {
    if (room() >= bytes) return true;
    slab_ = BufferRef();
    std::optional<BufferRef> fresh = pool_->acquire();
    if (!fresh) return false;
    slab_ = *std::move(fresh);
    used_ = 0;
    return room() >= bytes;
  }
  std::size_t room() const noexcept { return slab_ ? slab_.storage().size() - used_ : 0; }

  // Precondition: room() >= bytes.size().
  Slice append(std::span<const std::byte> bytes) noexcept {
    MSRP_ASSERT(bytes.size() <= room());
    const std::span<std::byte> to = slab_.storage().subspan(used_, bytes.size());
    std::copy(bytes.begin(), bytes.end(), to.begin());
    used_ += bytes.size();
    return Slice{to, slab_};
  }

  // Lets go of the slab when it holds nothing that is still wanted.
  void release() noexcept { slab_ = BufferRef(); }

 private:
  BufferPool* pool_;
  BufferRef slab_;
  std::size_t used_ = 0;
};

}  // namespace msrp
