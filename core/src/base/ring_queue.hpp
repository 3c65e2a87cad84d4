// A FIFO that keeps its memory: no allocation in steady state (std::deque has one per block).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "msrp/assert.hpp"

namespace msrp {

template <class T>
class RingQueue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // What as many push_back() need, so that they cannot fail afterwards.
  void reserve(std::size_t more) {
    if (more > slots_.size() - size_) grow(size_ + more);
  }
  void reserve_one() { reserve(1); }

  template <class V = T>
  T& push_back(V&& value) {
    reserve_one();
    T& slot = slots_[(head_ + size_) & (slots_.size() - 1)];
    slot = std::forward<V>(value);
    ++size_;
    return slot;
  }

  T& operator[](std::size_t i) noexcept {
    MSRP_ASSERT(i < size_);
    return slots_[(head_ + i) & (slots_.size() - 1)];
  }
  const T& operator[](std::size_t i) const noexcept { return const_cast<RingQueue&>(*this)[i]; }
  T& front() noexcept { return (*this)[0]; }
  T& back() noexcept { return (*this)[size_ - 1]; }

  T pop_front() noexcept {
    T value = std::exchange(front(), T{});
    skip_front();
    return value;
  }

  // The same for one that was moved out of front() and holds nothing any more.
  void skip_front() noexcept {
    MSRP_ASSERT(size_ > 0);
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
  }

  void pop_back() noexcept {
    back() = T{};
    --size_;
  }

  // Removes the first element equal to value; keeps the order of the others.
  bool remove(const T& value) noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (!((*this)[i] == value)) continue;
      for (std::size_t j = i; j + 1 < size_; ++j) (*this)[j] = std::move((*this)[j + 1]);
      pop_back();
      return true;
    }
    return false;
  }

  // Gives back the memory of a burst; for queues that are idle most of the time. The first few
  // places stay, so that a queue that is empty again and again allocates nothing.
  void shrink_if_empty() noexcept {
    if (size_ != 0 || slots_.size() <= places_min) return;
    std::vector<T>().swap(slots_);
    head_ = 0;
  }

 private:
  static constexpr std::size_t places_min = 8;

  void grow(std::size_t wanted) {
    std::size_t places = slots_.empty() ? places_min : slots_.size();
    while (places < wanted) places *= 2;
    std::vector<T> larger(places);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_.swap(larger);
    head_ = 0;
  }

  std::vector<T> slots_;  // a power of two of them
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace msrp
