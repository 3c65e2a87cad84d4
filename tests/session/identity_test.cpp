// Who the peer is, as TLS found out: a session comes about with the one that was described, or not
// at all (RFC 4975 section 14.4, RFC 8122).
#include <gtest/gtest.h>

#include <cstddef>
#include <span>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// A peer with some certificate; another number is another one.
PeerIdentity identity_of(std::uint8_t number) {
  PeerIdentity identity{.has_certificate = true};
  identity.sha256.fill(std::byte{number});
  identity.sha384.fill(std::byte{number});
  identity.sha512.fill(std::byte{number});
  return identity;
}

Fingerprint print_of(std::string_view hash, std::size_t octets, std::string_view pair) {
  Fingerprint made{std::string(hash), std::string(pair)};
  for (std::size_t i = 1; i < octets; ++i) made.value += ":" + std::string(pair);
  return made;
}
Fingerprint sha256_of(std::string_view pair) {
  return print_of("sha-256", 32, pair);
}
Fingerprint sha512_of(std::string_view pair) {
  return print_of("sha-512", 64, pair);
}

// An engine that waits for a peer, whose certificate has number 10.
struct Waiting : World {
  Waiting() : node(add("engine")) {
    identity = identity_of(10);
    listener = node.engine().listen({.at = at("192.0.2.1", 2855), .secure = true}, now).value();
    drive();
    ticket = node.prepare({.active = false, .listener = listener});
    drive();
    local = node.local_paths.at(ticket.value()).text();
    peer = connect_peer(node, listener);
  }
  void expect(std::vector<Fingerprint> fingerprints) {
    const RemoteDescription described{.fingerprints = std::move(fingerprints)};
    ASSERT_TRUE(node.engine().complete(ticket, described, now));
    drive();
  }
  void speak() {
    SendParts parts{.to = local, .from = remote, .content_type = "text/plain", .body = "secret"};
    peer.send(wire_send(parts));
    drive();
  }

  Node& node;
  ListenerId listener;
  TicketId ticket;
  std::string local;
  std::string remote = "msrps://192.0.2.9:5678/peersession;tcp";
  WirePeer peer;
};

// R8122-6.2-3: what came before the peer's description did is not looked at until then.
TEST(Identity, DataThatOutracesTheDescriptionWaitsForIt) {
  Waiting world;
  world.speak();
  EXPECT_TRUE(world.node.bounds.empty());
  EXPECT_TRUE(world.node.incoming.empty());
  EXPECT_TRUE(world.peer.got().empty());
  world.expect({sha256_of("0A")});
  ASSERT_EQ(world.node.bounds.size(), 1U);
  EXPECT_TRUE(world.node.bounds[0].peer_verified);
  EXPECT_EQ(world.node.last_in().body, "secret");
  EXPECT_EQ(world.peer.next().word, "200");
}

// R4975-14.4-4, R8122-6.2-3: also when the description comes later than the peer.
TEST(Identity, AnotherCertificateEndsTheSessionAtOnce) {
  for (const bool described_first : {true, false}) {
    Waiting world;
    if (described_first) world.expect({sha256_of("0B")});
    world.speak();
    if (!described_first) world.expect({sha256_of("0B")});
    EXPECT_TRUE(world.node.bounds.empty());
    EXPECT_TRUE(world.node.incoming.empty());
    ASSERT_EQ(world.node.ticket_failures.size(), 1U);
    EXPECT_EQ(world.node.ticket_failures[0].error.code, Errc::peer_mismatch);
    EXPECT_EQ(world.peer.next().word, "403");
    EXPECT_TRUE(world.peer.gone());
    EXPECT_EQ(world.node.engine().stats().sessions, 0U);
  }
}

// R8122-6.2-2: who shows none is not the one described, nor is who speaks no TLS.
TEST(Identity, NoCertificateIsAnotherCertificate) {
  Waiting world;
  world.node.engine().on_secured(world.end_of(world.node).conn, PeerIdentity{}, world.now);
  world.expect({print_of("sha-256", 32, "00")});
  world.speak();
  ASSERT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.node.ticket_failures[0].error.code, Errc::peer_mismatch);

  World clear;
  Node& node = clear.add("engine");
  clear.listen_peer(at("192.0.2.9", 2855));
  const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1"});
  clear.drive();
  const RemoteDescription remote{.path = Path::parse("msrp://192.0.2.9:2855/one;tcp").value(),
                                 .fingerprints = {sha256_of("0A")}};
  ASSERT_TRUE(node.engine().complete(ticket, remote, clear.now));
  clear.drive();
  ASSERT_EQ(node.ticket_failures.size(), 1U);
  EXPECT_EQ(node.ticket_failures[0].error.code, Errc::peer_mismatch);
  EXPECT_TRUE(clear.accepted_peers.at(0).got().empty()) << "it was told nothing";
}

// R4975-14.4-4
TEST(Identity, WhoConnectsSaysNothingToAnotherCertificate) {
  for (const bool right : {true, false}) {
    World world;
    world.identity = identity_of(right ? 10 : 11);
    Node& node = world.add("engine");
    world.listen_peer(at("192.0.2.9", 2855));
    const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1", .secure = true});
    world.drive();
    const RemoteDescription remote{.path = Path::parse("msrps://192.0.2.9:2855/one;tcp").value(),
                                   .fingerprints = {sha256_of("0A")}};
    ASSERT_TRUE(node.engine().complete(ticket, remote, world.now));
    world.drive();
    WirePeer peer = world.accepted_peers.at(0);
    if (!right) {
      EXPECT_TRUE(peer.got().empty());
      EXPECT_TRUE(peer.gone());
      ASSERT_EQ(node.ticket_failures.size(), 1U);
      EXPECT_EQ(node.ticket_failures[0].error.code, Errc::peer_mismatch);
      continue;
    }
    peer.send(wire_response(peer.next(), 200));
    world.drive();
    ASSERT_EQ(node.bounds.size(), 1U);
    EXPECT_TRUE(node.bounds[0].peer_verified);
  }
}

// Who asks for nothing gets what there is, and is told whether the transport knows the peer.
TEST(Identity, WithoutFingerprintsTheTransportKnows) {
  for (const bool verified : {true, false}) {
    Waiting world;
    PeerIdentity known = identity_of(10);
    known.verified = verified;
    world.node.engine().on_secured(world.end_of(world.node).conn, known, world.now);
    world.expect({});
    world.speak();
    ASSERT_EQ(world.node.bounds.size(), 1U);
    EXPECT_EQ(world.node.bounds[0].peer_verified, verified);
  }
}

// Sessions of the connection that know its peer have nothing to fear from one that does not.
TEST(Identity, OthersOnTheConnectionGoOn) {
  Waiting world;
  world.expect({sha256_of("0A")});
  world.speak();
  ASSERT_EQ(world.node.bounds.size(), 1U);
  EXPECT_EQ(world.peer.next().word, "200");
  world.ticket = world.node.prepare({.active = false, .listener = world.listener});
  world.drive();
  const std::string first = std::exchange(
      world.local, std::string(world.node.local_paths.at(world.ticket.value()).text()));
  world.expect({sha256_of("0B")});
  world.speak();
  EXPECT_EQ(world.node.ticket_failures.size(), 1U);
  EXPECT_EQ(world.peer.next().word, "403");
  world.local = first;
  world.speak();
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.closed.empty());
}

// R8122-5-3: of the hash functions that both know the strongest counts.
TEST(Identity, TheStrongestHashFunctionCounts) {
  const PeerIdentity peer = identity_of(10);
  EXPECT_TRUE(matches(std::vector{sha256_of("0A"), sha512_of("0A")}, peer));
  EXPECT_FALSE(matches(std::vector{sha256_of("0A"), sha512_of("0B")}, peer));
  EXPECT_TRUE(matches(std::vector{sha256_of("0B"), sha512_of("0A")}, peer));
  EXPECT_TRUE(matches(std::vector{sha256_of("0B"), sha256_of("0A")}, peer)) << "one of several";
  EXPECT_TRUE(matches(std::vector{print_of("sha-384", 48, "0A")}, peer));
  EXPECT_TRUE(matches(std::vector{sha256_of("0A"), print_of("sha3-256", 32, "0B")}, peer))
      << "what is not known is passed over";
  EXPECT_FALSE(matches({}, peer));
}

// R8122-5-4: nor is SHA-1.
TEST(Identity, WeakHashFunctionsAreNotBelieved) {
  const PeerIdentity peer = identity_of(10);
  for (const auto& [hash, octets] : {std::pair{"md5", 16U}, {"md2", 16U}, {"sha-1", 20U}}) {
    const std::vector<Fingerprint> weak{print_of(hash, octets, "0A")};
    EXPECT_FALSE(any_believed(weak)) << hash;
    EXPECT_FALSE(matches(weak, peer)) << hash;
    EXPECT_TRUE(matches(std::vector{weak[0], sha256_of("0A")}, peer)) << hash;
  }
}

// R8122-5-1
TEST(Identity, FingerprintsAreRead) {
  const auto read = Fingerprint::parse(
      "SHA-1 4a:AD:b9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:"
      "E5:7C:AB");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text(), "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB");
  EXPECT_EQ(*Fingerprint::parse(sha256_of("0A").text()), sha256_of("0A"));
  for (const std::string_view bad : {"", "sha-256", "sha-256 AB:CD", "sha-1 4AADB9",
                                     "x AB:", "x AB:C", "x AB:CG", "x AB:CD y", "AB:CD:EF"}) {
    EXPECT_FALSE(Fingerprint::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace msrp::test
