// Timers in lists of equal duration: arm and cancel are O(1), the next deadline is the earliest
// head. It works because time never goes backwards, so each list is sorted as it grows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/slot_map.hpp"
#include "msrp/assert.hpp"
#include "msrp/ids.hpp"
#include "msrp/time.hpp"

namespace msrp {

using TimerId = Handle<struct TimerTag>;

// Durations come from the configuration, so there are few different ones.
template <class Payload>
class TimerQueue {
 public:
  static constexpr std::size_t durations_max = 16;

  TimerId arm(Instant now, Duration duration, const Payload& payload) {
    List& list = list_of(duration);
    const TimerId id = nodes_.emplace(Node{now + duration, payload, list.tail, TimerId{}, &list});
    if (Node* tail = nodes_.find(list.tail)) {
      MSRP_ASSERT(tail->deadline <= now + duration);
      tail->next = id;
    } else {
      list.head = id;
    }
    list.tail = id;
    return id;
  }

  // Ignores a timer that has fired or was cancelled; clears the id.
  void cancel(TimerId& id) noexcept {
    if (Node* node = nodes_.find(id)) unlink(id, *node);
    id = TimerId{};
  }

  std::optional<Instant> next() const noexcept {
    const Node* first = earliest();
    return first != nullptr ? std::optional(first->deadline) : std::nullopt;
  }
  const Payload* next_payload() const noexcept {
    const Node* first = earliest();
    return first != nullptr ? &first->payload : nullptr;
  }

  std::optional<Payload> pop_due(Instant now) noexcept {
    const Node* first = earliest();
    if (first == nullptr || first->deadline > now) return std::nullopt;
    const Payload payload = first->payload;
    const TimerId id = first->list->head;
    unlink(id, nodes_[id]);
    return payload;
  }

  std::size_t size() const noexcept { return nodes_.size(); }

 private:
  struct List {
    Duration duration{};
    TimerId head, tail;
  };
  struct Node {
    Instant deadline;
    Payload payload;
    TimerId previous, next;
    List* list;
  };

  List& list_of(Duration duration) noexcept {
    for (std::size_t i = 0; i < lists_used_; ++i) {
      if (lists_[i].duration == duration) return lists_[i];
    }
    MSRP_ASSERT(lists_used_ < durations_max);
    lists_[lists_used_].duration = duration;
    return lists_[lists_used_++];
  }

  const Node* earliest() const noexcept {
    const Node* first = nullptr;
    for (std::size_t i = 0; i < lists_used_; ++i) {
      const Node* head = nodes_.find(lists_[i].head);
      if (head != nullptr && (first == nullptr || head->deadline < first->deadline)) first = head;
    }
    return first;
  }

  void unlink(TimerId id, Node& node) noexcept {
    List& list = *node.list;
    if (Node* previous = nodes_.find(node.previous)) previous->next = node.next;
    if (Node* next = nodes_.find(node.next)) next->previous = node.previous;
    if (list.head == id) list.head = node.next;
    if (list.tail == id) list.tail = node.previous;
    nodes_.erase(id);
  }

  std::array<List, durations_max> lists_{};
  std::size_t lists_used_ = 0;
  SlotMap<Node, TimerId> nodes_;
};

}  // namespace msrp
