#include "msrp/address.hpp"

#include <gtest/gtest.h>

#include <random>

namespace msrp {
namespace {

std::string round(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  return ip ? ip->text() : "refused";
}

TEST(Address, V4) {
  EXPECT_EQ(round("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(round("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(round("255.255.255.255"), "255.255.255.255");
  for (const char* bad :
       {"",          "1",          "1.2.3",    "1.2.3.",   "1.2.3.4.", ".1.2.3.4",  "1.2.3.4.5",
        "256.1.1.1", "1.2.3.1000", "01.2.3.4", "1.2.3.00", " 1.2.3.4", "1.2.3.4 ",  "1.2.3.4\n",
        "1.2.3.a",   "0x1.2.3.4",  "1..2.3",   "-1.2.3.4", "+1.2.3.4", "localhost", "2130706433"}) {
    EXPECT_EQ(round(bad), "refused") << bad;
  }
}

TEST(Address, V6PrintsAsInRfc5952) {
  EXPECT_EQ(round("2001:0db8:0000:0000:0000:0000:0000:0001"), "2001:db8::1");
  EXPECT_EQ(round("2001:DB8::AB"), "2001:db8::ab");
  EXPECT_EQ(round("::"), "::");
  EXPECT_EQ(round("::1"), "::1");
  EXPECT_EQ(round("1::"), "1::");
  EXPECT_EQ(round("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // one group is not shortened
  EXPECT_EQ(round("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");           // the longest run
  EXPECT_EQ(round("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");     // the first of equal ones
  EXPECT_EQ(round("0:0:1:2:3:4:0:0"), "::1:2:3:4:0:0");
  EXPECT_EQ(round("1:2:3:4:5:6:0:0"), "1:2:3:4:5:6::");
  EXPECT_EQ(round("::ffff:192.0.2.128"), "::ffff:192.0.2.128");
  EXPECT_EQ(round("::ffff:c000:280"), "::ffff:192.0.2.128");
  EXPECT_EQ(round("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
  EXPECT_EQ(round("1:2:3:4:5:6:1.2.3.4"), "1:2:3:4:5:6:102:304");
  EXPECT_EQ(round("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(round("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
}

TEST(Address, V6Refused) {
  for (const char* bad : {":",
                          ":::",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1::2::3",
                          "12345::",
                          "g::",
                          "::1:",
                          ":1::",
                          "1:2:3:4:5:6:7:8::",
                          "1:2:3:4::5:6:7:8",
                          "[::1]",
                          "fe80::1%eth0",
                          "::1.2.3",
                          "1.2.3.4::",
                          "::1.2.3.4:5",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "::1 ",
                          "::-1",
                          "::+1",
                          "::0x1",
                          "::1.2.3.256",
                          "1:2:3:4:5:6:7:",
                          ":2:3:4:5:6:7:8"}) {
    EXPECT_EQ(round(bad), "refused") << bad;
  }
}

TEST(Address, WithPort) {
  EXPECT_EQ((SocketAddress{*IpAddress::parse("192.0.2.1"), 2855}.text()), "192.0.2.1:2855");
  EXPECT_EQ((SocketAddress{*IpAddress::parse("2001:db8::1"), 0}.text()), "[2001:db8::1]:0");
  EXPECT_EQ((SocketAddress{*IpAddress::parse("::"), 65535}.text()), "[::]:65535");
}

TEST(Address, WhatIsPrintedReadsBackAsTheSameAddress) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    IpAddress ip;
    ip.v6 = random() % 4 != 0;
    const unsigned zeros = random() % 4;  // some with many zero groups
    for (std::size_t octet = 0; octet < (ip.v6 ? 16u : 4u); ++octet)
      ip.octets[octet] =
          random() % 4 < zeros ? std::uint8_t{0} : static_cast<std::uint8_t>(random());
    const auto again = IpAddress::parse(ip.text());
    ASSERT_TRUE(again) << ip.text();
    ASSERT_EQ(*again, ip) << ip.text();
  }
}

}  // namespace
}  // namespace msrp
