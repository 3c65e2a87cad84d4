// One transport stream: parser, transmit order, open transactions and whose turn it is to send.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ident.hpp"
#include "base/owing_queue.hpp"
#include "base/ring_queue.hpp"
#include "msrp/chunk.hpp"
#include "msrp/command.hpp"
#include "msrp/fingerprint.hpp"
#include "msrp/ids.hpp"
#include "msrp/parser.hpp"
#include "stream/collision_guard.hpp"
#include "stream/connection_state.hpp"
#include "stream/timers.hpp"
#include "stream/transaction_table.hpp"
#include "stream/transmit_queue.hpp"

namespace msrp {

using DialId = Handle<struct DialTag>;

// The chunk whose head is in the transmit order and whose end-line is not.
struct OpenChunk {
  MessageHandle message;
  TransactionId transaction;
  CollisionGuard guard;
  std::uint64_t body_bytes = 0;
};

// What a REPORT says, until its end-line has come.
struct IncomingReport {
  MessageHandle message;
  std::uint16_t status = 0;
  std::optional<ByteRange> range;  // absent: the whole message
};

// The chunk whose head was received and whose end-line was not.
struct IncomingChunk {
  // discard: read to its end-line. body: of a message. chunk: the application's.
  enum class Kind : std::uint8_t { none, discard, body, chunk };
  Kind kind = Kind::none;
  bool is_request = false;
  bool well_formed = false;       // its head
  bool answered = false;          // or no answer is wanted
  bool replaced_partial = false;  // began a message anew whose earlier part was incomplete
  Method method = Method::other;
  FailureReport failure_report = FailureReport::yes;
  TransactionId responds_to;  // of a response
  std::uint16_t status = 0;
  std::string comment;  // of a response that the application sees
  IncomingHandle message;
  RequestHandle request;
  IncomingReport report;
  std::uint64_t start = 1;  // of its first body octet, 1-based in the message
  // For the answer; the strings keep their memory from chunk to chunk.
  std::array<char, ParserLimits::transaction_id_bytes> transaction_id{};
  std::size_t transaction_id_bytes = 0;
  std::string answer_to, answer_from;
};

// A head that waits for the application to complete the ticket that it names.
struct ParkedHead {
  std::string text;
  std::vector<HeaderField> fields;
  HeadView head;
  TicketId ticket;
};

struct Connection {
  using State = ConnectionState;
  using Input = ConnectionInput;

  Connection(const ParserLimits& limits, HeaderTable& table, StagingPool& pool)
      : parser(limits, table), transmit(pool) {}

  void move(Input input) noexcept { state = next(connection_states, state, input); }

  ConnId id;
  State state = State::connecting;  // up at once when accepted
  TransportInfo info;
  std::unique_ptr<PeerIdentity> peer;  // with TLS, once its handshake is done
  DialId dial;                         // while others may join
  Timer timer;                         // connect, bind, idle or close: one at a time
  Timer keep_alive;
  Places commands;  // DoClose, and DoResumeRead while it is paused
  Places sendable_place, paused_place;
  std::vector<SessionId> sessions;  // those that are closing too, until their last message is done
  std::uint32_t open_sessions = 0;  // without them
  std::uint32_t binding = 0;        // more sessions are just being put on it
  bool unbound = false;             // accepted, and no session is or was bound to it

  // ---- receiving
  Parser parser;
  IncomingChunk incoming;
  std::unique_ptr<ParkedHead> parked;
  bool paused = false;         // DoPauseRead was said
  bool paused_queued = false;  // it is among those to look at when room is made
  Timer behind;                // paused for one session's sake
  bool ended = false;          // end of stream came
  std::uint32_t bad_chunks = 0;
  std::size_t held_bytes = 0;  // body octets given out and not released
  std::uint32_t requests = 0;  // for the application to answer
  std::size_t path_bytes = 0;  // kept for REPORTs and answers

  // ---- sending
  TransmitQueue transmit;
  std::vector<std::byte> control;  // responses and REPORTs that wait for an open chunk to end
  OpenChunk open;
  bool chunk_open = false;
  std::uint32_t quantum_left = 0;
  RingQueue<SessionId> small_turns;  // sessions with messages of one short chunk
  RingQueue<SessionId> bulk_turns;   // sessions with longer ones
  std::size_t small_batch = 0;       // turns of short ones before the next quantum of a longer one
  bool bulk_due = false;             // the batch is used up and a longer one waits
  TransactionList transactions;
  TransactionList sent_partials;  // sent, and only bad news is expected (RFC 4975 section 7.1.1)
  bool sendable_queued = false;
};

}  // namespace msrp
