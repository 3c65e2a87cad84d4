// Receivers that are slow, applications that forget, pools that run dry: bounded memory, nothing
// lost.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

SoloOptions held_at_most(std::uint32_t held_bytes) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.held_bytes = held_bytes;
  options.node.slabs = 64;
  return options;
}

SendParts large(const Solo& world, std::size_t bytes) {
  SendParts parts = world.parts(pattern(bytes));
  parts.to = world.local;
  parts.from = world.remote;
  parts.byte_range = "1-*/" + std::to_string(bytes);
  return parts;
}

// A reader that never releases holds the limit and no more.
TEST(Backpressure, AReaderThatNeverReleases) {
  Solo world(held_at_most(64 * 1024));
  world.node.auto_release = false;
  world.peer.send(wire_send(large(world, mebibyte)));
  world.drive();
  const Engine::Stats stats = world.node.engine().stats();
  EXPECT_GE(stats.held_bytes, 64U * 1024);
  EXPECT_LE(stats.held_bytes, 64U * 1024 + 16 * 1024) << "at most the slice in hand is over";
  EXPECT_EQ(stats.held_bytes, world.node.last_in().octets);
  End& end = world.end_of(world.node);
  EXPECT_TRUE(end.paused);
  EXPECT_EQ(end.pauses, 1);
  EXPECT_FALSE(world.node.last_in().ended);
  world.advance(std::chrono::hours(1));
  EXPECT_EQ(world.node.engine().stats().held_bytes, stats.held_bytes);
}

// Resumes at half, not at the first octet, and everything arrives.
TEST(Backpressure, ResumesWithHysteresis) {
  Solo world(held_at_most(64 * 1024));
  world.node.auto_release = false;
  world.deliver_max = 4096;
  world.peer.send(wire_send(large(world, mebibyte)));
  world.drive();
  End& end = world.end_of(world.node);
  ASSERT_TRUE(end.paused);
  world.node.release(world.session, 1000);
  world.drive();
  EXPECT_TRUE(end.paused) << "flutters";
  EXPECT_EQ(end.resumes, 0);
  world.node.release(world.session, 40 * 1024);
  EXPECT_LT(world.node.engine().stats().held_bytes, 32U * 1024);
  world.drive();
  EXPECT_GE(end.resumes, 1);
  EXPECT_TRUE(end.paused) << "full again";
  while (!world.node.last_in().ended) {
    const std::size_t held = world.node.engine().stats().held_bytes;
    ASSERT_GT(held, 0U) << "nothing held and nothing comes";
    world.node.release(world.session, held);
    world.drive();
  }
  EXPECT_TRUE(world.node.last_in().body == pattern(mebibyte));
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_LE(end.resumes, static_cast<int>(mebibyte / (32 * 1024)) + 2);
}

// Credit for a session that is gone is nobody's.
TEST(Backpressure, ReleasingForAStaleSessionIsIgnored) {
  Solo world(held_at_most(64 * 1024));
  world.node.auto_release = false;
  world.peer_sends(world.parts("hello"));
  EXPECT_EQ(world.node.engine().stats().held_bytes, 5U);
  world.node.engine().release(SessionId{9, 9}, 5, world.now);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 5U);
  world.node.release(world.session);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
}

// Events that nobody polls stop the reading, with no event lost.
TEST(Backpressure, UnpolledEventsStopTheReading) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.events = 16;
  Solo world(options);
  world.node.polls_events = false;
  constexpr int messages = 500;
  for (int i = 0; i < messages; ++i) {
    SendParts parts = world.parts(std::to_string(i));
    parts.to = world.local;
    parts.from = world.remote;
    parts.message_id = "message" + std::to_string(i);
    parts.transaction_id = "many" + std::to_string(i);
    world.peer.send(wire_send(parts));
  }
  world.drive();
  End& end = world.end_of(world.node);
  EXPECT_TRUE(end.paused);
  EXPECT_LT(world.peer.take().size(), 50U);
  world.node.polls_events = true;
  world.drive();
  ASSERT_EQ(world.node.incoming.size(), static_cast<std::size_t>(messages));
  for (int i = 0; i < messages; ++i) {
    EXPECT_EQ(world.node.incoming[static_cast<std::size_t>(i)].body, std::to_string(i));
    EXPECT_TRUE(world.node.incoming[static_cast<std::size_t>(i)].complete());
  }
}

// One event at a time, polled between deliveries.
TEST(Backpressure, OneEventAtATime) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.events = 4;
  Solo world(options);
  for (int i = 0; i < 50; ++i) {
    world.peer_sends(world.parts(pattern(5000, static_cast<std::uint64_t>(i))));
    EXPECT_EQ(world.peer.next().word, "200");
    EXPECT_TRUE(world.node.last_in().body == pattern(5000, static_cast<std::uint64_t>(i)));
  }
}

// Input with an owner is handed up by reference: no copy.
TEST(Backpressure, OwnedInputIsNotCopied) {
  Solo world({.role = Role::passive});
  const std::string wire = wire_send(large(world, 8000));
  auto slab = world.node.pool.acquire().value();
  std::ranges::copy(bytes_of(wire), slab.storage().begin());
  const std::byte* const begin = slab.storage().data();
  const std::size_t body_at = wire.find("\r\n\r\n") + 4;
  Slice slice{slab.storage().first(wire.size()), slab};
  EXPECT_EQ(world.node.engine().on_received(world.end_of(world.node).conn, slice, world.now),
            wire.size());
  world.drive();
  ASSERT_FALSE(world.node.data_pointers.empty());
  EXPECT_EQ(world.node.data_pointers[0], begin + body_at);
  EXPECT_TRUE(world.node.last_in().body == pattern(8000));
}

// Input without one is copied: the caller's memory may go.
TEST(Backpressure, InputWithoutAnOwnerIsCopied) {
  Solo world({.role = Role::passive});
  world.with_owner = false;
  world.node.keep_slices = true;
  world.peer.send(wire_send(large(world, 100'000)));
  world.drive();
  EXPECT_TRUE(world.node.last_in().complete());
  // The scratch memory of every on_received() is gone by now.
  std::string kept;
  for (const Slice& slice : world.node.kept) kept += text_of(slice.bytes);
  EXPECT_TRUE(kept == pattern(100'000));
  EXPECT_LE(world.node.pool.used(), 100'000U / world.node.pool.slab_bytes() + 4)
      << "one slab for each input wastes the pool";
}

// Tiny inputs without an owner share slabs.
TEST(Backpressure, TinyInputsShareSlabs) {
  SoloOptions options{.role = Role::passive};
  options.node.slabs = 16;
  Solo world(options);
  world.with_owner = false;
  world.deliver_max = 100;
  world.node.keep_slices = true;
  world.peer.send(wire_send(large(world, 100'000)));
  world.drive();
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_TRUE(world.node.last_in().body == pattern(100'000));
}

// The pool runs dry in mid-message; when slabs come back everything goes on.
TEST(Backpressure, AnEmptyPoolPausesAndResumes) {
  SoloOptions options{.role = Role::passive};
  options.node.slabs = 8;
  options.node.slab_bytes = 4096;
  Solo world(options);
  world.with_owner = false;
  world.deliver_max = 1024;
  world.node.auto_release = false;
  world.node.keep_slices = true;
  world.peer.send(wire_send(large(world, 200'000)));
  world.drive();
  EXPECT_FALSE(world.node.last_in().ended);
  EXPECT_LT(world.node.last_in().octets, 64U * 1024);
  for (int round = 0; round < 200 && !world.node.last_in().ended; ++round) {
    world.node.kept.clear();
    const std::size_t held = world.node.engine().stats().held_bytes;
    world.node.release(world.session, held);
    world.advance(std::chrono::seconds(1));
  }
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_TRUE(world.node.last_in().body == pattern(200'000));
  EXPECT_EQ(world.peer.next().word, "200");
}

// No slab for what is to be sent: it waits and is sent when there is one.
TEST(Backpressure, SendingWithAnEmptyPool) {
  Solo world;
  world.node.pool.withhold(world.node.pool.size());
  const MessageHandle handle = world.node.send("text/plain", pattern(10'000));
  world.drive();
  world.node.pool.withhold(0);
  world.advance(std::chrono::seconds(5));
  // Any input makes the engine look again.
  world.node.send("text/plain", "and another");
  world.sent_and_answered();
  EXPECT_TRUE(world.node.out(handle).delivered || world.node.out(handle).failed);
  EXPECT_TRUE(world.node.out(handle).done);
}

// A peer that sends requests and never reads: responses wait in bounded memory, then the reading
// stops or the connection ends; nothing grows for ever.
TEST(Backpressure, APeerThatNeverReads) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.control_bytes = 16 * 1024;
  options.node.config.limits.transmit_bytes = 16 * 1024;
  Solo world(options);
  End& end = world.end_of(world.node);
  end.deaf = true;
  const std::uint64_t before = end.delivered;
  for (int i = 0; i < 5000; ++i) {
    SendParts parts = world.parts("x");
    parts.to = world.local;
    parts.from = world.remote;
    parts.message_id = "message" + std::to_string(i);
    parts.transaction_id = "deaf" + std::to_string(i);
    world.peer.send(wire_send(parts));
  }
  world.lend_spans = 4096;
  world.drive();
  EXPECT_TRUE(end.paused || end.closing);
  EXPECT_LT(end.delivered - before, 1'000'000U / 2);
  EXPECT_LE(end.lent_most, 48U * 1024);
  if (end.closing) return;
  end.deaf = false;
  world.drive();
  EXPECT_EQ(world.peer.take().size(), 5000U) << "once it reads, every request is answered";
}

// REPORT requests need memory as well.
TEST(Backpressure, APeerThatNeverReadsItsReports) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.control_bytes = 16 * 1024;
  options.node.config.limits.transmit_bytes = 16 * 1024;
  Solo world(options);
  End& end = world.end_of(world.node);
  end.deaf = true;
  for (int i = 0; i < 3000; ++i) {
    SendParts parts = world.parts("x");
    parts.to = world.local;
    parts.from = world.remote;
    parts.success_report = "yes";
    parts.failure_report = "no";
    parts.message_id = "message" + std::to_string(i);
    parts.transaction_id = "deaf" + std::to_string(i);
    world.peer.send(wire_send(parts));
  }
  world.drive();
  EXPECT_TRUE(end.paused || end.closing);
  if (end.closing) return;
  end.deaf = false;
  world.drive();
  EXPECT_EQ(world.peer.take().size(), 3000U);
}

// Pausing one connection leaves another alone.
TEST(Backpressure, OtherConnectionsGoOn) {
  Solo world(held_at_most(16 * 1024));
  world.node.auto_release = false;
  world.peer.send(wire_send(large(world, mebibyte)));
  world.drive();
  ASSERT_TRUE(world.end_of(world.node).paused);
  const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
  world.drive();
  const std::string local(world.node.local_paths.at(ticket.value()).text());
  ASSERT_TRUE(world.node.engine().complete(ticket, {}, world.now));
  WirePeer other = world.connect_peer(world.node, world.listener);
  SendParts parts = world.parts("over here");
  parts.to = local;
  parts.from = "msrp://192.0.2.77:1111/another;tcp";
  parts.message_id = "another-one";
  other.send(wire_send(parts));
  world.drive();
  EXPECT_EQ(other.next().word, "200");
  EXPECT_EQ(world.node.last_in().body, "over here");
}

// Two engines, a slow application on one side: the sender is held back, memory stays bounded.
TEST(Backpressure, ASlowReaderHoldsTheSenderBack) {
  PairOptions options;
  options.b.config.limits.held_bytes = 64 * 1024;
  Pair pair(options);
  pair.b.auto_release = false;
  const MessageHandle handle =
      pair.a.send({.content_type = "text/plain"}, StreamBody{4 * mebibyte});
  const std::string body = pattern(4 * mebibyte);
  std::size_t at = 0;
  for (int round = 0; round < 10'000 && !pair.a.out(handle).done; ++round) {
    while (at < body.size()) {
      const auto piece =
          bytes_of(body).subspan(at, std::min<std::size_t>(10'000, body.size() - at));
      const std::size_t taken = pair.a.engine().write(handle, {piece, {}}, pair.now).value();
      at += taken;
      if (taken < piece.size()) break;
    }
    if (at == body.size()) {
      pair.a.engine().finish(handle, pair.now);
      at = body.size() + 1;
    }
    pair.drive();
    EXPECT_LE(pair.b.engine().stats().held_bytes, 64U * 1024 + 16 * 1024);
    pair.b.release(pair.session_b, 20'000);
    pair.drive();
  }
  EXPECT_TRUE(pair.a.out(handle).delivered);
  EXPECT_TRUE(pair.b.last_in().body == body);
}

}  // namespace
}  // namespace msrp::test
