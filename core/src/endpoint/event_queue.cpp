#include "endpoint/event_queue.hpp"

#include <utility>

#include "base/undo.hpp"

namespace msrp {
namespace {

constexpr std::size_t text_bytes_kept = 2048;  // of one; longer heads cost an allocation each

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

EventQueue::Text& EventQueue::take_text() {
  if (free_ == nullptr) {
    texts_.emplace_back();
    free_ = &texts_.back();
  }
  return *std::exchange(free_, free_->next_free);
}

void EventQueue::give_back(Text* text) noexcept {
  if (text == nullptr) return;
  if (text->text.capacity() > text_bytes_kept) std::string().swap(text->text);
  text->next_free = std::exchange(free_, text);
}

EventQueue::Text& EventQueue::copy_head(const HeadView& head) {
  Text& copy = take_text();
  Undo undo([&] { give_back(&copy); });
  copy.text.assign(head.text);
  copy.fields.assign(head.headers.begin(), head.headers.end());
  copy.head = head;
  copy.head.rebase(copy.text.data(), copy.fields);
  undo.dismiss();
  return copy;
}

template <class R>
void EventQueue::push_with(Text& text, R record) {
  Undo undo([&] { give_back(&text); });
  queue_.push(std::move(record));
  undo.dismiss();
}

void EventQueue::push_started(SessionId session, IncomingHandle message, const HeadView& head,
                              bool duplicate) {
  Text& text = copy_head(head);
  push_with(text, MessageStartedRecord{session, message, duplicate, &text});
}

void EventQueue::push_started(SessionId session, RequestHandle request, const HeadView& head) {
  Text& text = copy_head(head);
  push_with(text, ChunkStartedRecord{session, request, &text});
}

void EventQueue::push_answered(MessageHandle message, std::uint16_t status,
                               std::string_view comment) {
  Text& text = take_text();
  Undo undo([&] { give_back(&text); });
  text.text.assign(comment);
  undo.dismiss();
  push_with(text, AnsweredRecord{message, status, &text});
}

const EventQueue::Text& EventQueue::show(Text* text) noexcept {
  shown_ = text;
  return *text;
}

std::optional<Event> EventQueue::pop() noexcept {
  give_back(std::exchange(shown_, nullptr));
  std::optional<Event> out;
  if (queue_.empty()) return out;
  const auto move_out = Overloaded{
      [&]<class E>(std::unique_ptr<E>& event) {
        out.emplace(std::move(*std::exchange(event, nullptr)));
      },
      [&](MessageStartedRecord& event) {
        out.emplace(std::in_place_type<MessageStarted>, event.session, event.message,
                    show(event.text).head, event.duplicate);
      },
      [&](ChunkStartedRecord& event) {
        out.emplace(std::in_place_type<ChunkStarted>, event.session, event.request,
                    show(event.text).head);
      },
      [&](AnsweredRecord& event) {
        out.emplace(std::in_place_type<Answered>, event.message, event.status,
                    show(event.text).text);
      },
      [&](auto& event) { out.emplace(std::move(event)); },
  };
  std::visit(move_out, queue_.front());
  queue_.skip_front();
  return out;
}

}  // namespace msrp
