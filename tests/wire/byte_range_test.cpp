#include "msrp/byte_range.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/test_services.hpp"

namespace msrp {
namespace {

constexpr std::uint64_t largest = ~std::uint64_t{0};

std::string printed(const ByteRange& range) {
  std::array<char, ByteRange::text_bytes_max> out;
  return {out.data(), range.print(out)};
}

// The canonical text of what was read, or "at N" for an error.
std::string round(std::string_view text) {
  const Result<ByteRange> range = ByteRange::parse(text);
  if (range) return printed(*range);
  EXPECT_EQ(range.error().code, Errc::bad_byte_range);
  EXPECT_EQ(range.error().status, 400);
  return "at " + std::to_string(range.error().offset);
}

bool consistent(std::string_view text) {
  return ByteRange::parse(text).value().consistent();
}

// R4975-9-15, R4975-9-16
TEST(ByteRange, TheFormsOfTheGrammar) {
  for (const char* text : {"1-25/25", "1-*/8", "1-*/*", "5-8/*", "1-0/0", "0-0/0", "5-1/10"}) {
    EXPECT_EQ(round(text), text);
  }
  const ByteRange range = ByteRange::parse("5-8/*").value();
  EXPECT_EQ(range, (ByteRange{5, 8, std::nullopt}));
  EXPECT_EQ(ByteRange::parse("1-*/8").value(), (ByteRange{1, std::nullopt, 8}));
}

// R4975-9-15, R4975-9-16: the offset is that of the octet that cannot stand there.
TEST(ByteRange, WhatIsNone) {
  EXPECT_EQ(round(""), "at 0");
  EXPECT_EQ(round("*-5/5"), "at 0");
  EXPECT_EQ(round("-5/5"), "at 0");
  EXPECT_EQ(round("--5/5"), "at 0");
  EXPECT_EQ(round("+1-5/5"), "at 0");
  EXPECT_EQ(round(" 1-5/5"), "at 0");
  EXPECT_EQ(round("1/5"), "at 1");
  EXPECT_EQ(round("1 -5/5"), "at 1");
  EXPECT_EQ(round("1-5"), "at 3");
  EXPECT_EQ(round("1-"), "at 2");
  EXPECT_EQ(round("1-/5"), "at 2");
  EXPECT_EQ(round("1--5/5"), "at 2");
  EXPECT_EQ(round("1-5/"), "at 4");
  EXPECT_EQ(round("1-5/-5"), "at 4");
  EXPECT_EQ(round("1-5/5 "), "at 5");
  EXPECT_EQ(round("1-5/5/5"), "at 5");
  EXPECT_EQ(round("1-5/**"), "at 5");
  EXPECT_EQ(round("1-**/5"), "at 3");
  EXPECT_EQ(round("1-*5/5"), "at 3");
  EXPECT_EQ(round("1-0x5/5"), "at 3");
  EXPECT_EQ(round(std::string_view("1-5/5\0", 6)), "at 5");
  EXPECT_EQ(round("1-5/5\r\n"), "at 5");
}

// R4975-9-17: no number wraps around; those with leading zeros are read whatever their length.
TEST(ByteRange, LargeNumbers) {
  EXPECT_EQ(ByteRange::parse("18446744073709551615-*/*").value().start, largest);
  EXPECT_EQ(ByteRange::parse("1-18446744073709551615/*").value().end, largest);
  EXPECT_EQ(round("18446744073709551616-*/*"), "at 19");
  EXPECT_EQ(round("18446744073709551620-*/*"), "at 19");
  EXPECT_EQ(round("99999999999999999999-*/*"), "at 19");
  EXPECT_EQ(round("184467440737095516150-*/*"), "at 20");
  EXPECT_EQ(round("1-18446744073709551616/*"), "at 21");
  EXPECT_EQ(round("1-*/18446744073709551616"), "at 23");
  EXPECT_EQ(round("123456789012345678901234567890-*/*"), "at 20");
  EXPECT_EQ(round("1-9223372036854775807/*"), "1-9223372036854775807/*");
  EXPECT_EQ(round("007-0010/00000000000000000000000000000000000020"), "7-10/20");
}

//
TEST(ByteRange, Consistent) {
  for (const char* good : {"1-25/25", "1-*/*", "1-*/0", "1-0/0", "0-0/0", "1-0/5", "5-4/4", "5-8/*",
                           "26-25/25", "18446744073709551615-18446744073709551615/*",
                           "18446744073709551615-*/18446744073709551614",
                           "1-18446744073709551615/18446744073709551615"}) {
    EXPECT_TRUE(consistent(good)) << good;
  }
  for (const char* bad :
       {"0-10/10", "0-0/5", "0-0/*", "0-*/0", "0-*/*", "5-1/10", "5-3/10", "1-5/3", "7-*/5",
        "27-26/25", "18446744073709551615-*/5", "18446744073709551615-1/*"}) {
    EXPECT_FALSE(consistent(bad)) << bad;
  }
}

TEST(ByteRange, AnnouncedBytes) {
  const auto announced = [](const char* text) {
    return ByteRange::parse(text).value().announced_bytes();
  };
  EXPECT_EQ(announced("1-25/25"), 25U);
  EXPECT_EQ(announced("5-8/*"), 4U);
  EXPECT_EQ(announced("1-0/0"), 0U);
  EXPECT_EQ(announced("0-0/0"), 0U);
  EXPECT_EQ(announced("1-*/8"), std::nullopt);
  EXPECT_EQ(announced("5-1/10"), std::nullopt);
  EXPECT_EQ(announced("1-18446744073709551615/*"), largest);
  EXPECT_EQ(announced("18446744073709551615-18446744073709551615/*"), 1U);
  EXPECT_EQ(announced("18446744073709551615-18446744073709551614/*"), 0U);
}

TEST(ByteRange, TheLongestTextFits) {
  const std::string text = printed(ByteRange{largest, largest, largest});
  EXPECT_EQ(text, "18446744073709551615-18446744073709551615/18446744073709551615");
  EXPECT_EQ(text.size(), ByteRange::text_bytes_max);
}

TEST(ByteRange, WhatIsPrintedReadsBack) {
  test::Splitmix random(3);
  const auto number = [&] { return random.next() >> random.below(64); };
  for (int i = 0; i < 20000; ++i) {
    ByteRange range{number(), number(), number()};
    if (random.one_in(3)) range.end = std::nullopt;
    if (random.one_in(3)) range.total = std::nullopt;
    const Result<ByteRange> again = ByteRange::parse(printed(range));
    ASSERT_TRUE(again) << printed(range);
    ASSERT_EQ(*again, range) << printed(range);
    if (range.announced_bytes()) {
      ASSERT_TRUE(range.consistent());
      ASSERT_TRUE(range.end);
    }
  }
}

// Held against the rule written down in wider numbers, over all small ranges.
TEST(ByteRange, ConsistencyOfAllSmallRanges) {
  constexpr std::uint64_t end_of_numbers = 6;
  for (std::uint64_t start = 0; start < end_of_numbers; ++start) {
    for (std::uint64_t end = 0; end <= end_of_numbers; ++end) {
      for (std::uint64_t total = 0; total <= end_of_numbers; ++total) {
        ByteRange range{start, end, total};
        if (end == end_of_numbers) range.end = std::nullopt;
        if (total == end_of_numbers) range.total = std::nullopt;
        bool wanted = start >= 1;
        if (range.end) wanted = wanted && *range.end + 1 >= start;
        if (range.end && range.total) wanted = wanted && *range.end <= *range.total;
        if (range.total) wanted = wanted && start <= *range.total + 1;
        if (start == 0) wanted = range.end == 0 && range.total == 0;
        EXPECT_EQ(range.consistent(), wanted) << printed(range);
      }
    }
  }
}

}  // namespace
}  // namespace msrp
