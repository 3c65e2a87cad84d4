#include "msrp/sdp.hpp"

#include <gtest/gtest.h>

#include <string>

namespace msrp {
namespace {

// RFC 4975 section 8.7, the offer.
constexpr std::string_view offer =
    "v=0\r\n"
    "o=alice 2890844526 2890844527 IN IP4 alice.example.com\r\n"
    "s= -\r\n"
    "c=IN IP4 alice.example.com\r\n"
    "t=0 0\r\n"
    "m=message 7394 TCP/MSRP *\r\n"
    "a=accept-types:message/cpim text/plain text/html\r\n"
    "a=path:msrp://alice.example.com:7394/2s93i93idj;tcp\r\n";

std::string with(std::string_view lines) {
  return std::string(offer).append(lines);
}

std::string replaced(std::string_view what, std::string_view by) {
  std::string text(offer);
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, what.size(), by);
}

std::uint32_t offset_of(std::string_view text, std::string_view line) {
  return static_cast<std::uint32_t>(text.find(line));
}

TEST(ParseSdp, ReadsTheOfferOfTheRfc) {
  const auto sdp = parse_sdp(offer);
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->path.text(), "msrp://alice.example.com:7394/2s93i93idj;tcp");
  EXPECT_EQ(sdp->port, 7394);
  EXPECT_FALSE(sdp->secure);
  EXPECT_EQ(sdp->accept_types,
            (std::vector<std::string>{"message/cpim", "text/plain", "text/html"}));
  EXPECT_TRUE(sdp->accept_wrapped_types.empty());
  EXPECT_FALSE(sdp->max_size_bytes);
  EXPECT_FALSE(sdp->setup);
}

// R4975-8.6-6, R4975-8.6-12, R4975-8.6-16, R6135-4.2.1-2, R6135-4.4-2, A-30
TEST(ParseSdp, ReadsTheOtherAttributes) {
  const auto sdp = parse_sdp(
      with("a=accept-wrapped-types: text/* * text/x;a=\"b \\\" c\";d=e \r\n"
           "a=max-size: 5000 \r\na=setup: ActPass\r\na=connection:existing\r\na=sendrecv\r\n"
           "a=file-selector:name:\"x y\"\r\n"));
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->accept_wrapped_types,
            (std::vector<std::string>{"text/*", "*", "text/x;a=\"b \\\" c\";d=e"}));
  EXPECT_EQ(sdp->max_size_bytes, 5000U);
  EXPECT_EQ(sdp->setup, msrp::Setup::actpass);
}

TEST(ParseSdp, TakesEitherLineEndAndNoneAtTheEnd) {
  std::string text(offer);
  std::erase(text, '\r');
  text.pop_back();
  ASSERT_TRUE(parse_sdp(text));
  EXPECT_EQ(parse_sdp(text)->path.text(), parse_sdp(offer)->path.text());
}

// R4975-8.2-6, R4975-8.3-1
TEST(ParseSdp, TakesPathsThroughRelays) {
  const auto sdp =
      parse_sdp(replaced("a=path:", "a=path:msrps://relay.example.com:9000/hjdhfha;tcp "));
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->path.view().size(), 2);
  EXPECT_EQ(sdp->path.view().front().host, "relay.example.com");
}

TEST(ParseSdp, TakesTheFirstMsrpSectionOfMany) {
  const std::string text =
      replaced("m=message 7394 TCP/MSRP *\r\n",
               "a=setup:active\r\na=path:msrp://nowhere.example.com:1/session;tcp\r\n"
               "m=audio 4000 RTP/AVP 0\r\na=setup:nonsense-of-others\r\na=path:nonsense\r\n"
               "m=message 7394 TCP/MSRP *\r\n") +
      "m=message 1 TCP/TLS/MSRP *\r\na=path:msrps://second.example.com:1/session;tcp\r\n";
  const auto sdp = parse_sdp(text);
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->path.view().front().host, "alice.example.com");  // R4975-8.2-7
  EXPECT_EQ(sdp->setup, msrp::Setup::active);                     // from the session level
  EXPECT_FALSE(sdp->secure);
}

// R4975-8.1-2, R4975-8.1-6
TEST(ParseSdp, KnowsTlsAndRefusal) {
  EXPECT_TRUE(parse_sdp(replaced("TCP/MSRP", "TCP/TLS/MSRP"))->secure);
  EXPECT_EQ(parse_sdp(replaced("m=message 7394", "m=message 0"))->port, 0);
}

// R4975-8.6-17: a number that does not fit is the largest there is, never a wrapped one.
TEST(ParseSdp, MaxSizeDoesNotWrap) {
  const auto size = [](std::string_view digits) {
    return parse_sdp(with("a=max-size:" + std::string(digits) + "\r\n"))->max_size_bytes;
  };
  EXPECT_EQ(size("0"), 0U);
  EXPECT_EQ(size("18446744073709551615"), ~0ULL);
  EXPECT_EQ(size("18446744073709551616"), ~0ULL);
  EXPECT_EQ(size("99999999999999999999999999"), ~0ULL);
  EXPECT_EQ(size("00000000000000000000000000000001"), 1U);
}

TEST(ParseSdp, SaysWhichLineIsWrong) {
  for (const std::string_view line :
       {"a=max-size:-1", "a=max-size:", "a=max-size:5x", "a=setup:sideways", "a=setup:",
        "a=accept-wrapped-types:", "a=accept-wrapped-types:text", "a=accept-wrapped-types:text/",
        "a=accept-wrapped-types:text/plain \"", "a=path:msrp://b.example.com:1/x;tcp"}) {
    const std::string text = with(std::string(line) + "\r\n");
    const auto sdp = parse_sdp(text);
    ASSERT_FALSE(sdp) << line;
    EXPECT_EQ(sdp.error().offset, text.rfind("a=")) << line;
  }
  for (const std::string_view media :
       {"m=message 65536 TCP/MSRP *", "m=message x TCP/MSRP *", "m=message -1 TCP/MSRP *",
        "m=message 99999999999999999999 TCP/MSRP *", "m=message 7394 TCP/MSRP",
        "m=message 7394 TCP/MSRP 5"}) {
    const std::string text = replaced("m=message 7394 TCP/MSRP *", media);
    const auto sdp = parse_sdp(text);
    ASSERT_FALSE(sdp) << media;
    EXPECT_EQ(sdp.error().code, Errc::bad_sdp);
    EXPECT_EQ(sdp.error().offset, offset_of(text, "m="));
  }
}

TEST(ParseSdp, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "\r\n", "v=0\r\n", "m=audio 4000 RTP/AVP 0\r\na=path:x\r\n", "m=message\r\n",
        "m=message 7394 RTP/AVP *\r\n", "hello\n"}) {
    const auto sdp = parse_sdp(text);
    ASSERT_FALSE(sdp) << text;
    EXPECT_EQ(sdp.error().code, Errc::bad_sdp);
  }
  // R4975-8.2-1: no path, and a path that is none
  std::string text(offer.substr(0, offer.find("a=path")));
  EXPECT_EQ(parse_sdp(text).error().offset, offset_of(text, "m="));
  text += "a=path:http://example.com/\r\n";
  EXPECT_EQ(parse_sdp(text).error().offset, offset_of(text, "a=path"));
  EXPECT_FALSE(parse_sdp(std::string(100'000, '\n')));
}

TEST(ParseSdp, IsBoundedInWhatItKeeps) {
  std::string list = "a=accept-wrapped-types:";
  for (int i = 0; i < 1000; ++i) list += "text/plain ";
  EXPECT_FALSE(parse_sdp(with(list + "\r\n")));
}

// R4975-8.1-1, R4975-8.1-2, R4975-8.1-3, R4975-8.1-4, R4975-8.1-5, R4975-8.6-1, R6135-4.2.1-1,
// R6135-4.4-1
TEST(PrintSdp, WritesACompleteDescription) {
  SessionDescription sdp{.path = *Path::parse("msrp://192.0.2.1:2855/abcdefgh1234;tcp"),
                         .accept_wrapped_types = {}};
  sdp.port = 2855;
  sdp.accept_types = {"text/plain", "image/*"};
  sdp.accept_wrapped_types = {"*"};
  sdp.max_size_bytes = 4096;
  sdp.setup = msrp::Setup::active;
  EXPECT_EQ(print_sdp(sdp, 42),
            "v=0\r\no=- 42 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            "m=message 2855 TCP/MSRP *\r\na=accept-types:text/plain image/*\r\n"
            "a=accept-wrapped-types:*\r\na=max-size:4096\r\na=setup:active\r\n"
            "a=path:msrp://192.0.2.1:2855/abcdefgh1234;tcp\r\n");
}

// R4975-8.2-3
TEST(PrintSdp, NamesTheAuthorBehindRelays) {
  SessionDescription sdp{
      .path = *Path::parse("msrps://relay.example.com:9/r;tcp msrps://[2001:db8::1]:9/s;tcp"),
      .accept_wrapped_types = {}};
  sdp.secure = true;
  sdp.setup = msrp::Setup::holdconn;  // R6135-4.2.1-3: never sent
  const std::string text = print_sdp(sdp, 1);
  EXPECT_NE(text.find("c=IN IP6 2001:db8::1\r\n"), std::string::npos);
  EXPECT_NE(text.find("m=message 9 TCP/TLS/MSRP *\r\n"), std::string::npos);
  EXPECT_EQ(text.find("a=setup"), std::string::npos);
}

TEST(PrintSdp, NothingBreaksOutOfItsLine) {
  SessionDescription sdp{.path = *Path::parse("msrp://a.example.com:9/s;tcp"),
                         .accept_wrapped_types = {}};
  sdp.accept_types = {"text/plain\r\na=setup:active", "text/html", ""};
  EXPECT_NE(print_sdp(sdp, 1).find("a=accept-types:text/html\r\na=path:"), std::string::npos);
}

TEST(Sdp, WhatIsPrintedIsReadAgain) {
  for (const msrp::Setup setup : {Setup::active, msrp::Setup::passive, msrp::Setup::actpass}) {
    SessionDescription sdp{.path = *Path::parse("msrp://[2001:db8::1]:12763/kjhd37s2s20w2a;tcp"),
                           .accept_wrapped_types = {}};
    sdp.port = 12763;
    sdp.setup = setup;
    sdp.max_size_bytes = 0;
    sdp.accept_types = {"text/plain;charset=\"utf 8\"", "message/cpim"};
    const auto again = parse_sdp(print_sdp(sdp, 7));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->path.text(), sdp.path.text());
    EXPECT_EQ(again->port, sdp.port);
    EXPECT_EQ(again->setup, setup);
    EXPECT_EQ(again->max_size_bytes, 0U);
    EXPECT_EQ(again->accept_types, sdp.accept_types);
  }
}

}  // namespace
}  // namespace msrp
