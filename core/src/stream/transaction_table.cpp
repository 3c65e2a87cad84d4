#include "stream/transaction_table.hpp"

#include "msrp/assert.hpp"

namespace msrp {

TransactionId TransactionTable::open(ConnId conn, TransactionList& list, MessageHandle message,
                                     FailureReport failure_report) {
  const TransactionId id = table_.emplace(conn, message, failure_report);
  link(id, list);
  rename(id);
  return id;
}

void TransactionTable::rename(TransactionId id) noexcept {
  table_[id].id = idents_->indexed(id.index);
}

std::optional<TransactionId> TransactionTable::find(ConnId conn,
                                                    std::string_view wire_id) noexcept {
  const std::optional<std::uint32_t> index = IdentSource::index_of(wire_id);
  if (!index) return std::nullopt;
  const std::optional<TransactionId> id = table_.at_index(*index);
  if (!id) return std::nullopt;
  const Transaction& transaction = table_[*id];
  if (transaction.conn != conn || transaction.id.text() != wire_id) return std::nullopt;
  return id;
}

void TransactionTable::close(TransactionId id, TransactionList& list) noexcept {
  unlink(id, list);
  table_.erase(id);
}

void TransactionTable::move(TransactionId id, TransactionList& from, TransactionList& to) noexcept {
  unlink(id, from);
  link(id, to);
}

void TransactionTable::link(TransactionId id, TransactionList& list) noexcept {
  Transaction& transaction = table_[id];
  transaction.previous = {};
  transaction.next = list.first;
  if (Transaction* next = table_.find(list.first)) next->previous = id;
  list.first = id;
  if (list.size++ == 0) list.last = id;
}

void TransactionTable::unlink(TransactionId id, TransactionList& list) noexcept {
  const Transaction& transaction = table_[id];
  if (Transaction* previous = table_.find(transaction.previous)) previous->next = transaction.next;
  if (Transaction* next = table_.find(transaction.next)) next->previous = transaction.previous;
  if (list.first == id) list.first = transaction.next;
  if (list.last == id) list.last = transaction.previous;
  MSRP_ASSERT(list.size > 0);
  --list.size;
}

}  // namespace msrp
