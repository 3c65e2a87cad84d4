// A pool that runs dry on demand.
#pragma once

#include <cstddef>
#include <optional>

#include "backends/common/slab_pool.hpp"

namespace msrp::sim {

class SimPool final : public BufferPool {
 public:
  SimPool(std::size_t slabs_max, std::size_t slab_bytes) : pool_(slabs_max, slab_bytes) {}

  // So many slabs are not given out, as if others held them.
  void withhold(std::size_t slabs) noexcept { withheld_ = slabs; }

  std::optional<BufferRef> acquire() override {
    if (pool_.free_slabs() <= withheld_) return std::nullopt;
    return pool_.acquire();
  }
  std::size_t slab_bytes() const noexcept override { return pool_.slab_bytes(); }
  std::size_t free_slabs() const noexcept override {
    return pool_.free_slabs() > withheld_ ? pool_.free_slabs() - withheld_ : 0;
  }
  std::size_t used_slabs() const noexcept { return pool_.slabs_max() - pool_.free_slabs(); }

 private:
  // References recycle themselves into the inner pool, whose slabs they are.
  void recycle(Slab&) noexcept override {}

  backend::SlabPool pool_;
  std::size_t withheld_ = 0;
};

}  // namespace msrp::sim
