// Offers in a session that is there (RFC 4975 section 8.4), and both sides printing at once.
#include "sdp_support.hpp"

namespace msrp::test {
namespace {

using State = Negotiation::State;
using enum SetupValue;

const Path alice_moved = *Path::parse("msrp://192.0.2.200:3000/alicemoved123456;tcp");
const Path bob_moved = *Path::parse("msrp://198.51.100.9:3001/bobmoved12345678;tcp");

struct Reoffer : testing::Test {
  Reoffer() { exchange(alice, bob); }
  Negotiation alice = negotiation(capabilities(alice_path));
  Negotiation bob = negotiation(capabilities(bob_path), 815);
};

// R4975-8.4-4
TEST_F(Reoffer, WhatChangesNothingHasTheSameOrigin) {
  const SessionDescription before = *alice.local(), answered = *bob.local();
  for (int i = 0; i < 3; ++i) {
    exchange(alice, bob);
    EXPECT_EQ(print_sdp(*alice.local()), print_sdp(before));
    EXPECT_EQ(print_sdp(*bob.local()), print_sdp(answered));
    EXPECT_EQ(alice.agreement()->change, Change::nothing);
    EXPECT_EQ(bob.agreement()->change, Change::nothing);
  }
  // What the other side offers is another text (actpass instead of passive): one version more.
  exchange(bob, alice);
  EXPECT_EQ(bob.local()->origin.version, answered.origin.version + 1);
  EXPECT_EQ(bob.local()->origin.session_id, answered.origin.session_id);
}

// R4975-8.4-4
TEST_F(Reoffer, AnyChangeIsAHigherVersion) {
  const std::uint64_t before = alice.local()->origin.version;
  ASSERT_TRUE(alice.change({.local = alice_path, .max_size_bytes = 100}));
  exchange(alice, bob);
  EXPECT_EQ(alice.local()->origin.version, before + 1);
  EXPECT_EQ(bob.agreement()->max_size_bytes, 100U);
  EXPECT_EQ(bob.agreement()->change, Change::terms);
  EXPECT_EQ(alice.agreement()->change, Change::nothing);  // bob said nothing new
}

// R4975-8.4-1, R4975-8.5-1
TEST_F(Reoffer, EitherSideOffersAndTheConnectionKeepsItsOwner) {
  EXPECT_TRUE(alice.agreement()->active);
  exchange(bob, alice);
  EXPECT_EQ(bob.state(), State::agreed);
  EXPECT_TRUE(alice.agreement()->active);
  EXPECT_FALSE(bob.agreement()->active);
  EXPECT_EQ(alice.agreement()->change, Change::nothing);
  exchange(alice, bob);
  exchange(bob, alice);
  EXPECT_TRUE(alice.agreement()->active);
}

// R4975-8.5-1: also toward a peer without a=setup, whichever side offers.
TEST(ReofferWithoutSetup, TheFirstOffererConnects) {
  Negotiation alice = negotiation(capabilities(alice_path));
  Negotiation bob = negotiation(capabilities(bob_path));
  const auto offers = [](Negotiation& from, Negotiation& to) {
    const Answer answer = answer_of(to, with_setup(offer_of(from), std::nullopt));
    decision_of(from, with_setup(answer.description, std::nullopt));
  };
  offers(alice, bob);
  EXPECT_TRUE(alice.agreement()->active);
  EXPECT_FALSE(bob.agreement()->active);
  offers(bob, alice);
  EXPECT_TRUE(alice.agreement()->active);
  EXPECT_FALSE(bob.agreement()->active);
  offers(alice, bob);
  EXPECT_TRUE(alice.agreement()->active);
}

// R4975-8.4-3, A-72
TEST_F(Reoffer, TheAnswererMayHaveMoved) {
  const SessionDescription offer = offer_of(alice);
  ASSERT_TRUE(bob.change(capabilities(bob_moved)));
  // Until the exchange is through the old agreement holds.
  EXPECT_EQ(alice.agreement()->path.text(), bob_path.text());
  const Answer answer = answer_of(bob, offer);
  EXPECT_EQ(section_of(answer.description).path->text(), bob_moved.text());
  decision_of(alice, answer.description);
  EXPECT_EQ(alice.agreement()->path.text(), bob_moved.text());
  EXPECT_EQ(target_text(*alice.agreement()), "198.51.100.9 3001");
  EXPECT_EQ(alice.agreement()->change, Change::path);
  EXPECT_EQ(bob.agreement()->change, Change::path);
}

// R4975-8.4-2
TEST_F(Reoffer, TheAnswerHasAPathThatHolds) {
  const Answer same = answer_of(bob, offer_of(alice));
  EXPECT_EQ(section_of(same.description).path->text(), bob_path.text());
  decision_of(alice, same.description);
  ASSERT_TRUE(bob.change(capabilities(bob_moved)));
  const Answer moved = answer_of(bob, offer_of(alice));
  EXPECT_EQ(section_of(moved.description).path->text(), bob_moved.text());
}

//
TEST_F(Reoffer, TheOffererMayHaveMoved) {
  ASSERT_TRUE(alice.change(capabilities(alice_moved)));
  exchange(alice, bob);
  EXPECT_EQ(bob.agreement()->path.text(), alice_moved.text());
  EXPECT_EQ(alice.agreement()->change, Change::path);  // a new session in place of the old one
  EXPECT_EQ(bob.agreement()->change, Change::path);
  EXPECT_EQ(alice.local()->origin.version, 2U);
  // And is where it is now.
  exchange(alice, bob);
  EXPECT_EQ(alice.agreement()->change, Change::nothing);
}

// what was agreed on goes on when the re-offer fails or is refused.
TEST_F(Reoffer, AFailedReofferChangesNothing) {
  ASSERT_TRUE(alice.change(capabilities(alice_moved)));
  offer_of(alice);
  EXPECT_EQ(alice.state(), State::reoffered);
  ASSERT_TRUE(alice.offer_failed());
  EXPECT_EQ(alice.state(), State::agreed);
  EXPECT_EQ(alice.agreement()->path.text(), bob_path.text());

  Negotiation secure = negotiation(capabilities(path("msrps://192.0.2.1:2855/secure1234567;tcp")));
  EXPECT_EQ(answer_of(bob, offer_of(secure)).refusal, Refusal::transport);
  EXPECT_EQ(bob.state(), State::agreed);
  EXPECT_EQ(bob.agreement()->path.text(), alice_path.text());
}

// R4975-8.1-6
TEST_F(Reoffer, PortZeroEndsIt) {
  const SessionDescription text =
      parsed(replaced(print_sdp(offer_of(alice)), "m=message 2855", "m=message 0"));
  const Answer answer = answer_of(bob, text);
  EXPECT_EQ(answer.refusal, Refusal::port_zero);
  EXPECT_EQ(bob.state(), State::ended);
  decision_of(alice, answer.description);
  EXPECT_EQ(alice.state(), State::ended);
}

// R4975-8.9-1
TEST_F(Reoffer, HoldAndResume) {
  ASSERT_TRUE(alice.change({.local = alice_path, .direction = Direction::sendonly}));
  exchange(alice, bob);
  EXPECT_TRUE(says(*alice.local(), "a=sendonly"));
  EXPECT_TRUE(says(*bob.local(), "a=recvonly"));
  EXPECT_FALSE(bob.agreement()->may_send);
  EXPECT_TRUE(alice.agreement()->may_send);
  EXPECT_EQ(bob.agreement()->change, Change::terms);
  ASSERT_TRUE(alice.change(capabilities(alice_path)));
  exchange(alice, bob);
  EXPECT_TRUE(bob.agreement()->may_send);
  EXPECT_FALSE(print_sdp(*alice.local()).contains("only"));
}

// The sections of a description keep their places, whoever offers.
TEST(ReofferOfMany, SectionsStayInPlace) {
  Negotiation alice = negotiation(capabilities(alice_path));
  Negotiation bob = negotiation(capabilities(bob_path));
  const SessionDescription offer = parsed(
      replaced(print_sdp(offer_of(alice)), "m=message", "m=audio 4000 RTP/AVP 0\r\nm=message"));
  const Answer answer = answer_of(bob, offer);
  EXPECT_EQ(answer.description.msrp_index(), 1U);
  const SessionDescription again = offer_of(bob);
  EXPECT_EQ(again.msrp_index(), 1U);
  EXPECT_EQ(again.media.size(), 2U);
  // An offer without the section is refused, not taken for another one.
  ASSERT_TRUE(bob.offer_failed());
  EXPECT_EQ(answer_of(bob, *alice.local()).refusal, Refusal::no_msrp_section);
}

// R6714-4.2-8: a fallback in a session that is there.
TEST(ReofferWithCema, MayFallBack) {
  Negotiation alice = negotiation(capabilities(alice_path, true));
  Negotiation bob = negotiation(capabilities(bob_path, true));
  exchange(alice, bob);
  Capabilities natted = behind_nat("msrp://198.51.100.2:9/bob1234567890123;tcp");
  Negotiation plain = negotiation(natted);
  const Answer answer = answer_of(plain, offer_of(alice));
  EXPECT_EQ(decision_of(alice, anchored(answer.description, "203.0.113.1", 4000)).verdict,
            Verdict::offer_again);
  EXPECT_EQ(alice.state(), State::fallback);
  EXPECT_TRUE(alice.agreement()->active);  // the one of before
  EXPECT_FALSE(print_sdp(offer_of(alice)).contains("cema"));
}

// ---- present() ----------------------------------------------------------------------------------

struct Presented {
  std::optional<Decision> a, b;
  bool a_active = false, b_active = false;
};

Presented present_both(SetupValue a_says, SetupValue b_says) {
  Negotiation a = negotiation(capabilities(alice_path, true));
  Negotiation b = negotiation(capabilities(bob_path, true));
  const SessionDescription from_a = carried(*a.present(a_says));
  const SessionDescription from_b = carried(*b.present(b_says));
  EXPECT_FALSE(print_sdp(from_a).contains("cema"));
  Presented result{*a.accept_presented(from_b), *b.accept_presented(from_a)};
  if (a.agreement()) result.a_active = a.agreement()->active;
  if (b.agreement()) result.b_active = b.agreement()->active;
  return result;
}

// R4975-5.4-3, R6135-4.2.1-2
TEST(PresentedBoth, AgreeWhateverTheySaid) {
  for (const SetupValue a : {active, passive, actpass}) {
    for (const SetupValue b : {active, passive, actpass}) {
      const Presented result = present_both(a, b);
      if (a == passive && b == passive) {
        EXPECT_EQ(result.a->refusal, Refusal::nobody_listens);
        EXPECT_EQ(result.b->refusal, Refusal::nobody_listens);
        continue;
      }
      EXPECT_EQ(result.a->verdict, Verdict::agreed);
      EXPECT_NE(result.a_active, result.b_active);
      EXPECT_TRUE(result.a_active || !(a == active && b != active));
      EXPECT_FALSE(result.a_active && a == passive);
    }
  }
}

// R6135-4.2.1-4, R6135-4.2.2-10, R6135-5-1
TEST(PresentedBoth, NoSetupAndHoldconnAreTheSame) {
  for (const std::optional<SetupValue> peers :
       {std::optional<SetupValue>(), std::optional(holdconn)}) {
    for (const SetupValue mine : {active, passive, actpass}) {
      Negotiation a = negotiation(capabilities(alice_path));
      Negotiation b = negotiation(capabilities(bob_path));
      ASSERT_TRUE(a.present(mine));
      ASSERT_TRUE(a.accept_presented(with_setup(*b.present(active), peers)));
      EXPECT_EQ(a.agreement()->active, mine == active);
    }
  }
}

// A session that began so goes on with offers, and keeps its owner.
TEST(PresentedBoth, OffersMayFollow) {
  Negotiation a = negotiation(capabilities(alice_path));
  Negotiation b = negotiation(capabilities(bob_path));
  const SessionDescription from_a = carried(*a.present(passive));
  const SessionDescription from_b = carried(*b.present(active));
  ASSERT_TRUE(a.accept_presented(from_b));
  ASSERT_TRUE(b.accept_presented(from_a));
  exchange(a, b);
  EXPECT_FALSE(a.agreement()->active);
  EXPECT_EQ(a.agreement()->change, Change::nothing);
}

}  // namespace
}  // namespace msrp::test
