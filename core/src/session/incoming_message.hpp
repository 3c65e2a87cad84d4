// A message on its way in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/counted_text.hpp"
#include "base/ident.hpp"
#include "base/owing_queue.hpp"
#include "msrp/ids.hpp"
#include "session/incoming_state.hpp"
#include "session/interval_set.hpp"
#include "stream/timers.hpp"

namespace msrp {

struct IncomingMessage {
  using Stage = IncomingState;
  using Input = IncomingInput;
  void move(Input input) noexcept { stage = next(incoming_states, stage, input); }

  IncomingHandle id;
  SessionId session;
  Ident message_id;
  IncomingState stage = IncomingState::started;
  std::uint16_t refusal = 0;
  bool duplicate = false;  // one with its Message-ID came whole before
  bool hidden = false;     // a duplicate that the application does not see
  Timer timer;             // nothing more comes of it
  Places events;           // MessageEnded
  bool success_report = false;
  bool failure_report = true;  // a failure REPORT is wanted (RFC 4975 section 7.1.4)
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;                   // that came, duplicates included
  std::optional<std::uint64_t> total_bytes;  // known since the chunk that ended with "$"
  IntervalSet received;
  CountedText report_to;  // From-Path of the SEND; empty: that of the session
};

}  // namespace msrp
