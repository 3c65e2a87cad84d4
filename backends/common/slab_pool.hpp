// A bounded pool of equal slabs for one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "msrp/buffer.hpp"

namespace msrp::backend {

// Takes memory for a slab when it is first needed and keeps it; the one given back last goes out
// first, so that a busy loop stays in cache whatever the limit is. Outlives all references.
class SlabPool final : public BufferPool {
 public:
  static constexpr std::size_t default_slab_bytes = 64 * 1024;

  explicit SlabPool(std::size_t slabs_max, std::size_t slab_bytes = default_slab_bytes);
  ~SlabPool() override;
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // nullopt: all slabs are out, or the system has no memory.
  std::optional<BufferRef> acquire() override;
  std::size_t slab_bytes() const noexcept override { return slab_bytes_; }
  std::size_t free_slabs() const noexcept override { return slabs_max_ - used_; }
  std::size_t slabs_max() const noexcept { return slabs_max_; }
  // How many slabs have ever been out at the same time; their memory is kept.
  std::size_t allocated_slabs() const noexcept { return blocks_.size(); }

 private:
  struct Block {
    Slab slab;
    std::unique_ptr<std::byte[]> memory;
  };

  void recycle(Slab& slab) noexcept override;
  bool grow() noexcept;

  std::size_t slabs_max_;
  std::size_t slab_bytes_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Slab*> free_;  // has room for every block, so that recycle() cannot fail
};

}  // namespace msrp::backend
