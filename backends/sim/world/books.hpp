// The books of a run: what was sent, what came of it, and whether that may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/event.hpp"
#include "msrp/session_options.hpp"
#include "msrp/time.hpp"

namespace msrp::sim {

// The octet of a message at an offset, for every message another.
constexpr std::byte pattern_octet(std::uint32_t message, std::uint64_t offset) noexcept {
  std::uint64_t z = (std::uint64_t{message} << 40U) + offset / 8 + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z ^= z >> 27U;
  return static_cast<std::byte>(z >> (8 * (offset % 8)));
}

// One message, from its sending to its end at both sides.
struct MessageBook {
  std::uint32_t number = 0;
  std::uint32_t session = 0;       // the run's number of it
  std::uint32_t from = 0, to = 0;  // hosts
  std::uint64_t bytes = 0;
  bool success_report = false;
  FailureReport failure_report = FailureReport::yes;
  bool to_stranger = false;  // its receiver does what it likes
  // Another method than SEND. takes_it: the receiver's application sees such, and answers itself.
  bool is_request = false, takes_it = false;
  std::uint16_t answered = 0;  // by that application

  bool aborted = false;   // by its sender
  bool rejected = false;  // by its receiver
  bool sender_died = false, receiver_died = false;

  // ---- what its sender heard
  unsigned delivered = 0, failed = 0, done = 0, reported_whole = 0;
  std::optional<Instant> sent;  // the last octet is with the transport
  // ---- what its receiver saw; a message that begins anew is seen anew
  unsigned begun = 0, whole = 0;
};

// One sight of an incoming message.
struct IncomingBook {
  std::uint32_t number = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;  // sorted, apart: [begin, end)
  // False when some of it was there.
  bool add(std::uint64_t begin, std::uint64_t end);
  bool covers(std::uint64_t bytes) const noexcept;
};

class Books {
 public:
  // patience: how long after its last octet a message that asks for it has its outcome at the
  // latest (RFC 4975 section 7.1.1).
  explicit Books(Duration patience) noexcept : patience_(patience) {}

  // What is wrong, first come; empty: nothing.
  const std::string& wrong() const noexcept { return wrong_; }
  void complain(std::string_view what, std::uint32_t message);
  void complain_of_host(std::string_view what, std::uint32_t host);

  MessageBook& open(MessageBook book);
  MessageBook* find(std::uint32_t number) noexcept;
  // "message-12", and back; nullopt: it is none of ours.
  static std::string id_of(std::uint32_t number) { return "message-" + std::to_string(number); }
  static std::optional<std::uint32_t> number_of(std::string_view id) noexcept;

  // Of host `host`; session: the run's number of the event's session, nullopt: none that is known.
  void started(std::uint32_t host, std::optional<std::uint32_t> session,
               const MessageStarted& event);
  void data(std::uint32_t host, const MessageData& event);
  void ended(std::uint32_t host, const MessageEnded& event);
  // A request that the application is to answer; the session as above.
  void request_started(std::uint32_t host, std::optional<std::uint32_t> session,
                       std::uint32_t number);
  void request_answered(std::uint32_t number, std::uint16_t status);
  void answer_came(std::uint32_t host, const Answered& event);
  void all_sent(std::uint32_t host, MessageHandle message, Instant now);
  void delivered(std::uint32_t host, MessageHandle message, Instant now);
  void failed(std::uint32_t host, MessageHandle message, Instant now);
  void reported(std::uint32_t host, const Reported& event);
  void done(std::uint32_t host, MessageHandle message);
  void sent(std::uint32_t host, MessageHandle handle, std::uint32_t number) {
    outgoing_[{host, handle.value()}] = number;
  }
  std::optional<std::uint32_t> number_of(std::uint32_t host, MessageHandle handle) const;
  std::optional<std::uint32_t> number_of(std::uint32_t host, IncomingHandle handle) const;
  // All that it knew is lost.
  void died(std::uint32_t host);

  // After the time of peace.
  void check_ends();
  std::size_t messages() const noexcept { return messages_.size(); }

 private:
  using Key = std::pair<std::uint32_t, std::uint64_t>;  // host, handle
  MessageBook* outgoing(std::uint32_t host, MessageHandle handle);
  void check_in_time(const MessageBook& book, Instant now);

  const Duration patience_;
  std::string wrong_;
  std::map<std::uint32_t, MessageBook> messages_;
  std::map<Key, std::uint32_t> outgoing_;
  std::map<Key, IncomingBook> incoming_;
};

}  // namespace msrp::sim
