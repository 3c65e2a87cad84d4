// How a session comes up: the connection, the binding SEND, its answer.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

// R4975-5.4-2 R4975-5.4-4 R4975-5.4-5 R4975-5.4-6 R4975-5.4-14 R4975-5.4-15 R4975-5.4-16
TEST(Binding, ABodilessSendBindsBothEnds) {
  PairOptions options;
  options.bind = false;
  Pair pair(options);
  const ListenerId listener =
      pair.b.engine().listen({.at = at("192.0.2.2", 2855)}, pair.now).value();
  pair.drive();
  ASSERT_EQ(pair.b.listening.size(), 1U);
  EXPECT_EQ(pair.b.listening[0].at, at("192.0.2.2", 2855));
  pair.listener = listener;
  const auto ends = pair.add_session();
  ASSERT_TRUE(ends.a);
  ASSERT_TRUE(ends.b);

  ASSERT_EQ(pair.a.bounds.size(), 1U);
  ASSERT_EQ(pair.b.bounds.size(), 1U);
  EXPECT_EQ(pair.a.bounds[0].local_path.text(), pair.b.bounds[0].remote_path.text());
  EXPECT_EQ(pair.b.bounds[0].local_path.text(), pair.a.bounds[0].remote_path.text());
  EXPECT_EQ(pair.a.bounds[0].ticket, pair.ticket_a);
  EXPECT_EQ(pair.a.engine().stats().sessions, 1U);
  EXPECT_EQ(pair.b.engine().stats().sessions, 1U);
  EXPECT_EQ(pair.a.engine().stats().tickets, 0U);
  EXPECT_EQ(pair.b.engine().stats().tickets, 0U);
  EXPECT_EQ(pair.connects.size(), 1U);
}

// R4975-5.4-4 R4975-5.4-7 R4975-7.1-3 R4975-7.1-10 R4975-7.1-11 R4975-7.1-12 R4975-5.2-1
// R6135-4.2.2-11
TEST(Binding, TheFirstRequestOnTheWireIsABodilessSend) {
  World world;
  world.listen_peer(at("192.0.2.9", 2855));
  Node& node = world.add("engine");
  const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  const std::string local(node.local_paths.at(ticket.value()).text());
  EXPECT_TRUE(world.connects.empty()) << "nothing is connected before complete()";
  const std::string remote = "msrp://192.0.2.9:2855/xyzzy;tcp";
  ASSERT_TRUE(node.engine().complete(ticket, {.path = Path::parse(remote).value()}, world.now));
  world.drive();

  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connects[0].to, at("192.0.2.9", 2855));
  EXPECT_FALSE(world.connects[0].secure);
  WirePeer peer = world.accepted_peers.at(0);
  const std::string wire = peer.got();
  const WireChunk binding = peer.next();
  EXPECT_EQ(binding.word, "SEND");
  EXPECT_EQ(binding.header("To-Path"), remote);
  EXPECT_EQ(binding.header("From-Path"), local);
  EXPECT_TRUE(binding.has("Message-ID"));
  EXPECT_FALSE(binding.has("Content-Type"));
  EXPECT_FALSE(binding.body);
  EXPECT_EQ(binding.flag, '$');
  EXPECT_EQ(wire.find("\r\n\r\n"), std::string::npos);
  EXPECT_TRUE(node.bounds.empty()) << "bound before the answer";

  peer.send(wire_response(binding, 200));
  world.drive();
  EXPECT_EQ(node.bounds.size(), 1U);
  EXPECT_EQ(node.engine().stats().transactions, 0U);
}

// R4975-5.4-5 R4975-5.4-14: the first SEND may carry content; it binds and is delivered.
TEST(Binding, TheFirstSendMayCarryABody) {
  PairOptions options;
  options.bind = false;
  Pair pair(options);
  pair.listener = pair.b.engine().listen({.at = at("192.0.2.2", 2855)}, pair.now).value();
  pair.drive();
  const TicketId b = pair.b.prepare({.active = false, .listener = pair.listener});
  const TicketId a = pair.a.prepare({.active = true, .host = "192.0.2.1"});
  pair.drive();
  const std::string body = pattern(5000);
  const auto first =
      pair.a.engine().send_first(a, {.content_type = "text/plain"}, owned(body), pair.now);
  ASSERT_TRUE(first);
  pair.a.expect_first(*first);
  ASSERT_TRUE(pair.b.engine().complete(b, {.path = pair.a.local_paths.at(a.value())}, pair.now));
  ASSERT_TRUE(pair.a.engine().complete(a, {.path = pair.b.local_paths.at(b.value())}, pair.now));
  pair.drive();

  EXPECT_EQ(pair.a.bounds.size(), 1U);
  EXPECT_EQ(pair.b.bounds.size(), 1U);
  ASSERT_EQ(pair.b.incoming.size(), 1U);
  EXPECT_EQ(pair.b.incoming[0].body, body);
  EXPECT_TRUE(pair.b.incoming[0].complete());
  EXPECT_TRUE(pair.a.out(*first).delivered);
  EXPECT_TRUE(pair.a.out(*first).done);
  // Bound comes before the events of what bound it.
  EXPECT_EQ(pair.b.trace.at(2), "Bound") << pair.b.trace.at(2);
}

// To the peer the session is up with the first head that it reads, so it may speak while a long
// first message is still on its way and has no answer yet.
TEST(Binding, ThePeerMaySpeakBeforeItAnswers) {
  PairOptions options;
  options.bind = false;
  Pair pair(options);
  pair.listener = pair.b.engine().listen({.at = at("192.0.2.2", 2855)}, pair.now).value();
  pair.drive();
  const TicketId b = pair.b.prepare({.active = false, .listener = pair.listener});
  const TicketId a = pair.a.prepare({.active = true, .host = "192.0.2.1"});
  pair.drive();
  const std::string body = pattern(500'000);
  const auto first =
      pair.a.engine().send_first(a, {.content_type = "text/plain"}, owned(body), pair.now);
  ASSERT_TRUE(first);
  pair.a.expect_first(*first);
  ASSERT_TRUE(pair.b.engine().complete(b, {.path = pair.a.local_paths.at(a.value())}, pair.now));
  ASSERT_TRUE(pair.a.engine().complete(a, {.path = pair.b.local_paths.at(b.value())}, pair.now));
  for (int i = 0; i < 100 && pair.b.bounds.empty(); ++i) pair.drive_bounded(1);
  ASSERT_EQ(pair.b.bounds.size(), 1U);
  ASSERT_TRUE(pair.b.incoming.empty() || !pair.b.incoming[0].ended) << "the first is on its way";
  const MessageHandle hi = pair.b.send("text/plain", "hi");
  pair.drive();

  EXPECT_TRUE(pair.b.out(hi).delivered);
  EXPECT_TRUE(pair.a.out(*first).delivered);
  EXPECT_EQ(pair.a.bounds.size(), 1U);
  ASSERT_EQ(pair.a.incoming.size(), 1U);
  EXPECT_EQ(pair.a.incoming[0].body, "hi");
  ASSERT_EQ(pair.b.incoming.size(), 1U);
  EXPECT_TRUE(pair.b.incoming[0].body == body);
  EXPECT_TRUE(pair.a.closed.empty());
  EXPECT_TRUE(pair.b.closed.empty());
}

// R4975-5.4-15 R4975-5.4-32: a peer may bind further sessions on the connection that it has.
TEST(Binding, OneConnectionCarriesSeveralSessions) {
  Solo world({.role = Role::passive});
  const Solo::Another second = world.add_session();
  ASSERT_TRUE(second.session);
  EXPECT_EQ(world.node.engine().stats().connections, 1U);
  EXPECT_EQ(world.node.engine().stats().sessions, 2U);

  SendParts to_first = world.parts("first session");
  world.peer_sends(to_first);
  EXPECT_EQ(world.peer.next().header("From-Path"), world.local);
  EXPECT_EQ(world.node.last_in().session, world.session);
  SendParts to_second = world.parts("second session");
  to_second.to = second.local;
  to_second.from = second.remote;
  world.peer_sends(to_second);
  EXPECT_EQ(world.peer.next().header("From-Path"), second.local);
  EXPECT_EQ(world.node.last_in().session, second.session);
  EXPECT_EQ(world.node.last_in().body, "second session");
}

// Several sessions between two engines, whatever connections they take.
TEST(Binding, SeveralSessionsBetweenTwoEngines) {
  Pair pair;
  const auto second = pair.add_session();
  ASSERT_TRUE(second.a);
  ASSERT_TRUE(second.b);
  EXPECT_EQ(pair.a.engine().stats().sessions, 2U);
  const MessageHandle one = pair.send_a(pair.session_a, "text/plain", "first session");
  const MessageHandle two = pair.send_a(second.a, "text/plain", "second session");
  pair.drive();
  EXPECT_TRUE(pair.a.out(one).delivered);
  EXPECT_TRUE(pair.a.out(two).delivered);
  for (const Incoming& message : pair.b.incoming) {
    if (!message.has_body) continue;
    EXPECT_EQ(message.session, message.body == "first session" ? pair.session_b : second.b);
  }
}

// R4975-7.1-2 R4975-14.1-1 R4975-8.2-5 R4975-6-2 R4975-6-12 A-11:
// enough random characters, different every time.
TEST(Binding, GeneratedIdsAreLongAndDifferent) {
  World world;
  Node& node = world.add("engine");
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const TicketId ticket = node.prepare({.active = true, .host = "host.example"});
    world.drive();
    const Path& path = node.local_paths.at(ticket.value());
    const UriView uri = path.view().front();
    // 80 bits take 16 characters of an alphabet of 36, 14 of one of 62.
    EXPECT_GE(uri.session_id.size(), 16U) << path.text();
    EXPECT_EQ(uri.host, "host.example");
    EXPECT_EQ(uri.transport, "tcp");
    EXPECT_TRUE(uri.port) << "RFC 4975 section 8.2: explicit ports";
    EXPECT_TRUE(seen.insert(std::string(uri.session_id)).second);
    node.engine().cleanup(ticket, world.now);
  }
  EXPECT_EQ(node.engine().stats().tickets, 0U);
}

// A local URI of the application's own is used as it is and cannot be used twice (R4975-8.2-4).
TEST(Binding, AChosenLocalUriIsUsedOnce) {
  World world;
  Node& node = world.add("engine");
  const Uri own = Uri::parse("msrp://alice.example:7777/chosen;tcp").value();
  const TicketId ticket = node.prepare({.active = true, .host = "x.example", .local = own});
  world.drive();
  EXPECT_EQ(node.local_paths.at(ticket.value()).text(), own.text());
  const auto again = node.engine().prepare({.active = true, .local = own}, world.now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::bad_state);
  node.engine().cleanup(ticket, world.now);
  EXPECT_TRUE(node.engine().prepare({.active = true, .local = own}, world.now));
}

// R4975-5.4-8 R4975-6-7: msrps asks for a secure connection with the host's name.
TEST(Binding, AnMsrpsPathAsksForASecureConnection) {
  World world;
  world.dns["bob.example"] = {AddressRecord{IpAddress::parse("192.0.2.9").value()}};
  world.listen_peer(at("192.0.2.9", 9999));
  Node& node = world.add("engine");
  const Uri own = Uri::parse("msrps://alice.example:2855/own;tcp").value();
  const TicketId ticket = node.prepare({.active = true, .local = own});
  world.drive();
  ASSERT_TRUE(node.engine().complete(
      ticket, {.path = Path::parse("msrps://bob.example:9999/x1y2;tcp").value()}, world.now));
  world.drive();
  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_TRUE(world.connects[0].secure);
  EXPECT_EQ(world.connects[0].server_name, "bob.example");
}

// prepare() may come before the listener is up: Prepared waits for its address.
TEST(Binding, PreparedWaitsForTheListener) {
  World world;
  Node& node = world.add("engine");
  const auto listener = node.engine().listen({.at = at("192.0.2.1", 0)}, world.now);
  ASSERT_TRUE(listener);
  const TicketId ticket = node.prepare({.active = false, .listener = *listener});
  EXPECT_FALSE(node.drain_events());
  world.drive();
  ASSERT_EQ(node.listening.size(), 1U);
  const std::uint16_t port = node.listening[0].at.port;
  EXPECT_NE(port, 0);
  EXPECT_EQ(node.local_paths.at(ticket.value()).view().front().port, port);
}

}  // namespace
}  // namespace msrp::test
