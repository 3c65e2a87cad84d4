// Memory of the parser: bounded whatever a peer sends, and none asked for in steady state. Counts
// every allocation of this program, so nothing else is tested here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <variant>

#include "msrp/parser.hpp"
#include "support/test_services.hpp"

namespace {

std::size_t allocations = 0;
std::size_t live_bytes = 0;
std::size_t peak_bytes = 0;

constexpr std::size_t prefix_bytes = alignof(std::max_align_t);

void* allocate(std::size_t bytes) {
  void* const block = std::malloc(prefix_bytes + bytes);
  if (block == nullptr) throw std::bad_alloc();
  *static_cast<std::size_t*>(block) = bytes;
  ++allocations;
  live_bytes += bytes;
  peak_bytes = std::max(peak_bytes, live_bytes);
  return static_cast<std::byte*>(block) + prefix_bytes;
}

void release(void* pointer) noexcept {
  if (pointer == nullptr) return;
  void* const block = static_cast<std::byte*>(pointer) - prefix_bytes;
  live_bytes -= *static_cast<std::size_t*>(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
void* operator new[](std::size_t bytes) {
  return allocate(bytes);
}
void operator delete(void* pointer) noexcept {
  release(pointer);
}
void operator delete[](void* pointer) noexcept {
  release(pointer);
}
void operator delete(void* pointer, std::size_t) noexcept {
  release(pointer);
}
void operator delete[](void* pointer, std::size_t) noexcept {
  release(pointer);
}

namespace msrp {
namespace {

using test::bytes_of;

const std::string paths =
    "To-Path: msrp://b.example:1/bob;tcp\r\nFrom-Path: msrp://a.example:2/alice;tcp\r\n";
const std::string head =
    "MSRP abcd1234 SEND\r\n" + paths +
    "Message-ID: m1m1\r\nByte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n";
const std::string end_line = "\r\n-------abcd1234$\r\n";

// Feeds a parser and counts what it says.
struct Feeder {
  ParserLimits limits;
  HeaderTable table;
  Parser parser{limits, table};
  std::uint64_t body_bytes = 0;
  std::uint64_t heads = 0, ends = 0, invalid = 0;
  std::optional<Errc> lost;

  void feed(std::string_view octets, const BufferRef& owner = {}) {
    if (lost) return;
    parser.push(Slice{bytes_of(octets), owner});
    for (;;) {
      const Result<ParseEvent> event = parser.next();
      if (!event) {
        lost = event.error().code;
        return;
      }
      if (std::holds_alternative<NeedData>(*event)) return;
      if (const auto* part = std::get_if<BodyPart>(&*event)) body_bytes += part->slice.bytes.size();
      if (const auto* done = std::get_if<HeadDone>(&*event)) {
        ++heads;
        invalid += done->head.invalid ? 1 : 0;
      }
      ends += std::holds_alternative<ChunkDone>(*event) ? 1 : 0;
    }
  }
};

// What was asked for at most, beyond what was there before.
template <class Function>
std::size_t peak_of(Function&& function) {
  const std::size_t before = live_bytes;
  peak_bytes = live_bytes;
  function();
  return peak_bytes - before;
}

// The parser's own size counts as well.
static_assert(sizeof(Parser) < 1024);

TEST(ParserMemory, ABodyIsNeverGathered) {
  constexpr std::size_t block_bytes = 64 * 1024;
  constexpr std::size_t blocks = 512;  // 32 MiB; it would show at once
  const std::string fillers[] = {std::string("\r"), std::string("-"), std::string("\r\n"),
                                 std::string("\r\n-------abcd123"), std::string("plain text ")};
  for (const std::string& filler : fillers) {
    std::string block;
    while (block.size() < block_bytes) block += filler;
    Feeder run;
    run.feed(head);
    const std::size_t peak = peak_of([&] {
      for (std::size_t i = 0; i < blocks; ++i) run.feed(block);
    });
    EXPECT_EQ(peak, 0U) << filler;
    run.feed(end_line);
    EXPECT_FALSE(run.lost);
    EXPECT_EQ(run.ends, 1U);
    EXPECT_EQ(run.body_bytes, blocks * block.size());
  }
}

// R4975-9-38
TEST(ParserMemory, AHeadIsBoundedByItsLimit) {
  constexpr std::size_t pushed_bytes_max = 8 * 1024 * 1024;
  const std::string begins[] = {
      "MSRP abcd1234 ", "MSRP abcd1234 SEND\r\n",
      "MSRP abcd1234 SEND\r\n" + paths + "X-Note: ", "MSRP abcd1234 SEND\r\n" + paths};
  const std::string goes_on[] = {std::string(4096, 'A'), "a: b\r\n", "\r", "-------abcd123\r\n",
                                 std::string("x")};
  for (const std::string& begin : begins) {
    for (const std::string& more : goes_on) {
      if (more == "\r" && begin.ends_with("\n")) continue;  // "\r\r" is a line too, a short one
      Feeder run;
      std::size_t pushed = 0;
      const std::size_t peak = peak_of([&] {
        run.feed(begin);
        while (!run.lost && pushed < pushed_bytes_max) {
          run.feed(more);
          pushed += more.size();
        }
      });
      EXPECT_EQ(run.lost, Errc::head_too_large) << begin << more.substr(0, 20);
      EXPECT_LE(pushed, run.limits.head_bytes + more.size()) << begin << more.substr(0, 20);
      EXPECT_LE(peak, 5 * std::size_t{run.limits.head_bytes}) << begin << more.substr(0, 20);
    }
  }
}

TEST(ParserMemory, BlankLinesAreCounted) {
  Feeder run;
  const std::size_t peak = peak_of([&] {
    for (int i = 0; i < 1'000'000 && !run.lost; ++i) run.feed("\r\n");
  });
  EXPECT_EQ(run.lost, Errc::garbage);
  EXPECT_EQ(run.parser.offset(), run.limits.blank_bytes);
  EXPECT_EQ(peak, 0U);
}

TEST(ParserMemory, NothingIsKeptForALongHeadThatIsOver) {
  Feeder run;
  const std::string long_head = "MSRP abcd1234 SEND\r\n" + paths +
                                "Message-ID: m1m1\r\nX-Note: " + std::string(12000, 'x') +
                                "\r\nContent-Type: text/plain\r\n\r\n";
  const std::size_t before = live_bytes;
  for (const char c : long_head) run.feed({&c, 1});
  run.feed("body");
  EXPECT_LT(live_bytes - before, 4096U) << "an idle connection holds no long head";
  run.feed(end_line);
  EXPECT_EQ(run.ends, 1U);
  EXPECT_LT(live_bytes - before, 4096U);
}

// Chunks of every kind.
std::string mixed_stream() {
  return head + "hello, world" + end_line + "MSRP efgh5678 200 OK\r\n" + paths +
         "-------efgh5678$\r\n" + "MSRP ijkl9012 REPORT\r\n" + paths +
         "Message-ID: m1m1\r\nByte-Range: 1-12/12\r\nStatus: 000 200 OK\r\n"
         "X-Note: a header of no meaning\r\n-------ijkl9012$\r\n"
         "MSRP mnop3456 SEND\r\n" +
         paths + "Message-ID: m2m2\r\n-------mnop3456$\r\n" +
         "MSRP qrst7890 BOGUS\r\nFrom-Path: x\r\n-------qrst7890+\r\n";
}
constexpr std::uint64_t mixed_chunks = 5;

TEST(ParserMemory, NoAllocationForWholeChunks) {
  const std::string stream = mixed_stream() + mixed_stream();
  Feeder run;
  run.feed(stream);
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) run.feed(stream);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(run.heads, 2 * mixed_chunks * 1001);
  EXPECT_EQ(run.ends, 2 * mixed_chunks * 1001);
  EXPECT_EQ(run.invalid, 2U * 1001U);
}

TEST(ParserMemory, NoAllocationForChunksThatStraddleInputs) {
  const std::string stream = mixed_stream();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
    Feeder run;
    const auto once = [&] {
      for (std::size_t at = 0; at < stream.size(); at += piece) {
        run.feed(std::string_view(stream).substr(at, piece));
      }
    };
    once();  // makes the buffers
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) once();
    EXPECT_EQ(allocations, before) << piece;
    EXPECT_EQ(run.ends, mixed_chunks * 101);
  }
}

TEST(ParserMemory, NoAllocationForSlabsWithAnOwner) {
  test::FixedPool pool(1, 4096);
  const BufferRef owner = *pool.acquire();
  const std::string stream = mixed_stream();
  std::ranges::copy(bytes_of(stream), owner.storage().begin());
  const std::string_view octets = test::text_of(owner.storage().first(stream.size()));
  Feeder run;
  run.feed(octets, owner);
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) run.feed(octets, owner);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(run.ends, mixed_chunks * 1001);
  EXPECT_EQ(run.body_bytes, 12U * 1001U);
}

}  // namespace
}  // namespace msrp
