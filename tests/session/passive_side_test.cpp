// The side that is connected to: who may bind what, and what the others are told.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An engine that listens and has one passive ticket; scripted peers connect to it.
struct Waiting : World {
  explicit Waiting(NodeOptions options = {}) : node(add("engine", options)) {
    listener = node.engine().listen({.at = at("192.0.2.1", 2855)}, now).value();
    drive();
    ticket = node.prepare({.active = false, .listener = listener});
    drive();
    local = node.local_paths.at(ticket.value()).text();
  }
  void complete(const RemoteDescription& described = {}) {
    ASSERT_TRUE(node.engine().complete(ticket, described, now));
    drive();
  }
  WirePeer connect() {
    WirePeer peer = connect_peer(node, listener);
    EXPECT_TRUE(peer);
    drive();
    return peer;
  }
  SendParts binding(std::string id = "bind0001") const {
    SendParts parts;
    parts.to = local;
    parts.from = remote;
    parts.transaction_id = std::move(id);
    return parts;
  }
  void say(WirePeer peer, const SendParts& parts) {
    peer.send(wire_send(parts));
    drive();
  }

  Node& node;
  ListenerId listener;
  TicketId ticket;
  std::string local;
  std::string remote = "msrp://192.0.2.9:5678/peersession;tcp";
};

// R4975-7.2-1 R4975-7.2-3 R4975-7.2-4 R4975-7.2-6 R4975-7.2-7 A-2 A-9
TEST(Passive, AnswersTheBindingSendExactly) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  EXPECT_TRUE(peer.got().empty()) << "R4975-5.4-6: says nothing first";
  world.say(peer, world.binding());
  EXPECT_EQ(peer.got(), "MSRP bind0001 200 OK\r\nTo-Path: " + world.remote +
                            "\r\nFrom-Path: " + world.local + "\r\n-------bind0001$\r\n");
  ASSERT_EQ(world.node.bounds.size(), 1U);
  EXPECT_EQ(world.node.bounds[0].remote_path.text(), world.remote);
}

// R4975-5.4-17 R4975-7.3-1 R4975-7.3-2
TEST(Passive, Answers481ToAnUnknownSession) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  SendParts parts = world.binding("wrong001");
  parts.to = "msrp://192.0.2.1:2855/guessed;tcp";
  parts.body = "let me in";
  world.say(peer, parts);
  const WireChunk answer = peer.next();
  EXPECT_EQ(answer.word, "481");
  EXPECT_EQ(answer.transaction_id, "wrong001");
  EXPECT_EQ(answer.header("To-Path"), world.remote);
  EXPECT_EQ(answer.header("From-Path"), parts.to) << "A-16: what the request called us";
  EXPECT_TRUE(world.node.bounds.empty());
  EXPECT_TRUE(world.node.incoming.empty());
  // The right one still binds on the same connection.
  world.say(peer, world.binding());
  EXPECT_EQ(peer.next().word, "200");
  EXPECT_EQ(world.node.bounds.size(), 1U);
}

// R4975-7.3-2: A-17, several URIs in To-Path
TEST(Passive, Answers481ToSeveralUrisInToPath) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  SendParts parts = world.binding();
  parts.to = world.local + " msrp://relay.example:2855/next;tcp";
  world.say(peer, parts);
  EXPECT_EQ(peer.next().word, "481");
  parts.to = "msrp://relay.example:2855/next;tcp " + world.local;
  world.say(peer, parts);
  EXPECT_EQ(peer.next().word, "481");
  EXPECT_TRUE(world.node.bounds.empty());
}

// R4975-5.4-18 R4975-5.4-19 R4975-7.3-4
TEST(Passive, Answers506ToASecondConnection) {
  Waiting world;
  world.complete();
  WirePeer first = world.connect();
  world.say(first, world.binding());
  EXPECT_EQ(first.next().word, "200");
  WirePeer second = world.connect();
  SendParts thief = world.binding("thief001");
  thief.body = "mine now";
  world.say(second, thief);
  EXPECT_EQ(second.next().word, "506");
  EXPECT_FALSE(first.gone());
  EXPECT_EQ(world.node.bounds.size(), 1U);
  // The first goes on as if nothing had happened.
  SendParts more = world.binding("more0001");
  more.message_id = "still-here";
  more.body = "hello";
  world.say(first, more);
  EXPECT_EQ(first.next().word, "200");
  EXPECT_EQ(world.node.last_in().body, "hello");
}

// A request may be earlier than complete(): the answer from the peer's session description is
// still on its way. It waits and is answered then.
TEST(Passive, ARequestBeforeCompleteWaits) {
  Waiting world;
  WirePeer peer = world.connect();
  SendParts early = world.binding();
  early.body = "early bird";
  world.say(peer, early);
  EXPECT_TRUE(peer.got().empty());
  EXPECT_TRUE(world.node.bounds.empty());
  world.advance(seconds(5));
  world.complete();
  EXPECT_EQ(world.node.bounds.size(), 1U);
  EXPECT_EQ(peer.next().word, "200");
  ASSERT_EQ(world.node.incoming.size(), 1U);
  EXPECT_EQ(world.node.incoming[0].body, "early bird");
  EXPECT_TRUE(world.node.incoming[0].complete());
}

// The early request's ticket goes away: 481, and the peer may try another.
TEST(Passive, AnEarlyRequestWhoseTicketIsGivenUpGets481) {
  Waiting world;
  WirePeer peer = world.connect();
  world.say(peer, world.binding());
  world.node.engine().cleanup(world.ticket, world.now);
  world.drive();
  EXPECT_EQ(peer.next().word, "481");
  EXPECT_TRUE(world.node.ticket_failures.empty());
}

// An early request on a connection that is gone by the time of complete() binds nothing, and the
// next connection does.
TEST(Passive, AnEarlyRequestWhoseConnectionIsLostBindsNothing) {
  Waiting world;
  WirePeer peer = world.connect();
  world.say(peer, world.binding());
  world.lose(world.end_of(world.node));
  world.drive();
  EXPECT_TRUE(peer.gone());
  world.complete();
  EXPECT_TRUE(world.node.bounds.empty());
  WirePeer next = world.connect();
  world.say(next, world.binding());
  EXPECT_EQ(next.next().word, "200");
  EXPECT_EQ(world.node.bounds.size(), 1U);
}

// the From-Path is checked only on request.
TEST(Passive, EnforcePathRefusesAnotherPeer) {
  Waiting world;
  world.complete(
      {.path = Path::parse("msrp://192.0.2.9:5678/described;tcp").value(), .enforce_path = true});
  WirePeer peer = world.connect();
  world.say(peer, world.binding());
  const std::string word = peer.next().word;
  EXPECT_TRUE(word == "481" || word == "403") << word;
  EXPECT_TRUE(world.node.bounds.empty());
  world.remote = "msrp://192.0.2.9:5678/described;tcp";
  WirePeer right = world.connect();
  world.say(right, world.binding());
  EXPECT_EQ(right.next().word, "200");
  EXPECT_EQ(world.node.bounds.size(), 1U);
}

TEST(Passive, WithoutEnforcementTheFromPathMayDiffer) {
  Waiting world;
  world.complete({.path = Path::parse("msrp://192.0.2.9:5678/described;tcp").value()});
  WirePeer peer = world.connect();
  world.say(peer, world.binding());
  EXPECT_EQ(peer.next().word, "200");
  ASSERT_EQ(world.node.bounds.size(), 1U);
  EXPECT_EQ(world.node.bounds[0].remote_path.text(), world.remote);
}

// A peer that connects and says nothing is not kept.
TEST(Passive, ASilentConnectionIsClosedAfterTheBindTime) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  EXPECT_TRUE(world.node.engine().next_timeout());
  world.advance(milliseconds(29'999));
  EXPECT_FALSE(peer.gone());
  world.advance(milliseconds(2));
  EXPECT_TRUE(peer.gone());
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
}

// One byte every second does not keep it alive either.
TEST(Passive, ADribblingConnectionIsClosedAfterTheBindTime) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  const std::string request = wire_send(world.binding());
  for (std::size_t i = 0; i < 31; ++i) {
    peer.send(request.substr(i, 1));
    world.advance(seconds(1));
  }
  EXPECT_TRUE(peer.gone());
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
}

TEST(Passive, TheTicketFailsWhenNobodyComes) {
  Waiting world;
  world.complete();
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::complete);
  world.advance(seconds(31));
  ASSERT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures[0].error.code, Errc::timed_out);
  EXPECT_EQ(world.node.engine().stats().tickets, 0U);
  EXPECT_FALSE(world.node.engine().next_timeout());
}

// Ten thousand guesses on one connection: bounded memory, and the connection ends.
TEST(Passive, TenThousandUnknownSessionsAreBounded) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  SendParts parts = world.binding();
  for (int i = 0; i < 10'000 && !peer.gone(); ++i) {
    parts.to = "msrp://192.0.2.1:2855/guess" + std::to_string(i) + ";tcp";
    parts.transaction_id = "guess" + std::to_string(100'000 + i);
    peer.send(wire_send(parts));
    if (i % 100 == 99) world.drive();
  }
  world.drive();
  EXPECT_TRUE(peer.gone()) << "guessing goes on for ever";
  const auto answers = peer.take();
  EXPECT_LE(answers.size(), 64U);
  for (const WireChunk& answer : answers) EXPECT_EQ(answer.word, "481");
  EXPECT_TRUE(world.node.bounds.empty());
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
}

// R4975-12-2: A-13
TEST(Passive, AnUnknownMethodGets501) {
  Solo world({.role = Role::passive});
  world.peer_sends({.transaction_id = "strange1", .method = "DANCE"});
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "501");
  EXPECT_EQ(answer.transaction_id, "strange1");
  EXPECT_EQ(answer.header("To-Path"), world.remote);
  EXPECT_EQ(answer.header("From-Path"), world.local);
  EXPECT_TRUE(world.node.trace.empty());
  // R4975-10.9-1: the session goes on.
  world.peer_sends(world.parts("still fine"));
  EXPECT_EQ(world.peer.next().word, "200");
}

// framable although outside the grammar.
TEST(Passive, AMethodOutsideTheGrammarGets501) {
  Solo world({.role = Role::passive});
  world.peer_sends({.method = "FILE_OFFSET"});
  EXPECT_EQ(world.peer.next().word, "501");
}

// R4975-7.1.4-4 R4975-7.3-3: A-13
TEST(Passive, FailureReportNoSuppressesErrorsToo) {
  Solo world({.role = Role::passive});
  world.peer_sends({.failure_report = "no", .method = "DANCE"});
  world.peer_sends(
      {.to = "msrp://192.0.2.1:2855/other;tcp", .failure_report = "no", .body = "whatever"});
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  EXPECT_TRUE(world.node.incoming.empty());
}

// AUTH and NICKNAME are methods that an endpoint without relays does not understand; the
// header means nothing there.
TEST(Passive, AuthAndNicknameGet501) {
  Solo world({.role = Role::passive});
  for (const char* method : {"AUTH", "NICKNAME"}) {
    SendParts parts{.method = method};
    parts.message_id.clear();
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "501") << method;
  }
}

// R4975-7.1.2-10 R4975-7.1.2-9 R4975-7.3.2-10 R4975-7.1.1-16 R4975-7.3.2-7
TEST(Passive, AReportIsNeverAnswered) {
  Solo world({.role = Role::passive});
  SendParts report{.byte_range = "1-5/5", .extra = {{"Status", "000 200 OK"}}, .method = "REPORT"};
  world.peer_sends(report);  // of an unknown message
  report.to = "msrp://192.0.2.1:2855/unknown;tcp";
  world.peer_sends(report);  // of an unknown session
  report.to.clear();
  report.extra.clear();
  world.peer_sends(report);  // without Status
  report.message_id.clear();
  world.peer_sends(report);  // without Message-ID
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  EXPECT_TRUE(world.node.trace.empty());
  EXPECT_FALSE(world.peer.gone());
}

// Limits on connections: declined, and the driver discards the socket.
TEST(Passive, UnboundConnectionsAreLimited) {
  NodeOptions options;
  options.config.limits.unbound_connections = 2;
  Waiting world(options);
  world.complete();
  WirePeer one = world.connect();
  world.connect();
  EXPECT_FALSE(world.connect_peer(world.node, world.listener));
  world.say(one, world.binding());  // bound: does not count any more
  EXPECT_TRUE(world.connect_peer(world.node, world.listener));
}

TEST(Passive, ConnectionsAreLimited) {
  NodeOptions options;
  options.config.limits.connections = 2;
  Waiting world(options);
  WirePeer one = world.connect();
  world.connect();
  EXPECT_FALSE(world.connect_peer(world.node, world.listener));
  one.reset();
  world.drive();
  EXPECT_TRUE(world.connect_peer(world.node, world.listener));
}

// Two sessions may be bound over one connection by one peer, and over a stopped listener too.
TEST(Passive, StoppingTheListenerKeepsItsConnections) {
  Waiting world;
  world.complete();
  WirePeer peer = world.connect();
  world.say(peer, world.binding());
  EXPECT_EQ(peer.next().word, "200");
  world.node.engine().stop_listening(world.listener, world.now);
  world.drive();
  EXPECT_EQ(world.stops.size(), 1U);
  SendParts more = world.binding("more0001");
  more.body = "after";
  more.message_id = "after-the-end";
  world.say(peer, more);
  EXPECT_EQ(peer.next().word, "200");
  EXPECT_EQ(world.node.last_in().body, "after");
  const auto late =
      world.node.engine().prepare({.active = false, .listener = world.listener}, world.now);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::stale_handle);
}

// The chunk that is one too many is answered before the connection closes.
TEST(Passive, TheLastBadChunkIsAnsweredToo) {
  World world;
  Node& node = world.add("engine");
  const ListenerId listener =
      node.engine().listen({.at = at("192.0.2.2", 2855)}, world.now).value();
  world.drive();
  WirePeer peer = world.connect_peer(node, listener);
  world.drive();
  std::size_t answers = 0;
  for (std::uint32_t i = 0; i < Limits{}.bad_chunks; ++i) {
    SendParts part;
    part.to = "msrp://192.0.2.2:2855/nobody;tcp";
    part.from = "msrp://192.0.2.9:2855/x;tcp";
    part.transaction_id = "peer" + std::to_string(2000 + i);
    peer.send(wire_send(part));
    world.drive();
    answers += peer.take().size();
  }
  EXPECT_EQ(answers, Limits{}.bad_chunks);
  EXPECT_TRUE(peer.gone());
}

// A request that waits for complete() on a connection that is going away binds nothing.
TEST(Passive, AnEarlyRequestOnAClosingConnectionBindsNothing) {
  SoloOptions options;
  options.role = Role::passive;
  Solo world(options);
  const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
  world.drive();
  const std::string second(world.node.local_paths.at(ticket.value()).text());
  world.end_of(world.node).deaf = true;
  world.node.send("text/plain", "something");  // stays in the transmit order
  world.peer_sends({.to = second, .from = "msrp://192.0.2.9:5678/second;tcp"});
  world.node.engine().close(world.session, world.now);
  world.drive();
  const std::size_t bound = world.node.bounds.size();
  EXPECT_TRUE(world.node.engine().complete(ticket, {}, world.now));
  world.drive();
  EXPECT_EQ(world.node.bounds.size(), bound);
  world.advance(seconds(120));
  EXPECT_EQ(world.node.bounds.size(), bound);
  EXPECT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
}

}  // namespace
}  // namespace msrp::test
