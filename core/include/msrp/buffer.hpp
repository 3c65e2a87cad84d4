// Slabs, references to them, and views that say what keeps them alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace msrp {

class BufferPool;

// One block of a pool. The pool owns the memory; references count themselves.
struct Slab {
  BufferPool* pool = nullptr;
  std::span<std::byte> storage;
  std::uint32_t references = 0;  // shard-local: not atomic
};

// A counted reference to a slab; the last one to go recycles it. Belongs to one thread.
class BufferRef {
 public:
  BufferRef() noexcept = default;
  BufferRef(const BufferRef& other) noexcept : slab_(other.slab_) {
    if (slab_ != nullptr) ++slab_->references;
  }
  BufferRef(BufferRef&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  ~BufferRef();

  std::span<std::byte> storage() const noexcept {
    return slab_ != nullptr ? slab_->storage : std::span<std::byte>{};
  }
  explicit operator bool() const noexcept { return slab_ != nullptr; }
  // Nobody else holds the slab: its storage may be written again.
  bool unique() const noexcept { return slab_ != nullptr && slab_->references == 1; }

 private:
  friend class BufferPool;
  explicit BufferRef(Slab& slab) noexcept : slab_(&slab) { ++slab.references; }
  Slab* slab_ = nullptr;
};

// Bytes plus whatever keeps them alive. With an empty owner they are valid during this call only.
struct Slice {
  std::span<const std::byte> bytes;
  BufferRef owner;
};

using ConstBuffer = std::span<const std::byte>;

// Where slabs come from: one a shard, used by that shard's thread only.
class BufferPool {
 public:
  virtual ~BufferPool() = default;
  // nullopt: exhausted. Callers stop reading; a pool never grows past its limit.
  virtual std::optional<BufferRef> acquire() = 0;
  virtual std::size_t slab_bytes() const noexcept = 0;
  virtual std::size_t free_slabs() const noexcept = 0;

 protected:
  // The first reference to a slab taken from the free list.
  static BufferRef adopt(Slab& slab) noexcept { return BufferRef(slab); }
  // Called when the last reference goes.
  virtual void recycle(Slab& slab) noexcept = 0;
  friend class BufferRef;
};

inline BufferRef::~BufferRef() {
  if (slab_ != nullptr && --slab_->references == 0) slab_->pool->recycle(*slab_);
}

}  // namespace msrp
