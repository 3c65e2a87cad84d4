// Events on their way to the application, with copies of the heads that some of them show.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ring_queue.hpp"
#include "msrp/event.hpp"

namespace msrp {

// Slots keep their memory, so that a head is copied without an allocation in steady state.
class EventQueue {
 public:
  std::size_t size() const noexcept { return size_; }

  void push(Event event);
  void push_started(SessionId session, IncomingHandle message, const HeadView& head,
                    bool duplicate);
  void push_started(SessionId session, RequestHandle request, const HeadView& head);
  void push_answered(MessageHandle message, std::uint16_t status, std::string_view comment);

  // What it shows stays valid until the next pop().
  std::optional<Event> pop();

  // Slots beyond this many queued events are made here, so that the next push() of an event that
  // reports a failure does not need memory.
  void reserve(std::size_t more);

 private:
  struct Slot {
    std::optional<Event> event;
    std::string text;
    std::vector<HeaderField> fields;
  };
  Slot& next_slot();
  static HeadView copy_head(Slot& slot, const HeadView& head);
  void grow(std::size_t capacity);

  std::vector<Slot> slots_;  // a power of two of them
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace msrp
