// The endpoint engine: many sessions over shared connections, no I/O of its own.
//
// Inputs take `now`, which never goes backwards. Outputs are pulled: after any input drain
// poll_command(), poll_sendable() and poll_event() until they are empty; their order does not
// matter. The contract's rules are in core/README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/address.hpp"
#include "msrp/body.hpp"
#include "msrp/buffer.hpp"
#include "msrp/command.hpp"
#include "msrp/crypto.hpp"
#include "msrp/error.hpp"
#include "msrp/event.hpp"
#include "msrp/fingerprint.hpp"
#include "msrp/ids.hpp"
#include "msrp/limits.hpp"
#include "msrp/logger.hpp"
#include "msrp/path.hpp"
#include "msrp/random.hpp"
#include "msrp/session_options.hpp"
#include "msrp/time.hpp"
#include "msrp/uri.hpp"

namespace msrp {

struct EngineConfig {
  Limits limits;
  Timeouts timeouts;
};

// Handed in; they outlive the engine and are called synchronously.
struct Services {
  Random& random;
  Crypto& crypto;
  BufferPool& buffers;
  Logger* logger = nullptr;
};

struct ListenRequest {
  SocketAddress at;     // port 0: any free one
  std::string host;     // what own URIs say; empty: the address listened on
  bool secure = false;  // TLS, and own URIs are msrps
};

struct PrepareRequest {
  bool active = true;                  // connects; otherwise the peer does
  std::optional<ListenerId> listener;  // required when passive
  std::string host;                    // of the own URI when active without a listener
  bool secure = false;                 // that URI is msrps
  std::optional<Uri> local;            // instead of a generated one
  // A session that has ended and that this one stands in for: what came whole in it is known as a
  // duplicate when it comes again (RFC 4975 section 5.4). Unknown ones are ignored.
  SessionId replaces;
  SessionOptions options;
};

enum class TimeoutReason : std::uint8_t {
  none,
  transaction,
  bind,
  complete,
  connect,
  resolve,
  close,
  idle,
  keep_alive,
  message,
  behind,
  report,
};

class Engine {
 public:
  // Errors: out_of_memory; invalid_argument for limits that cannot work (a quantum below 2048).
  static Result<Engine> create(const EngineConfig& config, Services services, Instant start);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // ---- application ------------------------------------------------------------------------

  // May emit DoListen; then Listening or ListenFailed. Errors: out_of_memory.
  Result<ListenerId> listen(const ListenRequest& request, Instant now);
  // Sessions and connections that came through it go on.
  void stop_listening(ListenerId listener, Instant now);

  // Makes the local path. May emit Prepared (at once, or when the listener is up) or TicketFailed.
  // Errors: stale_handle, limit_exceeded, bad_uri, bad_state (a local URI that is in use),
  // invalid_argument (passive without a listener, or nothing to make a URI of), listen_failed.
  Result<TicketId> prepare(const PrepareRequest& request, Instant now);

  // Queues the message that is to bind the session, instead of a bodiless SEND (RFC 4975
  // section 5.4). Active tickets, between prepare() and complete(). Errors: stale_handle,
  // bad_state, invalid_argument (Failure-Report other than yes: only an answer tells that the
  // session is up), and those of send().
  Result<MessageHandle> send_first(TicketId ticket, const MessageSpec& spec, Body body,
                                   Instant now);

  // Active: takes the connection that there is to the same scheme, host, port and identity, or
  // resolves and connects to one address after the other; then sends the binding SEND. A connection
  // that turns out to be gone by then is replaced once. Passive: waits for the SEND. May emit
  // DoResolve, DoConnect; then Bound or TicketFailed. Errors: stale_handle, bad_state (not
  // prepared, or completed), invalid_argument (active without a path), bad_uri.
  Result<void> complete(TicketId ticket, const RemoteDescription& remote, Instant now);

  // Gives up a ticket that is not bound yet; no event follows for it. A stale ticket is ignored.
  void cleanup(TicketId ticket, Instant now);

  // Queues a message; spec's views are needed during the call alone. Errors: stale_handle,
  // bad_state (the session is closing), limit_exceeded, unsupported_type (the peer's accept-types),
  // message_too_large (the peer's max-size), bad_content_type, bad_message_id, invalid_argument,
  // head_too_large, and those of encode_head() for extra headers. May emit Writable, Sent,
  // Delivered, Reported, MessageFailed, BodyReleased; last MessageDone.
  Result<MessageHandle> send(SessionId session, const MessageSpec& spec, Body body, Instant now);

  // Feeds a StreamBody. Returns the octets taken, from the front; fewer than offered when the
  // window is full: go on after Writable. A slice with an owner is kept by reference, one without
  // is copied. Errors: stale_handle, bad_state (finished, no stream), invalid_argument (beyond the
  // announced total).
  Result<std::size_t> write(MessageHandle message, Slice slice, Instant now);
  // No more octets come. Errors: bad_state when fewer than the announced total were written.
  Result<void> finish(MessageHandle message, Instant now);
  // Ends the message with "#" (RFC 4975 section 7.1) if any of it has gone. MessageFailed{aborted}
  // follows, unless nothing but a REPORT was awaited any more; MessageDone in any case.
  void abort(MessageHandle message, Instant now);

  // The Message-ID, for sending the message again in a session that replaces this one. Valid until
  // MessageDone is queued; empty for a stale handle.
  std::string_view message_id(MessageHandle message) const noexcept;

  // ---- the chunk level, under the same engine -----------------------------------------------

  // Queues one chunk. Events as for send(), and Answered for every answer. A SEND's REPORTs come as
  // chunks if the session's handling is `chunks`. The body of another method than SEND has at most
  // 10240 octets (RFC 4975 section 7.1) and no stream. Errors: those of send(); invalid_argument
  // (a method with a member of its own, a start of 0, octets beyond the total); body_too_large.
  Result<MessageHandle> send_chunk(SessionId session, const ChunkSpec& spec, Body body,
                                   Instant now);
  // Answers a request once, unless its Failure-Report says otherwise. When the status is no 2xx,
  // what still comes of the chunk is dropped. Errors: stale_handle (also when no answer is
  // wanted any more), invalid_argument (status not 200-699), bad_comment.
  Result<void> respond(RequestHandle request, std::uint16_t status, std::string_view comment,
                       Instant now);
  // A REPORT about anything. Errors: stale_handle, bad_state, would_block (Limits::control_bytes),
  // and those of encode_head().
  Result<void> send_report(SessionId session, const ReportSpec& report, Instant now);
  // Puts octets into the transmit order as they are, for tests and private protocols: only in
  // between chunks and only on a connection with one session. Errors: stale_handle, bad_state,
  // would_block (Limits::transmit_bytes).
  Result<void> write_raw(SessionId session, std::span<const std::byte> bytes, Instant now);

  // Refuses an incoming message with a status (413 stops the sender, RFC 4975 section 10.5). Octets
  // that still come are dropped. MessageEnded{aborted} follows. Errors: stale_handle,
  // invalid_argument (status not 4xx-6xx, or the 408 that only relays say, section 10.4).
  Result<void> reject(IncomingHandle message, std::uint16_t status, Instant now);
  // For sessions with automatic_reports off: a success or failure REPORT, if the message asked for
  // that kind. Valid until the next message is complete or the handle's message was reported whole;
  // see limits. Errors: stale_handle, invalid_argument (status not 200-699, or 408).
  Result<void> send_report(IncomingHandle message, std::uint16_t status, Instant now);
  // Gives receive credit back for octets of MessageData and ChunkData.
  void release(SessionId session, std::size_t bytes, Instant now);

  // Ends a session: messages not yet sent whole are aborted, what is in the transmit order still
  // goes out, then the connection is closed if it carries no other session (Timeouts::idle). May
  // emit MessageFailed, MessageDone; last SessionClosed{closed}.
  void close(SessionId session, Instant now);

  // ---- transport --------------------------------------------------------------------------

  void on_listening(ListenerId listener, const SocketAddress& actual, Instant now);
  void on_listen_failed(ListenerId listener, const Error& error, Instant now);
  // nullopt: declined (limits); the driver discards the socket.
  std::optional<ConnId> on_accepted(ListenerId listener, const TransportInfo& info, Instant now);
  void on_connected(ConnId conn, const TransportInfo& info, Instant now);
  // The TLS handshake is done and says who the peer is: before on_connected(), and of an accepted
  // connection before the first on_received(). Without it nobody is known on the connection.
  void on_secured(ConnId conn, const PeerIdentity& peer, Instant now);
  // Returns the octets taken, from the front; when fewer than offered, DoPauseRead follows and the
  // caller keeps the rest until DoResumeRead. A slice with an owner is kept by reference, one
  // without is copied as far as it is body.
  std::size_t on_received(ConnId conn, const Slice& slice, Instant now);
  void on_eof(ConnId conn, Instant now);  // the peer sends no more
  void on_lost(ConnId conn, const Error& error,
               Instant now);                 // reset, refused, timed out; DoClose follows
  void on_closed(ConnId conn, Instant now);  // answers DoClose; the handle ends here
  void on_resolved(ResolveId query, std::span<const DnsRecord> records, Instant now);
  void on_resolve_failed(ResolveId query, const Error& error, Instant now);

  // ---- outputs ----------------------------------------------------------------------------

  std::optional<Command> poll_command();
  // Views in the event are valid until the next poll_event(), slices as long as they are kept.
  std::optional<Event> poll_event();
  // A connection that has something to send; each is returned once until more is queued or
  // transmitted() is called.
  std::optional<ConnId> poll_sendable();
  // Fills out with what to send next and returns how many buffers; consumes nothing. They stay
  // valid until they are transmitted() or on_closed(). More may follow in a later call behind the
  // same front.
  std::size_t poll_transmit(ConnId conn, std::span<ConstBuffer> out, Instant now);
  // Consumes from the front, any amount up to what was lent.
  void transmitted(ConnId conn, std::size_t bytes, Instant now);

  // When handle_timeout() is due; empty: never. After handle_timeout(now) it is empty or later than
  // now.
  std::optional<Instant> next_timeout() const noexcept;
  TimeoutReason next_timeout_reason() const noexcept;
  void handle_timeout(Instant now);

  // ---- for operators and tests --------------------------------------------------------------
  struct Stats {
    std::size_t connections, sessions, tickets, outgoing_messages, incoming_messages, transactions;
    std::uint64_t bad_chunks;  // received, well framed, refused
    std::size_t held_bytes;    // given out and not released
  };
  Stats stats() const noexcept;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace msrp
