// The headers of digest authentication.
#include <gtest/gtest.h>

#include <string>

#include "msrp/headers.hpp"

namespace msrp {
namespace {

const std::string response = "\"0123456789abcdef0123456789abcdef\"";
const std::string credentials =
    "Digest username=\"alice\", realm=\"example.com\", nonce=\"n0\", response=" + response +
    ", cnonce=\"c0\", nc=00000001, qop=auth";

template <class View>
std::uint32_t offset_of(std::string_view value) {
  const Result<View> parsed = View::parse(value);
  EXPECT_FALSE(parsed) << value;
  if (parsed) return ~std::uint32_t{0};
  EXPECT_EQ(parsed.error().code, Errc::bad_header_value) << value;
  EXPECT_LE(parsed.error().offset, value.size()) << value;
  return parsed.error().offset;
}

std::string without(std::string text, const std::string& piece) {
  const std::size_t at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.erase(at, piece.size());
}

std::string with(std::string text, const std::string& piece, const std::string& instead) {
  const std::size_t at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.replace(at, piece.size(), instead);
}

// R4976-7-4, R4976-7-5, R4976-7-6, R4976-7-7
TEST(Challenge, AllParameters) {
  const auto view = ChallengeView::parse(
      "Digest realm=\"intra, net\", nonce=\"dcd98b7102dd\", opaque=\"5ccc\", stale=TRUE, "
      "algorithm=MD5, qop=\"auth,auth-int\"");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->realm, "intra, net");
  EXPECT_EQ(view->nonce, "dcd98b7102dd");
  EXPECT_EQ(view->opaque, "5ccc");
  EXPECT_EQ(view->algorithm, "MD5");
  EXPECT_EQ(view->qop, "auth,auth-int");
  EXPECT_TRUE(view->stale);
}

// R4976-7-10
TEST(Challenge, RealmNonceAndQopAreAskedFor) {
  const std::string value = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
  const auto view = ChallengeView::parse(value);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->algorithm, "");
  EXPECT_EQ(view->opaque, "");
  EXPECT_FALSE(view->stale);
  for (const char* piece : {"realm=\"r\", ", "nonce=\"n\", ", ", qop=\"auth\""}) {
    offset_of<ChallengeView>(without(value, piece));
  }
  EXPECT_TRUE(ChallengeView::parse(with(value, "\"r\"", "\"\""))) << "an empty realm is a realm";
}

TEST(Challenge, StaleIsTrueOnlyWhenItSaysSo) {
  const std::string value = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", stale=";
  for (const char* yes : {"true", "True", "\"true\""}) {
    EXPECT_TRUE(ChallengeView::parse(value + yes).value().stale) << yes;
  }
  for (const char* no : {"false", "FALSE", "yes", "1"}) {
    EXPECT_FALSE(ChallengeView::parse(value + no).value().stale) << no;
  }
}

// R4976-7-4: more blanks, or none.
TEST(Challenge, BlanksAndCase) {
  for (const char* value : {"Digest realm=\"r\",nonce=\"n\",qop=\"auth\"",
                            "dIGEST  REALM = \"r\" ,\tNonce= \"n\" , QOP =\"auth\" ",
                            "Digest\trealm=r,nonce=n,qop=auth"}) {
    const auto view = ChallengeView::parse(value);
    ASSERT_TRUE(view) << value;
    EXPECT_EQ(view->realm, "r");
    EXPECT_EQ(view->nonce, "n");
    EXPECT_EQ(view->qop, "auth");
  }
}

// R4976-7-12, R4976-7-13
TEST(Challenge, UnknownParametersAndEmptyElements) {
  const auto view = ChallengeView::parse(
      "Digest ,, charset=UTF-8, realm=\"r\",, userhash=false , nonce=\"n\", x=\"a,realm=b\", "
      "qop=\"auth\", ,");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->realm, "r");
  EXPECT_EQ(view->nonce, "n");
  EXPECT_EQ(view->qop, "auth");
}

//
TEST(Challenge, AnyEscapeInQuotes) {
  const auto view =
      ChallengeView::parse("Digest realm=\"a\\\"b\\x, nonce=\\\\\", nonce=\"n\", qop=\"auth\"");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->realm, "a\\\"b\\x, nonce=\\\\");
  EXPECT_EQ(unquote(view->realm), "a\"bx, nonce=\\");
}

TEST(Challenge, WhatIsNone) {
  EXPECT_EQ(offset_of<ChallengeView>(""), 0U);
  EXPECT_EQ(offset_of<ChallengeView>("Basic realm=\"r\""), 0U);
  EXPECT_EQ(offset_of<ChallengeView>("Dig"), 0U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest"), 6U);
  EXPECT_EQ(offset_of<ChallengeView>("Digestrealm=\"r\""), 6U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm"), 12U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm="), 13U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=,"), 13U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest =\"r\""), 7U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=\"r"), 15U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=\"r\"nonce=\"n\""), 16U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=\"r\" nonce=\"n\""), 17U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=\"r\"; nonce=\"n\""), 16U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=\"r\r\nX: y\""), 15U);
  EXPECT_EQ(offset_of<ChallengeView>("Digest realm=\"r\", realm=\"s\", nonce=\"n\", qop=\"auth\""),
            18U)
      << "two readers must not take different ones";
}

// R4976-7-7, R4976-7-8, R4976-7-11
TEST(Credentials, AllParameters) {
  const std::string value =
      credentials + ", opaque=\"5ccc\", algorithm=MD5, uri=\"msrps://relay.example.com;tcp\"";
  const auto view = CredentialsView::parse(value);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->username, "alice");
  EXPECT_EQ(view->realm, "example.com");
  EXPECT_EQ(view->nonce, "n0");
  EXPECT_EQ(view->response, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(view->cnonce, "c0");
  EXPECT_EQ(view->nc, "00000001");
  EXPECT_EQ(view->qop, "auth");
  EXPECT_EQ(view->opaque, "5ccc");
  EXPECT_EQ(view->algorithm, "MD5");
  EXPECT_EQ(view->uri, "msrps://relay.example.com;tcp");
}

// R4976-7-11
TEST(Credentials, WhatIsAskedFor) {
  ASSERT_TRUE(CredentialsView::parse(credentials));
  for (const std::string& piece :
       {std::string("username=\"alice\", "), std::string("realm=\"example.com\", "),
        std::string("nonce=\"n0\", "), "response=" + response + ", ",
        std::string("cnonce=\"c0\", "), std::string("nc=00000001, "), std::string(", qop=auth")}) {
    offset_of<CredentialsView>(without(credentials, piece));
  }
}

// R4976-7-8
TEST(Credentials, NonceCountAndResponseAreLowerHex) {
  for (const char* bad : {"nc=0000001", "nc=000000001", "nc=0000000A", "nc=0000000g", "nc=\"\""}) {
    const std::string value = with(credentials, "nc=00000001", bad);
    EXPECT_EQ(offset_of<CredentialsView>(value),
              value.find("nc=0") == std::string::npos ? value.find("nc=\"") : value.find("nc=0"));
  }
  const std::string quoted_count = with(credentials, "nc=00000001", "nc=\"0000000a\"");
  EXPECT_EQ(CredentialsView::parse(quoted_count).value().nc, "0000000a");
  const auto with_response = [](const std::string& text) {
    return CredentialsView::parse(with(credentials, response, text)).has_value();
  };
  EXPECT_TRUE(with_response('"' + std::string(32, 'f') + '"'));
  EXPECT_TRUE(with_response('"' + std::string(64, '0') + '"')) << "A-74: SHA-256";
  EXPECT_FALSE(with_response('"' + std::string(32, 'F') + '"'));
  EXPECT_FALSE(with_response('"' + std::string(31, 'f') + '"'));
  EXPECT_FALSE(with_response('"' + std::string(33, 'f') + '"'));
  EXPECT_FALSE(with_response('"' + std::string(32, 'g') + '"'));
  EXPECT_FALSE(with_response("\"\""));
}

// R4976-7-9: with and without a blank behind the comma.
TEST(AuthenticationInfo, AllParameters) {
  for (const std::string& blank : {std::string(), std::string(" ")}) {
    const std::string value = "nextnonce=\"n1\"," + blank + "qop=auth," + blank +
                              "rspauth=" + response + "," + blank + "cnonce=\"c0\"," + blank +
                              "nc=0000000f";
    const auto view = AuthenticationInfoView::parse(value);
    ASSERT_TRUE(view) << value;
    EXPECT_EQ(view->nextnonce, "n1");
    EXPECT_EQ(view->qop, "auth");
    EXPECT_EQ(view->rspauth, "0123456789abcdef0123456789abcdef");
    EXPECT_EQ(view->cnonce, "c0");
    EXPECT_EQ(view->nc, "0000000f");
  }
}

TEST(AuthenticationInfo, WhatIsNone) {
  EXPECT_TRUE(AuthenticationInfoView::parse("rspauth=\"\""));
  EXPECT_EQ(offset_of<AuthenticationInfoView>("rspauth=\"XYZ\""), 0U);
  EXPECT_EQ(offset_of<AuthenticationInfoView>("qop=auth, nc=1"), 10U);
  EXPECT_EQ(offset_of<AuthenticationInfoView>("nextnonce"), 9U);
  EXPECT_EQ(offset_of<AuthenticationInfoView>("qop=auth, qop=auth"), 10U);
}

}  // namespace
}  // namespace msrp
