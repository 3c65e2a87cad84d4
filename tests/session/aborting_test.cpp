// abort() at every moment of a message's life (RFC 4975 section 7.1, flag "#").
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

void expect_aborted(Solo& world, MessageHandle handle) {
  const Outgoing& message = world.node.out(handle);
  ASSERT_TRUE(message.failed);
  EXPECT_EQ(message.failed->code, Errc::aborted);
  EXPECT_TRUE(message.done);
  EXPECT_FALSE(message.sent);
  EXPECT_FALSE(message.delivered);
}

TEST(Aborting, BeforeAnythingIsSentSendsNothing) {
  Solo world;
  world.end_of(world.node).deaf = true;
  const MessageHandle handle = world.node.send("text/plain", "forget it");
  world.node.engine().abort(handle, world.now);
  world.end_of(world.node).deaf = false;
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  expect_aborted(world, handle);
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
}

// R4975-7.1-17
TEST(Aborting, InMidChunkEndsItWithHash) {
  Solo world;
  world.transmit_max = 1024;
  const std::string body = pattern(4 * 1024 * 1024);
  const MessageHandle handle =
      world.node.send({.content_type = "text/plain", .message_id = "large"}, owned(body));
  EXPECT_FALSE(world.drive_bounded(30));
  world.node.engine().abort(handle, world.now);
  const auto chunks = world.sent_and_answered();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].flag, '#');
  EXPECT_TRUE(joined_body(chunks, "large") == body.substr(0, chunks[0].body->size()));
  EXPECT_LT(chunks[0].body->size(), 1024U * 1024);
  expect_aborted(world, handle);
}

// Between two chunks: a last chunk says so.
TEST(Aborting, BetweenChunksSaysHashOnce) {
  SoloOptions options;
  options.node.config.limits.quantum_bytes = 4096;
  options.node.config.limits.transmit_bytes = 8192;
  options.node.config.limits.transactions = 2;
  Solo world(options);
  const MessageHandle one = world.node.send({.content_type = "text/plain", .message_id = "one1"},
                                            owned(pattern(50'000, 1)));
  const MessageHandle two = world.node.send({.content_type = "text/plain", .message_id = "two2"},
                                            owned(pattern(50'000, 2)));
  auto chunks = world.sent();  // one chunk each, then no transaction is left
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0].flag, '+');
  world.node.engine().abort(one, world.now);
  for (const WireChunk& chunk : chunks) world.respond(chunk);
  const auto rest = world.sent_and_answered();
  chunks.insert(chunks.end(), rest.begin(), rest.end());
  std::vector<char> flags;
  for (const WireChunk& chunk : chunks)
    if (chunk.header("Message-ID") == "one1") flags.push_back(chunk.flag);
  EXPECT_EQ(flags, (std::vector<char>{'+', '#'}));
  expect_aborted(world, one);
  EXPECT_TRUE(world.node.out(two).delivered);
  EXPECT_TRUE(joined_body(chunks, "two2") == pattern(50'000, 2));
}

TEST(Aborting, AStream) {
  Solo world;
  const MessageHandle handle = world.node.send({.content_type = "text/plain"}, StreamBody{100});
  ASSERT_EQ(world.node.engine().write(handle, {bytes_of("partial"), {}}, world.now), 7U);
  world.drive();
  world.node.engine().abort(handle, world.now);
  const auto chunks = world.sent_and_answered();
  ASSERT_FALSE(chunks.empty());
  EXPECT_EQ(chunks.back().flag, '#');
  expect_aborted(world, handle);
  const auto late = world.node.engine().write(handle, {bytes_of("more"), {}}, world.now);
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().code == Errc::stale_handle || late.error().code == Errc::bad_state);
}

// When every octet is on its way it is too late: the outcome is the peer's.
TEST(Aborting, AfterEverythingIsSentChangesNothingOnTheWire) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "gone already");
  world.drive();
  const WireChunk request = world.peer.next();
  EXPECT_EQ(request.flag, '$');
  world.node.engine().abort(handle, world.now);
  world.drive();
  EXPECT_TRUE(world.peer.got().empty());
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_NE(world.node.out(handle).delivered, world.node.out(handle).failed.has_value());
}

TEST(Aborting, AStaleHandleIsIgnored) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "x");
  world.sent_and_answered();
  world.node.engine().abort(handle, world.now);
  world.node.engine().abort(MessageHandle{12, 34}, world.now);
  world.drive();
  EXPECT_FALSE(world.node.out(handle).failed);
}

// R4975-7.3.1-9: the receiver is told and keeps nothing.
TEST(Aborting, TheReceiverLearnsIt) {
  Pair pair;
  pair.transmit_max = 1024;
  const MessageHandle handle = pair.a.send("text/plain", pattern(1024 * 1024));
  EXPECT_FALSE(pair.drive_bounded(30));
  pair.a.engine().abort(handle, pair.now);
  pair.drive();
  EXPECT_TRUE(pair.b.last_in().failed_with(Errc::aborted));
  EXPECT_EQ(pair.b.last_in().ended->bytes, pair.b.last_in().octets);
  EXPECT_EQ(pair.b.engine().stats().incoming_messages, 0U);
  EXPECT_TRUE(pair.a.out(handle).done);
}

// A borrowed body comes back after abort, not while octets of it are lent.
TEST(Aborting, ABorrowedBodyIsReleasedWhenNothingOfItIsLent) {
  Solo world;
  const std::string body = pattern(100'000);
  End& wire = world.end_of(world.node);
  wire.deaf = true;
  const MessageHandle handle =
      world.node.send({.content_type = "text/plain"}, BorrowedBody{bytes_of(body)});
  world.drive();
  ASSERT_FALSE(wire.lent.empty());
  world.node.engine().abort(handle, world.now);
  world.drive();
  EXPECT_EQ(world.node.out(handle).released, 0) << "its octets are still lent";
  wire.deaf = false;
  const auto chunks = world.sent_and_answered();
  EXPECT_EQ(world.node.out(handle).released, 1);
  EXPECT_TRUE(world.node.out(handle).done);
  ASSERT_FALSE(chunks.empty());
  EXPECT_NE(chunks.back().flag, '+');
}

}  // namespace
}  // namespace msrp::test
