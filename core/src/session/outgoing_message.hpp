// A message on its way out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ident.hpp"
#include "base/owing_queue.hpp"
#include "msrp/body.hpp"
#include "msrp/chunk.hpp"
#include "msrp/ids.hpp"
#include "msrp/session_options.hpp"
#include "session/body_source.hpp"
#include "session/interval_set.hpp"
#include "stream/timers.hpp"

namespace msrp {

// Stages, each reached once and in this order:
//
//   queued   octets of the body wait for their turn, or are still to be written
//   ordered  the last chunk's end-line is in the transmit order
//   sent     the transport has every octet                                    -> Sent
//   settled  every transaction is answered, or no answer is expected          -> Delivered
//
// A message can fail at every stage (-> MessageFailed); it is gone (-> MessageDone) when it is
// settled or failed, none of its octets is lent any more and no REPORT is awaited.
struct OutgoingMessage {
  OutgoingMessage(const MessageSpec& spec, Body source);

  // Where send_chunk() made it: what the application asked for.
  struct ChunkLevel {
    Method method = Method::send;
    std::string method_text;
    std::uint64_t offset = 0;  // of the first octet, in the message
    std::optional<std::uint64_t> total_bytes;
    Flag flag = Flag::end;
  };

  // Fits one chunk that need not be interruptible, or is none that could be.
  bool small() const noexcept;
  bool is_send() const noexcept { return chunk == nullptr || chunk->method == Method::send; }
  Flag last_flag() const noexcept { return chunk == nullptr ? Flag::end : chunk->flag; }

  MessageHandle id;
  Places events;            // Sent, Delivered or MessageFailed, BodyReleased, MessageDone
  Places writable;          // when it is wanted
  SessionId session;        // none while it waits for its ticket
  std::uint32_t place = 0;  // in the session's outgoing
  Ident message_id;
  bool custom_id = false;  // chosen by the application, so it does not name the slot
  bool internal = false;   // no event tells of it
  bool success_report = false;
  FailureReport failure_report = FailureReport::yes;
  std::unique_ptr<ChunkLevel> chunk;
  std::string content_type;
  std::string extra_text;          // names and values of `extra`
  std::vector<HeaderField> extra;  // views into extra_text

  BodySource body;
  std::uint64_t ordered_bytes = 0;      // body octets in the transmit order or beyond
  std::uint64_t in_flight_bytes = 0;    // of those, not with the transport yet
  std::uint32_t unsent_requests = 0;    // chunks whose last octet is not with the transport yet
  std::uint32_t open_transactions = 0;  // chunks whose answer is awaited
  bool started = false;                 // a chunk of it was begun
  bool in_turn = false;                 // its session knows that it has something to send
  bool ordered = false;
  bool sent = false;
  bool settled = false;
  bool failed = false;
  bool abort_wanted = false;  // failed between two chunks: an empty one has to say "#"
  bool writable_wanted = false;
  bool report_complete = false;  // success REPORTs cover it
  bool awaits_report = false;
  Timer report_timer;
  IntervalSet reported;
};

}  // namespace msrp
