#include "allocations.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> count{0};
std::atomic<std::int64_t> live{0};

// What the allocator keeps in front of a block belongs to it.
constexpr std::int64_t block_header_bytes = 8;

std::int64_t size_of(void* memory) noexcept {
  return static_cast<std::int64_t>(malloc_usable_size(memory)) + block_header_bytes;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  live.fetch_sub(size_of(memory), std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

namespace msrp::bench {

std::uint64_t allocations() noexcept {
  return count.load(std::memory_order_relaxed);
}

std::int64_t live_bytes() noexcept {
  return live.load(std::memory_order_relaxed);
}

}  // namespace msrp::bench

// Not inlined: g++ would take a new that it sees through for a malloc with the wrong release.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  count.fetch_add(1, std::memory_order_relaxed);
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  live.fetch_add(size_of(memory), std::memory_order_relaxed);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  release(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
