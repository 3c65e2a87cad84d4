// What hostile streams leave on the heap: nothing that was not there before (RFC 4975
// section 14.5).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "msrp/engine.hpp"
#include "support/test_services.hpp"
#include "support/wire_chunk.hpp"

namespace {

// Octets that were taken while an engine was called and not given back.
struct Heap {
  bool watched = false;
  std::size_t live_bytes = 0, most_bytes = 0;
} heap;

// In front of each block: its size if it is counted, else 0.
constexpr std::size_t note_bytes = alignof(std::max_align_t);

void* take(std::size_t bytes) {
  void* block = std::malloc(bytes + note_bytes);
  if (block == nullptr) return nullptr;
  *static_cast<std::size_t*>(block) = heap.watched ? bytes : 0;
  if (heap.watched) heap.most_bytes = std::max(heap.most_bytes, heap.live_bytes += bytes);
  return static_cast<char*>(block) + note_bytes;
}

void give(void* memory) {
  if (memory == nullptr) return;
  void* block = static_cast<char*>(memory) - note_bytes;
  heap.live_bytes -= *static_cast<std::size_t*>(block);
  std::free(block);
}

}  // namespace

// Not inlined: g++ would take a new that it sees through for a malloc with the wrong release.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* memory = take(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return take(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  give(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  give(memory);
}

namespace msrp::test {
namespace {

template <class F>
decltype(auto) inside(F&& call) {
  struct Watch {
    Watch() { heap.watched = true; }
    ~Watch() { heap.watched = false; }
  } watch;
  return call();
}

// An engine with sessions over one connection, whose peer says octets and whose application takes
// everything at once.
struct Fed {
  explicit Fed(std::size_t sessions) {
    const SocketAddress address{*IpAddress::parse("192.0.2.1"), 2855};
    const ListenerId listener = inside([&] { return engine.listen({.at = address}, now); }).value();
    inside([&] { engine.on_listening(listener, address, now); });
    conn = inside([&] { return engine.on_accepted(listener, {}, now); }).value();
    while (locals.size() < sessions) {
      const PrepareRequest request{.active = false, .listener = listener};
      const auto ticket = inside([&] { return engine.prepare(request, now); });
      turn();
      EXPECT_TRUE(inside([&] { return engine.complete(*ticket, {}, now); }));
      feed(wire_send({.to = locals.back(), .from = remote}));
    }
    EXPECT_EQ(engine.stats().sessions, sessions);
  }

  void feed(std::string_view octets) {
    for (std::size_t stuck = 0; !octets.empty() && stuck < 2; ++stuck) {
      const Slice slice{bytes_of(octets), {}};
      const std::size_t n = inside([&] { return engine.on_received(conn, slice, now); });
      if (n > 0) stuck = 0;
      octets.remove_prefix(n);
      turn();
    }
    EXPECT_TRUE(octets.empty()) << "the reading stopped for good";
  }
  void turn() {
    while (inside([&] { return engine.poll_command(); })) {
    }
    while (auto event = inside([&] { return engine.poll_event(); })) {
      if (const auto* prepared = std::get_if<Prepared>(&*event)) {
        locals.emplace_back(prepared->local_path.text());
      } else if (const auto* data = std::get_if<MessageData>(&*event)) {
        inside([&] { engine.release(data->session, data->slice.bytes.size(), now); });
      }
    }
    std::array<ConstBuffer, 16> out;
    while (const std::size_t n = inside([&] { return engine.poll_transmit(conn, out, now); })) {
      std::size_t bytes = 0;
      for (const ConstBuffer& buffer : std::span(out).first(n)) bytes += buffer.size();
      inside([&] { engine.transmitted(conn, bytes, now); });
    }
  }

  SeededRandom random{1};
  NoCrypto crypto;
  FixedPool pool{256};
  Instant now{};
  Engine engine = *inside([&] { return Engine::create({}, {random, crypto, pool}, Instant{}); });
  ConnId conn;
  std::vector<std::string> locals;
  std::string remote = "msrp://192.0.2.9:5678/peersession;tcp";
};

using Writer = std::function<std::string(Fed&, int)>;

std::string id_of(std::string_view name, int i) {
  return std::string(name) + std::to_string(100'000 + i);
}

// Storms, each of chunks that want something else from the engine.
std::map<std::string, Writer> storms() {
  std::map<std::string, Writer> all;
  const auto send = [](Fed& fed, int i) {
    return SendParts{.to = fed.locals[0],
                     .from = fed.remote,
                     .transaction_id = id_of("storm", i),
                     .message_id = id_of("message", i),
                     .body = "hello"};
  };
  all["messages"] = [=](Fed& fed, int i) { return wire_send(send(fed, i)); };
  all["guesses"] = [=](Fed& fed, int i) {
    SendParts parts = send(fed, i);
    parts.to = "msrp://192.0.2.1:2855/" + id_of("guess", i) + ";tcp";
    return wire_send(parts);
  };
  all["methods"] = [=](Fed& fed, int i) {
    SendParts parts = send(fed, i);
    parts.method = "DANCE";
    return wire_send(parts);
  };
  all["bad ranges"] = [=](Fed& fed, int i) {
    SendParts parts = send(fed, i);
    parts.byte_range = "5-1/18446744073709551616";
    return wire_send(parts);
  };
  all["given up"] = [=](Fed& fed, int i) {
    SendParts parts = send(fed, i);
    parts.byte_range =
        std::to_string(1 + std::uint64_t{1'000'000} * static_cast<std::uint64_t>(i)) + "-*/*";
    parts.flag = '#';
    return wire_send(parts);
  };
  all["reports asked for"] = [=](Fed& fed, int i) {
    SendParts parts = send(fed, i);
    parts.success_report = "yes";
    return wire_send(parts);
  };
  all["reports and answers"] = [](Fed& fed, int i) {
    WireChunk about;
    about.transaction_id = id_of("nobody", i);
    about.headers = {
        {"From-Path", fed.locals[0]}, {"To-Path", fed.remote}, {"Message-ID", id_of("message", i)}};
    return wire_response(about, i % 2 == 0 ? 200 : 413) + wire_report(about, "1-5/5");
  };
  return all;
}

// Ten thousand chunks of each kind: what was on the heap after the first hundred is what is there
// after the last, and on the way there never was more than a connection may take.
TEST(NastyMemory, StormsLeaveNothing) {
  for (const auto& [name, writer] : storms()) {
    Fed fed(2);
    for (int i = 0; i < 100; ++i) fed.feed(writer(fed, i));
    const std::size_t before = heap.live_bytes;
    heap.most_bytes = before;
    for (int i = 100; i < 10'000; ++i) fed.feed(writer(fed, i));
    // Places of heads keep the room of the longest one that they held.
    EXPECT_LE(heap.live_bytes, before + 4096) << name;
    EXPECT_LE(heap.most_bytes, before + 64 * 1024) << name;
    EXPECT_LE(heap.most_bytes, before + connection_bytes_max(Limits{})) << name;
    const Engine::Stats stats = fed.engine.stats();
    EXPECT_EQ(stats.sessions, 2U) << name;
    EXPECT_EQ(stats.incoming_messages + stats.outgoing_messages + stats.transactions, 0U) << name;
    EXPECT_EQ(stats.held_bytes, 0U) << name;
    EXPECT_LE(fed.pool.used(), 1U) << name;  // the one that copies go into
  }
  EXPECT_EQ(heap.live_bytes, 0U) << "engines that are gone";
}

// R4975-14.5-4, R4975-14.5-5: as many gaps as there may be, each of a terabyte, in as many messages
// as may be open: some octets for each gap.
TEST(NastyMemory, GapsTakeAFewOctetsEach) {
  Fed fed(1);
  const Limits limits;
  const std::size_t before = heap.live_bytes;
  for (std::uint32_t message = 0; message < limits.incoming_messages; ++message) {
    for (std::uint64_t gap = 0; gap < limits.intervals; ++gap) {
      fed.feed(wire_send({.to = fed.locals[0],
                          .from = fed.remote,
                          .message_id = id_of("sparse", static_cast<int>(message)),
                          .byte_range = std::to_string(2 + gap * 1'000'000'000'000) + "-*/*",
                          .body = "x",
                          .flag = '+'}));
    }
  }
  EXPECT_EQ(fed.engine.stats().incoming_messages, limits.incoming_messages);
  const std::size_t gaps = std::size_t{limits.incoming_messages} * limits.intervals;
  EXPECT_LE(heap.live_bytes - before, gaps * 2 * sizeof(std::uint64_t) * 2 + 64 * 1024);
  EXPECT_LE(heap.live_bytes - before, connection_bytes_max(limits));
  EXPECT_LE(fed.pool.used(), 1U);
}

// What connection_bytes_max() says holds whatever the peer does: here with long paths to report to,
// in as many open messages of as many sessions as there may be.
TEST(NastyMemory, AConnectionTakesNoMoreThanItsBound) {
  Fed fed(16);
  const Limits limits;
  const std::string from = "msrp://192.0.2.9:5678/" + std::string(15'000, 's') + ";tcp";
  const std::size_t before = heap.live_bytes;
  for (const std::string& local : fed.locals) {
    for (std::uint32_t message = 0; message < limits.incoming_messages; ++message) {
      fed.feed(wire_send({.to = local,
                          .from = from,
                          .message_id = id_of("paths", static_cast<int>(message)),
                          .byte_range = "1-1/2",
                          .success_report = "yes",
                          .body = "x",
                          .flag = '+'}));
    }
  }
  EXPECT_LE(heap.live_bytes - before, connection_bytes_max(limits, fed.locals.size()));
}

}  // namespace
}  // namespace msrp::test
