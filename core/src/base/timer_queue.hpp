// Timers in lists of equal duration: start and stop are O(1), the next deadline is the earliest
// head. It works because time never goes backwards, so each list is sorted as it grows. A timer is
// a part of what it is about, so that starting it takes no memory.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "msrp/assert.hpp"
#include "msrp/time.hpp"

namespace msrp {

// Durations come from the configuration, so there are few different ones.
template <class Payload>
class TimerQueue {
  struct List;

 public:
  static constexpr std::size_t durations_max = 16;

  // Stands still while it runs, which it does not outlive.
  class Timer {
   public:
    Timer() noexcept = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { stop(); }

    bool running() const noexcept { return list_ != nullptr; }
    // Ignored when it has fired or was stopped.
    void stop() noexcept {
      if (list_ == nullptr) return;
      (previous_ != nullptr ? previous_->next_ : list_->head) = next_;
      (next_ != nullptr ? next_->previous_ : list_->tail) = previous_;
      list_ = nullptr;
    }

   private:
    friend class TimerQueue;
    Instant deadline_{};
    Payload payload_{};
    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    List* list_ = nullptr;
  };

  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Anew if it runs already.
  void start(Timer& timer, Instant now, Duration duration, const Payload& payload) noexcept {
    timer.stop();
    List& list = list_of(duration);
    MSRP_ASSERT(list.tail == nullptr || list.tail->deadline_ <= now + duration);
    timer.deadline_ = now + duration;
    timer.payload_ = payload;
    timer.list_ = &list;
    timer.previous_ = list.tail;
    timer.next_ = nullptr;
    (list.tail != nullptr ? list.tail->next_ : list.head) = &timer;
    list.tail = &timer;
  }

  std::optional<Instant> next() const noexcept {
    const Timer* first = earliest();
    return first != nullptr ? std::optional(first->deadline_) : std::nullopt;
  }
  const Payload* next_payload() const noexcept {
    const Timer* first = earliest();
    return first != nullptr ? &first->payload_ : nullptr;
  }

  std::optional<Payload> pop_due(Instant now) noexcept {
    Timer* first = earliest();
    if (first == nullptr || first->deadline_ > now) return std::nullopt;
    first->stop();
    return first->payload_;
  }

 private:
  struct List {
    Duration duration{};
    Timer* head = nullptr;
    Timer* tail = nullptr;
  };

  List& list_of(Duration duration) noexcept {
    for (std::size_t i = 0; i < lists_used_; ++i) {
      if (lists_[i].duration == duration) return lists_[i];
    }
    MSRP_ASSERT(lists_used_ < durations_max);
    lists_[lists_used_].duration = duration;
    return lists_[lists_used_++];
  }

  Timer* earliest() const noexcept {
    Timer* first = nullptr;
    for (std::size_t i = 0; i < lists_used_; ++i) {
      Timer* head = lists_[i].head;
      if (head != nullptr && (first == nullptr || head->deadline_ < first->deadline_)) first = head;
    }
    return first;
  }

  std::array<List, durations_max> lists_{};
  std::size_t lists_used_ = 0;
};

}  // namespace msrp
