// The mutator keeps chunks whole: most of what it makes still has an end-line that fits.
#include "mutator.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/reference_parser.hpp"

namespace msrp::fuzz {
namespace {

constexpr std::string_view two_chunks =
    "MSRP dkei38sd SEND\r\nTo-Path: msrp://a.example.com:1/x;tcp\r\n"
    "From-Path: msrp://b.example.com:1/y;tcp\r\nMessage-ID: 4564dpWd\r\nByte-Range: 1-*/8\r\n"
    "Content-Type: text/plain\r\n\r\nabcd\r\n-------dkei38sd+\r\n"
    "\r\nMSRP dkei38ia 200 OK\r\nTo-Path: msrp://b.example.com:1/y;tcp\r\n"
    "From-Path: msrp://a.example.com:1/x;tcp\r\n-------dkei38ia$\r\n";

// Stands for libFuzzer's own.
void replace_an_octet(std::string& octets, Sequence& random) {
  if (octets.empty()) octets = "?";
  octets[random.below(octets.size())] = static_cast<char>(random.next());
}

TEST(ParseLoosely, TakesChunksApart) {
  const LooseStream stream = parse_loosely(two_chunks);
  ASSERT_EQ(stream.chunks.size(), 2U);
  EXPECT_EQ(stream.chunks[0].transaction_id, "dkei38sd");
  EXPECT_EQ(stream.chunks[0].start, " SEND");
  EXPECT_EQ(stream.chunks[0].lines.size(), 5U);
  EXPECT_EQ(stream.chunks[0].body, "abcd");
  EXPECT_EQ(stream.chunks[0].end, "+\r\n");
  EXPECT_EQ(stream.chunks[1].before, "\r\n");
  EXPECT_EQ(stream.chunks[1].body, std::nullopt);
}

TEST(ParseLoosely, LosesNoOctetWhateverTheInput) {
  Sequence random(1);
  std::string input(two_chunks);
  for (int i = 0; i < 3000; ++i) {
    EXPECT_EQ(print(parse_loosely(input)), input);
    input = i % 50 == 0 ? std::string(two_chunks)
                        : mutate(input, 2000, random.next(), replace_an_octet);
  }
}

TEST(Mutate, KeepsMostChunksWhole) {
  std::set<std::string> made;
  int whole = 0;
  constexpr int runs = 2000;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    const std::string out = mutate(two_chunks, 4096, seed, replace_an_octet);
    EXPECT_EQ(out, mutate(two_chunks, 4096, seed, replace_an_octet)) << "another one, same seed";
    const test::StreamRecord stream = test::reference_read(wire_input(out).octets, {});
    if (!stream.chunks.empty() && stream.chunks[0].flag) ++whole;
    made.insert(out);
  }
  EXPECT_GT(whole, runs * 2 / 3);
  EXPECT_GT(made.size(), std::size_t{runs} * 2 / 3);
}

TEST(Mutate, KeepsToTheSize) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    EXPECT_LE(mutate(two_chunks, 100, seed, replace_an_octet).size(), 100U);
    EXPECT_LE(cross_over(two_chunks, two_chunks, 100, seed).size(), 100U);
  }
}

TEST(CrossOver, PutsChunksOfTheOneAmongThoseOfTheOther) {
  std::set<std::size_t> counts;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    counts.insert(parse_loosely(cross_over(two_chunks, two_chunks, 4096, seed)).chunks.size());
  EXPECT_EQ(counts, (std::set<std::size_t>{2, 3, 4}));
}

}  // namespace
}  // namespace msrp::fuzz
