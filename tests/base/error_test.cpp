#include "msrp/error.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "msrp/assert.hpp"

namespace msrp {
namespace {

// The last name of the enumeration: what is added behind it belongs into this test.
constexpr Errc last = Errc::tls_truncated;

TEST(Error, EveryCodeHasItsOwnPhrase) {
  std::set<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const std::string_view phrase = describe(static_cast<Errc>(i));
    EXPECT_FALSE(phrase.empty()) << i;
    EXPECT_NE(phrase, "unknown error") << i;
    EXPECT_NE(phrase.back(), '.') << phrase;
    EXPECT_LE(phrase.size(), 60U) << phrase;
    EXPECT_TRUE(seen.insert(phrase).second) << phrase;
  }
  EXPECT_EQ(describe(Errc::bad_byte_range), "bad Byte-Range");
  EXPECT_EQ(describe(Errc::truncated), "truncated");
}

TEST(Error, ACodeThatIsNoneIsDescribedToo) {
  EXPECT_EQ(describe(static_cast<Errc>(static_cast<int>(last) + 1)), "unknown error");
  EXPECT_EQ(describe(static_cast<Errc>(255)), "unknown error");
}

TEST(Error, FailMakesAnError) {
  const Result<int> result = fail(Errc::bad_uri, 400, 7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (Error{Errc::bad_uri, 400, 7}));
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Errc::invalid_argument, 0, static_cast<std::uint32_t>(number));
  return number / 2;
}

Result<int> quarter(int number) {
  MSRP_TRY(const int halved, half(number));
  MSRP_TRY_VOID(half(halved));
  return half(halved);
}

TEST(Error, TryReturnsTheFirstError) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(7).error().offset, 7U);
  EXPECT_EQ(quarter(6).error().offset, 3U);
}

Result<std::unique_ptr<int>> boxed(bool works) {
  if (!works) return fail(Errc::out_of_memory);
  return std::make_unique<int>(5);
}

Result<int> unboxed(bool works) {
  MSRP_TRY(std::unique_ptr<int> box, boxed(works));
  return *box;
}

TEST(Error, TryMovesTheValue) {
  EXPECT_EQ(unboxed(true), 5);
  EXPECT_EQ(unboxed(false).error().code, Errc::out_of_memory);
}

TEST(AssertDeathTest, SaysWhatAndWhere) {
  const int one = 1;
  MSRP_ASSERT(one == 1);
  EXPECT_DEATH(MSRP_ASSERT(one == 2), "error_test\\.cpp:[0-9]+: assertion failed: one == 2");
}

}  // namespace
}  // namespace msrp
