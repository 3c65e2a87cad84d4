// Active sessions to one peer go over one connection, and what that means for each of them.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view peer_text = "192.0.2.9:2855";

DnsRecord address(std::string_view ip) {
  return AddressRecord{IpAddress::parse(ip).value()};
}

std::string peer_uri(std::string_view session) {
  return "msrp://" + std::string(peer_text) + "/" + std::string(session) + ";tcp";
}

// An engine that connects to scripted peers.
struct Sharing : World {
  explicit Sharing(const NodeOptions& options = {}) : node(add("engine", options)) {
    listen_peer(at("192.0.2.9", 2855));
  }
  // A ticket up to complete(), without handing anything on after it.
  TicketId begin(std::string_view remote, const SessionOptions& options = {},
                 std::optional<ConnectTarget> connect_to = std::nullopt) {
    const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1", .options = options});
    node.drain_events();
    RemoteDescription described{.path = Path::parse(remote).value()};
    described.connect_to = std::move(connect_to);
    EXPECT_TRUE(node.engine().complete(ticket, described, now));
    return ticket;
  }
  void bind(std::string_view remote, const SessionOptions& options = {}) {
    begin(remote, options);
    answer();
  }
  // Every peer answers every request that it has got.
  void answer(int status = 200) {
    drive();
    for (WirePeer& peer : accepted_peers)
      for (const WireChunk& chunk : peer.take())
        if (!chunk.is_response()) peer.send(wire_response(chunk, status));
    drive();
  }
  SessionId session(std::size_t i) const { return node.bounds.at(i).session; }
  MessageHandle send(SessionId session, std::string_view text) {
    const MessageSpec spec{.content_type = "text/plain"};
    auto handle = node.engine().send(session, spec, owned(text), now);
    EXPECT_TRUE(handle);
    if (handle) node.expect_first(*handle);
    return handle.value_or(MessageHandle{});
  }
  // A message goes out on that session and is delivered.
  void expect_works(SessionId session) {
    const MessageHandle handle = send(session, "still here");
    answer();
    EXPECT_TRUE(node.out(handle).delivered);
  }

  Node& node;
};

// R4975-5.4-1
TEST(Sharing, SessionsToOnePeerShareAConnection) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.begin(peer_uri("two"));
  world.drive();
  ASSERT_EQ(world.connects.size(), 1U);
  ASSERT_EQ(world.accepted_peers.size(), 1U);
  WirePeer peer = world.accepted_peers[0];
  const WireChunk binding = peer.next();
  EXPECT_EQ(binding.header("To-Path"), peer_uri("two"));
  peer.send(wire_response(binding, 200));
  world.drive();
  ASSERT_EQ(world.node.bounds.size(), 2U);
  // Each session's messages keep their own paths.
  for (std::size_t i : {0U, 1U}) {
    const Bound& bound = world.node.bounds[i];
    world.send(bound.session, "hello");
    world.drive();
    const WireChunk request = peer.next();
    EXPECT_EQ(request.header("To-Path"), bound.remote_path.text());
    EXPECT_EQ(request.header("From-Path"), bound.local_path.text());
    SendParts parts{.to = std::string(bound.local_path.text()),
                    .from = std::string(bound.remote_path.text())};
    parts.body = "for " + std::to_string(i);
    peer.send(wire_response(request, 200) + wire_send(parts));
    world.drive();
    EXPECT_EQ(peer.next().word, "200");
    EXPECT_EQ(world.node.last_in().session, bound.session);
    EXPECT_EQ(world.node.last_in().body, parts.body);
  }
}

// R4975-5.4-1: the connection need not be up yet.
TEST(Sharing, WhileItIsConnecting) {
  Sharing world;
  world.dns["bob.example"] = {address("192.0.2.21"), address("192.0.2.9")};
  world.black_holes.insert("192.0.2.21:2855");
  world.begin("msrp://bob.example:2855/one;tcp");
  world.drive();
  world.advance(seconds(4));
  world.begin("msrp://bob.example:2855/two;tcp");
  world.drive();
  EXPECT_EQ(world.resolves.size(), 1U);
  EXPECT_EQ(world.connects.size(), 1U);
  world.advance(seconds(7));
  world.answer();
  EXPECT_EQ(world.connects.size(), 2U) << "one attempt at each address, for both";
  EXPECT_EQ(world.node.bounds.size(), 2U);
  EXPECT_EQ(world.connections_of(world.node), 1U);
}

// R4975-5.4-1: nor its address known; names are compared without case.
TEST(Sharing, WhileItIsResolving) {
  Sharing world;
  world.dns_silent = true;
  world.begin("msrp://bob.example:2855/one;tcp");
  world.drive();
  world.begin("msrp://BOB.Example:2855/two;tcp");
  world.drive();
  ASSERT_EQ(world.resolves.size(), 1U);
  const DnsRecord found[] = {address("192.0.2.9")};
  world.node.engine().on_resolved(world.resolves[0].query, found, world.now);
  world.answer();
  EXPECT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.node.bounds.size(), 2U);
  world.bind("msrp://bob.EXAMPLE:2855/three;tcp");
  EXPECT_EQ(world.resolves.size(), 1U) << "a connection that is up needs no resolver";
  EXPECT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.node.bounds.size(), 3U);
}

struct Apart {
  const char* name;
  const char* remote;
  const char* identity;
  bool share;
};

class NotShared : public testing::TestWithParam<Apart> {};

// R4975-5.4-1 from its other side: same host, port, scheme and whoever is authenticated, or not.
TEST_P(NotShared, OpensItsOwn) {
  const Apart& apart = GetParam();
  SessionOptions other;
  other.identity = apart.identity;
  other.share_connection = apart.share;
  for (const bool other_first : {false, true}) {
    Sharing world;
    world.listen_peer(at("192.0.2.9", 2856));
    world.listen_peer(at("192.0.2.10", 2855));
    if (other_first) world.bind(apart.remote, other);
    world.bind(peer_uri("plain"));
    if (!other_first) world.bind(apart.remote, other);
    EXPECT_EQ(world.connects.size(), 2U);
    EXPECT_EQ(world.node.bounds.size(), 2U);
    EXPECT_EQ(world.connections_of(world.node), 2U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sharing, NotShared,
    testing::Values(Apart{"Identity", "msrp://192.0.2.9:2855/other;tcp", "alice", true},
                    Apart{"Port", "msrp://192.0.2.9:2856/other;tcp", "", true},
                    Apart{"Host", "msrp://192.0.2.10:2855/other;tcp", "", true},
                    Apart{"Scheme", "msrps://192.0.2.9:2855/other;tcp", "", true},
                    Apart{"Unwilling", "msrp://192.0.2.9:2855/other;tcp", "", false}),
    [](const auto& test) { return std::string(test.param.name); });

// The same identity is shared, whatever it says.
TEST(Sharing, OneIdentityIsOneConnection) {
  Sharing world;
  SessionOptions alice;
  alice.identity = "alice";
  world.bind(peer_uri("one"), alice);
  world.bind(peer_uri("two"), alice);
  EXPECT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.node.bounds.size(), 2U);
}

// who connected to us may only claim to be at that address.
TEST(Sharing, NotOverAnAcceptedConnection) {
  Solo world({.role = Role::passive});
  world.listen_peer(at("192.0.2.250", 5678));
  world.listen_peer(at("192.0.2.9", 5678));  // where the accepted one's From-Path points
  const TicketId ticket = world.node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  ASSERT_TRUE(world.node.engine().complete(
      ticket, {.path = Path::parse("msrp://192.0.2.9:5678/another;tcp").value()}, world.now));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << "the binding SEND went to whoever connected";
  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connects[0].to, at("192.0.2.9", 5678));
}

// A full connection gets a second one beside it, and that is used up before a third.
TEST(Sharing, AFullConnectionGetsASecond) {
  NodeOptions options;
  options.config.limits.sessions_per_connection = 2;
  for (const bool at_once : {false, true}) {
    Sharing world(options);
    for (int i = 0; i < 4; ++i) {
      world.begin(peer_uri("session" + std::to_string(i)));
      if (!at_once) world.answer();
    }
    world.answer();
    world.answer();
    EXPECT_EQ(world.node.bounds.size(), 4U);
    EXPECT_TRUE(world.node.ticket_failures.empty());
    EXPECT_EQ(world.connects.size(), 2U);
  }
}

// R4975-5.4-20 from its other side: what happens to one session is that session's.
TEST(Sharing, OneRefusedBindingLeavesTheOthersAlone) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.begin(peer_uri("two"));
  world.answer(481);
  ASSERT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures[0].error.code, Errc::no_such_session);
  // And a session that is known elsewhere likewise.
  world.begin(peer_uri("three"));
  world.answer(506);
  ASSERT_EQ(world.node.ticket_failures.size(), 2U);
  EXPECT_EQ(world.node.ticket_failures[1].error.code, Errc::session_elsewhere);
  EXPECT_TRUE(world.node.closed.empty());
  world.expect_works(world.session(0));
  EXPECT_EQ(world.connects.size(), 1U);
}

TEST(Sharing, A481EndsOneSessionOnly) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.bind(peer_uri("two"));
  world.send(world.session(0), "anyone?");
  world.answer(481);
  EXPECT_TRUE(world.node.session_closed(world.session(0)));
  EXPECT_FALSE(world.node.session_closed(world.session(1)));
  world.expect_works(world.session(1));
}

TEST(Sharing, AnUnansweredBindingLeavesTheOthersAlone) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.begin(peer_uri("two"));
  world.advance(seconds(31));
  ASSERT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures[0].error.code, Errc::timed_out);
  EXPECT_TRUE(world.node.closed.empty());
  world.accepted_peers[0].take();
  world.expect_works(world.session(0));
}

TEST(Sharing, AGivenUpTicketLeavesTheOthersAlone) {
  Sharing world;
  world.bind(peer_uri("one"));
  const TicketId up = world.begin(peer_uri("two"));  // its SEND is queued
  world.node.engine().cleanup(up, world.now);
  world.drive();
  const TicketId sent = world.begin(peer_uri("three"));  // its SEND is out
  world.drive();
  world.node.engine().cleanup(sent, world.now);
  world.answer();
  EXPECT_EQ(world.node.bounds.size(), 1U);
  EXPECT_TRUE(world.node.ticket_failures.empty());
  EXPECT_TRUE(world.closes.empty());
  world.expect_works(world.session(0));
}

// R4975-5.4-20
TEST(Sharing, ALostConnectionEndsEverySessionOnIt) {
  Sharing world;
  for (const char* name : {"one", "two", "three"}) world.bind(peer_uri(name));
  world.accepted_peers[0].reset();
  world.drive();
  EXPECT_EQ(world.node.closed.size(), 3U);
  for (const SessionClosed& event : world.node.closed)
    EXPECT_EQ(event.reason.code, Errc::connection_lost);
  EXPECT_EQ(world.connects.size(), 1U) << "R4975-5.4-22: no reconnecting by itself";
}

TEST(Sharing, AFailingAddressFailsAllWhoWait) {
  Sharing world;
  world.dns["bob.example"] = {address("192.0.2.21"), address("192.0.2.22")};
  world.black_holes = {"192.0.2.21:2855", "192.0.2.22:2855"};
  world.begin("msrp://bob.example:2855/one;tcp");
  world.drive();
  world.begin("msrp://bob.example:2855/two;tcp");
  world.advance(seconds(21));
  EXPECT_EQ(world.connects.size(), 2U);
  ASSERT_EQ(world.node.ticket_failures.size(), 2U);
  for (const TicketFailed& event : world.node.ticket_failures)
    EXPECT_EQ(event.error.code, Errc::timed_out);
  EXPECT_EQ(world.node.engine().stats().tickets, 0U);
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
  EXPECT_EQ(world.connections_of(world.node), 0U);
}

TEST(Sharing, AFailingResolverFailsAllWhoWait) {
  Sharing world;
  world.dns_silent = true;
  world.begin("msrp://bob.example:2855/one;tcp");
  world.begin("msrp://bob.example:2855/two;tcp");
  world.drive();
  ASSERT_EQ(world.resolves.size(), 1U);
  world.node.engine().on_resolve_failed(world.resolves[0].query, Error{Errc::resolve_failed},
                                        world.now);
  world.drive();
  ASSERT_EQ(world.node.ticket_failures.size(), 2U);
  for (const TicketFailed& event : world.node.ticket_failures)
    EXPECT_EQ(event.error.code, Errc::resolve_failed);
  EXPECT_EQ(world.node.engine().stats().tickets, 0U);
}

TEST(Sharing, TheLastWhoWaitsTakesTheDialAlong) {
  Sharing world;
  world.black_holes.emplace(peer_text);
  const TicketId one = world.begin(peer_uri("one"));
  const TicketId two = world.begin(peer_uri("two"));
  world.drive();
  world.node.engine().cleanup(one, world.now);
  world.drive();
  EXPECT_TRUE(world.closes.empty()) << "another waits for it";
  world.node.engine().cleanup(two, world.now);
  world.drive();
  ASSERT_EQ(world.closes.size(), 1U);
  EXPECT_EQ(world.closes[0].conn, world.connects.at(0).conn);
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
  EXPECT_FALSE(world.node.engine().next_timeout());
  EXPECT_TRUE(world.node.ticket_failures.empty());
}

// R4975-5.4-31 R4975-5.4-32: by default a connection ends with its last session, not before.
TEST(Sharing, TheLastSessionTakesTheConnectionAlong) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.bind(peer_uri("two"));
  world.node.engine().close(world.session(0), world.now);
  world.drive();
  EXPECT_TRUE(world.closes.empty());
  world.expect_works(world.session(1));
  world.node.engine().close(world.session(1), world.now);
  world.drive();
  ASSERT_EQ(world.closes.size(), 1U);
  EXPECT_TRUE(world.closes[0].graceful);
}

// R4975-5.4-32
TEST(Sharing, AnIdleConnectionWaitsForTheNextSession) {
  NodeOptions options;
  options.config.timeouts.idle = seconds(20);
  Sharing world(options);
  world.bind(peer_uri("one"));
  world.node.engine().close(world.session(0), world.now);
  world.advance(seconds(15));
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::idle);
  world.bind(peer_uri("two"));
  EXPECT_EQ(world.connects.size(), 1U);
  ASSERT_EQ(world.node.bounds.size(), 2U);
  world.advance(seconds(60));
  EXPECT_TRUE(world.closes.empty()) << "it has a session";
  world.node.engine().close(world.session(1), world.now);
  world.advance(seconds(20) - milliseconds(1));
  EXPECT_TRUE(world.closes.empty());
  world.advance(milliseconds(2));
  EXPECT_EQ(world.closes.size(), 1U);
  EXPECT_EQ(world.node.engine().stats().connections, 0U);
}

// The connection turns out to be gone only when it is used: the binding SEND goes over a new one.
TEST(Sharing, AConnectionThatIsGoneIsReplacedOnce) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.begin(peer_uri("two"));
  world.drive();
  EXPECT_EQ(world.accepted_peers[0].next().header("To-Path"), peer_uri("two"));
  world.accepted_peers[0].reset();
  world.drive();
  EXPECT_TRUE(world.node.session_closed(world.session(0))) << "that one was bound to it";
  EXPECT_TRUE(world.node.ticket_failures.empty());
  ASSERT_EQ(world.connects.size(), 2U);
  const WireChunk again = world.accepted_peers.at(1).next();
  EXPECT_EQ(again.header("To-Path"), peer_uri("two"));
  world.accepted_peers[1].send(wire_response(again, 200));
  world.drive();
  ASSERT_EQ(world.node.bounds.size(), 2U);
  world.expect_works(world.session(1));
}

// Several that wait for their answers move to one new connection.
TEST(Sharing, AllThatWaitMoveToOneReplacement) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.begin(peer_uri("two"));
  world.begin(peer_uri("three"));
  world.drive();
  world.accepted_peers[0].reset();
  world.answer();
  EXPECT_EQ(world.connects.size(), 2U);
  EXPECT_EQ(world.node.bounds.size(), 3U);
  EXPECT_TRUE(world.node.ticket_failures.empty());
}

// R4975-5.4-23: what the application says first may have arrived; sending it again is for the
// application to decide.
TEST(Sharing, AFirstMessageIsNotSaidAgain) {
  Sharing world;
  world.bind(peer_uri("one"));
  const TicketId ticket = world.node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  const auto first = world.node.engine().send_first(ticket, {.content_type = "text/plain"},
                                                    owned("first words"), world.now);
  ASSERT_TRUE(first);
  world.node.expect_first(*first);
  ASSERT_TRUE(world.node.engine().complete(ticket, {.path = Path::parse(peer_uri("two")).value()},
                                           world.now));
  world.drive();
  EXPECT_EQ(world.accepted_peers[0].next().body, "first words");
  world.accepted_peers[0].reset();
  world.drive();
  EXPECT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures.size(), 1U);
  ASSERT_TRUE(world.node.out(*first).failed);
  EXPECT_EQ(world.node.out(*first).failed->code, Errc::connection_lost);
  EXPECT_TRUE(world.node.out(*first).done);
}

TEST(Sharing, AReplacementThatIsGoneTooIsNotReplaced) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.begin(peer_uri("two"));
  for (std::size_t i : {0U, 1U}) {
    world.drive();
    ASSERT_EQ(world.accepted_peers.size(), i + 1);
    world.accepted_peers[i].reset();
  }
  world.drive();
  EXPECT_EQ(world.connects.size(), 2U);
  ASSERT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures[0].error.code, Errc::connection_lost);
}

// A connection of one's own is new: nothing to replace.
TEST(Sharing, ANewConnectionIsNotReplaced) {
  Sharing world;
  world.begin(peer_uri("one"));
  world.drive();
  world.accepted_peers.at(0).reset();
  world.drive();
  EXPECT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures.size(), 1U);
}

// R4975-5.4-18 R4975-7.3-4: each session on its own connection, whoever shares it.
TEST(Sharing, ASessionOfAnotherConnectionGets506) {
  Sharing world;
  world.bind(peer_uri("one"));
  world.bind(peer_uri("two"));
  SessionOptions alone;
  alone.share_connection = false;
  world.bind(peer_uri("three"), alone);
  ASSERT_EQ(world.accepted_peers.size(), 2U);
  WirePeer other = world.accepted_peers[1];
  SendParts parts{.to = std::string(world.node.bounds[0].local_path.text()),
                  .from = peer_uri("one")};
  parts.body = "from elsewhere";
  other.send(wire_send(parts));
  world.drive();
  EXPECT_EQ(other.next().word, "506");
  // R4975-5.4-17: an unknown one on a connection with sessions.
  parts.to = "msrp://192.0.2.1:2855/nobody;tcp";
  WirePeer shared = world.accepted_peers[0];
  shared.send(wire_send(parts));
  world.drive();
  EXPECT_EQ(shared.next().word, "481");
  EXPECT_TRUE(world.node.incoming.empty());
  EXPECT_TRUE(world.node.closed.empty());
}

// R6714-4.1-1 R6714-4.2-12
TEST(Sharing, ConnectToGoesThereAndThePathStays) {
  Sharing world;
  world.begin("msrp://10.1.2.3:7654/hidden;tcp", {}, ConnectTarget{"192.0.2.9", 2855});
  world.drive();
  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connects[0].to, at("192.0.2.9", 2855));
  const WireChunk binding = world.accepted_peers.at(0).next();
  EXPECT_EQ(binding.header("To-Path"), "msrp://10.1.2.3:7654/hidden;tcp");
  world.accepted_peers[0].send(wire_response(binding, 200));
  world.drive();
  ASSERT_EQ(world.node.bounds.size(), 1U);
  EXPECT_EQ(world.node.bounds[0].remote_path.text(), "msrp://10.1.2.3:7654/hidden;tcp");
  world.expect_works(world.session(0));
  // Where it goes decides about sharing, not what the path says.
  world.begin("msrp://10.1.2.4:7654/hidden2;tcp", {}, ConnectTarget{"192.0.2.9", 2855});
  world.answer();
  EXPECT_EQ(world.connects.size(), 1U);
  world.begin("msrp://10.1.2.3:7654/direct;tcp");
  world.drive();
  ASSERT_EQ(world.connects.size(), 2U);
  EXPECT_EQ(world.connects[1].to, at("10.1.2.3", 7654));
}

// R6714-4.2-12: c= may be a name.
TEST(Sharing, ConnectToMayBeAName) {
  Sharing world;
  world.dns["sbc.example"] = {address("192.0.2.9")};
  world.begin("msrp://10.1.2.3:7654/hidden;tcp", {}, ConnectTarget{"sbc.example", 2855});
  world.answer();
  ASSERT_EQ(world.resolves.size(), 1U);
  EXPECT_EQ(world.resolves[0].host, "sbc.example");
  EXPECT_EQ(world.node.bounds.size(), 1U);
}

}  // namespace
}  // namespace msrp::test
