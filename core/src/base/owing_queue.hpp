// A FIFO in which places are kept for what is certain to come: the last event of an object, the
// command that closes a connection. What has its place cannot fail to be queued.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/ring_queue.hpp"
#include "msrp/assert.hpp"

namespace msrp {

// Places that one object keeps in one queue, which outlives it.
class Places {
 public:
  Places() noexcept = default;
  Places(Places&& other) noexcept
      : owed_(std::exchange(other.owed_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  Places& operator=(Places&& other) noexcept {
    std::swap(owed_, other.owed_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Places() {
    if (owed_ != nullptr) *owed_ -= count_;
  }

  bool empty() const noexcept { return count_ == 0; }

 private:
  template <class T>
  friend class OwingQueue;
  std::size_t* owed_ = nullptr;
  std::uint32_t count_ = 0;
};

template <class T>
class OwingQueue {
 public:
  OwingQueue() = default;
  OwingQueue(const OwingQueue&) = delete;
  OwingQueue& operator=(const OwingQueue&) = delete;

  bool empty() const noexcept { return ring_.empty(); }
  std::size_t size() const noexcept { return ring_.size(); }

  // Keeps further places. On bad_alloc nothing has changed.
  void owe(Places& places, std::uint32_t count) {
    ring_.reserve(owed_ + count);
    places.owed_ = &owed_;
    places.count_ += count;
    owed_ += count;
  }
  Places owe(std::uint32_t count) {
    Places places;
    owe(places, count);
    return places;
  }

  template <class V = T>
  void push(V&& value) {
    ring_.reserve(owed_ + 1);
    ring_.push_back(std::forward<V>(value));
  }
  // Into one of the places.
  template <class V = T>
  void push(Places& places, V&& value) noexcept {
    MSRP_ASSERT(places.count_ > 0 && places.owed_ == &owed_);
    --places.count_;
    --owed_;
    ring_.push_back(std::forward<V>(value));
  }

  T pop() noexcept { return ring_.pop_front(); }
  T& front() noexcept { return ring_.front(); }
  // After what front() holds was moved away.
  void skip_front() noexcept { ring_.skip_front(); }
  // What the last pop() has left is a place again. Precondition: they were kept here before.
  void keep(Places& places) noexcept {
    MSRP_ASSERT(places.owed_ == &owed_);
    ++places.count_;
    ++owed_;
  }

 private:
  RingQueue<T> ring_;
  std::size_t owed_ = 0;
};

}  // namespace msrp
