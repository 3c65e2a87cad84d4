#include "apps/msrp/text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace msrp::app {
namespace {

// Undoes json_text(), as its comment says.
std::string octets_of(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    if (bytes == 3 && text.starts_with("\xEE") && static_cast<unsigned char>(text[1]) >= 0xBE) {
      const unsigned second = static_cast<unsigned char>(text[1]);
      const unsigned third = static_cast<unsigned char>(text[2]);
      out += static_cast<char>((second & 0x03) << 6 | (third & 0x3F));
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

TEST(JsonText, IsValidAndReversibleForEverySequenceOfTwoOctets) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string octets{static_cast<char>(first), static_cast<char>(second), 'x'};
      const std::string text = json_text(octets);
      EXPECT_EQ(octets_of(text), octets);
      EXPECT_NO_THROW(static_cast<void>(nlohmann::json(text).dump()));
    }
  }
}

TEST(JsonText, LeavesUtf8AloneAndEscapesItsOwnEscapes) {
  EXPECT_EQ(json_text("gr\u00FC\u00DFe \u2603 \U0001F600"), "gr\u00FC\u00DFe \u2603 \U0001F600");
  EXPECT_EQ(json_text("\xFF"), "\uEFFF");
  for (const std::string reserved : {"\uEF80", "\uEFBF", "\uEFC0", "\uEFFF"}) {
    EXPECT_NE(json_text(reserved), reserved);
    EXPECT_EQ(octets_of(json_text(reserved)), reserved);
  }
  EXPECT_EQ(json_text("\uEF7F\uF000"), "\uEF7F\uF000");
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  for (const std::string_view bad :
       {"", "\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x98", "\xFE"}) {
    EXPECT_EQ(utf8_sequence_bytes(bad), 0U) << printable(bad);
  }
  EXPECT_EQ(utf8_sequence_bytes("\xED\x9F\xBF"), 3U);
  EXPECT_EQ(utf8_sequence_bytes("\xF4\x8F\xBF\xBF"), 4U);
}

TEST(Printable, LetsNothingSteerATerminal) {
  EXPECT_EQ(printable("a\x1B[2Jb\r\n\t\x7F"), "a\\x1B[2Jb\\x0D\\x0A\\x09\\x7F");
  EXPECT_EQ(printable("a\nb\tc\r", true), "a\nb\tc\\x0D");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\xC2\\x9B31m");
  EXPECT_EQ(printable("\u202E\u2066x"), "\\xE2\\x80\\xAE\\xE2\\x81\\xA6x");
  EXPECT_EQ(printable("\xFF\xC3\xA4"), "\\xFF\xC3\xA4");
}

TEST(Sizes, AreShortAndRight) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1024), "1.0 KiB");
  EXPECT_EQ(size_text(1536ULL << 20), "1.5 GiB");
  EXPECT_EQ(size_text(~0ULL), "16384.0 PiB");
  EXPECT_EQ(duration_text(3.21), "3.2 s");
  EXPECT_EQ(duration_text(59.2), "59 s");
  EXPECT_EQ(duration_text(61), "1:01");
  EXPECT_EQ(duration_text(3723), "1:02:03");
}

}  // namespace
}  // namespace msrp::app
