// Errors name the line, what stands in it, and what is wrong.
#include "sdp_support.hpp"

namespace msrp::test {
namespace {

std::string complaint(std::string_view text) {
  const auto read = read_sdp(text);
  if (read) return "none";
  // The plain error says the same, and where the line begins.
  EXPECT_EQ(parse_sdp(text).error(), read.error().error);
  const auto before = text.substr(0, read.error().error.offset);
  if (read.error().line != 0) {
    EXPECT_EQ(std::ranges::count(before, '\n') + 1, static_cast<std::ptrdiff_t>(read.error().line));
  }
  EXPECT_TRUE(before.empty() || before.back() == '\n');
  return read.error().text();
}

// R4975-8.6-17, R6714-5.2-1
TEST(BadSdp, NamesTheLineOfAnAttribute) {
  constexpr std::pair<std::string_view, std::string_view> cases[] = {
      {"a=max-size:-1", "line 9: a=max-size: not a number"},
      {"a=max-size:", "line 9: a=max-size: no value"},
      {"a=max-size", "line 9: a=max-size: no value"},
      {"a=max-size:5x", "line 9: a=max-size: not a number"},
      {"a=max-size:5 6", "line 9: a=max-size: not a number"},
      {"a=max-size:5\r\na=max-size:5", "line 10: a=max-size: said twice"},
      {"a=setup:sideways", "line 9: a=setup: not active, passive, actpass or holdconn"},
      {"a=setup:", "line 9: a=setup: no value"},
      {"a=setup:active\r\na=setup:active", "line 10: a=setup: said twice"},
      {"a=connection:old", "line 9: a=connection: neither new nor existing"},
      {"a=accept-wrapped-types:", "line 9: a=accept-wrapped-types: no value"},
      {"a=accept-wrapped-types:text", "line 9: a=accept-wrapped-types: not a media type"},
      {"a=accept-wrapped-types:text/", "line 9: a=accept-wrapped-types: not a media type"},
      {"a=accept-wrapped-types:text/plain \"", "line 9: a=accept-wrapped-types: not a media type"},
      {"a=accept-types:text/plain", "line 9: a=accept-types: said twice"},
      {"a=path:msrp://b.example.com:1/x;tcp", "line 9: a=path: said twice"},
      {"a=path:http://example.com/", "line 9: a=path: not an MSRP URI"},
      {"a=msrp-cema:1", "line 9: a=msrp-cema: takes no value"},
      {"a=msrp-cema\r\na=msrp-cema", "line 10: a=msrp-cema: said twice"},
      {"a=sendonly:x", "line 9: a=sendonly: takes no value"},
      {"a=sendonly\r\na=inactive", "line 10: a=inactive: a second direction"},
      {"a=fingerprint:sha-256", "line 9: a=fingerprint: not pairs of hexadecimal digits"},
      {"a=fingerprint:sha-256 AA:BB",
       "line 9: a=fingerprint: not as long as the hash function's values"},
      {"a=fingerprint:x A:BB", "line 9: a=fingerprint: not pairs of hexadecimal digits"},
      {"a=fingerprint:x AA:", "line 9: a=fingerprint: not pairs of hexadecimal digits"},
      {"a=fingerprint:x AA BB", "line 9: a=fingerprint: too many words"},
      {"a=fingerprint:(x) AA", "line 9: a=fingerprint: no hash function"},
      {"a=file-transfer-id:", "line 9: a=file-transfer-id: no value"},
      {"a=file-selector\r\na=file-selector:name:\"x\"", "line 10: a=file-selector: said twice"},
      {"c=IN IP4 999.0.2.1", "line 9: c=: not an address"},
      {"c=IN IP4 224.2.1.1/127", "line 9: c=: not an address"},
      {"c=IN IP4", "line 9: c=: not an address"},
      {"c=IN IP5 192.0.2.1", "line 9: c=: neither IP4 nor IP6"},
      {"c=ATM NSAP x", "line 9: c=: not an internet address"},
      {"c=IN IP4 192.0.2.1 x", "line 9: c=: too many words"},
      {"c=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1", "line 10: c=: said twice"},
      {"a=x\ry", "line 9: a=: CR or NUL inside the line"},
  };
  for (const auto& [line, text] : cases) {
    EXPECT_EQ(complaint(with(std::string(line) + "\r\n")), text) << line;
  }
  EXPECT_EQ(complaint(with(std::string("a=x\0y\r\n", 7))), "line 9: a=: CR or NUL inside the line");
}

// R4975-8.1-4
TEST(BadSdp, NamesTheMediaLine) {
  constexpr std::pair<std::string_view, std::string_view> cases[] = {
      {"m=message 65536 TCP/MSRP *", "line 6: m=: not a port"},
      {"m=message x TCP/MSRP *", "line 6: m=: not a port"},
      {"m=message -1 TCP/MSRP *", "line 6: m=: not a port"},
      {"m=message 99999999999999999999 TCP/MSRP *", "line 6: m=: not a port"},
      {"m=message 7394/2 TCP/MSRP *", "line 6: m=: not a port"},
      {"m=message 7394 TCP/MSRP", "line 6: m=: the format is not *"},
      {"m=message 7394 TCP/MSRP 5", "line 6: m=: the format is not *"},
      {"m=message 7394 TCP/MSRP * *", "line 6: m=: the format is not *"},
  };
  for (const auto& [line, text] : cases) {
    EXPECT_EQ(complaint(replaced(std::string(rfc_offer), "m=message 7394 TCP/MSRP *", line)), text);
  }
}

// R4975-8.2-1
TEST(BadSdp, ASectionHasAPath) {
  const std::string text(rfc_offer.substr(0, rfc_offer.find("a=path")));
  EXPECT_EQ(complaint(text), "line 6: m=: no a=path belongs to it");
  EXPECT_EQ(complaint(text + "m=audio 1 RTP/AVP 0\r\na=path:msrp://a.example.com:1/x;tcp\r\n"),
            "line 6: m=: no a=path belongs to it");
  EXPECT_EQ(parse_sdp(text + "a=path:http://example.com/\r\n").error().code, Errc::bad_uri);
  EXPECT_EQ(
      parse_sdp(text + "a=path:msrp://a.example.com:1/x;tcp  msrp://b.example.com:1/y;tcp\r\n")
          .error()
          .code,
      Errc::bad_path);
}

TEST(BadSdp, NamesTheSessionLevel) {
  const std::string text(rfc_offer);
  EXPECT_EQ(complaint(replaced(text, "v=0", "v=1")), "line 1: v=: not version 0");
  EXPECT_EQ(complaint("\r\nv=x\r\n"), "line 2: v=: not version 0");
  EXPECT_EQ(complaint(text.substr(5)), "line 1: o=: v=0 does not stand before it");
  constexpr std::string_view o = "usera 2890844526 2890844527 IN IP4 alice.example.com";
  constexpr std::pair<std::string_view, std::string_view> cases[] = {
      {"", "line 2: o=: no user name"},
      {"usera", "line 2: o=: not a number"},
      {"usera 1 x IN IP4 a.example.com", "line 2: o=: not a number"},
      {"usera 9223372036854775808 1 IN IP4 a.example.com",
       "line 2: o=: a number that is too large"},
      {"usera 1 1 IN IP4", "line 2: o=: not an address"},
      {"usera 1 1 IN IP4 a\r\no=usera 1 1 IN IP4 a", "line 3: o=: said twice"},
  };
  for (const auto& [by, what] : cases) EXPECT_EQ(complaint(replaced(text, o, by)), what);
  EXPECT_EQ(complaint(replaced(text, "t=0 0", "s=x")), "line 5: s=: said twice");
  EXPECT_EQ(complaint(replaced(text, "t=0 0", "a=setup:x")),
            "line 5: a=setup: not active, passive, actpass or holdconn");
}

TEST(BadSdp, WhatIsNoDescription) {
  for (const std::string_view text : {"", "\r\n", "hello\n", "hello\r\n\r\nworld"}) {
    EXPECT_EQ(complaint(text), "no line v=0") << text;
  }
  EXPECT_EQ(complaint("GET / HTTP/1.1\r\nx=1\r\n"), "line 2: x=: v=0 does not stand before it");
  // Nothing of MSRP in it is no error of the text.
  EXPECT_EQ(parsed("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=path:x\r\n").msrp(), nullptr);
  EXPECT_EQ(parsed("v=0\r\nm=message 7394 RTP/AVP *\r\n").msrp(), nullptr);
  EXPECT_EQ(parsed("v=0\r\nm=message\r\n").msrp(), nullptr);
}

}  // namespace
}  // namespace msrp::test
