// Engines that do what their negotiations agreed on.
#include "sdp_support.hpp"
#include "support/world.hpp"

namespace msrp::test {
namespace {

// An engine with a listener, and what it says of itself.
struct Side {
  Side(World& to, Node& of, std::string_view ip, bool uses_cema = false)
      : world(to), node(of), cema(uses_cema) {
    listener = node.engine().listen({.at = at(ip, 2855)}, world.now).value();
    world.drive();
    negotiation.emplace(test::negotiation(capabilities(fresh_path(), cema)));
  }

  // A path of the engine's for a session that the peer connects for; kept until it is known who
  // does.
  Path fresh_path() {
    ticket = node.prepare({.active = false, .listener = listener});
    world.drive();
    return node.local_paths.at(ticket.value());
  }

  // What the last agreement asks for.
  void set_up(SessionId replaces = {}) {
    const Agreement& agreement = *negotiation->agreement();
    const MsrpMedia& own = section_of(*negotiation->local());
    if (agreement.active) {
      node.engine().cleanup(ticket, world.now);
      PrepareRequest request{.active = true, .listener = listener};
      request.local = *Uri::parse(own.path->view().back().text);
      request.replaces = replaces;
      request.options.share_connection = agreement.share_connection;
      ticket = node.prepare(request);
      world.drive();
    }
    ASSERT_TRUE(node.engine().complete(ticket, remote_description(agreement), world.now));
    world.drive();
  }

  World& world;
  Node& node;
  bool cema;
  ListenerId listener;
  TicketId ticket;
  std::optional<Negotiation> negotiation;
};

struct Sessions : World, testing::Test {
  Node& a = add("a");
  Node& b = add("b");
  Side alice{*this, a, "192.0.2.1"};
  Side bob{*this, b, "192.0.2.2"};

  void set_up_both(Side& one, Side& other) {
    Side& waits = one.negotiation->agreement()->active ? other : one;
    waits.set_up();
    (&waits == &one ? other : one).set_up();
  }
};

// R4975-8.5-1, R4975-8.1-8, R4975-8.2-6
TEST_F(Sessions, TheOffererConnectsToThePathAndMessagesPass) {
  const Answer answer =
      answer_of(*bob.negotiation, anchored(offer_of(*alice.negotiation), "203.0.113.1", 40000));
  decision_of(*alice.negotiation, anchored(answer.description, "203.0.113.1", 40001));
  set_up_both(alice, bob);
  ASSERT_EQ(connects.size(), 1U);
  EXPECT_EQ(connects[0].to, at("192.0.2.2", 2855));  // not what c= and m= say
  ASSERT_EQ(a.bounds.size(), 1U);
  ASSERT_EQ(b.bounds.size(), 1U);
  EXPECT_EQ(a.bounds[0].remote_path.text(), section_of(answer.description).path->text());
  b.send("text/plain", "hello");
  drive();
  EXPECT_EQ(a.last_in().body, "hello");
}

// R6135-4.2.2-7, R6135-4.2.2-11: the answerer that became active connects and sends.
TEST_F(Sessions, TheActiveAnswererConnects) {
  const Path own = b.local_paths.at(bob.ticket.value());
  bob.negotiation.emplace(negotiation({.local = own, .reachable = false}));
  exchange(*alice.negotiation, *bob.negotiation);
  set_up_both(alice, bob);
  ASSERT_EQ(connects.size(), 1U);
  EXPECT_EQ(connects[0].to, at("192.0.2.1", 2855));
  EXPECT_EQ(a.bounds.size(), 1U);
  EXPECT_EQ(b.bounds.size(), 1U);
}

// R4975-8.9-3
TEST_F(Sessions, TheBindingSendIsSentByAReceiver) {
  Capabilities hears{.local = a.local_paths.at(alice.ticket.value())};
  hears.direction = Direction::recvonly;
  alice.negotiation.emplace(negotiation(hears));
  exchange(*alice.negotiation, *bob.negotiation);
  EXPECT_FALSE(alice.negotiation->agreement()->may_send);
  set_up_both(alice, bob);
  EXPECT_EQ(b.bounds.size(), 1U);  // by that SEND, and nothing else
}

// R6714-4.2-12, R6714-4.3-11, R6714-4.1-1: the middlebox is connected to, the path is named.
TEST_F(Sessions, TheMiddleboxIsConnectedTo) {
  listen_peer(at("203.0.113.1", 40000));
  Side carol(*this, add("c"), "192.0.2.3", true);
  Negotiation dave = negotiation(capabilities(bob_path, true));
  const Answer answer = answer_of(dave, offer_of(*carol.negotiation));
  decision_of(*carol.negotiation, anchored(answer.description, "203.0.113.1", 40000));
  carol.set_up();
  ASSERT_EQ(connects.size(), 1U);
  EXPECT_EQ(connects[0].to, at("203.0.113.1", 40000));
  const WireChunk binding = accepted_peers.at(0).next();
  EXPECT_EQ(binding.header("To-Path"), bob_path.text());
  EXPECT_EQ(binding.header("From-Path"), section_of(*carol.negotiation->local()).path->text());
}

// R6714-6.3-1: two sessions through one middlebox are two connections.
TEST_F(Sessions, NoConnectionIsSharedBehindAMiddlebox) {
  listen_peer(at("203.0.113.1", 40000));
  Side carol(*this, add("c"), "192.0.2.3", true);
  for (const std::string_view uri : {"msrp://198.51.100.2:7394/first1234567890;tcp",
                                     "msrp://198.51.100.2:7394/second123456789;tcp"}) {
    Negotiation dave = negotiation(capabilities(path(uri), true));
    carol.negotiation.emplace(negotiation(capabilities(carol.fresh_path(), true)));
    const Answer answer = answer_of(dave, offer_of(*carol.negotiation));
    decision_of(*carol.negotiation, anchored(answer.description, "203.0.113.1", 40000));
    carol.set_up();
  }
  EXPECT_EQ(connects.size(), 2U);
}

// A-72, R4975-8.4-3: the old session stays until the new one is bound.
TEST_F(Sessions, AChangedPathIsANewSession) {
  exchange(*alice.negotiation, *bob.negotiation);
  set_up_both(alice, bob);
  const SessionId old_a = a.session(), old_b = b.session();
  ASSERT_TRUE(bob.negotiation->change(capabilities(bob.fresh_path())));
  ASSERT_TRUE(alice.negotiation->change(capabilities(alice.fresh_path())));
  exchange(*alice.negotiation, *bob.negotiation);
  ASSERT_EQ(alice.negotiation->agreement()->change, Change::path);
  EXPECT_FALSE(a.session_closed(old_a) || b.session_closed(old_b));
  bob.set_up(old_b);
  alice.set_up(old_a);
  ASSERT_EQ(a.bounds.size(), 2U);
  ASSERT_EQ(b.bounds.size(), 2U);
  EXPECT_FALSE(a.session_closed(old_a) || b.session_closed(old_b));
  EXPECT_EQ(a.bounds[1].remote_path.text(), section_of(*bob.negotiation->local()).path->text());
  a.engine().close(old_a, now);
  b.engine().close(old_b, now);
  drive();
  EXPECT_TRUE(a.session_closed(old_a) && b.session_closed(old_b));
  b.send("text/plain", "still here");
  drive();
  EXPECT_EQ(a.last_in().body, "still here");
}

// R4975-8.2-4, R4975-8.3-3: each session has a last URI of its own, also behind the same relay.
TEST_F(Sessions, TheLastUriIsOneSessionsAlone) {
  constexpr std::string_view relay = "msrp://192.0.2.77:9000/relayed;tcp ";
  std::vector<std::string> last;
  for (int i = 0; i < 3; ++i) {
    const Path own = alice.fresh_path();
    Negotiation side = negotiation(capabilities(path(std::string(relay).append(own.text()))));
    const SessionDescription offer = offer_of(side);
    last.emplace_back(section_of(offer).path->view().back().text);
    EXPECT_EQ(section_of(offer).path->view().front().text, relay.substr(0, relay.size() - 1));
  }
  std::ranges::sort(last);
  EXPECT_TRUE(std::ranges::adjacent_find(last) == last.end());
  // One that is in use is not handed out, whatever stands before it in a path.
  PrepareRequest again{.active = false, .listener = alice.listener};
  again.local = *Uri::parse(last[0]);
  EXPECT_EQ(a.engine().prepare(again, now).error().code, Errc::bad_state);
}

}  // namespace
}  // namespace msrp::test
