#include "stream/transmit_queue.hpp"

#include <algorithm>
#include <cstring>

#include "msrp/assert.hpp"

namespace msrp {

namespace {
constexpr std::size_t block_bytes = StagingPool::block_bytes;
}

void TransmitQueue::append_staged(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  // Room first, so that nothing is half queued when memory runs out.
  items_.reserve_one();
  std::size_t room = blocks_.empty() ? 0 : block_bytes - blocks_tail_;
  const std::size_t blocks_before = blocks_.size();
  try {
    for (; room < bytes.size(); room += block_bytes) blocks_.push_back(pool_->take());
  } catch (...) {
    while (blocks_.size() > blocks_before) blocks_.pop_back();
    throw;
  }
  std::size_t block = blocks_before == 0 ? 0 : blocks_before - 1;
  if (blocks_before == 0) blocks_tail_ = blocks_head_ = 0;
  for (std::span<const std::byte> rest = bytes; !rest.empty();) {
    if (blocks_tail_ == block_bytes) {
      ++block;
      blocks_tail_ = 0;
    }
    const std::size_t n = std::min(rest.size(), block_bytes - blocks_tail_);
    std::memcpy(blocks_[block]->data() + blocks_tail_, rest.data(), n);
    blocks_tail_ += n;
    rest = rest.subspan(n);
  }
  staged_bytes_ += bytes.size();
  bytes_ += bytes.size();
  if (!items_.empty() && items_.back().data == nullptr && !items_.back().request_end) {
    items_.back().bytes += bytes.size();
    return;
  }
  Item item;
  item.bytes = bytes.size();
  items_.push_back(std::move(item));
}

void TransmitQueue::append_body(std::span<const std::byte> bytes, BufferRef owner,
                                MessageHandle of) {
  if (bytes.empty()) return;
  Item item;
  item.data = bytes.data();
  item.bytes = bytes.size();
  item.owner = std::move(owner);
  item.body_of = of;
  items_.push_back(std::move(item));
  bytes_ += bytes.size();
}

void TransmitQueue::mark_request_end(TransactionId transaction) noexcept {
  MSRP_ASSERT(!items_.empty() && !items_.back().request_end);
  items_.back().request_end = transaction;
}

std::size_t TransmitQueue::gather(std::span<ConstBuffer> out, std::size_t bytes_max) noexcept {
  std::size_t count = 0;
  std::size_t block = 0;
  std::size_t at = blocks_head_;
  for (std::size_t i = 0; i < items_.size() && count < out.size() && bytes_max > 0; ++i) {
    const Item& item = items_[i];
    if (item.data != nullptr) {
      const std::size_t n = std::min(item.bytes, bytes_max);
      out[count++] = {item.data, n};
      bytes_max -= n;
      continue;
    }
    for (std::size_t left = item.bytes; left > 0 && count < out.size() && bytes_max > 0;) {
      if (at == block_bytes) {
        ++block;
        at = 0;
      }
      const std::size_t n = std::min({left, block_bytes - at, bytes_max});
      const std::byte* data = blocks_[block]->data() + at;
      if (count > 0 && out[count - 1].data() + out[count - 1].size() == data) {
        out[count - 1] = {out[count - 1].data(), out[count - 1].size() + n};  // one block, one span
      } else {
        out[count++] = {data, n};
      }
      at += n;
      left -= n;
      bytes_max -= n;
    }
  }
  return count;
}

std::size_t TransmitQueue::consume(std::size_t bytes, Consumed& consumed) noexcept {
  consumed = {};
  MSRP_ASSERT(bytes > 0 && bytes <= bytes_);
  Item& item = items_.front();
  const std::size_t n = std::min(bytes, item.bytes);
  if (item.data == nullptr) {
    consume_staged(n);
  } else {
    item.data += n;
    consumed.body_of = item.body_of;
    consumed.body_bytes = n;
  }
  item.bytes -= n;
  bytes_ -= n;
  if (item.bytes == 0) {
    consumed.request_end = item.request_end;
    items_.pop_front();
  }
  return n;
}

void TransmitQueue::consume_staged(std::size_t bytes) noexcept {
  staged_bytes_ -= bytes;
  while (bytes > 0) {
    if (blocks_head_ == block_bytes) {
      pool_->give(blocks_.pop_front());
      blocks_head_ = 0;
    }
    const std::size_t n = std::min(bytes, block_bytes - blocks_head_);
    blocks_head_ += n;
    bytes -= n;
  }
  if (staged_bytes_ > 0) return;
  while (!blocks_.empty()) pool_->give(blocks_.pop_front());
  blocks_head_ = blocks_tail_ = 0;
}

void TransmitQueue::release_memory() noexcept {
  items_.shrink_if_empty();
  blocks_.shrink_if_empty();
}

void TransmitQueue::clear() noexcept {
  while (!items_.empty()) items_.pop_front();
  while (!blocks_.empty()) pool_->give(blocks_.pop_front());
  blocks_head_ = blocks_tail_ = staged_bytes_ = bytes_ = 0;
}

}  // namespace msrp
