// What is written, and that it is read again as the same.
#include "sdp_support.hpp"

namespace msrp::test {
namespace {

MsrpMedia section(std::string_view uris) {
  MsrpMedia made;
  made.path = path(uris);
  made.accept_types = {"*"};
  return made;
}

SessionDescription description(MsrpMedia media) {
  SessionDescription sdp;
  sdp.origin = {"-", 42, 1, {false, "192.0.2.1"}};
  sdp.common.connection = SdpAddress{false, "192.0.2.1"};
  sdp.common.lines = {{'t', "0 0"}};
  sdp.media = {std::move(media)};
  return sdp;
}

// R4975-8.1-2, R4975-8.1-3, R4975-8.1-4, R4975-8.6-1, R4975-8.6-16
TEST(PrintSdp, WritesACompleteDescription) {
  MsrpMedia media = section("msrp://192.0.2.1:2855/abcdefgh1234;tcp");
  media.port = 2855;
  media.accept_types = {"text/plain", "image/*"};
  media.accept_wrapped_types = {"*"};
  media.max_size_bytes = 4096;
  media.cema = true;
  media.common.setup = SetupValue::active;
  media.common.direction = Direction::sendonly;
  media.common.fingerprints = {{"x", "AA:0B"}, {"y", "01"}};
  media.file.selector = "name:\"a b\"";
  media.common.attributes = {{"later", "1"}, {"flag", std::nullopt}};
  const SessionDescription sdp = description(media);
  EXPECT_EQ(print_sdp(sdp),
            "v=0\r\no=- 42 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            "m=message 2855 TCP/MSRP *\r\na=accept-types:text/plain image/*\r\n"
            "a=accept-wrapped-types:*\r\na=max-size:4096\r\na=setup:active\r\na=sendonly\r\n"
            "a=fingerprint:x AA:0B\r\na=fingerprint:y 01\r\na=msrp-cema\r\n"
            "a=file-selector:name:\"a b\"\r\n"
            "a=path:msrp://192.0.2.1:2855/abcdefgh1234;tcp\r\na=later:1\r\na=flag\r\n");
  EXPECT_EQ(carried(sdp), sdp);
}

TEST(PrintSdp, NothingBreaksOutOfItsLine) {
  MsrpMedia media = section("msrp://a.example.com:9/s;tcp");
  media.accept_types = {"text/plain\r\na=setup:active", "text/html", "", "text/x;a=\"\r\na=b\""};
  media.common.attributes = {{"x", "y\r\na=setup:active"}, {"x\n", std::nullopt}};
  media.file.selector = "name:\"\n\"";
  media.common.fingerprints = {{"x", "AA\r\na=inactive"}};
  SessionDescription sdp = description(media);
  sdp.name = "x\ry";
  sdp.common.lines.push_back({'e', std::string("x\0y", 3)});
  const std::string text = print_sdp(sdp);
  EXPECT_TRUE(text.contains("a=accept-types:text/html\r\na=path:")) << text;
  EXPECT_FALSE(text.contains("setup"));
  EXPECT_FALSE(text.contains("inactive"));
  EXPECT_FALSE(text.contains("a=x"));
  EXPECT_FALSE(text.contains("selector"));
  EXPECT_FALSE(text.contains("e="));
}

// The lines of another writer come in the order of RFC 8866 and are all there.
TEST(PrintSdp, EverythingIsKept) {
  constexpr std::string_view text =
      "v=0\r\n"
      "o=jdoe 3724394400 3724394405 IN IP6 2001:db8::1\r\n"
      "s=Call to John Smith\r\n"
      "i=about\r\n"
      "u=http://www.jdoe.example.com/home.html\r\n"
      "e=Jane Doe <jane@jdoe.example.com>\r\n"
      "p=+1 617 555-6011\r\n"
      "c=IN IP4 198.51.100.1\r\n"
      "b=AS:128\r\n"
      "t=2873397496 2873404696\r\n"
      "r=7d 1h 0 25h\r\n"
      "z=2882844526 -1h\r\n"
      "k=prompt\r\n"
      "a=setup:actpass\r\n"
      "a=group:X one two\r\n"
      "m=audio 49170 RTP/AVP 0\r\n"
      "c=IN IP4 203.0.113.1\r\n"
      "a=sendrecv\r\n"
      "a=rtpmap:0 PCMU/8000\r\n"
      "m=message 2855 TCP/TLS/MSRP *\r\n"
      "i=chat\r\n"
      "c=IN IP6 2001:db8::2\r\n"
      "b=AS:64\r\n"
      "k=clear:x\r\n"
      "a=accept-types:message/cpim text/*\r\n"
      "a=accept-wrapped-types:*\r\n"
      "a=max-size:0\r\n"
      "a=setup:passive\r\n"
      "a=connection:new\r\n"
      "a=sendrecv\r\n"
      "a=fingerprint:newer AA\r\n"
      "a=msrp-cema\r\n"
      "a=file-selector\r\n"
      "a=file-transfer-id:x\r\n"
      "a=file-disposition:render\r\n"
      "a=file-date:read:\"x\"\r\n"
      "a=file-icon:cid:x\r\n"
      "a=file-range:1-*\r\n"
      "a=path:msrps://[2001:db8::2]:2855/abcdefgh;tcp;extra=1\r\n"
      "a=chatroom:nickname\r\n"
      "a=zebra\r\n"
      "a=apple: 1 \r\n"
      "m=message 0 TCP/MSRP *\r\n";
  const SessionDescription sdp = parsed(text);
  EXPECT_EQ(print_sdp(sdp), text);
  EXPECT_EQ(carried(sdp), sdp);
}

TEST(PrintSdp, LinesOutOfOrderComeInOrder) {
  const SessionDescription sdp =
      parsed("v=0\r\na=x\r\nk=k\r\nb=b\r\nc=IN IP4 192.0.2.1\r\nt=1 2\r\ni=i\r\nm=audio 1 a 0\r\n");
  const std::string text =
      "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\ni=i\r\nc=IN IP4 192.0.2.1\r\nb=b\r\nt=1 2\r\n"
      "k=k\r\na=x\r\nm=audio 1 a 0\r\n";
  EXPECT_EQ(print_sdp(sdp), text);
  EXPECT_EQ(carried(sdp), sdp);
}

// R4975-8.4-4
TEST(Origin, IsTheSameWhenNothingChanges) {
  const SessionDescription before = parsed(rfc_offer);
  SessionDescription next = before;
  next.origin = {"other", 1, 1, {}};
  continue_origin(before, next);
  EXPECT_EQ(print_sdp(next), rfc_offer);
}

// R4975-8.4-4: any change is a higher version, by one, of the same session.
TEST(Origin, AnyChangeBumpsTheVersion) {
  const SessionDescription before = parsed(rfc_offer);
  const auto version = [&](auto change) {
    SessionDescription next = before;
    change(next, std::get<MsrpMedia>(next.media.front()));
    continue_origin(before, next);
    EXPECT_EQ(next.origin.session_id, before.origin.session_id);
    EXPECT_EQ(next.origin.username, before.origin.username);
    return next.origin.version - before.origin.version;
  };
  EXPECT_EQ(version([](auto&, auto&) {}), 0U);
  EXPECT_EQ(version([](auto&, auto& media) { media.port = 1; }), 1U);
  EXPECT_EQ(version([](auto&, auto& media) { media.max_size_bytes = 1; }), 1U);
  EXPECT_EQ(version([](auto&, auto& media) { media.accept_types.emplace_back("*"); }), 1U);
  EXPECT_EQ(version([](auto&, auto& media) { media.path = bob_path; }), 1U);
  EXPECT_EQ(version([](auto& sdp, auto&) { sdp.name = "x"; }), 1U);
  EXPECT_EQ(version([](auto& sdp, auto&) { sdp.media.push_back(OtherMedia{{{'m', "x"}}}); }), 1U);
}

}  // namespace
}  // namespace msrp::test
