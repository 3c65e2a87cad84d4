#include "base/ident.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <set>
#include <string>

#include "msrp/headers.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

TEST(Ident, HoldsUpTo32Octets) {
  EXPECT_TRUE(Ident().empty());
  const std::string longest(Ident::bytes_max, 'a');
  EXPECT_EQ(Ident(longest).text(), longest);
  EXPECT_EQ(Ident("abcd"), Ident("abcd"));
  EXPECT_FALSE(Ident("abcd") == Ident("abce"));
  EXPECT_FALSE(Ident("abcd") == Ident("abc"));
  EXPECT_FALSE(Ident("abcd") == Ident("ABCD"));
}

TEST(IdentDeathTest, RefusesMore) {
  const std::string too_long(Ident::bytes_max + 1, 'a');
  EXPECT_DEATH(Ident{too_long}, "assertion failed");
}

// R4975-7.1-2, R4975-9-2
TEST(IdentSource, MakesIdentsThatDiffer) {
  test::SeededRandom random(1);
  IdentSource source(random);
  std::set<std::string> seen;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    for (const Ident& ident : {source.plain(), source.indexed(i % 7)}) {
      EXPECT_TRUE(is_ident(ident.text())) << ident.text();
      EXPECT_EQ(ident.text().size(), IdentSource::bytes);
      EXPECT_TRUE(seen.emplace(ident.text()).second) << ident.text();
    }
  }
}

TEST(IdentSource, AnIndexIsReadBack) {
  test::SeededRandom random(2);
  IdentSource source(random);
  test::Splitmix numbers(3);
  for (int i = 0; i < 5000; ++i) {
    const auto index = static_cast<std::uint32_t>(numbers.below(IdentSource::index_end));
    EXPECT_EQ(IdentSource::index_of(source.indexed(index).text()), index);
  }
  for (const std::uint32_t index : {0U, 1U, 31U, 32U, IdentSource::index_end - 1}) {
    EXPECT_EQ(IdentSource::index_of(source.indexed(index).text()), index);
  }
}

TEST(IdentSource, WhatIsNoIndexedIdentHasNoIndex) {
  for (const char* text :
       {"", "aaaa", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", "laaaaaaaaaaaaaaaaaaa",
        "aaaAaaaaaaaaaaaaaaaa", "a-aaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(IdentSource::index_of(text), std::nullopt) << text;
  }
}

// Each octet of an ident is a function of five bits of one octet drawn, and of nothing else: a
// source that repeats itself makes ids that do, one that does not, does not.
TEST(IdentSource, EveryRandomOctetCounts) {
  const auto made = [](std::size_t changed) {
    test::ChosenRandom random(0);
    std::array<std::byte, IdentSource::bytes> octets{};
    if (changed < octets.size()) octets[changed] = std::byte{17};
    random.choose(octets);
    return std::string(IdentSource(random).plain().text());
  };
  const std::string base = made(IdentSource::bytes);
  EXPECT_EQ(made(IdentSource::bytes), base);
  for (std::size_t i = 0; i < IdentSource::bytes; ++i) {
    const std::string other = made(i);
    for (std::size_t at = 0; at < base.size(); ++at) {
      EXPECT_EQ(other[at] != base[at], at == i) << i << " " << at;
    }
  }
}

TEST(IdentSourceDeathTest, AnIndexPastTheEnd) {
  test::SeededRandom random(4);
  IdentSource source(random);
  EXPECT_DEATH(source.indexed(IdentSource::index_end), "assertion failed");
}

}  // namespace
}  // namespace msrp
