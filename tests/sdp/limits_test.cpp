// Each bound of SdpLimits: as much is taken, one more is not, and the error names the line.
#include <utility>

#include "sdp_support.hpp"

namespace msrp::test {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

// The complaint about a text; "none" when there is none.
std::string complaint(const std::string& text, const SdpLimits& limits) {
  const auto read = read_sdp(text, limits);
  if (read) return "none";
  EXPECT_EQ(read.error().error.code, Errc::limit_exceeded);
  return read.error().text();
}

TEST(SdpLimits, Text) {
  const std::string text(rfc_offer);
  EXPECT_EQ(complaint(text, {.text_bytes = static_cast<std::uint32_t>(text.size())}), "none");
  EXPECT_EQ(complaint(text, {.text_bytes = static_cast<std::uint32_t>(text.size() - 1)}),
            "too long a description");
  EXPECT_EQ(complaint("v=0\r\n" + std::string(64 * 1024, '\n'), {}), "too long a description");
}

TEST(SdpLimits, Lines) {
  EXPECT_EQ(complaint(with("\n"), {.lines = 9}), "none");
  EXPECT_EQ(complaint(with("\n\n"), {.lines = 9}), "line 10: too many lines");
  EXPECT_EQ(complaint("v=0\n" + std::string(5000, '\n'), {}), "line 2049: too many lines");
}

TEST(SdpLimits, LineLength) {
  const std::string line = "a=x:" + std::string(96, 'y');
  EXPECT_EQ(complaint(with(line), {.value_bytes = 98}), "none");
  EXPECT_EQ(complaint(with(line), {.value_bytes = 97}), "line 9: a=: too long a line");
}

TEST(SdpLimits, Media) {
  const std::string two = with("m=audio 1 RTP/AVP 0\r\n");
  EXPECT_EQ(complaint(two, {.media = 2}), "none");
  EXPECT_EQ(complaint(two, {.media = 1}), "line 9: m=: too many media");
}

TEST(SdpLimits, Attributes) {
  EXPECT_EQ(complaint(with(repeated("a=x\r\n", 5)), {.attributes = 5}), "none");
  EXPECT_EQ(complaint(with(repeated("a=x\r\n", 5)), {.attributes = 4}),
            "line 13: a=: too many attributes");
  EXPECT_EQ(complaint("v=0\r\n" + repeated("a=x\r\n", 257), {}),
            "line 258: a=: too many attributes");
}

TEST(SdpLimits, OtherLines) {
  EXPECT_EQ(complaint(with(repeated("b=AS:1\r\n", 3)), {.other_lines = 3}), "none");
  EXPECT_EQ(complaint(with(repeated("b=AS:1\r\n", 3)), {.other_lines = 2}),
            "line 11: b=: too many lines of this kind");
  EXPECT_EQ(complaint("v=0\r\n" + repeated("e=x\r\n", 65), {}),
            "line 66: e=: too many lines of this kind");
}

TEST(SdpLimits, Formats) {
  const std::string text = with("a=accept-wrapped-types:" + repeated("text/x ", 9) + "\r\n");
  EXPECT_EQ(complaint(text, {.format_entries = 9}), "none");
  EXPECT_EQ(complaint(text, {.format_entries = 8}),
            "line 9: a=accept-wrapped-types: too many types");
}

TEST(SdpLimits, Fingerprints) {
  const std::string text = with(repeated("a=fingerprint:x AA\r\n", 17));
  EXPECT_EQ(complaint(text, {.fingerprints = 17}), "none");
  EXPECT_EQ(complaint(text, {}), "line 25: a=fingerprint: too many fingerprints");
}

TEST(SdpLimits, UrisOfAPath) {
  std::string text(rfc_offer.substr(0, rfc_offer.size() - 2));
  text += repeated(" msrp://a.example.com:1/x;tcp", 15);
  EXPECT_TRUE(read_sdp(text));
  const auto read = read_sdp(text + " msrp://a.example.com:1/x;tcp");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().error.code, Errc::too_many_uris);
  EXPECT_EQ(read.error().text(), "line 8: a=path: too many URIs");
}

}  // namespace
}  // namespace msrp::test
