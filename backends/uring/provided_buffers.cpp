#include "backends/uring/provided_buffers.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <utility>

#include "msrp/assert.hpp"

namespace msrp::backend {

ProvidedBuffers::ProvidedBuffers(BufferPool& pool, unsigned entries)
    : pool_(pool), entries_(entries), places_(entries), small_(pool) {
  MSRP_ASSERT(entries > 0 && (entries & (entries - 1)) == 0);
  empty_.reserve(entries);
  for (unsigned i = entries; i-- > 0;) empty_.push_back(static_cast<std::uint16_t>(i));
}

ProvidedBuffers::~ProvidedBuffers() = default;

void ProvidedBuffers::Unmap::operator()(io_uring_buf_ring* memory) const noexcept {
  munmap(memory, bytes);
}

SystemError ProvidedBuffers::register_with(Ring& ring, UringFeatures& features) {
  const std::size_t bytes = entries_ * sizeof(io_uring_buf);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  memory_ = {static_cast<io_uring_buf_ring*>(memory), Unmap{bytes}};
  io_uring_buf_ring_init(memory_.get());
  const auto attempt = [&](std::uint16_t flags) {
    return kernel::register_buffers(ring.system(), memory_.get(), entries_, group, flags);
  };
  int error = EINVAL;
  if (features.incremental_buffers) {
    error = attempt(kernel::buffers_incremental);
    incremental_ = features.incremental_buffers = error == 0;
  }
  if (error != 0) error = attempt(0);
  return error;
}

unsigned ProvidedBuffers::refill() {
  while (!empty_.empty()) {
    auto slab = pool_.acquire();
    if (!slab) break;
    const std::uint16_t place = empty_.back();
    empty_.pop_back();
    places_[place] = {*std::move(slab), 0};
    offer(place);
  }
  return entries_ - static_cast<unsigned>(empty_.size());
}

void ProvidedBuffers::offer(std::uint16_t place) {
  places_[place].used = 0;
  const auto storage = places_[place].slab.storage();
  io_uring_buf_ring_add(memory_.get(), storage.data(), static_cast<unsigned>(storage.size()), place,
                        io_uring_buf_ring_mask(entries_), 0);
  io_uring_buf_ring_advance(memory_.get(), 1);
}

Slice ProvidedBuffers::consume(std::uint16_t index, std::size_t bytes) {
  Place& place = places_[index];
  const ConstBuffer octets = place.slab.storage().subspan(place.used, bytes);
  place.used += bytes;
  return Slice{octets, place.slab};
}

void ProvidedBuffers::empty(std::uint16_t place) {
  places_[place] = {};
  empty_.push_back(place);
}

}  // namespace msrp::backend
