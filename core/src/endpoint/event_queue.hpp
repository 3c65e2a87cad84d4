// Events on their way to the application, with copies of the heads that some of them show.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/owing_queue.hpp"
#include "msrp/event.hpp"

namespace msrp {

// Every object keeps the places of the events that it will have to say, so that none of them fails
// for want of memory. What is large stands beside the queue: a place is small.
class EventQueue {
 public:
  std::size_t size() const noexcept { return queue_.size(); }

  void owe(Places& places, std::uint32_t count) { queue_.owe(places, count); }
  Places owe(std::uint32_t count) { return queue_.owe(count); }

  // On bad_alloc nothing is queued.
  template <class E>
  void push(E event) {
    queue_.push(std::move(event));
  }
  void push(Prepared event) { queue_.push(std::make_unique<Prepared>(std::move(event))); }
  void push(Bound event) { queue_.push(std::make_unique<Bound>(std::move(event))); }
  template <class E>
  void push(Places& places, E event) noexcept {
    queue_.push(places, std::move(event));
  }
  void push_started(SessionId session, IncomingHandle message, const HeadView& head,
                    bool duplicate);
  void push_started(SessionId session, RequestHandle request, const HeadView& head);
  void push_answered(MessageHandle message, std::uint16_t status, std::string_view comment);

  // What it shows stays valid until the next pop().
  std::optional<Event> pop() noexcept;

 private:
  // What an event shows. They keep their memory, so that a head is copied without an allocation in
  // steady state.
  struct Text {
    std::string text;
    std::vector<HeaderField> fields;
    HeadView head;
    Text* next_free = nullptr;
  };
  struct MessageStartedRecord {
    SessionId session;
    IncomingHandle message;
    bool duplicate;
    Text* text;
  };
  struct ChunkStartedRecord {
    SessionId session;
    RequestHandle request;
    Text* text;
  };
  struct AnsweredRecord {
    MessageHandle message;
    std::uint16_t status;
    Text* text;
  };
  using Record =
      std::variant<SessionClosed, Listening, ListenFailed, std::unique_ptr<Prepared>,
                   std::unique_ptr<Bound>, TicketFailed, MessageStartedRecord, MessageData,
                   MessageEnded, Writable, Sent, Delivered, Reported, MessageFailed, BodyReleased,
                   MessageDone, ChunkStartedRecord, ChunkData, ChunkEnded, AnsweredRecord>;
  static_assert(sizeof(Record) <= 80);

  Text& take_text();
  void give_back(Text* text) noexcept;
  template <class R>
  void push_with(Text& text, R record);
  Text& copy_head(const HeadView& head);
  const Text& show(Text* text) noexcept;

  OwingQueue<Record> queue_;
  std::deque<Text> texts_;
  Text* free_ = nullptr;
  Text* shown_ = nullptr;  // of the event that was popped last
};

}  // namespace msrp
