// What the engine tells the application.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "msrp/address.hpp"
#include "msrp/buffer.hpp"
#include "msrp/chunk.hpp"
#include "msrp/error.hpp"
#include "msrp/ids.hpp"
#include "msrp/path.hpp"

namespace msrp {

struct Listening {
  ListenerId listener;
  SocketAddress at;
};
struct ListenFailed {
  ListenerId listener;
  Error error;
};

// A ticket has its local path: put it into the session description.
struct Prepared {
  TicketId ticket;
  Path local_path;
};
// A session is up on a connection. remote_path is what the peer's first request said (passive) or
// what complete() was given (active).
struct Bound {
  TicketId ticket;
  SessionId session;
  Path local_path;
  Path remote_path;
  // The peer is known by its certificate: it matches RemoteDescription::fingerprints, or the
  // transport says so (PeerIdentity::verified).
  bool peer_verified = false;
};
// The last event of a ticket that did not come to Bound. peer_mismatch: who knows the path has
// another certificate than its description says (RFC 4975 section 14.4).
struct TicketFailed {
  TicketId ticket;
  Error error;
};

// ---- incoming messages: Started, then Data in any order of offsets, then Ended, exactly once
// each.
struct MessageStarted {
  SessionId session;
  IncomingHandle message;
  HeadView head;
  bool duplicate;  // a message with this Message-ID came whole before (RFC 4975 section 5.4)
};
// The slice owns its bytes. Give the credit back with Engine::release() once they are dealt with.
struct MessageData {
  SessionId session;
  IncomingHandle message;
  std::uint64_t offset;  // 0-based, in the whole message
  Slice slice;
};
struct MessageEnded {
  SessionId session;
  IncomingHandle message;
  std::uint64_t bytes;  // size of the message when complete, else what has come of it
  std::uint32_t chunks;
  std::optional<Error>
      error;  // empty: complete; aborted: the peer's "#"; else why it never will be
};

// ---- outgoing messages. Sent, then (unless Failure-Report is no or partial) exactly one of
// Delivered and MessageFailed; Reported as REPORTs come, which are waited for no longer than
// Timeouts::report. The handle ends with MessageDone, the last of its events.
struct Writable {
  MessageHandle message;
  std::size_t bytes;
};  // a StreamBody takes this much again
struct Sent {
  MessageHandle message;
};  // every octet is with the transport
struct Delivered {
  MessageHandle message;
};  // every chunk got 200 from the next hop
struct Reported {  // end to end (RFC 4975 section 7.1.2)
  MessageHandle message;
  std::uint16_t status;
  ByteRange range;
  bool complete;  // success REPORTs now cover the whole message
};
struct MessageFailed {
  MessageHandle message;
  Error error;
};
struct BodyReleased {
  MessageHandle message;
};  // a BorrowedBody is the caller's again
struct MessageDone {
  MessageHandle message;
};

// ---- the chunk level: requests that the application answers itself (SessionOptions::handling).
// Started, then Data in order, then Ended, exactly once each; Engine::respond() from Started on.
struct ChunkStarted {
  SessionId session;
  RequestHandle request;
  HeadView head;
};
// As MessageData; the offset counts from the chunk's first octet.
struct ChunkData {
  SessionId session;
  RequestHandle request;
  std::uint64_t offset;
  Slice slice;
};
struct ChunkEnded {
  SessionId session;
  RequestHandle request;
  Flag flag;
  std::uint64_t bytes;
  std::optional<Error> error;  // the connection failed in the middle of it, or it broke a rule
};
// The answer to a request of send_chunk(); a chunk that was interrupted took several.
struct Answered {
  MessageHandle message;
  std::uint16_t status;
  std::string_view comment;
};

// The last event of a session, behind those of its messages.
struct SessionClosed {
  SessionId session;
  Error reason;
};

using Event = std::variant<Listening, ListenFailed, Prepared, Bound, TicketFailed, MessageStarted,
                           MessageData, MessageEnded, Writable, Sent, Delivered, Reported,
                           MessageFailed, BodyReleased, MessageDone, ChunkStarted, ChunkData,
                           ChunkEnded, Answered, SessionClosed>;

}  // namespace msrp
