// Objects with generational handles and stable addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "msrp/assert.hpp"

namespace msrp {

// H is a Handle<Tag>. Memory of erased objects is kept for the next ones; addresses never move.
template <class T, class H>
class SlotMap {
 public:
  // When this throws, nothing has changed but that a slot more may be free.
  template <class... Args>
  H emplace(Args&&... args) {
    if (free_head_ == none) {
      slots_.emplace_back();
      free_head_ = static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t index = free_head_;
    Slot& slot = slots_[index];
    slot.value.emplace(std::forward<Args>(args)...);
    free_head_ = slot.next_free;
    ++size_;
    return H{index, slot.generation};
  }

  T* find(H handle) noexcept {
    if (handle.index >= slots_.size()) return nullptr;
    Slot& slot = slots_[handle.index];
    return slot.generation == handle.generation && slot.value ? &*slot.value : nullptr;
  }
  const T* find(H handle) const noexcept { return const_cast<SlotMap*>(this)->find(handle); }

  T& operator[](H handle) noexcept {
    T* value = find(handle);
    MSRP_ASSERT(value != nullptr);
    return *value;
  }

  // The live object in a slot, whatever its generation.
  std::optional<H> at_index(std::uint32_t index) const noexcept {
    if (index >= slots_.size() || !slots_[index].value) return std::nullopt;
    return H{index, slots_[index].generation};
  }

  void erase(H handle) noexcept {
    MSRP_ASSERT(find(handle) != nullptr);
    Slot& slot = slots_[handle.index];
    slot.value.reset();
    if (++slot.generation == 0) slot.generation = 1;
    slot.next_free = free_head_;
    free_head_ = handle.index;
    --size_;
  }

  std::size_t size() const noexcept { return size_; }
  // One more than the largest index that was ever in use.
  std::uint32_t index_end() const noexcept { return static_cast<std::uint32_t>(slots_.size()); }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Slot {
    std::optional<T> value;
    std::uint32_t generation = 1;
    std::uint32_t next_free = none;
  };
  std::deque<Slot> slots_;
  std::uint32_t free_head_ = none;
  std::size_t size_ = 0;
};

}  // namespace msrp
