// Decides what goes next onto a connection and writes it into the transmit order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/slot_map.hpp"
#include "msrp/encoder.hpp"
#include "msrp/limits.hpp"
#include "msrp/logger.hpp"
#include "session/outgoing_message.hpp"
#include "session/session.hpp"
#include "stream/connection.hpp"
#include "stream/transaction_table.hpp"

namespace msrp {

// The order of things, so that nobody waits long for anybody else (RFC 4975 section 7.1.1):
//  - responses and REPORTs before anything else; an open chunk that can be interrupted ends for
//    them;
//  - messages of one short chunk next, one a session and turn;
//  - one quantum of a longer message, sessions taking turns and messages of a session taking turns.
// Nothing is written ahead of need: what is not yet in the transmit order can still be overtaken.
class ChunkWriter {
 public:
  ChunkWriter(const Limits& limits, SlotMap<Session, SessionId>& sessions,
              SlotMap<OutgoingMessage, MessageHandle>& messages, TransactionTable& transactions,
              Logger* logger);

  // Room for enqueue(), also when the message has grown until then.
  static void reserve(Connection& conn, Session& session, const OutgoingMessage& message);
  // The message has something to send and its session a connection. On bad_alloc nothing has
  // changed.
  void enqueue(Connection& conn, Session& session, OutgoingMessage& message);
  // Takes its place in the queues away.
  void dequeue(Session& session, OutgoingMessage& message) noexcept;

  // Extends the transmit order up to Limits::transmit_bytes.
  void fill(Connection& conn, Instant now);
  // Whether fill() could add something.
  bool has_work(const Connection& conn) const noexcept;

  // A response or REPORT. Errors: those of encode_head(); nothing is queued then.
  Result<void> write_control(Connection& conn, const HeadSpec& head, Instant now);
  // The same without an error: check_head() has nothing against it, and it is not longer than two
  // heads that were received.
  void write_checked_control(Connection& conn, const HeadSpec& head, Instant now);

  // Whether a head with this message's headers can be encoded; the error otherwise.
  Result<void> check(const Session& session, const OutgoingMessage& message);

 private:
  HeadSpec head_of(const Session& session, const OutgoingMessage& message,
                   std::string_view transaction_id) const noexcept;
  MessageHandle choose(Connection& conn) noexcept;
  static void promote(Session& session) noexcept;
  bool begin_next(Connection& conn, Instant now);
  void begin_chunk(Connection& conn, Session& session, OutgoingMessage& message, Instant now);
  bool write_whole_chunk(Connection& conn, Session& session, OutgoingMessage& message,
                         TransactionId transaction, Instant now);
  bool go_on(Connection& conn, Instant now);
  std::uint64_t append_body(Connection& conn, OutgoingMessage& message, std::size_t bytes_max,
                            Instant now);
  void end_chunk(Connection& conn, Flag flag, Instant now);
  void requeue(Connection& conn, OutgoingMessage& message);
  void flush_control(Connection& conn, Instant now);
  void log_control(const Connection& conn, Instant now);

  const Limits& limits_;
  SlotMap<Session, SessionId>& sessions_;
  SlotMap<OutgoingMessage, MessageHandle>& messages_;
  TransactionTable& transactions_;
  Logger* logger_;
  std::vector<std::byte> scratch_;  // one head, or one whole short chunk
};

}  // namespace msrp
