#include "endpoint/event_queue.hpp"

#include <utility>

namespace msrp {
namespace {

constexpr std::size_t text_bytes_kept = 2048;  // a slot; longer heads cost an allocation each

}  // namespace

void EventQueue::push(Event event) {
  next_slot().event.emplace(std::move(event));
  ++size_;
}

HeadView EventQueue::copy_head(Slot& slot, const HeadView& head) {
  slot.text.assign(head.text);
  slot.fields.assign(head.headers.begin(), head.headers.end());
  HeadView copy = head;
  copy.rebase(slot.text.data(), slot.fields);
  return copy;
}

void EventQueue::push_started(SessionId session, IncomingHandle message, const HeadView& head,
                              bool duplicate) {
  Slot& slot = next_slot();
  slot.event.emplace(MessageStarted{session, message, copy_head(slot, head), duplicate});
  ++size_;
}

void EventQueue::push_started(SessionId session, RequestHandle request, const HeadView& head) {
  Slot& slot = next_slot();
  slot.event.emplace(ChunkStarted{session, request, copy_head(slot, head)});
  ++size_;
}

void EventQueue::push_answered(MessageHandle message, std::uint16_t status,
                               std::string_view comment) {
  Slot& slot = next_slot();
  // Room beyond what a string keeps in place, see grow().
  slot.text.reserve(comment.size() + sizeof(std::string));
  slot.text.assign(comment);
  slot.event.emplace(Answered{message, status, slot.text});
  ++size_;
}

std::optional<Event> EventQueue::pop() {
  if (size_ == 0) return std::nullopt;
  // The slot's text outlives the pop: the slot is filled again only by a later push, and one slot
  // always stays between the newest event and the one shown last.
  std::optional<Event> event = std::exchange(slots_[head_].event, std::nullopt);
  head_ = (head_ + 1) & (slots_.size() - 1);
  --size_;
  return event;
}

void EventQueue::reserve(std::size_t more) {
  if (size_ + more + 1 >= slots_.size()) grow(size_ + more + 2);
}

EventQueue::Slot& EventQueue::next_slot() {
  reserve(1);
  Slot& slot = slots_[(head_ + size_) & (slots_.size() - 1)];
  if (slot.text.capacity() > text_bytes_kept) std::string().swap(slot.text);
  return slot;
}

void EventQueue::grow(std::size_t capacity) {
  std::size_t larger = slots_.empty() ? 16 : slots_.size();
  while (larger < capacity) larger *= 2;
  // A head is longer than what a string keeps in place, so moving one leaves its characters where
  // they are and the views of its event stay right. The slot shown last goes along as the one in
  // front of the queue's head.
  std::vector<Slot> moved(larger);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i <= size_ && !slots_.empty(); ++i) {
    moved[(larger - 1 + i) & (larger - 1)] =
        std::move(slots_[(head_ + slots_.size() - 1 + i) & mask]);
  }
  slots_.swap(moved);
  head_ = 0;
}

}  // namespace msrp
