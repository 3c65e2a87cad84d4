// A ring between two threads: one puts in, one takes out.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace msrp::backend {

// Neither side ever waits for the other. Indices only grow; a side keeps what it read last of the
// other's, so that the two share a cache line only when one seems to have run out. What was put in
// is published with release and read with acquire. The taker's index is sequentially consistent, so
// that one who finds no room, raises a flag of that order and looks again cannot be missed by the
// other, who takes out and looks at the flag then.
template <class T>
class Mailbox {
 public:
  // Rounded up to a power of two.
  explicit Mailbox(std::size_t capacity) : places_(std::bit_ceil(capacity)) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  std::size_t capacity() const noexcept { return places_.size(); }

  // ---- by the one that puts in
  bool has_room() noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ < places_.size()) return true;
    head_seen_ = head_.load(std::memory_order_seq_cst);
    return tail - head_seen_ < places_.size();
  }
  // Precondition: has_room().
  void push(T&& what) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    places_[tail & (places_.size() - 1)].emplace(std::move(what));
    tail_.store(tail + 1, std::memory_order_release);
  }

  // ---- by the one that takes out
  std::optional<T> pop() noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return std::nullopt;
    }
    std::optional<T>& place = places_[head & (places_.size() - 1)];
    std::optional<T> what = std::move(place);
    place.reset();
    head_.store(head + 1, std::memory_order_seq_cst);
    return what;
  }
  bool empty() const noexcept {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t line_bytes = 64;

  std::vector<std::optional<T>> places_;
  alignas(line_bytes) std::atomic<std::size_t> head_ = 0;
  std::size_t tail_seen_ = 0;  // by the one that takes out
  alignas(line_bytes) std::atomic<std::size_t> tail_ = 0;
  std::size_t head_seen_ = 0;  // by the one that puts in
};

}  // namespace msrp::backend
