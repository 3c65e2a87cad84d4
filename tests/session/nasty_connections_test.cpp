// Peers that say nothing, guess, claim what is another's, or wait for each other (RFC 4975 sections
// 5.4, 7.3 and 8.5).
#include <gtest/gtest.h>

#include "neighbours.hpp"

namespace msrp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Ten thousand requests to unknown sessions on a connection that carries good ones: each is
// answered, the sessions go on, and nothing of them stays.
TEST(NastyConnections, TenThousandGuessesOnABoundConnection) {
  Neighbours world;
  const std::size_t messages = world.node.incoming.size();
  const std::size_t bounds = world.node.bounds.size();
  std::size_t answers = 0;
  std::string wire;
  for (int i = 0; i < 10'000; ++i) {
    SendParts guess = world.parts("let me in");
    guess.to = "msrp://192.0.2.1:2855/guess" + std::to_string(i) + ";tcp";
    guess.message_id = "guess-" + std::to_string(i);
    wire += world.text_of_send(guess);
    if (i % 100 != 99) continue;
    world.peer.send(wire);
    wire.clear();
    world.drive();
    for (const WireChunk& answer : world.peer.take()) answers += answer.word == "481";
    ASSERT_EQ(world.node.engine().stats().held_bytes, 0U);
  }
  EXPECT_EQ(answers, 10'000U);
  EXPECT_EQ(world.node.incoming.size(), messages);
  EXPECT_EQ(world.node.bounds.size(), bounds);
  const Engine::Stats stats = world.node.engine().stats();
  EXPECT_EQ(stats.sessions, 3U);
  EXPECT_EQ(stats.tickets, 0U);
  EXPECT_EQ(stats.incoming_messages, 0U);
  EXPECT_EQ(stats.bad_chunks, 10'000U);
  EXPECT_LE(world.node.pool.most_used(), 8U);
  world.expect_all_alive();
}

// Ten thousand connections with one guess each: never more of them than the limit, and all of them
// are gone after the time in which a connection has to be of use.
TEST(NastyConnections, TenThousandConnectionsThatGuess) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.unbound_connections = 100;
  Neighbours world(options);
  std::size_t accepted = 0;
  std::vector<WirePeer> peers;
  for (int i = 0; i < 10'000; ++i) {
    const WirePeer stranger = world.connect_peer(world.node, world.listener);
    if (!stranger) continue;
    ++accepted;
    peers.push_back(stranger);
    EXPECT_EQ(
        world.says(stranger, {.to = "msrp://192.0.2.1:2855/guess" + std::to_string(i) + ";tcp",
                              .body = "let me in"}),
        "481");
    ASSERT_LE(world.node.engine().stats().connections, 102U);
  }
  EXPECT_EQ(accepted, 100U);
  world.expect_all_alive();
  world.advance(seconds(31));
  EXPECT_EQ(world.node.engine().stats().connections, 2U);
  for (const WirePeer& stranger : peers) EXPECT_TRUE(stranger.gone());
  EXPECT_TRUE(world.connect_peer(world.node, world.listener)) << "and there is room again";
  world.expect_all_alive();
}

// A guess that is one octet off, and ids that share all but their case or their end.
TEST(NastyConnections, NearlyTheSessionId) {
  Neighbours world;
  const std::size_t bounds = world.node.bounds.size();
  const std::size_t last = world.local.find(";tcp") - 1;
  for (std::string uri : {world.local, world.local, world.local}) {
    static int round = 0;
    if (round == 0) uri[last] = uri[last] == 'x' ? 'y' : 'x';
    if (round == 1) uri.erase(last, 1);
    if (round == 2) uri.insert(last, "x");
    ++round;
    const std::size_t before = world.node.incoming.size();
    EXPECT_EQ(world.says(world.peer, {.to = uri, .body = "guess"}), "481") << uri;
    EXPECT_EQ(world.says(world.apart_peer, {.to = uri, .body = "guess"}), "481") << uri;
    EXPECT_EQ(world.node.incoming.size(), before);
  }
  EXPECT_EQ(world.node.bounds.size(), bounds);
  world.expect_all_alive();
}

// R4975-5.4-18, R4975-5.4-19, R4975-7.3-4: who claims a session of another connection is told 506,
// a hundred times if need be, also by way of REPORT and answer; the session does not notice.
TEST(NastyConnections, AClaimOnAnothersSession) {
  Neighbours world;
  const auto asked = world.node.engine().send(
      world.session, {.content_type = "text/plain", .success_report = true}, owned("question"),
      world.now);
  ASSERT_TRUE(asked);
  world.node.outgoing[asked->value()].session = world.session;
  world.drive();
  const WireChunk request = world.peer.next();
  const std::size_t messages = world.node.incoming.size();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(world.says(world.apart_peer, {.to = world.local, .from = world.remote, .body = "me"}),
              "506");
    EXPECT_EQ(
        world.says(world.apart_peer, {.to = world.local, .from = world.remote, .method = "X"}),
        "506");
  }
  EXPECT_EQ(world.status_of(world.apart_peer, wire_report(request, "1-8/8", "000 481 Gone")), "")
      << "a REPORT is never answered";
  EXPECT_EQ(world.status_of(world.apart_peer, wire_response(request, 481)), "");
  EXPECT_EQ(world.node.incoming.size(), messages);
  EXPECT_TRUE(world.node.out(*asked).reports.empty());
  EXPECT_FALSE(world.node.out(*asked).failed);
  world.respond(request);
  world.report(request, "1-8/8");
  EXPECT_TRUE(world.node.out(*asked).delivered);
  world.expect_all_alive();
}

// R4975-5.4-18: two connections ask for a session before its description is there: the first one
// has it, the second is told 506, and its message reaches nobody.
TEST(NastyConnections, TwoEarlyClaims) {
  Neighbours world;
  const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
  world.drive();
  const std::string local(world.node.local_paths.at(ticket.value()).text());
  const std::size_t before = world.node.incoming.size();
  WirePeer claims[2];
  for (int i : {0, 1}) {
    claims[i] = world.connect_peer(world.node, world.listener);
    const std::string from = "msrp://192.0.2.3" + std::to_string(i) + ":5678/early;tcp";
    SendParts early{.to = local, .from = from, .body = "early " + std::to_string(i)};
    EXPECT_EQ(world.says(claims[i], early), "") << "nobody knows yet";
  }
  ASSERT_TRUE(world.node.engine().complete(ticket, {}, world.now));
  world.drive();
  EXPECT_EQ(claims[0].next().word, "200");
  EXPECT_EQ(claims[1].next().word, "506");
  ASSERT_EQ(world.node.incoming.size(), before + 1);
  EXPECT_EQ(world.node.last_in().body, "early 0");
  world.expect_all_alive();
}

// A connection that says nothing but answers and REPORTs is of no use to anybody: it is told
// nothing and closed in time.
TEST(NastyConnections, AnswersAndReportsBindNothing) {
  Neighbours world;
  const WirePeer stranger = world.connect_peer(world.node, world.listener);
  ASSERT_TRUE(stranger);
  for (int i = 0; i < 1000 && !stranger.gone(); ++i) {
    WireChunk about;
    about.transaction_id = "nobody" + std::to_string(1000 + i);
    about.headers = {{"To-Path", "msrp://192.0.2.9:1/x;tcp"},
                     {"From-Path", world.local},
                     {"Message-ID", "nothing1"}};
    stranger.send(wire_response(about, i % 2 == 0 ? 200 : 481) +
                  wire_report(about, "1-5/5", "000 481 Gone", "rep" + std::to_string(1000 + i)));
    world.drive();
  }
  EXPECT_TRUE(stranger.got().empty());
  world.advance(seconds(31));
  EXPECT_TRUE(stranger.gone());
  EXPECT_TRUE(world.node.closed.empty());
  EXPECT_EQ(world.node.engine().stats().connections, 2U);
  world.expect_all_alive();
}

// The claim comes in mid-chunk of the owner's message, and is over before it.
TEST(NastyConnections, AClaimInMidChunk) {
  Neighbours world;
  const std::string wire = world.text_of_send({.message_id = "owners", .body = "first second"});
  const std::size_t half = wire.find("second");
  world.peer.send(wire.substr(0, half));
  world.drive();
  EXPECT_EQ(world.says(world.apart_peer, {.to = world.local,
                                          .from = world.remote,
                                          .message_id = "owners",
                                          .byte_range = "1-5/5",
                                          .body = "THEFT"}),
            "506");
  EXPECT_EQ(world.status_of(world.peer, wire.substr(half)), "200");
  EXPECT_EQ(world.node.last_in().message_id, "owners");
  EXPECT_EQ(world.node.last_in().body, "first second");
  world.expect_all_alive();
}

// R4975-5.4-18: both ends are active: each connects to the other and names a session that already
// has the connection that its own side made. Both are told so; nothing hangs, nothing stays.
TEST(NastyConnections, TwoActivePeers) {
  PairOptions options;
  options.bind = false;
  Pair world(options);
  std::vector<TicketId> tickets;
  Node* nodes[] = {&world.a, &world.b};
  for (int i : {0, 1}) {
    const auto listener =
        nodes[i]->engine().listen({.at = at(i == 0 ? "192.0.2.1" : "192.0.2.2", 2855)}, world.now);
    ASSERT_TRUE(listener);
    world.drive();
    tickets.push_back(nodes[i]->prepare({.active = true, .listener = *listener}));
    world.drive();
  }
  for (std::size_t i : {0U, 1U}) {
    const Path path = nodes[1 - i]->local_paths.at(tickets[1 - i].value());
    EXPECT_TRUE(nodes[i]->engine().complete(tickets[i], {.path = path}, world.now));
  }
  world.advance(seconds(60));
  for (Node* node : nodes) {
    EXPECT_TRUE(node->bounds.empty());
    ASSERT_EQ(node->ticket_failures.size(), 1U);
    EXPECT_EQ(node->ticket_failures[0].error.code, Errc::session_elsewhere);
    EXPECT_EQ(node->ticket_failures[0].error.status, 506);
    const Engine::Stats stats = node->engine().stats();
    EXPECT_EQ(stats.tickets + stats.sessions + stats.connections + stats.transactions, 0U);
    EXPECT_FALSE(node->engine().next_timeout());
  }
}

// Many that connect and say nothing, or less than a request: each is closed when its time is up,
// the bound ones stay.
TEST(NastyConnections, SilentPeersDoNotStay) {
  Neighbours world;
  std::vector<WirePeer> peers;
  for (int i = 0; i < 50; ++i) {
    peers.push_back(world.connect_peer(world.node, world.listener));
    ASSERT_TRUE(peers.back());
    if (i % 3 == 1) peers.back().send("MSRP abcd1234 SEND\r\nTo-Path: ");
    if (i % 3 == 2) peers.back().send("\r\n");
    world.advance(milliseconds(100));
  }
  EXPECT_EQ(world.node.engine().stats().connections, 52U);
  world.advance(seconds(25));
  for (std::size_t i = 0; i < peers.size(); ++i) EXPECT_EQ(peers[i].gone(), i == 0) << i;
  world.advance(seconds(5));
  for (const WirePeer& silent : peers) {
    EXPECT_TRUE(silent.gone());
    EXPECT_TRUE(silent.got().empty());
  }
  EXPECT_EQ(world.node.engine().stats().connections, 2U);
  world.advance(std::chrono::hours(1));
  world.expect_all_alive();
}

// A-18, R4975-14.5-7: what was checked of a peer on one session says nothing about its next: on the
// same connection, under the same name, another session's own description is what counts.
TEST(NastyConnections, TrustIsJudgedForEachSession) {
  Solo world({.role = Role::passive});
  const auto expect = [&](std::string_view described) {
    const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
    world.drive();
    EXPECT_TRUE(world.node.engine().complete(
        ticket, {.path = Path::parse(described).value(), .enforce_path = true}, world.now));
    return std::string(world.node.local_paths.at(ticket.value()).text());
  };
  const auto status = [&](const std::string& to, const std::string& from) {
    world.peer_sends({.to = to, .from = from, .body = "who am I?"});
    return world.peer.next().word;
  };
  const std::string bob = "msrp://192.0.2.9:5678/bob1234;tcp";
  const std::string carol = "msrp://192.0.2.9:5678/carol1234;tcp";
  const std::string with_bob = expect(bob);
  const std::string with_carol = expect(carol);
  EXPECT_EQ(status(with_bob, bob), "200");
  EXPECT_EQ(status(with_carol, bob), "481") << "known as bob, not as carol";
  EXPECT_EQ(status(with_carol, carol), "200");
  EXPECT_EQ(status(with_bob, carol), "481") << "known as carol, on the other session";
  EXPECT_EQ(status(with_bob, bob), "200");
  EXPECT_EQ(world.node.incoming.size(), 3U);
  ASSERT_EQ(world.node.bounds.size(), 3U);
  EXPECT_EQ(world.node.bounds[1].remote_path.text(), bob);
  EXPECT_EQ(world.node.bounds[2].remote_path.text(), carol);
}

// a connection that a peer made to us is not used for a session that we open to that peer's
// host and port: anybody can say such a URI.
TEST(NastyConnections, AnInboundConnectionIsNotDialledOn) {
  Neighbours world;
  world.listen_peer(at("192.0.2.9", 5678));
  const TicketId ticket = world.node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  ASSERT_TRUE(world.node.engine().complete(
      ticket, {.path = Path::parse("msrp://192.0.2.9:5678/somebody;tcp").value()}, world.now));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << "said to whoever claimed that address";
  EXPECT_TRUE(world.apart_peer.got().empty());
  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connects[0].to, at("192.0.2.9", 5678));
  ASSERT_EQ(world.accepted_peers.size(), 1U);
  WirePeer dialled = world.accepted_peers[0];
  dialled.send(wire_response(dialled.next(), 200));
  world.drive();
  EXPECT_EQ(world.node.engine().stats().connections, 3U);
  world.expect_all_alive();
}

}  // namespace
}  // namespace msrp::test
