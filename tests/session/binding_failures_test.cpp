// What ends a ticket without a session.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

DnsRecord address(std::string_view ip) {
  return AddressRecord{IpAddress::parse(ip).value()};
}

// An engine with a ticket that is about to connect to `remote`.
struct Dialling : World {
  explicit Dialling(const std::string& where = "msrp://192.0.2.9:2855/xyzzy;tcp")
      : node(add("engine")), remote(where) {
    ticket = node.prepare({.active = true, .host = "192.0.2.1"});
    drive();
  }
  void complete() {
    ASSERT_TRUE(node.engine().complete(ticket, {.path = Path::parse(remote).value()}, now));
    drive();
  }
  void expect_failed(Errc code) {
    ASSERT_EQ(node.ticket_failures.size(), 1U);
    EXPECT_EQ(node.ticket_failures[0].ticket, ticket);
    EXPECT_EQ(describe(node.ticket_failures[0].error.code), describe(code));
    EXPECT_TRUE(node.bounds.empty());
    drive();
    EXPECT_EQ(node.engine().stats().tickets, 0U);
    EXPECT_EQ(node.engine().stats().sessions, 0U);
  }

  Node& node;
  std::string remote;
  TicketId ticket;
};

TEST(BindingFails, WhenTheConnectionIsRefused) {
  Dialling world;
  world.complete();
  world.expect_failed(Errc::connect_failed);
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
}

TEST(BindingFails, WhenTheConnectionNeverComesUp) {
  Dialling world;
  world.black_holes.insert("192.0.2.9:2855");
  world.complete();
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::connect);
  world.advance(seconds(9));
  EXPECT_TRUE(world.node.ticket_failures.empty());
  world.advance(seconds(2));
  world.expect_failed(Errc::timed_out);
  EXPECT_EQ(world.connections_of(world.node), 0U) << "the attempt is closed";
}

TEST(BindingFails, WhenTheNameIsUnknown) {
  Dialling world("msrp://nowhere.example:2855/xyzzy;tcp");
  world.complete();
  ASSERT_EQ(world.resolves.size(), 1U);
  EXPECT_EQ(world.resolves[0].host, "nowhere.example");
  world.expect_failed(Errc::resolve_failed);
  EXPECT_TRUE(world.connects.empty());
}

TEST(BindingFails, WhenTheResolverFindsNoAddress) {
  Dialling world("msrp://empty.example:2855/xyzzy;tcp");
  world.dns["empty.example"] = {};
  world.complete();
  world.expect_failed(Errc::resolve_failed);
}

TEST(BindingFails, WhenTheResolverIsSilent) {
  Dialling world("msrp://slow.example:2855/xyzzy;tcp");
  world.dns_silent = true;
  world.complete();
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::resolve);
  world.advance(seconds(11));
  ASSERT_EQ(world.node.ticket_failures.size(), 1U);
  const Errc code = world.node.ticket_failures[0].error.code;
  EXPECT_TRUE(code == Errc::timed_out || code == Errc::resolve_failed) << describe(code);
  // An answer after all changes nothing.
  const DnsRecord late[] = {address("192.0.2.9")};
  world.node.engine().on_resolved(world.resolves.at(0).query, late, world.now);
  world.drive();
  EXPECT_TRUE(world.connects.empty());
}

// R4975-5.4-7 R4975-6.2-1: a literal address is not resolved.
TEST(Binding, ALiteralAddressIsNotResolved) {
  Dialling world("msrp://[2001:db8::9]:2855/xyzzy;tcp");
  world.complete();
  EXPECT_TRUE(world.resolves.empty());
  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connects[0].to, at("2001:db8::9", 2855));
}

// R4975-6.2-2 R4975-6.2-3: one address after the other, until one answers.
TEST(Binding, TriesEachAddressInTurn) {
  Dialling world("msrp://bob.example:2855/xyzzy;tcp");
  world.dns["bob.example"] = {address("192.0.2.21"), address("192.0.2.22"), address("192.0.2.23")};
  world.black_holes.insert("192.0.2.21:2855");
  world.refused.insert("192.0.2.22:2855");
  world.listen_peer(at("192.0.2.23", 2855));
  world.complete();
  world.advance(seconds(11));
  ASSERT_EQ(world.connects.size(), 3U);
  EXPECT_EQ(world.connects[2].to, at("192.0.2.23", 2855));
  ASSERT_EQ(world.accepted_peers.size(), 1U);
  WirePeer peer = world.accepted_peers[0];
  peer.send(wire_response(peer.next(), 200));
  world.drive();
  EXPECT_EQ(world.node.bounds.size(), 1U);
  EXPECT_TRUE(world.node.ticket_failures.empty());
  EXPECT_EQ(world.connections_of(world.node), 1U) << "failed attempts are closed";
}

TEST(BindingFails, WhenAllAddressesFail) {
  Dialling world("msrp://bob.example:2855/xyzzy;tcp");
  world.dns["bob.example"] = {address("192.0.2.21"), address("2001:db8::22")};
  world.complete();
  EXPECT_EQ(world.connects.size(), 2U);
  world.expect_failed(Errc::connect_failed);
}

// R4975-5.4-17 R4975-10.8-1
TEST(BindingFails, WhenThePeerAnswers481) {
  Dialling world;
  world.listen_peer(at("192.0.2.9", 2855));
  world.complete();
  WirePeer peer = world.accepted_peers.at(0);
  peer.send(wire_response(peer.next(), 481));
  world.drive();
  world.expect_failed(Errc::no_such_session);
  EXPECT_TRUE(peer.gone()) << "a connection without a session is closed";
  EXPECT_EQ(world.node.ticket_failures[0].error.status, 481);
}

// R4975-5.4-18 R4975-10.10-1
TEST(BindingFails, WhenThePeerAnswers506) {
  Dialling world;
  world.listen_peer(at("192.0.2.9", 2855));
  world.complete();
  WirePeer peer = world.accepted_peers.at(0);
  peer.send(wire_response(peer.next(), 506));
  world.drive();
  world.expect_failed(Errc::session_elsewhere);
}

// R4975-7.1.1-9
TEST(BindingFails, WhenThePeerNeverAnswers) {
  Dialling world;
  world.listen_peer(at("192.0.2.9", 2855));
  world.complete();
  world.advance(milliseconds(29'999));
  EXPECT_TRUE(world.node.ticket_failures.empty());
  world.advance(milliseconds(2));
  world.expect_failed(Errc::timed_out);
}

TEST(BindingFails, WhenTheConnectionIsLostBeforeTheAnswer) {
  Dialling world;
  world.listen_peer(at("192.0.2.9", 2855));
  world.complete();
  world.accepted_peers.at(0).reset();
  world.drive();
  world.expect_failed(Errc::connection_lost);
}

TEST(BindingFails, AndTheFirstMessageFailsWithIt) {
  Dialling world;
  const auto first = world.node.engine().send_first(world.ticket, {.content_type = "text/plain"},
                                                    owned("never"), world.now);
  ASSERT_TRUE(first);
  world.node.expect_first(*first);
  world.complete();
  world.expect_failed(Errc::connect_failed);
  const Outgoing& message = world.node.out(*first);
  EXPECT_TRUE(message.failed);
  EXPECT_TRUE(message.done);
  EXPECT_FALSE(message.sent);
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
}

// A borrowed first body is given back exactly once when nothing comes of it.
TEST(BindingFails, AndABorrowedFirstBodyIsReleased) {
  Dialling world;
  const std::string body = pattern(3000);
  const auto first = world.node.engine().send_first(world.ticket, {.content_type = "text/plain"},
                                                    BorrowedBody{bytes_of(body)}, world.now);
  ASSERT_TRUE(first);
  world.node.expect_first(*first);
  world.complete();
  EXPECT_EQ(world.node.out(*first).released, 1);
  EXPECT_TRUE(world.node.out(*first).done);
}

// cleanup() in every state: no event follows, nothing stays.
TEST(BindingFails, SilentlyAfterCleanup) {
  for (int state = 0; state < 4; ++state) {
    Dialling world(state == 1 ? "msrp://slow.example:2855/x;tcp"
                              : "msrp://192.0.2.9:2855/xyzzy;tcp");
    world.dns_silent = true;
    if (state == 2) world.black_holes.insert("192.0.2.9:2855");
    if (state == 3) world.listen_peer(at("192.0.2.9", 2855));
    if (state > 0) world.complete();
    const std::size_t events = world.node.trace.size();
    world.node.engine().cleanup(world.ticket, world.now);
    world.drive();
    world.advance(seconds(60));
    EXPECT_EQ(world.node.trace.size(), events) << "state " << state;
    EXPECT_EQ(world.node.engine().stats().tickets, 0U) << "state " << state;
    EXPECT_EQ(world.node.engine().stats().connections, 0U) << "state " << state;
    EXPECT_FALSE(world.node.engine().next_timeout()) << "state " << state;
    world.node.engine().cleanup(world.ticket, world.now);  // stale: ignored
  }
}

TEST(BindingFails, CompleteWithoutAPathIsAnError) {
  Dialling world;
  const auto done = world.node.engine().complete(world.ticket, {}, world.now);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::invalid_argument);
}

TEST(BindingFails, CompleteTwiceIsAnError) {
  Dialling world;
  world.listen_peer(at("192.0.2.9", 2855));
  world.complete();
  const auto again = world.node.engine().complete(
      world.ticket, {.path = Path::parse(world.remote).value()}, world.now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::bad_state);
}

TEST(BindingFails, StaleTicketsAreRecognised) {
  Dialling world;
  world.node.engine().cleanup(world.ticket, world.now);
  const auto done = world.node.engine().complete(
      world.ticket, {.path = Path::parse(world.remote).value()}, world.now);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::stale_handle);
  const auto first = world.node.engine().send_first(world.ticket, {}, NoBody{}, world.now);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Errc::stale_handle);
}

TEST(BindingFails, WhenTheListenerCannotListen) {
  World world;
  Node& one = world.add("one");
  Node& two = world.add("two", {.seed = 2});
  ASSERT_TRUE(one.engine().listen({.at = at("192.0.2.1", 2855)}, world.now));
  world.drive();
  const auto listener = two.engine().listen({.at = at("192.0.2.1", 2855)}, world.now);
  ASSERT_TRUE(listener);
  two.prepare({.active = false, .listener = *listener});
  world.drive();
  EXPECT_EQ(two.listen_failures.size(), 1U);
  EXPECT_EQ(two.ticket_failures.size(), 1U) << "who waits for the listener is told";
  EXPECT_EQ(two.engine().stats().tickets, 0U);
}

// The ticket limit is a limit, and room comes back.
TEST(BindingFails, OverTheTicketLimit) {
  NodeOptions options;
  options.config.limits.tickets = 3;
  World world;
  Node& node = world.add("engine", options);
  TicketId last;
  for (int i = 0; i < 3; ++i) last = node.prepare({.active = true, .host = "h.example"});
  const auto over = node.engine().prepare({.active = true, .host = "h.example"}, world.now);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::limit_exceeded);
  node.engine().cleanup(last, world.now);
  EXPECT_TRUE(node.engine().prepare({.active = true, .host = "h.example"}, world.now));
}

// Without an answer nobody would ever know that the session is up.
TEST(BindingFails, AFirstMessageHasToAskForAnAnswer) {
  World world;
  Node& node = world.add("engine");
  const auto ticket = node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  for (const FailureReport report : {FailureReport::no, FailureReport::partial}) {
    const auto first = node.engine().send_first(
        ticket, {.content_type = "text/plain", .failure_report = report}, owned("hi"), world.now);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace msrp::test
