// What one connection sends, in its final order: staged octets and slices of bodies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/ring_queue.hpp"
#include "msrp/buffer.hpp"
#include "msrp/ids.hpp"
#include "stream/staging.hpp"

namespace msrp {

// The index of a transaction in the transaction table, see transaction_table.hpp.
using TransactionId = Handle<struct TransactionTag>;

// Three steps, so that a partial write needs no special case: gather() lends, consume() takes from
// the front what the transport took, and only then does memory go back.
class TransmitQueue {
 public:
  explicit TransmitQueue(StagingPool& pool) noexcept : pool_(&pool) {}
  ~TransmitQueue() { clear(); }
  TransmitQueue(const TransmitQueue&) = delete;
  TransmitQueue& operator=(const TransmitQueue&) = delete;

  // Copies. On bad_alloc nothing is queued.
  void append_staged(std::span<const std::byte> bytes);
  // References: the octets stay valid until consumed or cleared; `of` is told by then.
  void append_body(std::span<const std::byte> bytes, BufferRef owner, MessageHandle of);
  // The last octet queued so far is the last one of this request. Precondition: not empty.
  void mark_request_end(TransactionId transaction) noexcept;

  std::size_t gather(std::span<ConstBuffer> out, std::size_t bytes_max) noexcept;

  struct Consumed {
    MessageHandle body_of;  // whose body octets these were, if any
    std::size_t body_bytes = 0;
    TransactionId request_end;  // whose last octet is now with the transport, if any
  };
  // Takes up to bytes from the front, as one item or a part of one; call until bytes are used up.
  // Returns how many were taken.
  std::size_t consume(std::size_t bytes, Consumed& consumed) noexcept;

  bool empty() const noexcept { return bytes_ == 0; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t staged_bytes() const noexcept { return staged_bytes_; }

  // Gives idle memory back; called when the queue runs empty and nothing more is on its way.
  void release_memory() noexcept;

 private:
  struct Item {
    const std::byte* data = nullptr;  // null: staged
    std::size_t bytes = 0;
    BufferRef owner;
    MessageHandle body_of;
    TransactionId request_end;
  };

  void clear() noexcept;
  void consume_staged(std::size_t bytes) noexcept;

  StagingPool* pool_;
  RingQueue<Item> items_;
  RingQueue<std::unique_ptr<StagingPool::Block>> blocks_;
  std::size_t blocks_head_ = 0;  // first octet in use in blocks_.front()
  std::size_t blocks_tail_ = 0;  // first free octet in blocks_.back()
  std::size_t staged_bytes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace msrp
