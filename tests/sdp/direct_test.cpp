// Offer and answer between two endpoints that reach each other (RFC 4975 section 8).
#include <memory>

#include "sdp_support.hpp"

namespace msrp::test {
namespace {

using State = Negotiation::State;

struct Direct : testing::Test {
  Negotiation alice = negotiation(capabilities(alice_path));
  Negotiation bob = negotiation(capabilities(bob_path));
};

// R4975-8.1-1, R4975-8.1-2, R4975-8.1-3, R4975-8.1-4, R4975-8.1-5, R4975-8.2-1, R4975-8.2-2,
// R4975-8.2-3, R4975-8.6-1
TEST_F(Direct, TheOfferSaysWhatTheRfcAsksFor) {
  EXPECT_EQ(print_sdp(*alice.make_offer()),
            "v=0\r\no=- 4711 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            "m=message 2855 TCP/MSRP *\r\na=accept-types:*\r\na=setup:actpass\r\n"
            "a=path:msrp://192.0.2.1:2855/alice12345678901;tcp\r\n");
}

// R4975-8.1-1, R4975-8.1-5, R4975-8.2-3: through relays the own URI, which is the last, is named.
TEST_F(Direct, NamesTheAuthorBehindRelays) {
  Negotiation relayed = negotiation(capabilities(
      path("msrps://relay.example.com:9/r;tcp msrps://[2001:db8::1]:7000/s12345678901234;tcp")));
  const SessionDescription offer = offer_of(relayed);
  EXPECT_TRUE(says(offer, "c=IN IP6 2001:db8::1"));
  EXPECT_TRUE(says(offer, "m=message 7000 TCP/TLS/MSRP *"));
}

// R4975-8.2-2: every own URI has a port; and a host that c= can repeat.
TEST_F(Direct, EveryUriHasAPort) {
  for (const std::string_view uri : {"msrp://a.example.com/s;tcp", "msrp://a.example.com:0/s;tcp",
                                     "msrp://relay.example.com/r;tcp msrp://a.example.com:1/s;tcp",
                                     "msrp://%61.example.com:1/s;tcp"}) {
    EXPECT_EQ(Negotiation::create(capabilities(path(uri)), 1).error().code, Errc::invalid_argument);
  }
}

// R4975-8.5-1, R4975-8.2-6
TEST_F(Direct, BothSidesAgree) {
  exchange(alice, bob);
  const Agreement& mine = *alice.agreement();
  EXPECT_TRUE(mine.active);
  EXPECT_EQ(mine.path.text(), bob_path.text());
  EXPECT_EQ(target_text(mine), "198.51.100.2 7394");
  EXPECT_FALSE(mine.connect_to);
  EXPECT_FALSE(mine.own_relay);
  EXPECT_FALSE(mine.cema);
  EXPECT_FALSE(mine.secure);
  EXPECT_TRUE(mine.share_connection);
  EXPECT_TRUE(mine.may_send && mine.may_receive);
  EXPECT_EQ(mine.change, Change::first);
  EXPECT_EQ(bob.agreement()->path.text(), alice_path.text());
  EXPECT_EQ(alice.state(), State::agreed);
  EXPECT_EQ(bob.state(), State::agreed);
}

// R4975-8.2-6, R4975-8.3-1, R4975-8.3-2
TEST_F(Direct, APathOfManyIsTakenAndItsFirstUriConnectedTo) {
  Negotiation relayed = negotiation(capabilities(bob_behind_relay));
  exchange(alice, relayed);
  EXPECT_EQ(alice.agreement()->path.text(), bob_behind_relay.text());
  EXPECT_EQ(target_text(*alice.agreement()), "198.51.100.77 9001");
  const RemoteDescription remote = remote_description(*alice.agreement());
  EXPECT_EQ(remote.path->view().size(), 2);
  EXPECT_FALSE(remote.connect_to);
}

// R4975-8.1-8
TEST_F(Direct, TheLinesDoNotSayWhereToConnect) {
  const Answer answer = answer_of(bob, anchored(offer_of(alice), "203.0.113.5", 1234));
  EXPECT_EQ(answer.refusal, Refusal::none);
  EXPECT_EQ(target_text(*bob.agreement()), "192.0.2.1 2855");
  EXPECT_EQ(decision_of(alice, anchored(answer.description, "203.0.113.6", 1235)).verdict,
            Verdict::agreed);
  EXPECT_EQ(target_text(*alice.agreement()), "198.51.100.2 7394");
  EXPECT_FALSE(alice.agreement()->connect_to);
}

// R4975-8.6-12, R4975-8.6-13
TEST_F(Direct, TypesAndSizesOfThePeer) {
  Negotiation picky = negotiation({.local = bob_path,
                                   .accepts = {{"message/cpim"}, {"text/plain", "image/*"}},
                                   .add_mandatory_types = false,
                                   .max_size_bytes = 5000});
  exchange(alice, picky);
  const Agreement& mine = *alice.agreement();
  EXPECT_EQ(mine.accept_types, Strings{"message/cpim"});
  EXPECT_EQ(mine.accept_wrapped_types, (Strings{"text/plain", "image/*"}));
  EXPECT_EQ(mine.max_size_bytes, 5000U);
  const RemoteDescription remote = remote_description(mine);
  EXPECT_EQ(remote.accept_types, mine.accept_types);
  EXPECT_EQ(remote.max_size_bytes, 5000U);
  EXPECT_FALSE(remote.enforce_path);
  EXPECT_EQ(picky.agreement()->accept_types, Strings{"*"});
}

TEST_F(Direct, WithoutAcceptTypesAnythingMayBeTried) {
  const auto text = print_sdp(offer_of(alice));
  const Answer answer = answer_of(bob, parsed(replaced(text, "a=accept-types:*\r\n", "")));
  EXPECT_EQ(answer.refusal, Refusal::none);
  EXPECT_EQ(bob.agreement()->accept_types, Strings{"*"});
}

TEST_F(Direct, SizesAtTheirEnds) {
  for (const std::uint64_t size : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    Negotiation one = negotiation(capabilities(alice_path));
    Negotiation other = negotiation({.local = bob_path, .max_size_bytes = size});
    exchange(one, other);
    EXPECT_EQ(one.agreement()->max_size_bytes, size);
  }
}

// R4975-8.1-6
TEST_F(Direct, RefusingIsPortZero) {
  const std::string offered = print_sdp(offer_of(alice)) +
                              "m=audio 49170 RTP/AVP 0 8\r\na=x\r\n"
                              "m=message 9 TCP/MSRP *\r\na=path:msrp://c.example.com:9/c;tcp\r\n";
  Negotiation secure =
      negotiation(capabilities(path("msrps://198.51.100.2:7394/bob1234567890123;tcp")));
  const Answer answer = answer_of(secure, parsed(offered));
  EXPECT_EQ(answer.refusal, Refusal::transport);
  EXPECT_EQ(print_sdp(answer.description),
            "v=0\r\no=- 4711 1 IN IP4 198.51.100.2\r\ns=-\r\nc=IN IP4 198.51.100.2\r\nt=0 0\r\n"
            "m=message 0 TCP/MSRP *\r\nm=audio 0 RTP/AVP 0 8\r\nm=message 0 TCP/MSRP *\r\n");
  EXPECT_EQ(secure.state(), State::idle);
  EXPECT_EQ(decision_of(alice, answer.description).refusal, Refusal::port_zero);
  EXPECT_EQ(alice.state(), State::ended);
  EXPECT_FALSE(alice.agreement());
}

// R4975-8.1-6, R4975-8.1-7: each section is accepted or refused for itself.
TEST_F(Direct, TheOtherSectionsOfAnOfferAreRefused) {
  const std::string offered =
      replaced(print_sdp(offer_of(alice)), "m=message", "m=audio 49170 RTP/AVP 0\r\nm=message") +
      "m=message 2855 TCP/MSRP *\r\na=path:msrp://192.0.2.1:2855/another12345678;tcp\r\n";
  const Answer first = answer_of(bob, parsed(offered));
  ASSERT_EQ(first.description.media.size(), 3U);
  EXPECT_TRUE(says(first.description, "m=audio 0 RTP/AVP 0"));
  EXPECT_EQ(first.description.msrp_at(1)->port, 7394);
  EXPECT_EQ(first.description.msrp_at(2)->port, 0);
  EXPECT_EQ(bob.agreement()->path.text(), alice_path.text());
  Negotiation second =
      negotiation(capabilities(path("msrp://198.51.100.2:7394/second1234567;tcp")));
  const auto answer = second.accept_offer(parsed(offered), {}, 2);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->description.msrp_at(1)->port, 0);
  EXPECT_EQ(second.agreement()->path.text(), "msrp://192.0.2.1:2855/another12345678;tcp");
}

TEST_F(Direct, WhatCannotBeAcceptedIsRefused) {
  const auto refusal = [](const std::string& text) {
    Negotiation fresh = negotiation(capabilities(bob_path));
    const Answer answer = answer_of(fresh, parsed(text));
    EXPECT_FALSE(fresh.agreement());
    EXPECT_FALSE(describe(answer.refusal).empty());
    return answer.refusal;
  };
  const std::string text = print_sdp(offer_of(alice));
  EXPECT_EQ(refusal("v=0\r\nm=audio 1 RTP/AVP 0\r\n"), Refusal::no_msrp_section);
  EXPECT_EQ(refusal("v=0\r\n"), Refusal::no_msrp_section);
  EXPECT_EQ(refusal(replaced(text, "m=message 2855", "m=message 0")), Refusal::port_zero);
  EXPECT_EQ(refusal(replaced(text, "TCP/MSRP", "TCP/TLS/MSRP")), Refusal::transport);
  EXPECT_EQ(refusal(replaced(text, "msrp://", "msrps://")), Refusal::transport);
}

// R4975-8.2-4: a path that names this side would be a second session of the same URI.
TEST_F(Direct, TheOwnPathIsNotThePeers) {
  const std::string text = print_sdp(offer_of(alice));
  Negotiation same = negotiation(capabilities(alice_path));
  EXPECT_EQ(answer_of(same, parsed(text)).refusal, Refusal::own_path);
  EXPECT_EQ(decision_of(alice, parsed(text)).refusal, Refusal::own_path);
}

TEST_F(Direct, AnAnswerWithoutTheSectionIsNone) {
  offer_of(alice);
  EXPECT_EQ(decision_of(alice, parsed("v=0\r\nm=audio 1 RTP/AVP 0\r\n")).refusal,
            Refusal::no_msrp_section);
}

// The table, one row after the other.
TEST_F(Direct, InputsThatDoNotFitTheState) {
  const SessionDescription offer = offer_of(bob);  // bob: offered
  EXPECT_EQ(alice.accept_answer(offer).error().code, Errc::bad_state);
  EXPECT_EQ(alice.offer_failed().error().code, Errc::bad_state);
  EXPECT_EQ(alice.accept_presented(offer).error().code, Errc::bad_state);

  EXPECT_EQ(bob.make_offer().error().code, Errc::bad_state);
  EXPECT_EQ(bob.present(SetupValue::active).error().code, Errc::bad_state);
  EXPECT_EQ(bob.accept_offer(offer).error().code, Errc::bad_state);
  EXPECT_EQ(bob.change(capabilities(bob_path)).error().code, Errc::bad_state);

  exchange(alice, *std::make_unique<Negotiation>(negotiation(capabilities(bob_path))));
  EXPECT_EQ(alice.accept_answer(offer).error().code, Errc::bad_state);
  EXPECT_EQ(alice.present(SetupValue::active).error().code, Errc::bad_state);

  alice.end();
  EXPECT_EQ(alice.make_offer().error().code, Errc::bad_state);
  EXPECT_EQ(alice.accept_offer(offer).error().code, Errc::bad_state);
  EXPECT_EQ(alice.change(capabilities(alice_path)).error().code, Errc::bad_state);
}

TEST_F(Direct, AnOfferThatFailsLeavesNothing) {
  offer_of(alice);
  ASSERT_TRUE(alice.offer_failed());
  EXPECT_EQ(alice.state(), State::idle);
  EXPECT_FALSE(alice.agreement());
  exchange(bob, alice);
  EXPECT_TRUE(bob.agreement()->active);
}

// R4975-8.9-1: the directions of two sides, as one sees them.
TEST_F(Direct, DirectionsMeet) {
  struct Case {
    Direction alice, bob;
    std::string_view answered;
    bool alice_sends, bob_sends;
  };
  using enum Direction;
  constexpr Case cases[] = {
      {sendrecv, sendrecv, "", true, true},
      {sendonly, sendrecv, "a=recvonly", true, false},
      {recvonly, sendrecv, "a=sendonly", false, true},
      {inactive, sendrecv, "a=inactive", false, false},
      {sendrecv, recvonly, "a=recvonly", true, false},
      {sendonly, sendonly, "a=inactive", false, false},
      {recvonly, recvonly, "a=inactive", false, false},
  };
  for (const Case& one : cases) {
    Negotiation a = negotiation({.local = alice_path, .direction = one.alice});
    Negotiation b = negotiation({.local = bob_path, .direction = one.bob});
    const Answer answer = answer_of(b, offer_of(a));
    EXPECT_TRUE(one.answered.empty() || says(answer.description, one.answered));
    decision_of(a, answer.description);
    EXPECT_EQ(a.agreement()->may_send, one.alice_sends);
    EXPECT_EQ(a.agreement()->may_receive, one.bob_sends);
    EXPECT_EQ(b.agreement()->may_send, one.bob_sends);
    EXPECT_EQ(b.agreement()->may_receive, one.alice_sends);
  }
}

// R4975-8.9-1, R4975-8.9-2
TEST_F(Direct, DirectionsStopOrdinaryContentAlone) {
  Agreement agreement{.path = bob_path};
  EXPECT_TRUE(agreement.direction_allows("text/plain"));
  agreement.may_send = false;
  EXPECT_FALSE(agreement.direction_allows("text/plain;charset=utf-8"));
  EXPECT_FALSE(agreement.direction_allows("message/cpim"));
  EXPECT_FALSE(agreement.direction_allows("no type"));
  EXPECT_TRUE(agreement.direction_allows("message/imdn+xml"));
  EXPECT_TRUE(agreement.direction_allows("application/im-isComposing+xml;a=b"));
}

// R4975-8.9-3: the SEND that binds has no content, and who is active does not depend on directions.
TEST_F(Direct, TheBindingSendIsSentWhateverTheDirection) {
  for (const Direction direction : {Direction::recvonly, Direction::inactive}) {
    Negotiation a = negotiation({.local = alice_path, .direction = direction});
    Negotiation b = negotiation(capabilities(bob_path));
    exchange(a, b);
    EXPECT_TRUE(a.agreement()->active);
    EXPECT_FALSE(a.agreement()->may_send);
    EXPECT_TRUE(a.agreement()->direction_allows(""));
  }
}

}  // namespace
}  // namespace msrp::test
