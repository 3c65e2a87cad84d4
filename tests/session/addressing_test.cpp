// To whom a request is, and where its answer goes (RFC 4975 sections 5.4, 6.1, 7.2 and 7.3).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// An engine named by a host name, bound to a scripted peer.
struct Named : World {
  explicit Named(bool secure = false) : node(add("engine")) {
    listener =
        node.engine()
            .listen({.at = at("192.0.2.1", 2855), .host = "alice.example", .secure = secure}, now)
            .value();
    drive();
    const TicketId ticket = node.prepare({.active = false, .listener = listener});
    drive();
    local = node.local_paths.at(ticket.value()).text();
    EXPECT_TRUE(node.engine().complete(ticket, {}, now));
    peer = connect_peer(node, listener);
    EXPECT_EQ(status_of(local), secure ? "481" : "200");
    EXPECT_EQ(node.bounds.size(), secure ? 0U : 1U);
  }
  std::string status_of(const std::string& to) {
    SendParts parts{.to = to, .from = "msrp://192.0.2.9:5678/peersession;tcp"};
    parts.transaction_id = "named" + std::to_string(1000 + next++);
    peer.send(wire_send(parts));
    drive();
    return peer.next().word;
  }

  Node& node;
  ListenerId listener;
  std::string local;
  WirePeer peer;
  int next = 0;
};

// R4975-6.1-1, R4975-6.1-3, R4975-6.1-4, R4975-6.1-5, R4975-6.1-9, R4975-6.1-11, R4975-12-3
TEST(Addressing, EquivalentUrisNameTheSameSession) {
  Named world;
  EXPECT_EQ(world.status_of(replaced(world.local, "msrp://", "MsRp://")), "200");
  EXPECT_EQ(world.status_of(replaced(world.local, "alice.example", "Alice.EXAMPLE")), "200");
  EXPECT_EQ(world.status_of(replaced(world.local, "alice", "%61l%69ce")), "200");
  EXPECT_EQ(world.status_of(replaced(world.local, "alice.example", "bob@alice.example")), "200");
  EXPECT_EQ(world.status_of(replaced(world.local, ";tcp", ";TCP")), "200");
  EXPECT_EQ(world.status_of(world.local + ";colour=blue;plain"), "200");
}

// R4975-6-7: a session that was agreed on with TLS is not there without it, by whatever name.
TEST(Addressing, AnMsrpsSessionIsNotThereInTheClear) {
  Named world(true);
  EXPECT_EQ(world.status_of(replaced(world.local, "msrps://", "MSRPS://")), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, "msrps://", "msrp://")), "481");
  EXPECT_TRUE(world.node.bounds.empty());
}

// R4975-6-5, R4975-6-6, R4975-6.1-1, R4975-6.1-5, R4975-6.1-6, R4975-6.1-7, R4975-6.1-8,
// R4975-6.1-9, R4975-6.1-10
TEST(Addressing, OtherUrisNameNone) {
  Named world;
  const std::size_t slash = world.local.rfind('/');
  const std::string id = world.local.substr(slash + 1, world.local.find(';') - slash - 1);
  std::string other_case = id;
  for (char& c : other_case)
    c = static_cast<char>(std::islower(static_cast<unsigned char>(c)) != 0 ? std::toupper(c)
                                                                           : std::tolower(c));
  ASSERT_NE(other_case, id);
  EXPECT_EQ(world.status_of(replaced(world.local, "msrp:", "msrps:")), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, "alice.example", "192.0.2.1")), "481")
      << "no look-up: the address is another host";
  EXPECT_EQ(world.status_of(replaced(world.local, "alice.example", "carol.example")), "481")
      << "the same session-id under another authority";
  EXPECT_EQ(world.status_of(replaced(world.local, ":2855", "")), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, ":2855", ":2856")), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, id, other_case)), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, "/" + id, "")), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, id, "./" + id)), "481");
  EXPECT_EQ(world.status_of(replaced(world.local, ";tcp", ";sctp")), "481");
  EXPECT_EQ(world.status_of(world.local), "200") << "and the session is as it was";
}

// R4975-6.1-2: numeric addresses are compared as such, and ports as numbers.
TEST(Addressing, AddressesAreComparedAsAddresses) {
  World world;
  Node& node = world.add("engine");
  const ListenerId listener =
      node.engine().listen({.at = at("2001:db8::1", 2855)}, world.now).value();
  world.drive();
  const TicketId ticket = node.prepare({.active = false, .listener = listener});
  world.drive();
  ASSERT_TRUE(node.engine().complete(ticket, {}, world.now));
  WirePeer peer = world.connect_peer(node, listener);
  const std::string local(node.local_paths.at(ticket.value()).text());
  SendParts parts{.to = replaced(local, "[2001:db8::1]:2855", "[2001:0DB8:0:0::0001]:02855"),
                  .from = "msrp://192.0.2.9:5678/peersession;tcp"};
  peer.send(wire_send(parts));
  world.drive();
  EXPECT_EQ(peer.next().word, "200");
  EXPECT_EQ(node.bounds.size(), 1U);
}

// R4975-7.2-4, R4975-7.2-5: to the previous hop in answer to a SEND, all the way in answer to
// anything else.
TEST(Addressing, OnlyTheAnswerToASendGoesOneHop) {
  Solo world({.role = Role::passive});
  const std::string from = "msrp://relay.example:2855/hop;tcp " + world.remote;
  SendParts send = world.parts("hello");
  send.from = from;
  world.peer_sends(send);
  EXPECT_EQ(world.peer.next().header("To-Path"), "msrp://relay.example:2855/hop;tcp");
  world.peer_sends({.from = from, .method = "DANCE"});
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "501");
  EXPECT_EQ(answer.header("To-Path"), from);
}

// R4975-7.2-8: on the connection that the request came on, or nowhere.
TEST(Addressing, AnAnswerTakesTheConnectionOfItsRequest) {
  Solo world({.role = Role::passive});
  WirePeer other = world.connect_peer(world.node, world.listener);
  world.peer_sends(world.parts("on the first"));
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(other.got().empty());
  SendParts stranger = world.parts("on the second");
  stranger.to = "msrp://192.0.2.1:2855/unknown;tcp";
  stranger.from = world.remote;  // the address of the first says nothing
  other.send(wire_send(stranger));
  world.drive();
  EXPECT_EQ(other.next().word, "481");
  EXPECT_TRUE(world.peer.got().empty());
  // The connection goes before the answer does.
  world.end_of(world.node).deaf = true;
  world.peer_sends(world.parts("and lost"));
  world.peer.reset();
  world.drive();
  EXPECT_TRUE(world.node.session_closed(world.session));
  EXPECT_TRUE(other.got().empty());
}

// R4975-6-8, R4975-6-4: no port is taken for granted.
TEST(Addressing, APathWithoutAPortIsNotConnectedTo) {
  World world;
  world.dns["bob.example"] = {AddressRecord{IpAddress::parse("192.0.2.9").value()}};
  Node& node = world.add("engine");
  const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  const auto named = node.engine().complete(
      ticket, {.path = Path::parse("msrp://bob.example/xyzzy;tcp").value()}, world.now);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, Errc::bad_uri);
  EXPECT_FALSE(Path::parse("msrp://192.0.2.9/xyzzy;tcp"));
  world.drive();
  EXPECT_TRUE(world.resolves.empty());
  EXPECT_TRUE(world.connects.empty());
}

}  // namespace
}  // namespace msrp::test
