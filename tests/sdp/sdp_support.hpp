// What the tests of descriptions and negotiations share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/negotiation.hpp"
#include "msrp/sdp.hpp"

namespace msrp::test {

using Strings = std::vector<std::string>;
// The tests' own namespace makes setup the name of a fixture's member elsewhere.
using SetupValue = msrp::Setup;

// RFC 4975 section 8.7, the offer.
inline constexpr std::string_view rfc_offer =
    "v=0\r\n"
    "o=usera 2890844526 2890844527 IN IP4 alice.example.com\r\n"
    "s= -\r\n"
    "c=IN IP4 alice.example.com\r\n"
    "t=0 0\r\n"
    "m=message 7394 TCP/MSRP *\r\n"
    "a=accept-types:message/cpim text/plain text/html\r\n"
    "a=path:msrp://alice.example.com:7394/2s93i93idj;tcp\r\n";

inline std::string with(std::string_view lines) {
  return std::string(rfc_offer).append(lines);
}

inline std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

inline SessionDescription parsed(std::string_view text) {
  auto read = read_sdp(text);
  EXPECT_TRUE(read) << (read ? std::string() : read.error().text()) << '\n' << text;
  return read ? *std::move(read) : SessionDescription{};
}

// As the peer sees it.
inline SessionDescription carried(const SessionDescription& sdp) {
  return parsed(print_sdp(sdp));
}

// What a middlebox that anchors media does: the first section's c= and m= are its own.
inline SessionDescription anchored(const SessionDescription& sdp, std::string_view host,
                                   std::uint16_t port) {
  SessionDescription changed = sdp;
  auto& media = std::get<MsrpMedia>(changed.media.at(*changed.msrp_index()));
  media.port = port;
  media.common.connection = SdpAddress{host.contains(':'), std::string(host)};
  return carried(changed);
}

// Without the attributes of RFC 6714 and RFC 6135, as a peer that does not know them writes.
inline SessionDescription without_cema(const SessionDescription& sdp) {
  SessionDescription changed = sdp;
  for (SdpMedia& media : changed.media) {
    if (auto* const section = std::get_if<MsrpMedia>(&media)) section->cema = false;
  }
  return carried(changed);
}
inline SessionDescription with_setup(const SessionDescription& sdp,
                                     std::optional<SetupValue> setup) {
  SessionDescription changed = sdp;
  std::get<MsrpMedia>(changed.media.at(*changed.msrp_index())).common.setup = setup;
  return carried(changed);
}

inline Path path(std::string_view text) {
  auto read = Path::parse(text);
  EXPECT_TRUE(read) << text;
  return *read;
}

inline const Path alice_path = *Path::parse("msrp://192.0.2.1:2855/alice12345678901;tcp");
inline const Path bob_path = *Path::parse("msrp://198.51.100.2:7394/bob1234567890123;tcp");
inline const Path alice_behind_relay = *Path::parse(
    "msrp://192.0.2.77:9000/relayed-a-1234;tcp "
    "msrp://192.0.2.1:2855/alice12345678901;tcp");
inline const Path bob_behind_relay = *Path::parse(
    "msrp://198.51.100.77:9001/relayed-b-1234;tcp "
    "msrp://198.51.100.2:7394/bob1234567890123;tcp");

inline Capabilities capabilities(const Path& local, bool cema = false) {
  return {.local = local, .cema = cema};
}
// Behind a NAT that nothing is known of, and not listening.
inline Capabilities behind_nat(std::string_view uri = "msrp://10.0.0.1:9/natted12345678901;tcp") {
  return {.local = path(uri), .reachable = false};
}

inline Negotiation negotiation(Capabilities what, std::uint64_t number = 4711) {
  auto made = Negotiation::create(std::move(what), number);
  EXPECT_TRUE(made);
  return *std::move(made);
}

inline SessionDescription offer_of(Negotiation& side) {
  const auto made = side.make_offer();
  EXPECT_TRUE(made);
  return made ? carried(*made) : SessionDescription{};
}

inline Answer answer_of(Negotiation& side, const SessionDescription& offer,
                        std::span<const ResolvedName> names = {}) {
  auto made = side.accept_offer(offer, names);
  EXPECT_TRUE(made);
  if (!made) return {};
  made->description = carried(made->description);
  return *std::move(made);
}

inline Decision decision_of(Negotiation& side, const SessionDescription& answer,
                            std::span<const ResolvedName> names = {}) {
  const auto made = side.accept_answer(answer, names);
  EXPECT_TRUE(made);
  return made.value_or(Decision{});
}

// One exchange from an offer to its answer; both agree.
inline void exchange(Negotiation& offerer, Negotiation& answerer) {
  const Answer answer = answer_of(answerer, offer_of(offerer));
  ASSERT_EQ(answer.refusal, Refusal::none);
  ASSERT_EQ(decision_of(offerer, answer.description).verdict, Verdict::agreed);
  EXPECT_NE(offerer.agreement()->active, answerer.agreement()->active);
}

inline const MsrpMedia& section_of(const SessionDescription& sdp) {
  const MsrpMedia* const section = sdp.msrp();
  EXPECT_NE(section, nullptr);
  static const MsrpMedia none;
  return section ? *section : none;
}

inline bool says(const SessionDescription& sdp, std::string_view line) {
  return print_sdp(sdp).contains("\r\n" + std::string(line) + "\r\n");
}

inline std::string target_text(const Agreement& agreement) {
  const ConnectTarget target = agreement.target();
  return target.host + " " + std::to_string(target.port);
}

}  // namespace msrp::test
