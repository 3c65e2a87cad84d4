// Sends items over one session and waits for what becomes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "apps/msrp/input.hpp"
#include "apps/msrp/output.hpp"
#include "apps/msrp/progress.hpp"
#include "apps/msrp/runtime.hpp"
#include "msrp/event.hpp"

namespace msrp::app {

struct SenderOptions {
  std::vector<Item> items;
  std::string content_type;  // empty: by the item's kind
  bool success_report = false;
  FailureReport failure_report = FailureReport::yes;
  bool quiet = false;  // no line for each message
};

// One item is read at a time; the messages before it may still be on their way. What is read and
// not with the transport stays within one message's window and as much again.
class Sender {
 public:
  // done() is called once, when every message came to its end.
  Sender(Endpoint& endpoint, Loop& loop, Output& output, Progress& progress, SenderOptions options,
         std::function<void()> done);

  void begin(SessionId session);
  // The session is over, or is to be: nothing more is read.
  void stop();

  void on(const Writable& event);
  void on(const Sent& event);
  void on(const Delivered& event);
  void on(const Reported& event);
  void on(const MessageFailed& event);
  void on(const MessageDone& event);

  // Events for what was never begun, because the session ended before.
  void give_up_rest(std::string_view reason);

  std::uint64_t messages_done() const noexcept { return messages_done_; }
  std::uint64_t messages_total() const noexcept { return options_.items.size(); }
  std::uint64_t bytes_read() const noexcept { return read_bytes_; }
  std::uint64_t bytes_done() const noexcept { return bytes_done_; }
  bool any_failed() const noexcept { return messages_failed_ > 0; }

 private:
  struct Message {
    std::size_t item = 0;
    std::string id;
    std::uint64_t bytes = 0;
    std::uint64_t unsent_bytes = 0;  // since it was read whole
    Instant begun{};
    bool sent = false;
    bool delivered = false;
    bool reported = false;
    bool over = false;
  };
  // The message that is being read.
  struct Current {
    MessageHandle handle;
    Input input;
    std::vector<std::byte> small;  // a piece that is not worth a slab
    Slice pending;                 // read and not taken by the engine
  };

  void pump();
  bool begin_next();
  bool go_on();
  void read_some();
  void end_current();
  void drop_current();
  Message* find(MessageHandle handle);
  void check(Message& message);
  void finish(Message& message, bool ok);
  void fail_item(std::size_t item, std::string_view id, std::uint16_t status,
                 std::string_view reason, std::string_view what_to_do);
  void check_done();
  void give_up_waiting();
  std::string new_message_id();

  Endpoint& endpoint_;
  Loop& loop_;
  Output& output_;
  Progress& progress_;
  SenderOptions options_;
  std::function<void()> done_;

  SessionId session_;
  bool stopped_ = false;
  bool pumping_ = false;
  bool timed_out_ = false;                     // said
  bool lingering_ = false, lingered_ = false;  // for what "partial" still says
  std::size_t next_item_ = 0;
  std::optional<Current> current_;
  std::unordered_map<MessageHandle, Message> messages_;  // until MessageDone
  std::size_t unfinished_ = 0;                           // of messages_
  std::uint64_t unsent_bytes_ = 0;                       // of messages read whole
  std::uint64_t read_bytes_ = 0;
  std::uint64_t bytes_done_ = 0;
  std::uint64_t messages_done_ = 0;
  std::uint64_t messages_failed_ = 0;
};

}  // namespace msrp::app
