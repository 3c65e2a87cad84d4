// The thirty seconds of RFC 4975 section 7.1.1, from the last octet of a request.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// R4975-7.1.1-8 R4975-7.1.1-9
TEST(TransactionTimer, AnUnansweredMessageFails) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "hello?");
  world.drive();
  EXPECT_EQ(world.node.engine().next_timeout(), world.now + seconds(30));
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::transaction);
  world.advance(milliseconds(29'999));
  EXPECT_FALSE(world.node.out(handle).failed);
  world.advance(milliseconds(1));
  ASSERT_TRUE(world.node.out(handle).failed);
  EXPECT_EQ(world.node.out(handle).failed->code, Errc::timed_out);
  EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
  EXPECT_FALSE(world.node.engine().next_timeout());
}

// R4975-7.2-10: an answer after that is ignored.
TEST(TransactionTimer, ALateAnswerIsIgnored) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "hello?");
  world.drive();
  const WireChunk request = world.peer.next();
  world.advance(seconds(31));
  world.respond(request, 200);
  EXPECT_FALSE(world.node.out(handle).delivered);
  world.respond(request, 481);
  EXPECT_FALSE(world.node.session_closed(world.session));
  EXPECT_FALSE(world.peer.gone());
}

// R4975-7.1.1-9 R4975-7.1.1-10: not from the first octet, nor from send().
TEST(TransactionTimer, RunsFromTheLastOctet) {
  Solo world;
  End& wire = world.end_of(world.node);
  wire.deaf = true;
  const MessageHandle handle = world.node.send("text/plain", pattern(1000));
  world.drive();
  world.advance(seconds(100));
  EXPECT_FALSE(world.node.out(handle).failed) << "nothing has been sent yet";

  // All but the last octet.
  wire.deaf = false;
  world.transmit_max = 100;
  while (wire.lent_copy.size() > 100) ASSERT_FALSE(world.drive_bounded(1));
  world.transmit_max = wire.lent_copy.size() - 1;
  ASSERT_FALSE(world.drive_bounded(1));
  wire.deaf = true;
  EXPECT_EQ(wire.lent_copy.size(), 1U);
  world.advance(seconds(100));
  EXPECT_FALSE(world.node.out(handle).failed) << "the last octet is not sent yet";
  EXPECT_FALSE(world.node.out(handle).sent);

  wire.deaf = false;
  world.drive();
  EXPECT_TRUE(world.node.out(handle).sent);
  EXPECT_EQ(world.node.engine().next_timeout(), world.now + seconds(30));
  world.advance(milliseconds(29'999));
  EXPECT_FALSE(world.node.out(handle).failed);
  world.advance(milliseconds(1));
  EXPECT_TRUE(world.node.out(handle).failed);
}

// each chunk has its own.
TEST(TransactionTimer, EachChunkHasItsOwn) {
  SoloOptions options;
  options.node.config.limits.quantum_bytes = 2048;
  Solo world(options);
  world.node.send({.content_type = "text/plain", .message_id = "one1"}, owned(pattern(20'000)));
  const MessageHandle other = world.node.send("text/plain", pattern(20'000));
  std::vector<WireChunk> chunks = world.sent();
  ASSERT_GT(chunks.size(), 4U);
  world.advance(seconds(20));
  for (std::size_t i = 0; i + 1 < chunks.size(); ++i) world.respond(chunks[i]);
  world.advance(seconds(11));
  // Only the last chunk's message has failed.
  const bool last_of_one = chunks.back().header("Message-ID") == "one1";
  EXPECT_EQ(world.node.out(other).failed.has_value(), !last_of_one);
  EXPECT_EQ(world.node.out(other).delivered, last_of_one);
}

TEST(TransactionTimer, AnAnswerStopsIt) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "hello");
  world.sent_and_answered();
  EXPECT_TRUE(world.node.out(handle).delivered);
  EXPECT_FALSE(world.node.engine().next_timeout());
  world.advance(seconds(100));
  EXPECT_FALSE(world.node.out(handle).failed);
}

// Many of them, in order, and at their own time.
TEST(TransactionTimer, ManyRunOutInOrder) {
  Solo world;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back(world.node.send("text/plain", "x"));
    world.advance(milliseconds(100));
  }
  // Now 10 s after the first: answer every third.
  const auto chunks = world.sent();
  ASSERT_EQ(chunks.size(), 100U);
  for (std::size_t i = 0; i < 100; i += 3) world.respond(chunks[i]);
  world.advance(seconds(20));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_FALSE(world.node.out(handles[i]).failed) << i;
  world.advance(seconds(5));
  for (std::size_t i = 0; i < 100; ++i) {
    const bool due = i <= 50 && i % 3 != 0;
    EXPECT_EQ(world.node.out(handles[i]).failed.has_value(), due) << i;
  }
}

// Timers that are handled late fire all the same, once.
TEST(TransactionTimer, MayBeHandledLate) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "hello");
  world.drive();
  world.now += std::chrono::hours(5);
  world.node.engine().handle_timeout(world.now);
  world.drive();
  EXPECT_TRUE(world.node.out(handle).failed);
  EXPECT_TRUE(world.node.out(handle).done);
  const auto next = world.node.engine().next_timeout();
  EXPECT_TRUE(!next || *next > world.now);
}

// handle_timeout() before anything is due does nothing.
TEST(TransactionTimer, TooEarlyIsHarmless) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "hello");
  world.drive();
  const auto due = world.node.engine().next_timeout();
  for (int i = 0; i < 100; ++i) world.node.engine().handle_timeout(world.now);
  world.drive();
  EXPECT_EQ(world.node.engine().next_timeout(), due);
  EXPECT_FALSE(world.node.out(handle).failed);
}

TEST(TransactionTimer, TheTimeOutIsConfigurable) {
  SoloOptions options;
  options.node.config.timeouts.transaction = milliseconds(250);
  Solo world(options);
  const MessageHandle handle = world.node.send("text/plain", "hello");
  world.advance(milliseconds(249));
  EXPECT_FALSE(world.node.out(handle).failed);
  world.advance(milliseconds(1));
  EXPECT_TRUE(world.node.out(handle).failed);
}

}  // namespace
}  // namespace msrp::test
