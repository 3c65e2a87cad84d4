// What bounds a sender: the peer's description, and our own limits.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

Errc refusal(Solo& world, std::string_view type, Body body) {
  const auto sent = world.node.try_send({.content_type = type}, std::move(body));
  return sent ? Errc{} : sent.error().code;
}

// R4975-8.6-10 R4975-8.6-11 R4975-8.6-2 R4975-8.6-15
TEST(SendingLimits, ThePeersAcceptTypes) {
  Solo world({.peer_accepts = {"text/plain", "image/*"}});
  EXPECT_EQ(refusal(world, "text/html", owned("x")), Errc::unsupported_type);
  EXPECT_EQ(refusal(world, "text/plain", owned("x")), Errc{});
  EXPECT_EQ(refusal(world, "TEXT/Plain;charset=utf-8", owned("x")), Errc{});
  EXPECT_EQ(refusal(world, "image/png", owned("x")), Errc{});
  EXPECT_EQ(refusal(world, "video/png", owned("x")), Errc::unsupported_type);
  EXPECT_EQ(refusal(world, "", NoBody{}), Errc{}) << "keep-alives have no type";
  EXPECT_EQ(world.sent_and_answered().size(), 4U);
}

// R4975-8.6-13 R4975-8.6-12
TEST(SendingLimits, ThePeersMaxSize) {
  Solo world({.peer_max_size = 1000});
  EXPECT_EQ(refusal(world, "text/plain", owned(pattern(1000))), Errc{});
  EXPECT_EQ(refusal(world, "text/plain", owned(pattern(1001))), Errc::message_too_large);
  EXPECT_EQ(refusal(world, "text/plain", StreamBody{1001}), Errc::message_too_large);
  const auto stream = world.node.try_send({.content_type = "text/plain"}, StreamBody{});
  ASSERT_TRUE(stream);
  EXPECT_EQ(world.node.engine().write(*stream, {bytes_of(pattern(1000)), {}}, world.now), 1000U);
  const auto over = world.node.engine().write(*stream, {bytes_of("x"), {}}, world.now);
  EXPECT_FALSE(over) << "an unknown total does not get around max-size";
  if (!over) {
    EXPECT_EQ(over.error().code, Errc::message_too_large);
  }
}

TEST(SendingLimits, OutgoingMessages) {
  SoloOptions options;
  options.node.config.limits.outgoing_messages = 3;
  Solo world(options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(refusal(world, "text/plain", owned("x")), Errc{});
  EXPECT_EQ(refusal(world, "text/plain", owned("x")), Errc::limit_exceeded);
  world.sent_and_answered();
  EXPECT_EQ(refusal(world, "text/plain", owned("x")), Errc{});
}

// Transactions without an answer are limited; sending goes on as answers come.
TEST(SendingLimits, Transactions) {
  SoloOptions options;
  options.node.config.limits.transactions = 4;
  Solo world(options);
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 20; ++i) handles.push_back(world.node.send("text/plain", "x"));
  auto chunks = world.sent();
  EXPECT_EQ(chunks.size(), 4U);
  EXPECT_EQ(world.node.engine().stats().transactions, 4U);
  world.respond(chunks.at(2));
  EXPECT_EQ(world.sent().size(), 1U);
  // Time-outs make room as well.
  world.advance(seconds(31));
  EXPECT_GE(world.sent().size(), 4U);
  world.advance(seconds(31 * 5));
  for (const MessageHandle handle : handles) EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
}

// Messages without answers take no transaction's place.
TEST(SendingLimits, FailureReportNoNeedsNoTransaction) {
  SoloOptions options;
  options.node.config.limits.transactions = 2;
  Solo world(options);
  for (int i = 0; i < 50; ++i)
    world.node.send({.content_type = "text/plain", .failure_report = FailureReport::no},
                    owned("x"));
  EXPECT_EQ(world.sent().size(), 50U);
}

TEST(SendingLimits, StaleSessions) {
  Solo world;
  world.node.engine().close(world.session, world.now);
  world.drive();
  const auto sent = world.node.engine().send(world.session, {.content_type = "text/plain"},
                                             owned("x"), world.now);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::stale_handle);
  const auto invented = world.node.engine().send(SessionId{77, 5}, {.content_type = "text/plain"},
                                                 owned("x"), world.now);
  ASSERT_FALSE(invented);
  EXPECT_EQ(invented.error().code, Errc::stale_handle);
}

// A message to a transport that takes nothing costs no memory beyond its own body: the transmit
// order is bounded (by its limit and one quantum), heads are made when there is room.
TEST(SendingLimits, ADeafTransportIsLentABoundedAmount) {
  SoloOptions options;
  options.node.config.limits.transmit_bytes = 64 * 1024;
  Solo world(options);
  End& wire = world.end_of(world.node);
  wire.deaf = true;
  world.lend_spans = 4096;
  for (int i = 0; i < 200; ++i) world.node.send("text/plain", pattern(10'000));
  world.drive();
  EXPECT_GT(wire.lent_most, 0U);
  EXPECT_LE(wire.lent_most, 64U * 1024 + 32 * 1024 + 4096);
  wire.deaf = false;
  EXPECT_EQ(world.sent_and_answered().size(), 200U);
  EXPECT_LE(wire.lent_most, 64U * 1024 + 32 * 1024 + 4096);
}

// Sessions on one connection are limited; the others are not disturbed.
TEST(SendingLimits, SessionsOnOneConnection) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.sessions_per_connection = 3;
  Solo world(options);
  EXPECT_TRUE(world.add_session().session);
  EXPECT_TRUE(world.add_session().session);
  EXPECT_FALSE(world.add_session().session);
  EXPECT_EQ(world.node.engine().stats().sessions, 3U);
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_TRUE(world.add_session().session) << "and there is room again";
}

// Nasty group 32: a peer that stops reading for a minute, with a hundred others active.
TEST(SendingLimits, ADeafPeerHoldsNobodyElseUp) {
  Solo world({.role = Role::passive});
  world.end_of(world.node).deaf = true;
  const MessageHandle stuck = world.node.send("text/plain", pattern(500'000));
  std::vector<WirePeer> peers;
  for (int i = 0; i < 100; ++i) {
    const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
    world.drive();
    ASSERT_TRUE(world.node.engine().complete(ticket, {}, world.now));
    peers.push_back(world.connect_peer(world.node, world.listener));
    ASSERT_TRUE(peers.back());
    peers.back().send(
        wire_send({.to = std::string(world.node.local_paths.at(ticket.value()).text()),
                   .from = "msrp://192.0.2.8:1000/p" + std::to_string(i) + ";tcp"}));
    world.drive();
    EXPECT_EQ(peers.back().next().word, "200");
  }
  for (int second = 0; second < 60; ++second) {
    for (std::size_t i = 1; i < world.node.bounds.size(); ++i) {
      const auto sent = world.node.engine().send(
          world.node.bounds[i].session, {.content_type = "text/plain"}, owned("tick"), world.now);
      ASSERT_TRUE(sent);
      world.node.outgoing[sent->value()].session = world.node.bounds[i].session;
    }
    world.drive();
    for (const WirePeer& peer : peers) {
      const WireChunk tick = peer.next();
      EXPECT_EQ(tick.body.value_or(""), "tick");
      peer.send(wire_response(tick, 200));
    }
    world.advance(seconds(1));
  }
  EXPECT_FALSE(world.node.out(stuck).failed) << "not wholly sent: its timer does not run";
  world.end_of(world.node).deaf = false;
  world.sent_and_answered();
  EXPECT_TRUE(world.node.out(stuck).delivered);
}

}  // namespace
}  // namespace msrp::test
