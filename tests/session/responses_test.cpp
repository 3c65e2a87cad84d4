// What the peer answers, and what becomes of the message (RFC 4975 sections 7.2 and 10).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

MessageHandle send(Solo& world, std::string_view body, MessageSpec spec = {}) {
  return world.node.send("text/plain", body, spec);
}

// R4975-10.1-1
TEST(Responses, A200Delivers) {
  Solo world;
  const MessageHandle handle = send(world, "hello");
  world.drive();
  EXPECT_TRUE(world.node.out(handle).sent);
  EXPECT_FALSE(world.node.out(handle).delivered);
  EXPECT_FALSE(world.node.out(handle).done);
  world.respond(world.peer.next());
  EXPECT_TRUE(world.node.out(handle).delivered);
  EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_EQ(world.node.trace, (std::vector<std::string>{"Sent", "Delivered", "MessageDone"}));
}

struct Refusal {
  int status;
  Errc code;
  bool ends_session;
};

class Refused : public testing::TestWithParam<Refusal> {};

// R4975-10-1 R4975-10.2-1 R4975-10.3-1 R4975-10.4-1 R4975-10.5-1 R4975-10.6-1 R4975-10.8-1
// R4975-10.10-1
TEST_P(Refused, FailsTheMessage) {
  Solo world;
  const MessageHandle handle = send(world, "hello");
  world.drive();
  world.respond(world.peer.next(), GetParam().status);
  const Outgoing& message = world.node.out(handle);
  ASSERT_TRUE(message.failed);
  EXPECT_EQ(describe(message.failed->code), describe(GetParam().code));
  EXPECT_EQ(message.failed->status, GetParam().status);
  EXPECT_TRUE(message.done);
  EXPECT_FALSE(message.delivered);
  EXPECT_EQ(world.node.session_closed(world.session), GetParam().ends_session);
  world.advance(std::chrono::minutes(10));
  EXPECT_TRUE(world.peer.got().empty()) << "R4975-10.3-1: it is not tried again";
  if (GetParam().ends_session) {
    EXPECT_EQ(world.node.closed.at(0).reason.code, GetParam().code);
    const auto late = world.node.engine().send(world.session, {}, NoBody{}, world.now);
    EXPECT_FALSE(late);
  } else {
    const MessageHandle next = send(world, "next");
    world.sent_and_answered();
    EXPECT_TRUE(world.node.out(next).delivered) << "the session goes on";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, Refused,
    testing::Values(
        Refusal{400, Errc::rejected_by_peer, false}, Refusal{403, Errc::rejected_by_peer, false},
        Refusal{408, Errc::timed_out, false}, Refusal{413, Errc::message_too_large, false},
        Refusal{415, Errc::unsupported_type, false}, Refusal{423, Errc::rejected_by_peer, false},
        Refusal{481, Errc::no_such_session, true}, Refusal{501, Errc::rejected_by_peer, false},
        Refusal{506, Errc::session_elsewhere, true}, Refusal{600, Errc::rejected_by_peer, false},
        Refusal{699, Errc::rejected_by_peer, false}, Refusal{999, Errc::rejected_by_peer, false}),
    [](const auto& made) { return std::to_string(made.param.status); });

// R4975-7.2-10 R4975-7.2-11
TEST(Responses, ToAnUnknownTransactionAreIgnored) {
  Solo world;
  const MessageHandle handle = send(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  WireChunk other = request;
  other.transaction_id = "nobody1234";
  world.respond(other, 200);
  world.respond(other, 481);
  EXPECT_FALSE(world.node.out(handle).delivered);
  EXPECT_FALSE(world.node.out(handle).failed);
  EXPECT_FALSE(world.peer.gone());
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

TEST(Responses, TheSecondOfTwoIsIgnored) {
  Solo world;
  const MessageHandle handle = send(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request, 200);
  world.respond(request, 481);
  world.respond(request, 200);
  EXPECT_TRUE(world.node.out(handle).delivered);
  EXPECT_FALSE(world.node.session_closed(world.session));
  EXPECT_FALSE(world.peer.gone());
}

// R4975-7.2-11: a response on another connection than its request's is no response to it.
TEST(Responses, FromAnotherConnectionAreIgnored) {
  Solo world({.role = Role::passive});
  const MessageHandle handle = send(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  WirePeer stranger = world.connect_peer(world.node, world.listener);
  stranger.send(wire_response(request, 481));
  world.drive();
  EXPECT_FALSE(world.node.out(handle).failed);
  EXPECT_FALSE(world.node.session_closed(world.session));
  stranger.send(wire_response(request, 200));
  world.drive();
  EXPECT_FALSE(world.node.out(handle).delivered);
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

// A response may arrive before its request is wholly sent.
TEST(Responses, A200BeforeTheRequestIsWhollySent) {
  Solo world;
  world.transmit_max = 512;
  const std::string body = pattern(100'000);
  const MessageHandle handle = send(world, body, {.message_id = "large"});
  EXPECT_FALSE(world.drive_bounded(20));
  const std::string id = world.peer.got().substr(5, world.peer.got().find(' ', 5) - 5);
  WireChunk request;
  request.transaction_id = id;
  request.headers = {{"To-Path", world.remote}, {"From-Path", world.local}};
  world.respond(request);  // and drives the rest
  const auto chunks = world.sent();
  EXPECT_TRUE(joined_body(chunks, "large") == body);
  EXPECT_TRUE(world.node.out(handle).sent);
  EXPECT_TRUE(world.node.out(handle).delivered);
  EXPECT_TRUE(world.node.out(handle).done);
  world.advance(seconds(60));
  EXPECT_FALSE(world.node.out(handle).failed);
}

// R4975-10.5-1 R4975-10.5-2 R4975-7.3.2-6 R4975-7.1-17
TEST(Responses, A413InMidChunkStopsItWithHash) {
  Solo world;
  world.transmit_max = 1024;
  const MessageHandle handle = send(world, pattern(4 * 1024 * 1024), {.message_id = "large"});
  EXPECT_FALSE(world.drive_bounded(30));
  const std::string id = world.peer.got().substr(5, world.peer.got().find(' ', 5) - 5);
  WireChunk request;
  request.transaction_id = id;
  request.headers = {{"To-Path", world.remote}, {"From-Path", world.local}};
  world.respond(request, 413);
  const auto chunks = world.sent();
  ASSERT_EQ(chunks.size(), 1U) << "R4975-10.5-1: no further chunk of it";
  EXPECT_EQ(chunks[0].flag, '#');
  EXPECT_LT(chunks[0].body->size(), 1024U * 1024U) << "at once";
  EXPECT_EQ(*chunks[0].body, pattern(4 * 1024 * 1024).substr(0, chunks[0].body->size()));
  ASSERT_TRUE(world.node.out(handle).failed);
  EXPECT_EQ(world.node.out(handle).failed->code, Errc::message_too_large);
  EXPECT_FALSE(world.node.out(handle).sent);
  EXPECT_TRUE(world.node.out(handle).done);
  const MessageHandle next = send(world, "next");
  world.sent_and_answered();
  EXPECT_TRUE(world.node.out(next).delivered);
}

// A refused message stops between its chunks too: the rest never starts.
TEST(Responses, A413BetweenChunksSendsNoMore) {
  SoloOptions options;
  options.node.config.limits.transmit_bytes = 16 * 1024;
  options.node.config.limits.quantum_bytes = 4096;
  Solo world(options);
  world.transmit_max = 1024;
  const MessageHandle large = send(world, pattern(1024 * 1024, 1), {.message_id = "large"});
  send(world, pattern(1024 * 1024, 2), {.message_id = "other"});
  EXPECT_FALSE(world.drive_bounded(60));
  std::vector<WireChunk> chunks = world.peer.take();
  ASSERT_FALSE(chunks.empty());
  ASSERT_EQ(chunks[0].header("Message-ID"), "large");
  EXPECT_EQ(chunks[0].flag, '+');
  world.respond(chunks[0], 413);
  EXPECT_TRUE(world.node.out(large).failed);
  const auto rest = world.sent_and_answered();
  std::size_t of_large = 0;
  for (const WireChunk& chunk : rest) {
    if (chunk.header("Message-ID") != "large") continue;
    of_large += chunk.body.value_or("").size();
    EXPECT_NE(chunk.flag, '$');
  }
  EXPECT_LT(of_large, 64U * 1024);
}

// R4975-7.1.1-12 R4975-5.3-5: partial has no 200 and no timer, but errors.
TEST(Responses, PartialSurfacesErrors) {
  Solo world;
  const MessageHandle handle = send(world, "hello", {.failure_report = FailureReport::partial});
  world.drive();
  const WireChunk request = world.peer.next();
  EXPECT_TRUE(world.node.out(handle).sent);
  EXPECT_FALSE(world.node.out(handle).delivered);
  world.respond(request, 415);
  EXPECT_TRUE(world.node.out(handle).failed);
  EXPECT_EQ(world.node.out(handle).failed->code, Errc::unsupported_type);
  EXPECT_TRUE(world.node.out(handle).done);
}

// R4975-7.1.1-11: A-28, thirty seconds without an error are neither success nor failure.
TEST(Responses, PartialEndsQuietly) {
  Solo world;
  const MessageHandle handle = send(world, "hello", {.failure_report = FailureReport::partial});
  world.drive();
  world.advance(seconds(120));
  const Outgoing& message = world.node.out(handle);
  EXPECT_TRUE(message.sent);
  EXPECT_FALSE(message.delivered);
  EXPECT_FALSE(message.failed);
  EXPECT_TRUE(message.done) << "the handle is kept for ever";
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
}

// R4975-7.1.4-4 from the sender's side: nothing is waited for.
TEST(Responses, FailureReportNoIsDoneWhenSent) {
  Solo world;
  const MessageHandle handle = send(world, "hello", {.failure_report = FailureReport::no});
  world.drive();
  EXPECT_EQ(world.node.trace, (std::vector<std::string>{"Sent", "MessageDone"}));
  EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
  EXPECT_FALSE(world.node.engine().next_timeout());
}

// R4975-7.1.1-13: pipelined requests may be answered in any order.
TEST(Responses, InAnyOrder) {
  Solo world;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 50; ++i) handles.push_back(send(world, std::to_string(i)));
  auto chunks = world.sent();
  ASSERT_EQ(chunks.size(), 50U);
  for (std::size_t i = chunks.size(); i-- > 0;) {
    world.respond(chunks[i], i % 7 == 3 ? 400 : 200);
    EXPECT_TRUE(world.node.out(handles[i]).done) << i;
    EXPECT_EQ(world.node.out(handles[i]).failed.has_value(), i % 7 == 3) << i;
  }
}

// A chunked message is delivered when every chunk is, and fails when one is not.
TEST(Responses, EveryChunkCounts) {
  SoloOptions options;
  options.node.config.limits.quantum_bytes = 4096;
  for (const bool fails : {false, true}) {
    Solo world(options);
    const MessageHandle one = send(world, pattern(20'000, 1), {.message_id = "one1"});
    send(world, pattern(20'000, 2), {.message_id = "two2"});
    const auto chunks = world.sent();
    std::vector<WireChunk> of_one;
    for (const WireChunk& chunk : chunks)
      if (chunk.header("Message-ID") == "one1") of_one.push_back(chunk);
    ASSERT_GE(of_one.size(), 2U);
    for (std::size_t i = of_one.size(); i-- > 1;) world.respond(of_one[i]);
    EXPECT_FALSE(world.node.out(one).delivered);
    world.respond(of_one[0], fails ? 403 : 200);
    EXPECT_EQ(world.node.out(one).delivered, !fails);
    EXPECT_EQ(world.node.out(one).failed.has_value(), fails);
    EXPECT_TRUE(world.node.out(one).done);
  }
}

// R4975-7.2-9: a response with a body or another flag is malformed; it answers nothing and does not
// break the session.
TEST(Responses, MalformedOnesAnswerNothing) {
  Solo world;
  const MessageHandle handle = send(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  std::string said = wire_response(request, 200);
  said[said.size() - 3] = '+';
  world.peer.send(said);
  world.drive();
  EXPECT_FALSE(world.node.out(handle).delivered);
  EXPECT_FALSE(world.peer.gone());
  EXPECT_EQ(world.node.engine().stats().bad_chunks, 1U);
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

}  // namespace
}  // namespace msrp::test
