// What has to be known before there is a session, and from where (RFC 4975 sections 3 and 6.2).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// R4975-3-1: a session is made of a rendezvous that has told both paths, and of nothing less.
TEST(Rendezvous, NoSessionWithoutBothPaths) {
  World world;
  Node& node = world.add("engine");
  const TicketId active = node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  ASSERT_EQ(node.local_paths.count(active.value()), 1U);
  const auto without = node.engine().complete(active, {}, world.now);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, Errc::invalid_argument);
  world.drive();
  EXPECT_TRUE(world.connects.empty());
  EXPECT_EQ(node.engine().stats().sessions, 0U);
  // A peer that knows our path before we know anything of the peer waits for that.
  const auto listener = node.engine().listen({.at = at("192.0.2.1", 2855)}, world.now);
  ASSERT_TRUE(listener);
  world.drive();
  const TicketId passive = node.prepare({.active = false, .listener = *listener});
  world.drive();
  WirePeer peer = world.connect_peer(node, *listener);
  const std::string local(node.local_paths.at(passive.value()).text());
  const std::string remote = "msrp://192.0.2.9:5678/early123;tcp";
  peer.send(wire_send({.to = local, .from = remote}));
  world.drive();
  EXPECT_TRUE(node.bounds.empty());
  EXPECT_TRUE(peer.got().empty());
  ASSERT_TRUE(node.engine().complete(
      passive, {.path = Path::parse(remote).value(), .enforce_path = true}, world.now));
  world.drive();
  ASSERT_EQ(node.bounds.size(), 1U);
  EXPECT_EQ(node.bounds[0].remote_path.text(), remote);
  EXPECT_EQ(node.bounds[0].local_path.text(), local);
}

// R4975-6.2-4: how a name is looked up is not the engine's business. It connects to the addresses
// that it is told, or to another host altogether.
TEST(Rendezvous, OtherMeansMayFindThePeer) {
  for (const bool told_beforehand : {false, true}) {
    World world;
    world.dns_silent = true;
    Node& node = world.add("engine");
    world.listen_peer(at("192.0.2.77", 2855));
    const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1"});
    world.drive();
    RemoteDescription remote{.path = Path::parse("msrp://bob.example:2855/one;tcp").value()};
    if (told_beforehand) remote.connect_to = ConnectTarget{"192.0.2.77", 2855};
    ASSERT_TRUE(node.engine().complete(ticket, remote, world.now));
    world.drive();
    ASSERT_EQ(world.resolves.size(), told_beforehand ? 0U : 1U);
    if (!told_beforehand) {
      EXPECT_TRUE(world.connects.empty());
      const DnsRecord found[] = {AddressRecord{*IpAddress::parse("192.0.2.77")}};
      node.engine().on_resolved(world.resolves[0].query, found, world.now);
      world.drive();
    }
    ASSERT_EQ(world.accepted_peers.size(), 1U);
    EXPECT_EQ(world.connects.at(0).to, at("192.0.2.77", 2855));
    WirePeer peer = world.accepted_peers.at(0);
    const WireChunk first = peer.next();
    EXPECT_EQ(first.header("To-Path"), remote.path->text());
    peer.send(wire_response(first, 200));
    world.drive();
    EXPECT_EQ(node.bounds.size(), 1U);
  }
}

}  // namespace
}  // namespace msrp::test
