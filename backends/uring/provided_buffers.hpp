// Slabs lent to the kernel, which picks one for whatever connection has received something.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "backends/common/receive_slabs.hpp"
#include "backends/uring/kernel.hpp"
#include "backends/uring/ring.hpp"
#include "msrp/buffer.hpp"

namespace msrp::backend {

// One ring of buffers a loop, shared by all of its connections. A slab that has something in it
// belongs to whoever holds its slices; another takes its place. When small reads cannot share a
// slab in the kernel they are copied into one that they share, so that a peer that sends an octet
// at a time does not pin a slab for each.
class ProvidedBuffers {
 public:
  static constexpr std::uint16_t group = 1;

  // entries: a power of two.
  ProvidedBuffers(BufferPool& pool, unsigned entries);
  ~ProvidedBuffers();
  ProvidedBuffers(const ProvidedBuffers&) = delete;
  ProvidedBuffers& operator=(const ProvidedBuffers&) = delete;

  // 0 or an errno. Turns incremental_buffers off where the kernel does not know them. The ring
  // ends before this does.
  SystemError register_with(Ring& ring, UringFeatures& features);

  // Fills empty places as far as the pool allows. Returns how many buffers the kernel has.
  unsigned refill();

  // The octets of a completion that used a buffer. A completion without octets gives its buffer
  // back.
  template <class OnSlice>
  void take(const UringCompletion& completion, OnSlice&& on_slice) {
    const auto place = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    const auto bytes = static_cast<std::size_t>(completion.result > 0 ? completion.result : 0);
    const bool goes_on = incremental_ && (completion.flags & IORING_CQE_F_BUF_MORE) != 0;
    if (bytes == 0 && goes_on) return;
    if (bytes == 0) return incremental_ ? empty(place) : offer(place);
    if (!incremental_ && bytes <= pool_.slab_bytes() / 4 &&
        copy(places_[place].slab.storage().first(bytes), on_slice)) {
      return offer(place);
    }
    on_slice(consume(place, bytes));
    if (!goes_on) empty(place);
  }

 private:
  struct Place {
    BufferRef slab;
    std::size_t used = 0;
  };

  template <class OnSlice>
  bool copy(ConstBuffer octets, OnSlice&& on_slice);
  Slice consume(std::uint16_t place, std::size_t bytes);
  void offer(std::uint16_t place);
  void empty(std::uint16_t place);

  struct Unmap {
    std::size_t bytes;
    void operator()(io_uring_buf_ring* memory) const noexcept;
  };

  BufferPool& pool_;
  unsigned entries_;
  bool incremental_ = false;
  std::unique_ptr<io_uring_buf_ring, Unmap> memory_;
  std::vector<Place> places_;
  std::vector<std::uint16_t> empty_;
  ReceiveSlabs small_;
};

template <class OnSlice>
bool ProvidedBuffers::copy(ConstBuffer octets, OnSlice&& on_slice) {
  const auto room = small_.room(1);
  if (room.empty() || room[0].iov_len < octets.size()) return false;
  std::memcpy(room[0].iov_base, octets.data(), octets.size());
  small_.commit(octets.size(), on_slice);
  return true;
}

}  // namespace msrp::backend
