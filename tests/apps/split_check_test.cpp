#include "apps/msrp/split_check.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace msrp::app {
namespace {

SplitResult check(std::string_view text) {
  return check_splits(std::as_bytes(std::span(text)));
}

constexpr std::string_view message =
    "MSRP d93kswow SEND\r\nTo-Path: msrp://b.example.com:8888/9di4eae923wzd;tcp\r\n"
    "From-Path: msrp://a.example.com:7654/iau39soe2843z;tcp\r\nMessage-ID: 12339sdqwer\r\n"
    "Byte-Range: 1-16/16\r\nContent-Type: text/plain\r\n\r\nHi, I'm Alice!\r\n\r\n"
    "-------d93kswow$\r\n";

TEST(SplitCheck, CountsEveryPlaceBetweenTwoOctets) {
  EXPECT_EQ(check("").splits, 0U);
  EXPECT_EQ(check("M").splits, 0U);
  EXPECT_EQ(check(message).splits, message.size() - 1);
}

TEST(SplitCheck, TheParserAgreesWithItself) {
  EXPECT_FALSE(check(message).first_difference);
  EXPECT_FALSE(check(message.substr(0, 200)).first_difference);
  EXPECT_FALSE(check("MSRP d93kswow SEND\r\nnonsense\r\n-------d93kswow$\r\n").first_difference);
  EXPECT_FALSE(check("GET / HTTP/1.1\r\n\r\n").first_difference);
}

}  // namespace
}  // namespace msrp::app
