// How sessions and connections end, and that nothing stays behind.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

void expect_empty(Engine& engine) {
  const Engine::Stats stats = engine.stats();
  EXPECT_EQ(stats.connections, 0U);
  EXPECT_EQ(stats.sessions, 0U);
  EXPECT_EQ(stats.tickets, 0U);
  EXPECT_EQ(stats.outgoing_messages, 0U);
  EXPECT_EQ(stats.incoming_messages, 0U);
  EXPECT_EQ(stats.transactions, 0U);
  EXPECT_EQ(stats.held_bytes, 0U);
  EXPECT_FALSE(engine.next_timeout());
}

TEST(Ending, CloseOfAnIdleSession) {
  Pair pair;
  pair.a.engine().close(pair.session_a, pair.now);
  pair.drive();
  ASSERT_EQ(pair.a.closed.size(), 1U);
  EXPECT_EQ(pair.a.closed[0].reason.code, Errc::closed);
  ASSERT_EQ(pair.b.closed.size(), 1U);
  EXPECT_EQ(pair.b.closed[0].reason.code, Errc::connection_closed);
  pair.advance(seconds(120));
  expect_empty(pair.a.engine());
  expect_empty(pair.b.engine());
  EXPECT_LE(pair.a.pool.used(), 1U) << "one for copies, shared by all";
  EXPECT_LE(pair.b.pool.used(), 1U);
}

// R4975-5.4-31 R4975-5.4-32: the connection stays while another session lives.
TEST(Ending, TheConnectionGoesWithItsLastSession) {
  Solo world({.role = Role::passive});
  const Solo::Another other = world.add_session();
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_TRUE(world.node.session_closed(world.session));
  EXPECT_FALSE(world.node.session_closed(other.session));
  EXPECT_FALSE(world.peer.gone());
  SendParts parts = world.parts("still here");
  parts.to = other.local;
  parts.from = other.remote;
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.last_in().complete());
  world.peer_sends(world.parts("and the closed one?"));
  EXPECT_EQ(world.peer.next().word, "481");
  world.node.engine().close(other.session, world.now);
  world.drive();
  EXPECT_TRUE(world.peer.got_eof());
  expect_empty(world.node.engine());
}

// A ticket that is given up while its early request waits on a connection of another session.
TEST(Ending, CleanupOfANeighbourKeepsTheConnection) {
  Solo world({.role = Role::passive});
  const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
  world.drive();
  SendParts early = world.parts("early");
  early.to = world.node.local_paths.at(ticket.value()).text();
  world.peer_sends(early);
  EXPECT_TRUE(world.peer.got().empty());
  world.node.engine().cleanup(ticket, world.now);
  world.drive();
  EXPECT_EQ(world.peer.next().word, "481");
  EXPECT_FALSE(world.node.session_closed(world.session));
  world.peer_sends(world.parts("goes on"));
  EXPECT_EQ(world.peer.next().word, "200");
}

// Messages not yet sent whole are aborted; what is in transmit order still goes out; the session's
// event is the last.
TEST(Ending, CloseWithOutstandingMessages) {
  Pair pair;
  pair.transmit_max = 1024;
  const MessageHandle answered = pair.a.send("text/plain", "answered");
  pair.drive();
  const MessageHandle large = pair.a.send("text/plain", pattern(4 * 1024 * 1024));
  const MessageHandle waiting = pair.a.send("text/plain", pattern(4 * 1024 * 1024));
  EXPECT_FALSE(pair.drive_bounded(20));
  pair.a.engine().close(pair.session_a, pair.now);
  pair.drive();
  EXPECT_TRUE(pair.a.out(answered).delivered);
  for (const MessageHandle handle : {large, waiting}) {
    EXPECT_TRUE(pair.a.out(handle).failed);
    EXPECT_TRUE(pair.a.out(handle).done);
  }
  EXPECT_EQ(pair.a.trace.back(), "SessionClosed " + std::string(describe(Errc::closed)));
  int told = 0;  // R4975-7.1-17: the chunk that was open ends with "#"
  for (const Incoming& message : pair.b.incoming) {
    EXPECT_TRUE(message.ended);
    told += message.failed_with(Errc::aborted) ? 1 : 0;
  }
  EXPECT_EQ(told, 1);
  pair.advance(seconds(60));
  expect_empty(pair.a.engine());
  expect_empty(pair.b.engine());
}

// One message has still to say "#" and another has octets lent when the session ends: nothing of
// the first is left in the queues.
TEST(Ending, CloseBehindAnAbortBetweenChunks) {
  SoloOptions options;
  options.node.config.limits.quantum_bytes = 4096;
  options.node.config.limits.transmit_bytes = 8192;
  Solo world(options);
  const MessageHandle one =
      world.node.send({.content_type = "text/plain"}, owned(pattern(50'000, 1)));
  const MessageHandle two =
      world.node.send({.content_type = "text/plain"}, owned(pattern(50'000, 2)));
  End& end = world.end_of(world.node);
  end.deaf = true;
  world.drive();
  world.node.engine().abort(one, world.now);
  world.node.engine().abort(two, world.now);
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_FALSE(world.node.session_closed(world.session)) << "octets are lent";
  end.deaf = false;
  world.drive();
  EXPECT_TRUE(world.node.out(one).done);
  EXPECT_TRUE(world.node.out(two).done);
  EXPECT_TRUE(world.node.session_closed(world.session));
  expect_empty(world.node.engine());
}

// A message that is wholly in transmit order goes out before the connection ends.
TEST(Ending, WhatIsQueuedStillGoesOut) {
  Pair pair;
  const std::string body = pattern(2000);
  pair.a.send("text/plain", body, {.failure_report = FailureReport::no});
  pair.drive_bounded(1);
  pair.a.engine().close(pair.session_a, pair.now);
  pair.drive();
  EXPECT_TRUE(pair.b.last_in().body == body);
  EXPECT_TRUE(pair.b.last_in().complete());
}

// A transport that takes nothing does not hold a close for ever.
TEST(Ending, CloseToADeafPeerTimesOut) {
  Solo world;
  End& end = world.end_of(world.node);
  end.deaf = true;
  world.node.send("text/plain", pattern(100'000));
  world.drive();
  world.node.engine().close(world.session, world.now);
  world.advance(seconds(29));
  world.advance(seconds(2));
  EXPECT_FALSE(world.closes.empty());
  // The driver resets it.
  world.drive();
  if (!end.closed && end.closing && end.closing->graceful) {
    end.deaf = false;
    world.drive();
  }
  EXPECT_TRUE(world.node.session_closed(world.session));
  expect_empty(world.node.engine());
}

// Octets that come after close() are nobody's.
TEST(Ending, MessagesAfterCloseAreDropped) {
  Solo world;
  End& end = world.end_of(world.node);
  end.deaf = true;  // keeps the connection
  world.node.send("text/plain", pattern(1000));
  world.drive();
  world.node.engine().close(world.session, world.now);
  world.drive();
  const std::size_t events = world.node.incoming.size();
  world.peer_sends(world.parts("too late"));
  EXPECT_EQ(world.node.incoming.size(), events);
}

// R4975-5.4-20: the peer's end of stream between chunks.
TEST(Ending, EofBetweenChunks) {
  Solo world({.role = Role::passive});
  const MessageHandle open = world.node.send("text/plain", "unanswered");
  world.peer_sends(world.parts("last words"));
  world.peer.send_eof();
  world.drive();
  EXPECT_TRUE(world.node.incoming.at(0).complete());
  EXPECT_TRUE(world.node.out(open).failed);
  EXPECT_TRUE(world.node.out(open).done);
  ASSERT_EQ(world.node.closed.size(), 1U);
  EXPECT_EQ(world.node.closed[0].reason.code, Errc::connection_closed);
  EXPECT_TRUE(world.node.trace.back().starts_with("SessionClosed"));
  expect_empty(world.node.engine());
}

TEST(Ending, EofInsideAChunk) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts(pattern(10'000));
  parts.to = world.local;
  parts.from = world.remote;
  world.peer.send(wire_send(parts).substr(0, 5000));
  world.peer.send_eof();
  world.drive();
  ASSERT_EQ(world.node.incoming.size(), 1U);
  ASSERT_TRUE(world.node.incoming[0].ended);
  EXPECT_TRUE(world.node.incoming[0].ended->error) << "a truncated message is not complete";
  ASSERT_EQ(world.node.closed.size(), 1U);
  EXPECT_EQ(world.node.closed[0].reason.code, Errc::truncated);
  expect_empty(world.node.engine());
}

TEST(Ending, EofInAHead) {
  Solo world({.role = Role::passive});
  world.peer.send("MSRP abcd1234 SEND\r\nTo-Path: msrp");
  world.peer.send_eof();
  world.drive();
  ASSERT_EQ(world.node.closed.size(), 1U);
  EXPECT_EQ(world.node.closed[0].reason.code, Errc::truncated);
  expect_empty(world.node.engine());
}

// R4975-5.4-20: everything on the connection fails, in order: messages before their session (which
// Node checks).
TEST(Ending, ALostConnectionFailsItsSessions) {
  Solo world({.role = Role::passive});
  const Solo::Another other = world.add_session();
  const MessageHandle one = world.node.send("text/plain", "one");  // in the newest session
  const MessageHandle two = world.node.send("text/plain", pattern(100'000));
  const auto three = world.node.engine().send(world.session, {.content_type = "text/plain"},
                                              owned("3"), world.now);
  ASSERT_TRUE(three);
  world.node.outgoing[three->value()].session = world.session;
  world.drive();
  world.node.trace.clear();
  world.lose(world.end_of(world.node));
  world.drive();
  for (const MessageHandle handle : {one, two, *three}) {
    ASSERT_TRUE(world.node.out(handle).failed);
    EXPECT_EQ(world.node.out(handle).failed->code, Errc::connection_lost);
    EXPECT_TRUE(world.node.out(handle).done);
  }
  ASSERT_EQ(world.node.closed.size(), 2U);
  EXPECT_TRUE(world.node.session_closed(other.session));
  for (const SessionClosed& event : world.node.closed)
    EXPECT_EQ(event.reason.code, Errc::connection_lost);
  expect_empty(world.node.engine());
}

// An incoming message that is half there.
TEST(Ending, ALostConnectionEndsIncomingMessages) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("abc");
  parts.byte_range = "1-3/9";
  parts.flag = '+';
  world.peer_sends(parts);
  world.peer.reset();
  world.drive();
  ASSERT_TRUE(world.node.last_in().ended);
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::connection_lost));
  EXPECT_EQ(world.node.last_in().ended->bytes, 3U);
  expect_empty(world.node.engine());
}

// A lost connection whose octets the application still holds.
TEST(Ending, HeldOctetsAreForgottenWithTheirSession) {
  Solo world({.role = Role::passive});
  world.node.auto_release = false;
  world.peer_sends(world.parts(pattern(10'000)));
  EXPECT_EQ(world.node.engine().stats().held_bytes, 10'000U);
  world.peer.reset();
  world.drive();
  world.node.engine().release(world.session, 10'000, world.now);  // late: harmless
  expect_empty(world.node.engine());
}

// Even while the reading is paused, a lost connection ends.
TEST(Ending, ALostConnectionThatIsPaused) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.held_bytes = 32 * 1024;
  Solo world(options);
  world.node.auto_release = false;
  SendParts parts = world.parts(pattern(200'000));
  parts.to = world.local;
  parts.from = world.remote;
  world.peer.send(wire_send(parts));
  world.drive();
  ASSERT_TRUE(world.end_of(world.node).paused);
  world.lose(world.end_of(world.node));
  world.drive();
  EXPECT_TRUE(world.node.session_closed(world.session));
  expect_empty(world.node.engine());
}

// R4975-5.4-22: a failed session is never revived; a new ticket opens a new connection.
TEST(Ending, ANewSessionTakesANewConnection) {
  Pair pair;
  pair.lose(pair.end_of(pair.a));
  pair.drive();
  EXPECT_EQ(pair.connects.size(), 1U);
  pair.advance(seconds(60));
  EXPECT_EQ(pair.connects.size(), 1U) << "no silent reconnect";
  const auto again = pair.add_session();
  EXPECT_TRUE(again.a);
  EXPECT_TRUE(again.b);
  EXPECT_EQ(pair.connects.size(), 2U);
}

TEST(Ending, ClosingTwiceAndClosingNothing) {
  Pair pair;
  pair.a.engine().close(pair.session_a, pair.now);
  pair.a.engine().close(pair.session_a, pair.now);
  pair.a.engine().close(SessionId{55, 5}, pair.now);
  pair.drive();
  EXPECT_EQ(pair.a.closed.size(), 1U);
}

// Both ends close at the same moment, with messages both ways.
TEST(Ending, BothCloseAtOnce) {
  Pair pair;
  const MessageHandle a = pair.a.send("text/plain", "from a");
  const MessageHandle b = pair.b.send("text/plain", "from b");
  pair.a.engine().close(pair.session_a, pair.now);
  pair.b.engine().close(pair.session_b, pair.now);
  pair.drive();
  EXPECT_TRUE(pair.a.out(a).done);
  EXPECT_TRUE(pair.b.out(b).done);
  EXPECT_EQ(pair.a.closed.size(), 1U);
  EXPECT_EQ(pair.b.closed.size(), 1U);
  pair.advance(seconds(60));
  expect_empty(pair.a.engine());
  expect_empty(pair.b.engine());
}

// After a long and mixed life everything returns to zero.
TEST(Ending, StatisticsReturnToZero) {
  Pair pair;
  std::vector<Pair::Ends> sessions{{pair.session_a, pair.session_b}};
  for (int i = 0; i < 10; ++i) sessions.push_back(pair.add_session());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const std::string body = pattern(3000 * i);
    pair.send_a(sessions[i].a, "text/plain", body, {.success_report = i % 2 == 0});
  }
  pair.drive();
  EXPECT_EQ(pair.a.engine().stats().outgoing_messages, 0U);
  EXPECT_EQ(pair.a.engine().stats().transactions, 0U);
  for (const Pair::Ends& ends : sessions) pair.a.engine().close(ends.a, pair.now);
  pair.advance(seconds(60));
  expect_empty(pair.a.engine());
  expect_empty(pair.b.engine());
  EXPECT_LE(pair.a.pool.used(), 1U) << "one for copies, shared by all";
  EXPECT_LE(pair.b.pool.used(), 1U);
}

// Destroying an engine in full flight touches nobody's memory (for the sanitizers).
TEST(Ending, DestructionInFullFlight) {
  Solo world;
  world.end_of(world.node).deaf = true;
  const std::string body = pattern(100'000);
  world.node.send({.content_type = "text/plain"}, BorrowedBody{bytes_of(body)});
  world.node.send("text/plain", pattern(100'000));
  world.peer.send("MSRP half0001 SEND\r\nTo-Path: ");
  world.drive();
  SUCCEED();
}

}  // namespace
}  // namespace msrp::test
