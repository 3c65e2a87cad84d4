// The heap of a test that counts what an engine takes from it, and refuses some of that. A test
// that uses it is linked with fail_alloc.cpp, which replaces operator new.
#pragma once

#include <cstddef>
#include <cstdint>

namespace msrp::test {

struct Heap {
  bool watched = false;
  std::size_t taken = 0;  // while watched
  // The numbers of those to refuse, counted from 1: [first, end).
  std::size_t refused_first = 0, refused_end = 0;
  // Or as many as these say: of `one_in` one, by chance.
  std::size_t one_in = 0;
  std::uint64_t chance = 0;
};
extern Heap heap;

// Watches everything inside the call and nothing of the test around it.
template <class F>
decltype(auto) inside(F&& call) {
  struct Watch {
    Watch() { heap.watched = true; }
    ~Watch() { heap.watched = false; }
  } watch;
  return call();
}

}  // namespace msrp::test
