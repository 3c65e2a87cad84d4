#include "msrp/status.hpp"

#include <gtest/gtest.h>

#include <set>

#include "msrp/headers.hpp"

namespace msrp {
namespace {

// R4975-10-1, R7701-10.3-1
TEST(Status, EveryKnownCodeHasItsOwnPhrase) {
  std::set<std::string_view> seen;
  for (const int code :
       {200, 400, 401, 403, 404, 408, 413, 415, 423, 424, 425, 428, 481, 501, 506}) {
    const std::string_view phrase = status::phrase(static_cast<std::uint16_t>(code));
    EXPECT_NE(phrase, "Unknown") << code;
    EXPECT_TRUE(seen.insert(phrase).second) << phrase;
  }
  EXPECT_EQ(status::phrase(status::ok), "OK");
}

// deployed parsers take a response without a phrase for a request.
TEST(Status, NoPhraseIsEmptyOrUnfitForTheWire) {
  for (unsigned code = 0; code <= 0xffff; ++code) {
    const std::string_view phrase = status::phrase(static_cast<std::uint16_t>(code));
    ASSERT_FALSE(phrase.empty()) << code;
    ASSERT_TRUE(is_utf8text(phrase)) << code;
    ASSERT_NE(phrase.front(), ' ') << code;
  }
  EXPECT_EQ(status::phrase(299), "Unknown");
  EXPECT_EQ(status::phrase(0), "Unknown");
}

}  // namespace
}  // namespace msrp
