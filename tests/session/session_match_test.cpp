// How a To-Path finds its session: by the whole URI, or by the session-id alone where border
// elements rewrite host and port on the way.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// The same URI as an application level gateway leaves it.
std::string rewritten(std::string_view uri, std::string_view authority = "203.0.113.77:6201") {
  const Uri parsed = Uri::parse(uri).value();
  return "msrp://" + std::string(authority) + "/" + std::string(parsed.view().session_id) + ";tcp";
}

SoloOptions matching(SessionMatch match, Role role = Role::passive) {
  SoloOptions options{.role = role};
  options.accepts.match = match;
  return options;
}

Result<TicketId> prepare_at(World& world, Node& node, std::string_view uri, SessionMatch match) {
  PrepareRequest request{.active = true, .local = Uri::parse(uri).value()};
  request.options.match = match;
  auto ticket = node.engine().prepare(request, world.now);
  world.drive();
  return ticket;
}

//
TEST(SessionMatching, BySessionIdARewrittenUriFindsTheSession) {
  for (const Role role : {Role::passive, Role::active}) {
    Solo world(matching(SessionMatch::session_id, role));
    SendParts parts = world.parts("through the border");
    parts.to = rewritten(world.local);
    world.peer_sends(parts);
    const WireChunk answer = world.peer.next();
    EXPECT_EQ(answer.word, "200");
    EXPECT_EQ(answer.header("From-Path"), parts.to) << "A-16: what the request called us";
    EXPECT_EQ(world.node.last_in().body, "through the border");
    EXPECT_EQ(world.node.last_in().session, world.session);
    // And the URI as it was made.
    world.peer_sends(world.parts("directly"));
    EXPECT_EQ(world.peer.next().word, "200");
    EXPECT_EQ(world.node.last_in().body, "directly");
  }
}

// strict is the default.
TEST(SessionMatching, ByFullUriItDoesNot) {
  for (const Role role : {Role::passive, Role::active}) {
    ASSERT_EQ(SessionOptions{}.match, SessionMatch::full_uri);
    Solo world(matching(SessionMatch::full_uri, role));
    SendParts parts = world.parts("through the border");
    parts.to = rewritten(world.local);
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "481");
    EXPECT_TRUE(world.node.incoming.empty());
  }
}

// The binding SEND too is found by its session-id.
TEST(SessionMatching, TheBindingMayBeRewritten) {
  for (const SessionMatch match : {SessionMatch::session_id, SessionMatch::full_uri}) {
    World world;
    Node& node = world.add("engine");
    const ListenerId listener =
        node.engine().listen({.at = at("192.0.2.1", 2855)}, world.now).value();
    world.drive();
    PrepareRequest request{.active = false, .listener = listener};
    request.options.match = match;
    const TicketId ticket = node.prepare(request);
    world.drive();
    ASSERT_TRUE(node.engine().complete(ticket, {}, world.now));
    WirePeer peer = world.connect_peer(node, listener);
    SendParts binding{.to = rewritten(node.local_paths.at(ticket.value()).text()),
                      .from = "msrp://192.0.2.9:5678/peersession;tcp"};
    peer.send(wire_send(binding));
    world.drive();
    const bool found = match == SessionMatch::session_id;
    EXPECT_EQ(peer.next().word, found ? "200" : "481");
    EXPECT_EQ(node.bounds.size(), found ? 1U : 0U);
  }
}

// The rule of one connection a session holds for rewritten URIs as well (R4975-7.3-4).
TEST(SessionMatching, OnAnotherConnectionItGets506) {
  Solo world(matching(SessionMatch::session_id));
  WirePeer thief = world.connect_peer(world.node, world.listener);
  SendParts parts{.to = rewritten(world.local), .from = world.remote};
  thief.send(wire_send(parts));
  world.drive();
  EXPECT_EQ(thief.next().word, "506");
}

// R4975-6.1-7: a session-id is compared with case, alone as in a URI.
TEST(SessionMatching, TheSessionIdIsComparedExactly) {
  World world;
  Node& node = world.add("engine");
  EXPECT_TRUE(prepare_at(world, node, "msrp://192.0.2.1:2855/AbC;tcp", SessionMatch::session_id));
  EXPECT_TRUE(prepare_at(world, node, "msrp://192.0.2.1:2855/aBc;tcp", SessionMatch::session_id));
  EXPECT_TRUE(prepare_at(world, node, "msrp://192.0.2.1:2855/AbCd;tcp", SessionMatch::session_id));
  EXPECT_EQ(node.local_paths.size(), 3U);

  Solo solo(matching(SessionMatch::session_id));
  SendParts parts = solo.parts("guess");
  parts.to = rewritten(solo.local);
  parts.to.insert(parts.to.rfind(";tcp"), "x");
  solo.peer_sends(parts);
  EXPECT_EQ(solo.peer.next().word, "481");
}

// two sessions that a To-Path could not tell apart are refused when the second is made.
TEST(SessionMatching, TwoOfOneSessionIdAreRefused) {
  World world;
  Node& node = world.add("engine");
  constexpr const char* here = "msrp://192.0.2.1:2855/shared;tcp";
  constexpr const char* there = "msrp://198.51.100.1:7000/shared;tcp";
  const auto first = prepare_at(world, node, here, SessionMatch::session_id);
  ASSERT_TRUE(first);
  const auto second = prepare_at(world, node, there, SessionMatch::session_id);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::bad_state);
  EXPECT_EQ(node.engine().stats().tickets, 1U);
  // It is free again when the first is given up.
  node.engine().cleanup(*first, world.now);
  world.drive();
  EXPECT_TRUE(prepare_at(world, node, there, SessionMatch::session_id));
}

TEST(SessionMatching, ByFullUriOneSessionIdAtTwoPlacesIsTwoSessions) {
  World world;
  Node& node = world.add("engine");
  EXPECT_TRUE(prepare_at(world, node, "msrp://192.0.2.1:2855/shared;tcp", SessionMatch::full_uri));
  EXPECT_TRUE(
      prepare_at(world, node, "msrp://198.51.100.1:7000/shared;tcp", SessionMatch::full_uri));
  const auto same =
      prepare_at(world, node, "msrp://192.0.2.1:2855/shared;tcp", SessionMatch::full_uri);
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().code, Errc::bad_state);
}

// A session that ended frees its session-id.
TEST(SessionMatching, AnEndedSessionFreesItsSessionId) {
  Solo world(matching(SessionMatch::session_id));
  const std::string again = rewritten(world.local);
  EXPECT_FALSE(prepare_at(world, world.node, again, SessionMatch::session_id));
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_TRUE(prepare_at(world, world.node, again, SessionMatch::session_id));
}

}  // namespace
}  // namespace msrp::test
