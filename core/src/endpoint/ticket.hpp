// A session that is being set up: from prepare() to Bound, or to its failure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/owing_queue.hpp"
#include "endpoint/dial.hpp"
#include "endpoint/ticket_state.hpp"
#include "msrp/engine.hpp"
#include "msrp/ids.hpp"
#include "stream/timers.hpp"

namespace msrp {

struct Ticket {
  using Stage = TicketState;
  using Input = TicketInput;
  void move(Input input) noexcept { stage = next(ticket_states, stage, input); }

  TicketId id;
  Stage stage = Stage::preparing;
  bool active = true;
  ListenerId listener;
  std::optional<Uri> local;  // since prepared
  SessionOptions options;
  RemoteDescription remote;  // since complete()
  SessionId replaces;
  Timer timer;
  Places events;  // TicketFailed
  // ---- active
  MessageHandle first;  // from send_first()
  DialId dial;          // since dialling
  SessionId session;    // since binding
  bool redialled = false;
  // ---- waiting connections whose first request named this ticket before complete()
  std::vector<ConnId> parked;
};

struct Listener {
  ListenerId id;
  SocketAddress at;
  std::string host;
  bool secure = false;
  bool up = false;
  Places events;                  // Listening, ListenFailed
  Places commands;                // DoStopListening
  std::vector<TicketId> waiting;  // for the port
};

}  // namespace msrp
