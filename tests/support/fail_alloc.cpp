#include "support/fail_alloc.hpp"

#include <cstdlib>
#include <new>

namespace msrp::test {

Heap heap;

namespace {

void* take(std::size_t bytes) {
  if (heap.watched) {
    const std::size_t number = ++heap.taken;
    if (number >= heap.refused_first && number < heap.refused_end) return nullptr;
    heap.chance = heap.chance * 6364136223846793005U + 1442695040888963407U;
    if (heap.one_in > 0 && (heap.chance >> 33) % heap.one_in == 0) return nullptr;
  }
  return std::malloc(bytes > 0 ? bytes : 1);
}

}  // namespace
}  // namespace msrp::test

// Not inlined: g++ would take a new that it sees through for a malloc with the wrong release.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* memory = msrp::test::take(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return msrp::test::take(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
