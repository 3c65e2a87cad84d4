// The alternative connection model (RFC 6135): who connects.
#include "sdp_support.hpp"

namespace msrp::test {
namespace {

using enum SetupValue;

// The answerer's a=setup for an offer with this one.
std::optional<SetupValue> answered(std::optional<SetupValue> offered, Capabilities mine,
                                   bool& active) {
  Negotiation alice = negotiation(capabilities(alice_path));
  Negotiation bob = negotiation(std::move(mine));
  const Answer answer = answer_of(bob, with_setup(offer_of(alice), offered));
  EXPECT_EQ(answer.refusal, Refusal::none);
  active = bob.agreement()->active;
  return answer.description.setup_of(section_of(answer.description));
}

// R6135-4.2.2-3, R6135-4.2.1-1, R6135-4.2.2-1, R6135-3-1
TEST(Rfc6135, AReachableOffererSaysActpass) {
  Negotiation side = negotiation(capabilities(alice_path));
  const SessionDescription offer = offer_of(side);
  EXPECT_TRUE(says(offer, "a=setup:actpass"));
  EXPECT_EQ(section_of(offer).port, section_of(offer).path->view().back().port);
}

// R6135-4.2.2-1: who can be connected to names a real port.
TEST(Rfc6135, WhoCanBeConnectedToHasARealPort) {
  const Path nowhere = path("msrp://192.0.2.1:9/alice12345678901;tcp");
  EXPECT_EQ(Negotiation::create(capabilities(nowhere), 1).error().code, Errc::invalid_argument);
  Negotiation side = negotiation({.local = nowhere, .reachable = false});
  EXPECT_EQ(side.present(passive).error().code, Errc::invalid_argument);
  EXPECT_EQ(side.present(actpass).error().code, Errc::invalid_argument);
}

// R6135-4.2.2-4, R6135-4.2.2-2, R6135-3-2, A-29
TEST(Rfc6135, BehindANatTheOffererSaysActive) {
  Negotiation side = negotiation(behind_nat());
  const SessionDescription offer = offer_of(side);
  EXPECT_TRUE(says(offer, "a=setup:active"));
  EXPECT_TRUE(says(offer, "m=message 9 TCP/MSRP *"));
  EXPECT_EQ(section_of(offer).path->view().back().port, 9);
}

// one that listens all the same has its real port in both places.
TEST(Rfc6135, ActiveAndListeningHasTheRealPortInBoth) {
  Negotiation side = negotiation({.local = alice_path, .reachable = false});
  const SessionDescription offer = offer_of(side);
  EXPECT_TRUE(says(offer, "a=setup:active"));
  EXPECT_TRUE(says(offer, "m=message 2855 TCP/MSRP *"));
  EXPECT_EQ(section_of(offer).path->view().back().port, 2855);
}

// any mix of the two ports is taken, with and without CEMA.
TEST(Rfc6135, AnyMixOfPortsIsTaken) {
  for (const bool cema : {false, true}) {
    for (const std::uint16_t line : {std::uint16_t{9}, std::uint16_t{7000}}) {
      for (const std::string_view uri : {"msrp://10.0.0.1:9/natted12345678901;tcp",
                                         "msrp://10.0.0.1:7000/natted12345678901;tcp"}) {
        Negotiation alice = negotiation({.local = path(uri), .reachable = false});
        Negotiation bob = negotiation(capabilities(bob_path, cema));
        SessionDescription offer = offer_of(alice);
        std::get<MsrpMedia>(offer.media.front()).port = line;
        const Answer answer = answer_of(bob, carried(offer));
        EXPECT_EQ(answer.refusal, Refusal::none) << line << ' ' << uri;
        EXPECT_FALSE(bob.agreement()->active);
      }
    }
  }
}

// R6135-4.2.2-5
TEST(Rfc6135, NoOfferSaysPassive) {
  for (const bool reachable : {false, true}) {
    for (const bool cema : {false, true}) {
      for (const Path& local : {alice_path, alice_behind_relay}) {
        Negotiation side = negotiation({.local = local, .reachable = reachable, .cema = cema});
        EXPECT_FALSE(says(offer_of(side), "a=setup:passive"));
        ASSERT_TRUE(side.offer_failed());
        // Nor after it has waited for the peer.
        Negotiation peer = negotiation({.local = bob_path, .reachable = false});
        exchange(peer, side);
        EXPECT_FALSE(side.agreement()->active);
        EXPECT_FALSE(says(offer_of(side), "a=setup:passive"));
      }
    }
  }
}

// R6135-4.2.2-6: not behind a NAT, with an address that a NAT lends, or through a relay.
TEST(Rfc6135, WhatReachableMeans) {
  Negotiation outside = negotiation(capabilities(alice_path));
  EXPECT_TRUE(says(offer_of(outside), "a=setup:actpass"));
  Negotiation mapped = negotiation(capabilities(path("msrp://203.0.113.9:40001/mapped123456;tcp")));
  EXPECT_TRUE(says(offer_of(mapped), "a=setup:actpass"));
  Negotiation relayed = negotiation(
      {.local = path("msrp://192.0.2.77:9000/r;tcp msrp://10.0.0.1:9/natted12345678901;tcp"),
       .reachable = false});
  EXPECT_TRUE(says(offer_of(relayed), "a=setup:actpass"));
}

// R6135-4.2.2-8, R6135-4.2.2-7, R6135-4.2.1-1
TEST(Rfc6135, ActpassIsAnsweredByWhoCanBeReached) {
  bool connects = false;
  EXPECT_EQ(answered(actpass, capabilities(bob_path), connects), passive);
  EXPECT_FALSE(connects);
  EXPECT_EQ(answered(actpass, behind_nat(), connects), active);
  EXPECT_TRUE(connects);
}

// R6135-4.2.2-9, R6135-4.2.1-1, R6135-4.2.1-2
TEST(Rfc6135, TheAnswerIsTheOtherHalf) {
  bool connects = false;
  EXPECT_EQ(answered(active, capabilities(bob_path), connects), passive);
  EXPECT_FALSE(connects);
  EXPECT_EQ(answered(passive, capabilities(bob_path), connects), active);
  EXPECT_TRUE(connects);
}

// R6135-4.2.2-10, R6135-5-1, R6135-4.2.1-4
TEST(Rfc6135, WithoutSetupTheOffererConnects) {
  bool connects = true;
  for (const std::optional<SetupValue> offered :
       {std::optional<SetupValue>(), std::optional(holdconn)}) {
    connects = true;
    EXPECT_EQ(answered(offered, capabilities(bob_path), connects), passive);
    EXPECT_FALSE(connects);
  }
  for (const std::optional<SetupValue> said :
       {std::optional<SetupValue>(), std::optional(holdconn)}) {
    Negotiation alice = negotiation(capabilities(alice_path));
    Negotiation bob = negotiation(capabilities(bob_path));
    const Answer answer = answer_of(bob, with_setup(offer_of(alice), std::nullopt));
    EXPECT_EQ(decision_of(alice, with_setup(answer.description, said)).verdict, Verdict::agreed);
    EXPECT_TRUE(alice.agreement()->active);
    EXPECT_FALSE(bob.agreement()->active);
  }
}

// R6135-4.2.1-3, R6135-4.4-1: whatever comes, neither is ever said.
TEST(Rfc6135, HoldconnAndConnectionAreNeverSent) {
  for (const std::optional<SetupValue> offered :
       {std::optional<SetupValue>(), std::optional(active), std::optional(passive),
        std::optional(actpass), std::optional(holdconn)}) {
    for (const bool cema : {false, true}) {
      Negotiation alice = negotiation(capabilities(alice_path, cema));
      Negotiation bob = negotiation(capabilities(bob_path, cema));
      SessionDescription offer = with_setup(offer_of(alice), offered);
      std::get<MsrpMedia>(offer.media.front()).common.reuse = ConnectionReuse::existing;
      const Answer answer = answer_of(bob, carried(offer));
      const SessionDescription again = offer_of(bob);
      for (const SessionDescription& said : {*alice.local(), answer.description, again}) {
        const std::string text = print_sdp(said);
        EXPECT_FALSE(text.contains("holdconn")) << text;
        EXPECT_FALSE(text.contains("a=connection")) << text;
        EXPECT_TRUE(text.contains("a=setup:")) << text;
      }
    }
  }
  Negotiation side = negotiation(capabilities(alice_path));
  EXPECT_EQ(side.present(holdconn).error().code, Errc::invalid_argument);
}

// R6135-4.4-2
TEST(Rfc6135, ConnectionIsIgnored) {
  for (const ConnectionReuse reuse : {ConnectionReuse::renew, ConnectionReuse::existing}) {
    Negotiation alice = negotiation(capabilities(alice_path));
    Negotiation bob = negotiation(capabilities(bob_path));
    SessionDescription offer = offer_of(alice);
    std::get<MsrpMedia>(offer.media.front()).common.reuse = reuse;
    Negotiation plain = negotiation(capabilities(bob_path));
    const Answer with_it = answer_of(bob, carried(offer));
    const Answer without = answer_of(plain, *alice.local());
    EXPECT_EQ(print_sdp(with_it.description), print_sdp(without.description));
    EXPECT_EQ(bob.agreement()->active, plain.agreement()->active);
  }
}

// R6135-4.2.2-9: an answer that says active to an offer of active is wrong, and no harm.
TEST(Rfc6135, BothActiveIsTolerated) {
  Negotiation alice = negotiation(behind_nat());
  Negotiation bob = negotiation(capabilities(bob_path));
  const Answer answer = answer_of(bob, offer_of(alice));
  EXPECT_EQ(decision_of(alice, with_setup(answer.description, active)).verdict, Verdict::agreed);
  EXPECT_TRUE(alice.agreement()->active);
}

// Two that can only connect cannot have a session.
TEST(Rfc6135, TwoThatNobodyCanConnectTo) {
  Negotiation alice = negotiation(behind_nat());
  Negotiation bob = negotiation(behind_nat("msrp://10.9.9.9:9/other12345678901;tcp"));
  const Answer answer = answer_of(bob, offer_of(alice));
  EXPECT_EQ(answer.refusal, Refusal::nobody_listens);
  EXPECT_EQ(section_of(answer.description).port, 0);
}

// R6135-4.5-1, R6135-4.5-2: the relay is where the connection goes, and `active` is another matter.
TEST(Rfc6135, BehindARelayTheConnectionIsToTheRelay) {
  for (const bool relayed_connects : {false, true}) {
    Negotiation alice = negotiation(
        capabilities(path("msrp://192.0.2.88:9005/outer;tcp msrp://192.0.2.77:9000/inner;tcp "
                          "msrp://192.0.2.1:2855/alice12345678901;tcp")));
    Negotiation bob = negotiation(relayed_connects ? capabilities(bob_path) : behind_nat());
    exchange(alice, bob);
    const Agreement& agreement = *alice.agreement();
    EXPECT_EQ(agreement.active, relayed_connects);
    ASSERT_TRUE(agreement.own_relay);
    EXPECT_EQ(target_text(agreement), "192.0.2.77 9000");  // its own, the last before itself
  }
}

// R6135-4.3-3: the certificate's fingerprint stands in the description where TLS is.
TEST(Rfc6135, FingerprintsAreSaidWithTls) {
  const Fingerprint hash{"sha-256",
                         "12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:"
                         "49:6B:19:E5:7C:AB:4A:AD"};
  const Path secure_alice = path("msrps://192.0.2.1:2855/alice12345678901;tcp");
  const Path secure_bob = path("msrps://198.51.100.2:7394/bob1234567890123;tcp");
  Negotiation alice = negotiation({.local = secure_alice, .fingerprints = {hash}});
  Negotiation bob = negotiation({.local = secure_bob, .fingerprints = {hash, {"x", "AA"}}});
  const SessionDescription offer = offer_of(alice);
  EXPECT_TRUE(says(offer, "a=fingerprint:sha-256 " + hash.value));
  EXPECT_TRUE(says(offer, "m=message 2855 TCP/TLS/MSRP *"));
  const Answer answer = answer_of(bob, offer);
  EXPECT_EQ(decision_of(alice, answer.description).verdict, Verdict::agreed);
  EXPECT_EQ(bob.agreement()->fingerprints, std::vector<Fingerprint>{hash});
  EXPECT_EQ(alice.agreement()->fingerprints.size(), 2U);
  EXPECT_TRUE(alice.agreement()->secure && bob.agreement()->secure);
  EXPECT_EQ(remote_description(*bob.agreement()).fingerprints, std::vector<Fingerprint>{hash});

  Negotiation plain = negotiation({.local = alice_path, .fingerprints = {hash}});
  EXPECT_FALSE(print_sdp(offer_of(plain)).contains("fingerprint"));
  EXPECT_EQ(Negotiation::create({.local = secure_alice, .fingerprints = {{"sha-1", "AA"}}}, 1)
                .error()
                .code,
            Errc::invalid_argument);
}

// R8122-5-4: what is only known by a hash function that is not believed is not known.
TEST(Rfc6135, WeakFingerprintsAloneAreRefused) {
  const Fingerprint weak{"sha-1", "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"};
  const Path secure_alice = path("msrps://192.0.2.1:2855/alice12345678901;tcp");
  const Path secure_bob = path("msrps://198.51.100.2:7394/bob1234567890123;tcp");
  for (const Fingerprint& each : {weak, Fingerprint{"x", "AA"}}) {
    Negotiation alice = negotiation({.local = secure_alice, .fingerprints = {each}});
    Negotiation bob = negotiation({.local = secure_bob});
    EXPECT_EQ(answer_of(bob, offer_of(alice)).refusal, Refusal::weak_fingerprint);
    EXPECT_FALSE(bob.agreement());
  }
  Negotiation alice = negotiation({.local = secure_alice});
  Negotiation bob = negotiation({.local = secure_bob, .fingerprints = {weak}});
  const SessionDescription offer = offer_of(alice);
  EXPECT_EQ(decision_of(alice, answer_of(bob, offer).description).refusal,
            Refusal::weak_fingerprint);
}

// R6135-4.3-3: relays have certificates of their own, so that none of ours is named.
TEST(Rfc6135, FingerprintsAreNotSaidBehindRelays) {
  const Path secure_bob = path("msrps://198.51.100.2:7394/bob1234567890123;tcp");
  Negotiation alice = negotiation(
      {.local = path("msrps://192.0.2.77:9000/r;tcp msrps://192.0.2.1:2855/alice12345678901;tcp"),
       .fingerprints = {{"x", "AA"}}});
  Negotiation bob = negotiation({.local = secure_bob, .fingerprints = {{"x", "AA"}}});
  const SessionDescription offer = offer_of(alice);
  EXPECT_FALSE(print_sdp(offer).contains("fingerprint"));
  const Answer answer = answer_of(bob, offer);
  decision_of(alice, answer.description);
  EXPECT_TRUE(alice.agreement()->fingerprints.empty());
  EXPECT_TRUE(alice.agreement()->secure);
}

}  // namespace
}  // namespace msrp::test
