// A session: what both sides agreed on, and the messages that are under way in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/owing_queue.hpp"
#include "base/ring_queue.hpp"
#include "msrp/ids.hpp"
#include "msrp/session_options.hpp"
#include "msrp/uri.hpp"
#include "session/id_history.hpp"
#include "session/session_state.hpp"

namespace msrp {

// Longest body with a numeric range-end; a longer one can be interrupted at any octet, and no
// chunk but the last of a message is shorter (RFC 4975 section 7.1.1).
inline constexpr std::uint32_t interruptible_bytes = 2048;
// Largest body of a request other than SEND (RFC 4975 section 7.1).
inline constexpr std::uint32_t non_send_body_bytes_max = 10240;

struct Session {
  using State = SessionState;
  using Input = SessionInput;

  Session(const Uri& own, State first) : state(first), local(own) {}
  void move(Input input) noexcept { state = next(session_states, state, input); }

  SessionId id;
  Places events;    // SessionClosed
  TicketId ticket;  // while binding
  ConnId conn;
  std::uint32_t place = 0;  // in the connection's sessions
  State state;
  bool left = false;        // closing, and its connection does not count it any more
  bool announced = false;   // Bound was said, so SessionClosed will be
  bool may_redial = false;  // binding on a connection that was up before
  Error close_reason{Errc::closed};
  Uri local;
  std::string remote_path;

  // ---- agreed on, see session_options.hpp
  Handling handling = Handling::messages;
  WhenBehind when_behind = WhenBehind::pause;
  bool automatic_reports = true;
  bool drop_duplicates = false;
  bool enforce_path = false;
  bool peer_verified = false;
  std::vector<std::string> accept_types, peer_accept_types;
  std::optional<std::uint64_t> max_size_bytes, peer_max_size_bytes;

  // ---- outgoing
  std::vector<MessageHandle> outgoing;  // all, in no order
  RingQueue<MessageHandle> small;       // in the order of send()
  RingQueue<MessageHandle> bulk;        // take turns
  RingQueue<MessageHandle> waiting;     // for a place in bulk
  bool in_small_turns = false;
  bool in_bulk_turns = false;

  // ---- incoming
  std::vector<IncomingHandle> incoming;
  std::vector<RequestHandle> requests;  // for the application to answer
  IdHistory received_ids;
  std::size_t held_bytes = 0;  // given out, not released, and counted by the connection
  // The connection's others went on without it: so much is given out that it does not count any
  // more. Until it is released the session takes no body.
  std::size_t written_off_bytes = 0;
};

// How many messages of one session go on at the same time: more would only mean more that are
// incomplete at the receiver.
inline constexpr std::size_t bulk_messages_interleaved = 4;

}  // namespace msrp
