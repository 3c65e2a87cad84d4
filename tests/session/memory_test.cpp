// What the engine takes from the heap: nothing for a chunk once it is warm, and when there is
// nothing left to take, it says so. Everything else that can run out is in out_of_memory_test.cpp.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "msrp/engine.hpp"
#include "support/fail_alloc.hpp"
#include "support/test_services.hpp"

namespace msrp::test {
namespace {

struct Side {
  explicit Side(std::uint64_t seed) : random(seed) {}
  SeededRandom random;
  NoCrypto crypto;
  FixedPool pool{256};
  Engine engine = *Engine::create({}, {random, crypto, pool}, Instant{});
  ConnId conn;
  bool open = false;
  std::string arriving;  // sent by the peer and not taken yet
  SessionId session;
  std::size_t octets = 0, delivered = 0;
};

// Two engines and what is on its way between them.
class Couple {
 public:
  Couple() : a(1), b(2) { a.arriving.reserve(1 << 20), b.arriving.reserve(1 << 20); }

  void bind() {
    const SocketAddress address{*IpAddress::parse("192.0.2.2"), 2855};
    const auto listener = inside([&] { return b.engine.listen({.at = address}, now); });
    if (!listener) return;
    listener_ = *listener;
    inside([&] { b.engine.on_listening(*listener, address, now); });
    PrepareRequest passive{.active = false, .listener = *listener};
    const auto waiting = inside([&] { return b.engine.prepare(passive, now); });
    turn();
    if (!waiting || !path_) return;
    const RemoteDescription anybody, described{.path = path_};
    inside([&] { static_cast<void>(b.engine.complete(*waiting, anybody, now)); });
    PrepareRequest active{.active = true, .host = "192.0.2.1"};
    const auto dialling = inside([&] { return a.engine.prepare(active, now); });
    if (!dialling) return;
    inside([&] { static_cast<void>(a.engine.complete(*dialling, described, now)); });
    drive();
  }

  bool send(Body body) {
    MessageSpec spec{.content_type = "text/plain", .success_report = true};
    return inside([&] { return a.engine.send(a.session, spec, std::move(body), now); }).has_value();
  }

  void drive() {
    while (turn()) {
    }
  }

  // Hands everything over once; false: nothing moved.
  bool turn() {
    bool moved = false;
    for (Side* side : {&a, &b}) {
      while (auto command = inside([&] { return side->engine.poll_command(); })) {
        moved = true;
        execute(*side, *command);
      }
      if (deliver(*side)) moved = true;
      if (transmit(*side)) moved = true;
      while (auto event = inside([&] { return side->engine.poll_event(); })) {
        moved = true;
        note(*side, *event);
      }
    }
    return moved;
  }

  Side a, b;
  Instant now{};

 private:
  Side& other(Side& side) { return &side == &a ? b : a; }

  void execute(Side& side, const Command& command) {
    if (const auto* connect = std::get_if<DoConnect>(&command)) {
      side.conn = connect->conn;
      side.open = true;
      const auto accepted = inside([&] { return b.engine.on_accepted(listener_, {}, now); });
      b.conn = accepted.value_or(ConnId{});
      b.open = accepted.has_value();
      inside([&] { side.engine.on_connected(side.conn, {}, now); });
      if (!accepted) inside([&] { side.engine.on_eof(side.conn, now); });
    } else if (std::holds_alternative<DoClose>(command)) {
      side.open = false;
      inside([&] { side.engine.on_closed(side.conn, now); });
      Side& peer = other(side);
      if (peer.open) inside([&] { peer.engine.on_eof(peer.conn, now); });
    }
  }

  bool deliver(Side& side) {
    if (!side.open || side.arriving.empty()) return false;
    const Slice slice{bytes_of(side.arriving), {}};
    const std::size_t n = inside([&] { return side.engine.on_received(side.conn, slice, now); });
    side.arriving.erase(0, n);
    return n > 0;
  }

  bool transmit(Side& side) {
    if (!side.open || other(side).arriving.size() > 64 * 1024) return false;
    std::array<ConstBuffer, 8> out;
    const std::size_t n = inside([&] { return side.engine.poll_transmit(side.conn, out, now); });
    std::size_t bytes = 0;
    for (const ConstBuffer& buffer : std::span(out).first(n)) {
      other(side).arriving += text_of(buffer);
      bytes += buffer.size();
    }
    if (n > 0) inside([&] { side.engine.transmitted(side.conn, bytes, now); });
    return n > 0;
  }

  void note(Side& side, const Event& event) {
    if (const auto* prepared = std::get_if<Prepared>(&event)) {
      if (&side == &b) path_ = prepared->local_path;
    } else if (const auto* bound = std::get_if<Bound>(&event)) {
      side.session = bound->session;
    } else if (const auto* data = std::get_if<MessageData>(&event)) {
      side.octets += data->slice.bytes.size();
      inside([&] { side.engine.release(data->session, data->slice.bytes.size(), now); });
    }
    side.delivered += std::holds_alternative<Delivered>(event);
  }

  ListenerId listener_;
  std::optional<Path> path_;
};

// Contract rule 8. Two messages take turns, so that each goes in many chunks.
TEST(Memory, ChunksOfAMessageInFlowAllocateNothing) {
  heap = {};
  const std::string body(16 * 1024 * 1024, 'x');
  Couple couple;
  couple.bind();
  ASSERT_TRUE(couple.a.session);
  ASSERT_TRUE(couple.send(BorrowedBody{bytes_of(body)}));
  ASSERT_TRUE(couple.send(BorrowedBody{bytes_of(body)}));
  while (couple.b.octets < body.size() / 2) ASSERT_TRUE(couple.turn());
  heap.taken = 0;
  while (couple.b.octets < body.size()) ASSERT_TRUE(couple.turn());
  EXPECT_EQ(heap.taken, 0U) << "in " << body.size() / 2 << " octets";
  couple.drive();
  EXPECT_EQ(couple.b.octets, 2 * body.size());
  EXPECT_EQ(couple.a.delivered, 2U);
}

// Refuses a verb its first allocation, then its second, and so on, until it has all it takes.
template <class Verb>
void starve(const char* name, Verb&& verb) {
  for (std::size_t refused = 1; refused < 100; ++refused) {
    heap = {.refused_first = refused, .refused_end = refused + 1};
    const auto result = inside(verb);
    heap = {};
    if (result) {
      EXPECT_GT(refused, 1U) << name << " needs nothing: what is tested here?";
      return;
    }
    EXPECT_EQ(result.error().code, Errc::out_of_memory) << name << ", allocation " << refused;
  }
  ADD_FAILURE() << name << " never succeeds";
}

// Contract rule 9.
TEST(Memory, AVerbSaysThatItRanOut) {
  const std::string body(3000, 'x');
  Couple couple;
  Engine& engine = couple.a.engine;
  const SocketAddress address{*IpAddress::parse("192.0.2.7"), 2855};
  const ListenRequest listen{.at = address, .host = "a-name-that-is-too-long-to-be-short.example"};
  starve("listen", [&] { return engine.listen(listen, couple.now); });
  const PrepareRequest prepare{.active = true, .host = "192.0.2.1"};
  starve("prepare", [&] { return engine.prepare(prepare, couple.now); });
  couple.drive();
  couple.bind();
  ASSERT_TRUE(couple.a.session) << "the engine goes on";
  const MessageSpec spec{.content_type = "application/vnd.example.too-long-to-be-short"};
  starve("send", [&] {
    return engine.send(couple.a.session, spec, BorrowedBody{bytes_of(body)}, couple.now);
  });
  couple.drive();
  EXPECT_EQ(couple.a.delivered, 1U);
}

}  // namespace
}  // namespace msrp::test
