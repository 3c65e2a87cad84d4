#include "apps/msrp/roles.hpp"

#include <gtest/gtest.h>

namespace msrp::app {
namespace {

constexpr Setup offered[] = {msrp::Setup::active, msrp::Setup::passive, msrp::Setup::actpass};

// R4975-5.4-3, R6135-4.2.2-7
TEST(Roles, BothSidesAgreeWhateverTheySaid) {
  for (const msrp::Setup a : offered) {
    for (const msrp::Setup b : offered) {
      const auto one = decide_role(a, b, "msrp://a", "msrp://b");
      const auto other = decide_role(b, a, "msrp://b", "msrp://a");
      if (a == msrp::Setup::passive && b == msrp::Setup::passive) {
        EXPECT_FALSE(one);
        EXPECT_FALSE(other);
        continue;
      }
      ASSERT_TRUE(one && other);
      EXPECT_NE(*one, *other);
      if (a == msrp::Setup::active && b != msrp::Setup::active) {
        EXPECT_EQ(*one, Role::active);
      }
    }
  }
}

// R6135-4.2.1-4, R6135-4.2.2-10, R6135-5-1
TEST(Roles, NoSetupAndHoldconnAreTheSame) {
  for (const std::optional<msrp::Setup> peers :
       {std::optional<msrp::Setup>(), std::optional(msrp::Setup::holdconn)}) {
    EXPECT_EQ(decide_role(msrp::Setup::active, peers, "a", "b"), Role::active);
    EXPECT_EQ(decide_role(msrp::Setup::passive, peers, "a", "b"), Role::passive);
    EXPECT_EQ(decide_role(msrp::Setup::actpass, peers, "a", "b"), Role::passive);
  }
}

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
