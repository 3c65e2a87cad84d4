// Slabs that one loop reads into, packed: consecutive small reads share a slab.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "msrp/buffer.hpp"

namespace msrp::backend {

// A slab goes on being filled while it has room for a worthwhile read, whosever bytes come next.
// So a peer that sends a byte at a time pins a slab for as many bytes as fit, not one a byte. Who
// keeps a slice for long keeps its slab: small ones are better copied.
class ReceiveSlabs {
 public:
  static constexpr std::size_t slabs_max = 4;  // 256 KiB in one read

  explicit ReceiveSlabs(BufferPool& pool)
      : pool_(pool), room_min_(std::min<std::size_t>(16 * 1024, pool.slab_bytes() / 4 + 1)) {}

  // Room for one read in up to `wanted` slabs; empty when the pool is.
  std::span<const iovec> room(std::size_t wanted) {
    // What nobody else holds any more is filled from its start again.
    if (count_ > 0 && parts_[0].slab.unique()) parts_[0].used = 0;
    wanted = std::clamp<std::size_t>(wanted, 1, slabs_max);
    while (count_ < wanted) {
      auto slab = pool_.acquire();
      if (!slab) break;
      parts_[count_++] = {*std::move(slab), 0};
    }
    const std::size_t offered = std::min(count_, wanted);
    for (std::size_t i = 0; i < offered; ++i) {
      const auto free = parts_[i].slab.storage().subspan(parts_[i].used);
      vectors_[i] = {free.data(), free.size()};
    }
    return {vectors_.data(), offered};
  }

  // Hands the bytes that were read into room() over as slices, in order. Slabs that were not
  // needed go back to the pool.
  template <class OnSlice>
  void commit(std::size_t bytes, OnSlice&& on_slice) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      Part part = std::exchange(parts_[i], {});
      const auto free = part.slab.storage().subspan(part.used);
      const std::size_t taken = std::min(bytes, free.size());
      if (taken > 0) on_slice(Slice{free.first(taken), part.slab});
      part.used += taken;
      bytes -= taken;
      const bool untouched = part.used == 0;
      if (!untouched && free.size() - taken >= room_min_) parts_[kept++] = std::move(part);
    }
    count_ = kept;
  }

  bool empty() const noexcept { return count_ == 0; }

 private:
  struct Part {
    BufferRef slab;
    std::size_t used = 0;
  };

  BufferPool& pool_;
  std::size_t room_min_;
  std::array<Part, slabs_max> parts_;
  std::array<iovec, slabs_max> vectors_{};
  std::size_t count_ = 0;
};

}  // namespace msrp::backend
