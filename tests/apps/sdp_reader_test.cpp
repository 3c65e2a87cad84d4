#include "apps/msrp/sdp_reader.hpp"

#include <gtest/gtest.h>

namespace msrp::app {
namespace {

TEST(SdpReader, EndsAtTheEmptyLineHoweverItComes) {
  for (const std::string_view text : {"v=0\r\ns=-\r\n\r\nmore", "v=0\ns=-\n\nmore"}) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      SdpReader reader;
      const bool early = reader.feed(text.substr(0, cut), false);
      EXPECT_TRUE(early || reader.feed(text.substr(cut), false));
      EXPECT_EQ(reader.text(), text.substr(0, text.find("s=-") + (text[3] == '\r' ? 5 : 4)));
    }
  }
  SdpReader ended;
  EXPECT_FALSE(ended.feed("\r\n\r\nv=0\r\n", false));
  EXPECT_TRUE(ended.feed("", true));
  EXPECT_EQ(ended.text(), "v=0\r\n");
}

TEST(SdpReader, IsBounded) {
  SdpReader reader;
  EXPECT_FALSE(reader.feed(std::string(SdpReader::bytes_max, 'x'), false));
  EXPECT_FALSE(reader.too_long());
  reader.feed("x", false);
  EXPECT_TRUE(reader.too_long());
}

}  // namespace
}  // namespace msrp::app
