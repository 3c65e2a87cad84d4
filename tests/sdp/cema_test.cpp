// Connection establishment for media anchoring (RFC 6714), with a middlebox that rewrites c= and m=
// and one that does not.
#include "sdp_support.hpp"

namespace msrp::test {
namespace {

using State = Negotiation::State;
using enum SetupValue;

constexpr std::string_view anchor = "203.0.113.1";
constexpr std::uint16_t anchor_port = 40000;

SessionDescription through_middlebox(const SessionDescription& sdp) {
  return anchored(sdp, anchor, anchor_port);
}

// An answer of a peer that does not know CEMA: setup as given, c= and m= its own.
SessionDescription plain_answer(const SessionDescription& offer, Capabilities peer,
                                std::optional<SetupValue> setup) {
  Negotiation other = negotiation(std::move(peer));
  return with_setup(answer_of(other, without_cema(offer)).description, setup);
}

struct Cema : testing::Test {
  Negotiation alice = negotiation(capabilities(alice_path, true));
  Negotiation bob = negotiation(capabilities(bob_path, true));
  Negotiation relayed_alice = negotiation(capabilities(alice_behind_relay, true));
  Negotiation relayed_bob = negotiation(capabilities(bob_behind_relay, true));
};

// ---- the offer (section 4.2) --------------------------------------------------------------------

// R6714-4.2-1, R6714-4.2-2, R6714-5.2-1, R6714-4.5-1
TEST_F(Cema, TheOfferSaysSo) {
  const SessionDescription offer = offer_of(alice);
  EXPECT_TRUE(says(offer, "a=msrp-cema"));
  EXPECT_TRUE(says(offer, "a=setup:actpass"));
  EXPECT_TRUE(says(offer, "c=IN IP4 192.0.2.1"));
  EXPECT_TRUE(says(offer, "m=message 2855 TCP/MSRP *"));
  Capabilities natted = behind_nat();
  natted.cema = true;
  Negotiation behind = negotiation(natted);
  const SessionDescription active_offer = offer_of(behind);
  EXPECT_TRUE(says(active_offer, "a=msrp-cema"));
  EXPECT_TRUE(says(active_offer, "a=setup:active"));
}

// R6714-4.2-3, R6714-4.2-4
TEST_F(Cema, TheOfferOfARelaysUser) {
  const SessionDescription offer = offer_of(relayed_alice);
  EXPECT_TRUE(says(offer, "a=msrp-cema"));
  EXPECT_TRUE(says(offer, "a=setup:actpass"));
  EXPECT_TRUE(says(offer, "c=IN IP4 192.0.2.77"));
  EXPECT_TRUE(says(offer, "m=message 9000 TCP/MSRP *"));
  EXPECT_EQ(section_of(offer).path->text(), alice_behind_relay.text());
}

// R6714-3-1
TEST_F(Cema, WithoutItNothingIsSaid) {
  Negotiation plain = negotiation(capabilities(alice_path));
  EXPECT_FALSE(print_sdp(offer_of(plain)).contains("cema"));
}

// ---- both sides know it -------------------------------------------------------------------------

// R6714-4.2-12, R6714-4.3-7, R6714-4.3-8, R6714-4.3-12
TEST_F(Cema, TheActiveOffererConnectsToTheMiddlebox) {
  const Answer answer = answer_of(bob, through_middlebox(offer_of(alice)));
  EXPECT_TRUE(says(answer.description, "a=msrp-cema"));
  EXPECT_TRUE(says(answer.description, "a=setup:passive"));
  EXPECT_EQ(decision_of(alice, through_middlebox(answer.description)).verdict, Verdict::agreed);
  EXPECT_TRUE(alice.agreement()->active);
  ASSERT_TRUE(alice.agreement()->connect_to);
  EXPECT_EQ(target_text(*alice.agreement()), "203.0.113.1 40000");
  EXPECT_FALSE(bob.agreement()->active);
  EXPECT_FALSE(bob.agreement()->connect_to);
  EXPECT_TRUE(alice.agreement()->cema && bob.agreement()->cema);
}

// R6714-4.3-11, R6714-4.2-13, R6714-4.3-8
TEST_F(Cema, TheActiveAnswererConnectsToTheMiddlebox) {
  Capabilities natted = behind_nat();
  natted.cema = true;
  Negotiation behind = negotiation(natted);
  const Answer answer = answer_of(behind, through_middlebox(offer_of(alice)));
  EXPECT_TRUE(says(answer.description, "a=setup:active"));
  EXPECT_TRUE(says(answer.description, "a=msrp-cema"));
  EXPECT_TRUE(behind.agreement()->active);
  EXPECT_EQ(target_text(*behind.agreement()), "203.0.113.1 40000");
  EXPECT_EQ(decision_of(alice, through_middlebox(answer.description)).verdict, Verdict::agreed);
  EXPECT_FALSE(alice.agreement()->active);
  EXPECT_FALSE(alice.agreement()->connect_to);
}

// R6714-4.1-1: requests name the path that the peer sent, whatever is connected to.
TEST_F(Cema, ThePathIsThePeersOwn) {
  const Answer answer = answer_of(bob, through_middlebox(offer_of(alice)));
  decision_of(alice, through_middlebox(answer.description));
  EXPECT_EQ(alice.agreement()->path.text(), bob_path.text());
  EXPECT_EQ(bob.agreement()->path.text(), alice_path.text());
  const RemoteDescription remote = remote_description(*alice.agreement());
  EXPECT_EQ(remote.path->text(), bob_path.text());
  ASSERT_TRUE(remote.connect_to);
  EXPECT_EQ(remote.connect_to->host, anchor);
  EXPECT_EQ(remote.connect_to->port, anchor_port);
}

// R6714-6.3-1
TEST_F(Cema, ConnectionsAreNotShared) {
  const Answer answer = answer_of(bob, through_middlebox(offer_of(alice)));
  decision_of(alice, through_middlebox(answer.description));
  EXPECT_FALSE(alice.agreement()->share_connection);
  EXPECT_FALSE(bob.agreement()->share_connection);
}

// ---- the answer (section 4.3) -------------------------------------------------------------------

// R6714-4.3-1
TEST_F(Cema, AnOfferThatWasRewrittenForAPeerWithoutItIsRefused) {
  Negotiation plain = negotiation(capabilities(alice_path));
  const Answer answer = answer_of(bob, through_middlebox(offer_of(plain)));
  EXPECT_EQ(answer.refusal, Refusal::address_mismatch);
  EXPECT_EQ(section_of(answer.description).port, 0);
  EXPECT_EQ(sip_not_acceptable, 488);
  EXPECT_FALSE(bob.agreement());
  // Another port alone, and another host alone.
  Negotiation again = negotiation(capabilities(alice_path));
  const SessionDescription offer = offer_of(again);
  EXPECT_EQ(answer_of(bob, anchored(offer, "192.0.2.1", 2856)).refusal, Refusal::address_mismatch);
  EXPECT_EQ(answer_of(bob, anchored(offer, "192.0.2.2", 2855)).refusal, Refusal::address_mismatch);
  EXPECT_EQ(answer_of(bob, offer).refusal, Refusal::none);
}

// R6714-4.3-7: "in all other cases", also when the offer did not say so.
TEST_F(Cema, AnOfferThatMatchesIsAnsweredWithIt) {
  Negotiation plain = negotiation(capabilities(alice_path));
  const Answer answer = answer_of(bob, offer_of(plain));
  EXPECT_TRUE(says(answer.description, "a=msrp-cema"));
  EXPECT_FALSE(bob.agreement()->cema);
  EXPECT_EQ(decision_of(plain, answer.description).verdict, Verdict::agreed);
  EXPECT_FALSE(plain.agreement()->cema);
  EXPECT_FALSE(plain.agreement()->connect_to);
}

// R6714-4.3-2, R6714-4.3-5, R6714-4.3-6, R6714-3-2
TEST_F(Cema, BothBehindRelaysFallBack) {
  const Answer answer = answer_of(relayed_bob, offer_of(relayed_alice));
  EXPECT_EQ(answer.refusal, Refusal::none);
  EXPECT_FALSE(says(answer.description, "a=msrp-cema"));
  // As RFC 4975 has it: the own address, not the relay's.
  EXPECT_TRUE(says(answer.description, "c=IN IP4 198.51.100.2"));
  EXPECT_TRUE(says(answer.description, "m=message 7394 TCP/MSRP *"));
  EXPECT_FALSE(relayed_bob.agreement()->cema);
}

// R6714-4.3-3, R6714-4.3-5, R6714-4.3-6
TEST_F(Cema, ARelaysUserThatConnectsMakesTheAnswererFallBack) {
  const SessionDescription offer = offer_of(relayed_alice);
  for (const std::optional<SetupValue> setup :
       {std::optional<SetupValue>(), std::optional(active)}) {
    Negotiation other = negotiation(capabilities(bob_path, true));
    const Answer answer = answer_of(other, with_setup(offer, setup));
    EXPECT_FALSE(says(answer.description, "a=msrp-cema"));
    EXPECT_TRUE(says(answer.description, "a=setup:passive"));
    EXPECT_FALSE(other.agreement()->active);
  }
  // That it would not connect is the point of its actpass: this side does, to what c= says.
  const Answer answer = answer_of(bob, through_middlebox(offer));
  EXPECT_TRUE(says(answer.description, "a=msrp-cema"));
  EXPECT_TRUE(says(answer.description, "a=setup:active"));
  EXPECT_EQ(target_text(*bob.agreement()), "203.0.113.1 40000");
}

// R6714-4.3-4, R6714-4.3-5
TEST_F(Cema, ARelaysUserThatHasToConnectFallsBack) {
  const Answer answer = answer_of(relayed_bob, with_setup(offer_of(alice), passive));
  EXPECT_FALSE(says(answer.description, "a=msrp-cema"));
  EXPECT_TRUE(says(answer.description, "a=setup:active"));
  EXPECT_FALSE(relayed_bob.agreement()->connect_to);
  EXPECT_EQ(target_text(*relayed_bob.agreement()), "198.51.100.77 9001");
}

// R6714-4.3-7, R6714-4.3-9, R6714-4.3-10, R6714-4.3-12
TEST_F(Cema, TheAnswerOfARelaysUser) {
  for (const std::optional<SetupValue> setup : {std::optional(actpass), std::optional(active)}) {
    Negotiation offerer = negotiation(capabilities(alice_path, true));
    Negotiation answerer = negotiation(capabilities(bob_behind_relay, true));
    const Answer answer = answer_of(answerer, with_setup(offer_of(offerer), setup));
    EXPECT_TRUE(says(answer.description, "a=msrp-cema"));
    EXPECT_TRUE(says(answer.description, "a=setup:passive"));
    EXPECT_TRUE(says(answer.description, "c=IN IP4 198.51.100.77"));
    EXPECT_TRUE(says(answer.description, "m=message 9001 TCP/MSRP *"));
    EXPECT_EQ(section_of(answer.description).path->text(), bob_behind_relay.text());
    EXPECT_FALSE(answerer.agreement()->active);
    EXPECT_FALSE(answerer.agreement()->connect_to);
  }
}

// ---- the answer comes back (section 4.2) --------------------------------------------------------

// R6714-4.2-5, R6714-4.2-8, R6714-3-2
TEST_F(Cema, ARewrittenAnswerOfAnActivePeerAsksAgain) {
  const SessionDescription answer =
      through_middlebox(plain_answer(offer_of(alice), behind_nat(), active));
  EXPECT_EQ(decision_of(alice, answer).verdict, Verdict::offer_again);
  EXPECT_EQ(alice.state(), State::fallback);
  EXPECT_FALSE(alice.agreement());
  const SessionDescription again = offer_of(alice);
  EXPECT_FALSE(print_sdp(again).contains("cema"));
  EXPECT_TRUE(says(again, "a=setup:actpass"));
  // Never again in this session.
  Negotiation peer = negotiation(behind_nat());
  decision_of(alice, through_middlebox(answer_of(peer, again).description));
  EXPECT_EQ(alice.state(), State::agreed);
  EXPECT_FALSE(print_sdp(offer_of(alice)).contains("cema"));
}

// R6714-4.2-6, R6714-4.2-8
TEST_F(Cema, ARewrittenAnswerToAnActiveRelaysUserAsksAgain) {
  for (const std::optional<SetupValue> setup :
       {std::optional<SetupValue>(), std::optional(passive)}) {
    Negotiation offerer = negotiation(capabilities(alice_behind_relay, true));
    const SessionDescription answer =
        through_middlebox(plain_answer(offer_of(offerer), capabilities(bob_path), setup));
    EXPECT_EQ(decision_of(offerer, answer).verdict, Verdict::offer_again);
    const SessionDescription again = offer_of(offerer);
    EXPECT_FALSE(print_sdp(again).contains("cema"));
    EXPECT_TRUE(says(again, "c=IN IP4 192.0.2.1"));  // its own address again
    EXPECT_TRUE(says(again, "m=message 2855 TCP/MSRP *"));
  }
}

// R6714-4.2-7, R6714-4.2-8
TEST_F(Cema, ARewrittenAnswerOfARelaysUserAsksAgain) {
  for (const std::optional<SetupValue> setup :
       {std::optional<SetupValue>(), std::optional(passive)}) {
    Negotiation offerer = negotiation(capabilities(alice_path, true));
    const SessionDescription answer =
        through_middlebox(plain_answer(offer_of(offerer), capabilities(bob_behind_relay), setup));
    EXPECT_EQ(decision_of(offerer, answer).verdict, Verdict::offer_again);
    EXPECT_FALSE(print_sdp(offer_of(offerer)).contains("cema"));
  }
}

// R6714-4.2-11
TEST_F(Cema, ARelaysUserThatNobodyRewroteIsConnectedToByItsPath) {
  // It says its own address in c= and m=, or its relay's: one of the path's URIs is enough.
  for (const auto& [host, port] :
       {std::pair("198.51.100.2", 7394), std::pair("198.51.100.77", 9001)}) {
    Negotiation offerer = negotiation(capabilities(alice_path, true));
    const SessionDescription answer =
        anchored(plain_answer(offer_of(offerer), capabilities(bob_behind_relay), passive), host,
                 static_cast<std::uint16_t>(port));
    EXPECT_EQ(decision_of(offerer, answer).verdict, Verdict::agreed);
    EXPECT_FALSE(offerer.agreement()->connect_to);
    EXPECT_EQ(target_text(*offerer.agreement()), "198.51.100.77 9001");
  }
}

// R6714-4.2-12
TEST_F(Cema, WithoutRelaysTheActiveOffererConnectsToWhateverTheLinesSay) {
  const SessionDescription offer = offer_of(alice);
  const SessionDescription answer =
      through_middlebox(plain_answer(offer, capabilities(bob_path), passive));
  EXPECT_EQ(decision_of(alice, answer).verdict, Verdict::agreed);
  EXPECT_EQ(target_text(*alice.agreement()), "203.0.113.1 40000");
  EXPECT_FALSE(alice.agreement()->share_connection);

  Negotiation other = negotiation(capabilities(alice_path, true));
  EXPECT_EQ(decision_of(other, plain_answer(offer_of(other), capabilities(bob_path), std::nullopt))
                .verdict,
            Verdict::agreed);
  EXPECT_TRUE(other.agreement()->active);
  EXPECT_EQ(target_text(*other.agreement()), "198.51.100.2 7394");
  EXPECT_TRUE(other.agreement()->share_connection);  // nobody is between
}

// R6714-4.2-13
TEST_F(Cema, APassiveOffererWaits) {
  const SessionDescription answer = plain_answer(offer_of(alice), behind_nat(), active);
  EXPECT_EQ(decision_of(alice, answer).verdict, Verdict::agreed);
  EXPECT_FALSE(alice.agreement()->active);
  EXPECT_FALSE(alice.agreement()->connect_to);
}

// R6714-3-2: with a relay the lines cannot be used (section 4.1), so that the path is.
TEST_F(Cema, ARelaysUserThatBecomesActiveUsesThePath) {
  const SessionDescription offer = offer_of(relayed_alice);
  const Answer answer = answer_of(bob, offer);
  EXPECT_EQ(decision_of(relayed_alice, with_setup(answer.description, passive)).verdict,
            Verdict::agreed);
  EXPECT_TRUE(relayed_alice.agreement()->active);
  EXPECT_FALSE(relayed_alice.agreement()->connect_to);
  EXPECT_EQ(target_text(*relayed_alice.agreement()), "192.0.2.77 9000");
}

// R6714-4.2-10, R6714-4.2-8: the same session goes on, or a new one begins.
TEST_F(Cema, TheFallbackGoesOnOrBeginsAnew) {
  const SessionDescription first = offer_of(alice);
  decision_of(alice, through_middlebox(plain_answer(first, behind_nat(), active)));
  const SessionDescription again = offer_of(alice);
  EXPECT_EQ(again.origin.session_id, first.origin.session_id);
  EXPECT_EQ(again.origin.version, first.origin.version + 1);
  EXPECT_EQ(alice.state(), State::offered);

  Negotiation anew = negotiation(capabilities(alice_path), 4712);
  const SessionDescription fresh = offer_of(anew);
  EXPECT_NE(fresh.origin.session_id, first.origin.session_id);
  EXPECT_EQ(fresh.origin.version, 1U);
  EXPECT_EQ(fresh.media, again.media);
}

// R6714-4.2-9
TEST_F(Cema, TheOffererMayEndItInstead) {
  decision_of(alice, through_middlebox(plain_answer(offer_of(alice), behind_nat(), active)));
  alice.end();
  EXPECT_EQ(alice.state(), State::ended);
  EXPECT_EQ(alice.make_offer().error().code, Errc::bad_state);
  EXPECT_FALSE(alice.agreement());
}

// ---- comparing addresses (section 4.4) ----------------------------------------------------------

// An offer without CEMA whose path has this URI, and whose c= and m= are these.
SessionDescription offer_with(std::string_view uri, std::string_view host, std::uint16_t port) {
  Negotiation plain = negotiation(capabilities(path(uri)));
  return anchored(offer_of(plain), host, port);
}

Refusal judged(const SessionDescription& offer, std::span<const ResolvedName> names = {}) {
  Negotiation bob = negotiation(capabilities(bob_path, true));
  return answer_of(bob, offer, names).refusal;
}

// R6714-4.4-1
TEST_F(Cema, HostAndPortAreCompared) {
  constexpr std::string_view uri = "msrp://192.0.2.9:7000/abcdefgh12345678;tcp";
  EXPECT_EQ(judged(offer_with(uri, "192.0.2.9", 7000)), Refusal::none);
  EXPECT_EQ(judged(offer_with(uri, "192.0.2.9", 7001)), Refusal::address_mismatch);
  EXPECT_EQ(judged(offer_with(uri, "192.0.2.8", 7000)), Refusal::address_mismatch);
  // The lines that count are the media level's.
  SessionDescription both = offer_with(uri, "192.0.2.9", 7000);
  both.common.connection = SdpAddress{false, "203.0.113.200"};
  EXPECT_EQ(judged(both), Refusal::none);
}

// R6714-4.4-3
TEST_F(Cema, Ipv6AddressesAreComparedAsAddresses) {
  constexpr std::string_view uri = "msrp://[2001:DB8:0:0::0:A]:7000/abcdefgh12345678;tcp";
  EXPECT_EQ(judged(offer_with(uri, "2001:db8::a", 7000)), Refusal::none);
  EXPECT_EQ(judged(offer_with(uri, "2001:0db8:0000:0000:0000:0000:0000:000a", 7000)),
            Refusal::none);
  EXPECT_EQ(judged(offer_with(uri, "2001:db8::b", 7000)), Refusal::address_mismatch);
}

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

// R6714-4.4-2
TEST_F(Cema, NamesAreComparedByTheirAddresses) {
  constexpr std::string_view uri = "msrp://alice.example.com:7000/abcdefgh12345678;tcp";
  const SessionDescription offer = offer_with(uri, "192.0.2.9", 7000);
  EXPECT_EQ(bob.names_to_resolve(offer), Strings{"alice.example.com"});
  const ResolvedName other{"alice.example.com", {ip("192.0.2.1"), ip("192.0.2.2")}};
  const ResolvedName same{"ALICE.example.com",
                          {ip("192.0.2.1"), ip("2001:db8::1"), ip("192.0.2.9")}};
  EXPECT_EQ(judged(offer, {&same, 1}), Refusal::none);  // every record counts
  EXPECT_EQ(judged(offer, {&other, 1}), Refusal::address_mismatch);
  EXPECT_EQ(judged(offer), Refusal::address_mismatch);  // nothing was found
}

// R6714-4.4-2
TEST_F(Cema, NamesInBothPlaces) {
  constexpr std::string_view uri = "msrp://alice.example.com:7000/abcdefgh12345678;tcp";
  const SessionDescription offer = offer_with(uri, "media.example.net", 7000);
  EXPECT_EQ(bob.names_to_resolve(offer), (Strings{"media.example.net", "alice.example.com"}));
  const ResolvedName names[] = {{"media.example.net", {ip("192.0.2.1"), ip("192.0.2.2")}},
                                {"alice.example.com", {ip("192.0.2.3"), ip("192.0.2.2")}}};
  EXPECT_EQ(judged(offer, names), Refusal::none);
  EXPECT_EQ(judged(offer, std::span(names).first(1)), Refusal::address_mismatch);
  // Also of the answer.
  offer_of(alice);
  const SessionDescription answer = with_setup(offer, active);
  EXPECT_EQ(alice.names_to_resolve(answer).size(), 2U);
  EXPECT_EQ(decision_of(alice, answer, names).verdict, Verdict::agreed);
}

// R6714-4.4-2: no name is looked up for nothing.
TEST_F(Cema, NamesThatNothingHangsOn) {
  constexpr std::string_view uri = "msrp://alice.example.com:7000/abcdefgh12345678;tcp";
  const auto names = [&](const SessionDescription& offer) { return bob.names_to_resolve(offer); };
  EXPECT_EQ(names(offer_with(uri, "Alice.Example.COM", 7000)), Strings{});  // the same name
  EXPECT_EQ(judged(offer_with(uri, "Alice.Example.COM", 7000)), Refusal::none);
  EXPECT_EQ(names(offer_with(uri, "192.0.2.9", 7001)), Strings{});  // the ports differ anyhow
  EXPECT_EQ(names(offer_of(alice)), Strings{});                     // CEMA is known
  Negotiation plain = negotiation(capabilities(bob_path));
  EXPECT_EQ(plain.names_to_resolve(offer_with(uri, "192.0.2.9", 7000)), Strings{});
  // R6714-4.4-1: special characters of the URI's host are undone (RFC 4975 section 6.1).
  const std::string text = print_sdp(offer_with(uri, "alice.example.com", 7000));
  EXPECT_EQ(judged(parsed(replaced(text, "msrp://alice", "msrp://%61lice"))), Refusal::none);
}

TEST_F(Cema, WithoutAnyAddressNothingDisagrees) {
  Negotiation plain = negotiation(capabilities(alice_path));
  SessionDescription offer = offer_of(plain);
  offer.common.connection.reset();
  EXPECT_EQ(judged(carried(offer)), Refusal::none);
}

}  // namespace
}  // namespace msrp::test
