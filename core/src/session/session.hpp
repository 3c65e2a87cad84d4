// A session: what both sides agreed on, and the messages that are under way in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ring_queue.hpp"
#include "msrp/ids.hpp"
#include "msrp/session_options.hpp"
#include "msrp/uri.hpp"

namespace msrp {

// Longest body with a numeric range-end; a longer one can be interrupted at any octet, and no
// chunk but the last of a message is shorter (RFC 4975 section 7.1.1).
inline constexpr std::uint32_t interruptible_bytes = 2048;

struct Session {
  // binding: ours, its first SEND waits for an answer. open. closing: it goes when its last
  // message is done.
  enum class State : std::uint8_t { binding, open, closing };

  explicit Session(const Uri& own) : local(own) {}

  SessionId id;
  TicketId ticket;
  ConnId conn;
  State state = State::open;
  Uri local;
  std::string remote_path;
  SessionOptions options;
  RemoteDescription remote;
  bool left = false;       // closing, and its connection does not count it any more
  bool announced = false;  // Bound was said, so SessionClosed will be
  Error close_reason{Errc::closed};

  // ---- outgoing
  std::vector<MessageHandle> outgoing;  // all, in no order
  RingQueue<MessageHandle> small;       // in the order of send()
  RingQueue<MessageHandle> bulk;        // take turns
  RingQueue<MessageHandle> waiting;     // for a place in bulk
  bool in_small_turns = false;
  bool in_bulk_turns = false;

  // ---- incoming
  std::vector<IncomingHandle> incoming;
  std::size_t held_bytes = 0;  // given out in MessageData and not released
};

// How many messages of one session go on at the same time: more would only mean more that are
// incomplete at the receiver.
inline constexpr std::size_t bulk_messages_interleaved = 4;

}  // namespace msrp
