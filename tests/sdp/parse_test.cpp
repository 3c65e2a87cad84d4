// What is read of descriptions, of both levels, and of several media.
#include "sdp_support.hpp"

namespace msrp::test {
namespace {

// R4975-8.1-2, R4975-8.2-6
TEST(ParseSdp, ReadsTheOfferOfTheRfc) {
  const SessionDescription sdp = parsed(rfc_offer);
  const MsrpMedia& section = section_of(sdp);
  EXPECT_EQ(section.path->text(), "msrp://alice.example.com:7394/2s93i93idj;tcp");
  EXPECT_EQ(section.port, 7394);
  EXPECT_FALSE(section.secure);
  EXPECT_EQ(section.accept_types, (Strings{"message/cpim", "text/plain", "text/html"}));
  EXPECT_TRUE(section.accept_wrapped_types.empty());
  EXPECT_FALSE(section.max_size_bytes);
  EXPECT_FALSE(sdp.setup_of(section));
  EXPECT_FALSE(section.cema);
  EXPECT_EQ(sdp.direction_of(section), Direction::sendrecv);
  EXPECT_EQ(sdp.connection_of(section), (SdpAddress{false, "alice.example.com"}));
  EXPECT_EQ(sdp.origin, (SdpOrigin{"usera", 2890844526, 2890844527, {false, "alice.example.com"}}));
  EXPECT_EQ(sdp.name, " -");
}

// R4975-8.6-6, R4975-8.6-12, R4975-8.6-16, R6135-4.2.1-2, A-30
TEST(ParseSdp, ReadsTheOtherAttributes) {
  const SessionDescription sdp =
      parsed(with("a=accept-wrapped-types: text/* * text/x;a=\"b \\\" c\";d=e \r\n"
                  "a=max-size: 5000 \r\na=setup: ActPass\r\na=connection:existing\r\na=recvonly\r\n"
                  "a=msrp-cema\r\n"));
  const MsrpMedia& section = section_of(sdp);
  EXPECT_EQ(section.accept_wrapped_types, (Strings{"text/*", "*", "text/x;a=\"b \\\" c\";d=e"}));
  EXPECT_EQ(section.max_size_bytes, 5000U);
  EXPECT_EQ(sdp.setup_of(section), SetupValue::actpass);
  EXPECT_EQ(section.common.reuse, ConnectionReuse::existing);
  EXPECT_EQ(sdp.direction_of(section), Direction::recvonly);
  EXPECT_TRUE(section.cema);
}

//
TEST(ParseSdp, BlanksAroundValuesAreNotMinded) {
  const SessionDescription sdp =
      parsed(replaced(std::string(rfc_offer), "a=accept-types:message/cpim text/plain text/html",
                      "a=accept-types: \tmessage/cpim  text/plain "));
  EXPECT_EQ(section_of(sdp).accept_types, (Strings{"message/cpim", "text/plain"}));
}

// R6135-4.2.1-2
TEST(ParseSdp, ReadsEverySetup) {
  const auto setup = [](std::string_view value) {
    const SessionDescription sdp = parsed(with("a=setup:" + std::string(value) + "\r\n"));
    return sdp.setup_of(section_of(sdp));
  };
  EXPECT_EQ(setup("active"), SetupValue::active);
  EXPECT_EQ(setup("passive"), SetupValue::passive);
  EXPECT_EQ(setup("actpass"), SetupValue::actpass);
  EXPECT_EQ(setup("holdconn"), SetupValue::holdconn);
}

// R6714-5.2-1
TEST(ParseSdp, CemaStandsAtMediaLevelAlone) {
  EXPECT_TRUE(section_of(parsed(with("a=msrp-cema\r\n"))).cema);
  const SessionDescription above =
      parsed(replaced(std::string(rfc_offer), "m=message", "a=msrp-cema\r\nm=message"));
  EXPECT_FALSE(section_of(above).cema);
}

TEST(ParseSdp, TakesEitherLineEndAndNoneAtTheEnd) {
  std::string text(rfc_offer);
  std::erase(text, '\r');
  text.pop_back();
  EXPECT_EQ(parsed(text), parsed(rfc_offer));
}

// R4975-8.2-6, R4975-8.3-1
TEST(ParseSdp, TakesPathsThroughRelays) {
  const SessionDescription sdp = parsed(replaced(
      std::string(rfc_offer), "a=path:", "a=path:msrps://relay.example.com:9000/hjdhfha;tcp "));
  const PathView read = section_of(sdp).path->view();
  EXPECT_EQ(read.size(), 2);
  EXPECT_EQ(read.front().host, "relay.example.com");
  EXPECT_EQ(read.back().host, "alice.example.com");
}

// R4975-8.2-7, R4975-8.1-7
TEST(ParseSdp, EverySectionIsItsOwn) {
  const SessionDescription sdp = parsed(
      replaced(std::string(rfc_offer), "m=message 7394 TCP/MSRP *\r\n",
               "a=setup:active\r\na=path:msrp://nowhere.example.com:1/session;tcp\r\n"
               "a=accept-types:nonsense\r\nm=audio 4000 RTP/AVP 0\r\na=setup:nonsense-of-others\r\n"
               "m=message 7394 TCP/MSRP *\r\n") +
      "m=message 7394 TCP/TLS/MSRP *\r\na=setup:passive\r\n"
      "a=path:msrps://second.example.com:7394/session;tcp\r\n");
  ASSERT_EQ(sdp.media.size(), 3U);
  EXPECT_EQ(sdp.msrp_index(0), 1U);
  EXPECT_EQ(sdp.msrp_index(1), 2U);
  EXPECT_FALSE(sdp.msrp_index(2));
  EXPECT_EQ(sdp.msrp_at(0), nullptr);
  const MsrpMedia &first = *sdp.msrp(0), &second = *sdp.msrp(1);
  EXPECT_EQ(first.path->view().front().host, "alice.example.com");
  EXPECT_EQ(sdp.setup_of(first), SetupValue::active);  // from the session level
  EXPECT_FALSE(first.secure);
  // The same port says nothing about the second one.
  EXPECT_EQ(second.port, first.port);
  EXPECT_EQ(second.path->view().front().host, "second.example.com");
  EXPECT_EQ(sdp.setup_of(second), SetupValue::passive);
  EXPECT_TRUE(second.secure);
  EXPECT_TRUE(second.accept_types.empty());
}

TEST(ParseSdp, TheMediaLevelCounts) {
  constexpr std::string_view sha1 = "AB:CD:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:02";
  const std::string session =
      "a=fingerprint:sha-1 " + std::string(sha1) + "\r\na=recvonly\r\na=setup:active\r\nm=message";
  std::string text = replaced(std::string(rfc_offer), "m=message", session);
  const SessionDescription above = parsed(text);
  EXPECT_EQ(above.direction_of(section_of(above)), Direction::recvonly);
  EXPECT_EQ(above.fingerprints_of(section_of(above)),
            (std::vector<Fingerprint>{{"sha-1", std::string(sha1)}}));
  text += "c=IN IP6 2001:db8::1\r\na=inactive\r\na=setup:passive\r\na=fingerprint:MD5 " +
          std::string(sha1.substr(0, 47)) + "\r\na=fingerprint:newer-hash 0a:0B\r\n";
  const SessionDescription both = parsed(text);
  const MsrpMedia& section = section_of(both);
  EXPECT_EQ(both.connection_of(section), (SdpAddress{true, "2001:db8::1"}));
  EXPECT_EQ(both.direction_of(section), Direction::inactive);
  EXPECT_EQ(both.setup_of(section), SetupValue::passive);
  EXPECT_EQ(both.fingerprints_of(section),
            (std::vector<Fingerprint>{{"md5", std::string(sha1.substr(0, 47))},
                                      {"newer-hash", "0A:0B"}}));
}

TEST(ParseSdp, ReadsAddresses) {
  const auto address = [](std::string_view value) {
    return *parsed(with("c=" + std::string(value) + "\r\n"))
                .connection_of(section_of(parsed(with("c=" + std::string(value) + "\r\n"))));
  };
  EXPECT_EQ(address("IN IP4 192.0.2.1"), (SdpAddress{false, "192.0.2.1"}));
  EXPECT_EQ(address("IN IP6 2001:db8::1"), (SdpAddress{true, "2001:db8::1"}));
  EXPECT_EQ(address("IN IP4 2001:db8::1"), (SdpAddress{true, "2001:db8::1"}));  // the literal wins
  EXPECT_EQ(address(" IN  IP6 host.example.com "), (SdpAddress{true, "host.example.com"}));
}

// R4975-8.1-6: a refused section needs nothing more.
TEST(ParseSdp, KnowsTlsAndRefusal) {
  EXPECT_TRUE(
      section_of(parsed(replaced(std::string(rfc_offer), "TCP/MSRP", "TCP/TLS/MSRP"))).secure);
  const SessionDescription sdp = parsed("v=0\r\nm=message 0 TCP/MSRP *\r\n");
  EXPECT_EQ(section_of(sdp).port, 0);
  EXPECT_FALSE(section_of(sdp).path);
}

// R4975-8.6-17: a number that does not fit is the largest there is, never a wrapped one.
TEST(ParseSdp, MaxSizeDoesNotWrap) {
  const auto size = [](std::string_view digits) {
    return section_of(parsed(with("a=max-size:" + std::string(digits) + "\r\n"))).max_size_bytes;
  };
  EXPECT_EQ(size("0"), 0U);
  EXPECT_EQ(size("18446744073709551615"), ~0ULL);
  EXPECT_EQ(size("18446744073709551616"), ~0ULL);
  EXPECT_EQ(size("99999999999999999999999999"), ~0ULL);
  EXPECT_EQ(size("00000000000000000000000000000001"), 1U);
}

// File names are told as they came: what they mean is for the reader of file-selector.
TEST(ParseSdp, FileAttributesStayAsTheyAre) {
  constexpr std::string_view names[] = {
      "name:\"My cool picture.jpg\" type:image/jpeg size:32349 hash:sha-1:72:24:5F",
      "name:\"a \\\" b\"",
      "name:\"%2F..%2Fetc\"",
      "name:\"../../etc/passwd\"",
      "name:\"/etc/passwd\"",
      "name:\"C:\\autoexec.bat\"",
      "hash:sha-1:72:24:5F hash:sha-256:00:01 hash:whirlpool:AA"};
  for (const std::string_view name : names) {
    const SessionDescription sdp = parsed(with("a=file-selector:" + std::string(name) + "\r\n"));
    EXPECT_EQ(section_of(sdp).file.selector, name);
    EXPECT_EQ(carried(sdp), sdp);
  }
  EXPECT_EQ(section_of(parsed(with("a=file-selector\r\n"))).file.selector, "");
  const SessionDescription sdp = parsed(with(
      "a=file-transfer-id:vBnG916bdberum2fFEABR1FR3ExZMUrd\r\na=file-disposition:attachment\r\n"
      "a=file-date:creation:\"Mon, 15 May 2006 15:01:31 +0300\"\r\n"
      "a=file-icon:cid:id2@alicepc.example.com\r\na=file-range:1-32349\r\n"));
  const FileAttributes& file = section_of(sdp).file;
  EXPECT_EQ(file.transfer_id, "vBnG916bdberum2fFEABR1FR3ExZMUrd");
  EXPECT_EQ(file.disposition, "attachment");
  EXPECT_EQ(file.date, "creation:\"Mon, 15 May 2006 15:01:31 +0300\"");
  EXPECT_EQ(file.icon, "cid:id2@alicepc.example.com");
  EXPECT_EQ(file.range, "1-32349");
  EXPECT_FALSE(file.selector);
}

TEST(ParseSdp, WhatIsUnknownIsKeptOrPassedOver) {
  const SessionDescription sdp = parsed(
      with("hello\r\n\r\na=chatroom:nickname private-messages\r\nQ=1\r\na=cpim-extra : x \r\n"
           "b=AS:100\r\na=flag\r\na=\r\n"));
  const SdpCommon& common = section_of(sdp).common;
  EXPECT_EQ(common.attributes, (std::vector<SdpAttribute>{{"chatroom", "nickname private-messages"},
                                                          {"cpim-extra ", " x "},
                                                          {"flag", std::nullopt},
                                                          {"", std::nullopt}}));
  EXPECT_EQ(common.lines, (std::vector<SdpLine>{{'b', "AS:100"}}));
}

}  // namespace
}  // namespace msrp::test
