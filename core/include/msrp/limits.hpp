// Everything that a peer can make grow has a named limit here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "msrp/parser.hpp"
#include "msrp/time.hpp"

namespace msrp {

struct Limits {
  ParserLimits parser;
  std::uint32_t connections = 65536;
  std::uint32_t unbound_connections = 4096;  // accepted, no session bound yet
  std::uint32_t tickets = 65536;
  std::uint32_t sessions_per_connection = 256;
  // Requests of ours that wait for an answer, a connection. As many again that only bad news is
  // expected of (Failure-Report: partial); of those the oldest is forgotten for the newest.
  std::uint32_t transactions = 1024;
  std::uint32_t outgoing_messages = 4096;  // a session
  std::uint32_t incoming_messages = 64;    // incomplete at the same time, a session
  std::uint32_t intervals = 64;            // gaps in one incoming message
  std::uint32_t bad_chunks = 16;           // bad ones before a close, without a session
  // For the application to answer, before reading stops, a connection.
  std::uint32_t requests = 256;
  // Paths kept for REPORTs and answers, a connection. More of them: 413 for a message that needs
  // one, and reading stops while there are requests to answer.
  std::uint32_t path_bytes = 128 * 1024;
  std::uint32_t remembered_message_ids = 128;  // of messages that came whole, a session
  std::uint32_t remembered_sessions = 256;     // ended ones whose Message-IDs are kept
  std::uint32_t events = 1024;                 // not polled yet, before reading stops
  std::uint32_t held_bytes = 256 * 1024;       // body given out and not released, a connection
  std::uint32_t transmit_bytes = 256 * 1024;   // queued in transmit order, a connection
  std::uint32_t control_bytes = 256 * 1024;    // responses and REPORTs waiting, a connection
  std::uint32_t write_window_bytes =
      256 * 1024;                           // written to a stream and not transmitted, a message
  std::uint32_t quantum_bytes = 32 * 1024;  // of one message's body before another may go on
};

// RFC 4975 names the first; the others are ours. All run on the time handed in. The last five are
// off, or at once, when zero.
struct Timeouts {
  Duration transaction = std::chrono::seconds(30);  // from the request's last octet (section 7.1.1)
  Duration bind = std::chrono::seconds(30);         // accepted connection to its first request
  Duration complete = std::chrono::seconds(30);     // complete() of a passive ticket to its binding
  Duration connect = std::chrono::seconds(10);      // each address
  Duration resolve = std::chrono::seconds(10);
  Duration close = std::chrono::seconds(30);  // for what is queued when a connection is closed
  Duration behind = std::chrono::seconds(5);  // a shared connection paused for one session's sake
  Duration idle{};        // a connection without a session stays open for as long
  Duration keep_alive{};  // after as long without an octet sent an empty SEND goes out
  Duration message{};     // an incoming message of which nothing more comes is given up
  // A message's last octet to the success REPORTs for it, which nobody has to send (section 7.1.1):
  // then MessageDone comes without them.
  Duration report{};
};

// Memory that one connection with so many sessions can take in user space at the most, in bytes, as
// the sum of its named parts. Events that are not polled yet belong to the engine.
std::size_t connection_bytes_max(const Limits& limits, std::size_t sessions = 1) noexcept;

}  // namespace msrp
