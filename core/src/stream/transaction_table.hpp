// Requests of ours that wait for an answer or for their own last octet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ident.hpp"
#include "base/slot_map.hpp"
#include "msrp/chunk.hpp"
#include "msrp/ids.hpp"
#include "stream/timers.hpp"
#include "stream/transmit_queue.hpp"

namespace msrp {

struct Transaction {
  Transaction(ConnId on, MessageHandle of, FailureReport asked) noexcept
      : conn(on), message(of), failure_report(asked) {}

  Ident id;  // on the wire; it names the slot, see IdentSource
  ConnId conn;
  MessageHandle message;
  FailureReport failure_report = FailureReport::yes;
  Timer timer;                   // runs from the request's last octet (RFC 4975 section 7.1.1)
  TransactionId previous, next;  // of the same connection
  bool sent_partial = false;     // in that list of its connection
  bool answered = false;         // before its last octet was sent: it stays until then
};

// A connection's open transactions, as the ends of a list through the table.
struct TransactionList {
  TransactionId first, last;  // newest, oldest
  std::uint32_t size = 0;
};

// One table serves all connections of an engine; an answer counts only on the connection that its
// request went out on (RFC 4975 section 7.2).
class TransactionTable {
 public:
  explicit TransactionTable(IdentSource& idents) noexcept : idents_(&idents) {}

  TransactionId open(ConnId conn, TransactionList& list, MessageHandle message,
                     FailureReport failure_report);
  // Draws another wire id for a request of which nothing has gone out.
  void rename(TransactionId id) noexcept;

  Transaction* find(TransactionId id) noexcept { return table_.find(id); }
  Transaction& operator[](TransactionId id) noexcept { return table_[id]; }
  // The open transaction with this wire id on this connection.
  std::optional<TransactionId> find(ConnId conn, std::string_view wire_id) noexcept;

  void close(TransactionId id, TransactionList& list) noexcept;
  // To the front of another list.
  void move(TransactionId id, TransactionList& from, TransactionList& to) noexcept;
  std::size_t size() const noexcept { return table_.size(); }
  bool full() const noexcept { return table_.size() >= IdentSource::index_end - 1; }

 private:
  void link(TransactionId id, TransactionList& list) noexcept;
  void unlink(TransactionId id, TransactionList& list) noexcept;

  IdentSource* idents_;
  SlotMap<Transaction, TransactionId> table_;
};

}  // namespace msrp
