// Byte-Range forms and continuation flags of what is sent (RFC 4975 sections 5.1 and 7.1.1).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

std::vector<WireChunk> chunks_of(Body body) {
  Solo world;
  world.node.send({.content_type = "text/plain"}, std::move(body));
  return world.sent_and_answered();
}

// R4975-7.1.1-21 R4975-7.1.1-22 R4975-7.1.1-23 R4975-7.1.1-28 R4975-5.1-1: A-81
TEST(Chunking, ABodyOver2048OctetsHasAnOpenEnd) {
  for (const auto& [size, range] : {std::pair<std::size_t, std::string>{1, "1-1/1"},
                                    {2047, "1-2047/2047"},
                                    {2048, "1-2048/2048"},
                                    {2049, "1-*/2049"},
                                    {100'000, "1-*/100000"}}) {
    const auto chunks = chunks_of(owned(pattern(size)));
    ASSERT_EQ(chunks.size(), 1U) << size << ": R4975-7.1.1-29 as few chunks as possible";
    EXPECT_EQ(chunks[0].header("Byte-Range"), range);
    EXPECT_EQ(chunks[0].flag, '$');
    EXPECT_EQ(chunks[0].body->size(), size);
  }
}

// R4975-7.1.1-29: nobody waits, so nothing is cut.
TEST(Chunking, ALargeMessageAloneIsOneChunk) {
  const auto chunks = chunks_of(owned(pattern(3 * 1024 * 1024)));
  EXPECT_EQ(chunks.size(), 1U);
}

// R4975-7.1.1-24
TEST(Chunking, AStreamOfUnknownSizeHasNoTotal) {
  Solo world;
  const MessageHandle handle = world.node.send({.content_type = "text/plain"}, StreamBody{});
  ASSERT_EQ(world.node.engine().write(handle, {bytes_of("hello"), {}}, world.now), 5U);
  world.drive();
  EXPECT_TRUE(world.node.engine().finish(handle, world.now));
  const auto chunks = world.sent_and_answered();
  ASSERT_FALSE(chunks.empty());
  EXPECT_EQ(chunks[0].header("Byte-Range"), "1-*/*");
  EXPECT_EQ(chunks.back().flag, '$');
  EXPECT_EQ(joined_body(chunks, chunks[0].header("Message-ID")), "hello");
  EXPECT_TRUE(world.node.out(handle).delivered);
}

TEST(Chunking, AStreamOfKnownSizeSaysIt) {
  Solo world;
  const MessageHandle handle = world.node.send({.content_type = "text/plain"}, StreamBody{3000});
  const std::string body = pattern(3000);
  ASSERT_EQ(world.node.engine().write(handle, {bytes_of(body), {}}, world.now), 3000U);
  EXPECT_TRUE(world.node.engine().finish(handle, world.now));
  const auto chunks = world.sent_and_answered();
  EXPECT_EQ(chunks.at(0).header("Byte-Range"), "1-*/3000");
}

// R4975-5.1-2 R4975-7.1-16 R4975-7.1-18 R4975-7.1.1-19 R4975-7.1.1-20 R4975-7.1.1-25 R4975-7.1.1-32
// R4975-7.1.1-33
TEST(Chunking, InterruptedMessagesContinueInNewTransactions) {
  Solo world;
  world.transmit_max = 8192;
  const std::string one = pattern(300'000, 1);
  const std::string two = pattern(300'000, 2);
  world.node.send({.content_type = "text/plain", .message_id = "one1"}, owned(one));
  world.node.send({.content_type = "text/plain", .message_id = "two2"}, owned(two));
  const auto chunks = world.sent_and_answered();
  EXPECT_TRUE(joined_body(chunks, "one1") == one);
  EXPECT_TRUE(joined_body(chunks, "two2") == two);
  std::set<std::string> ids;
  std::map<std::string, std::uint64_t> sent;
  for (const WireChunk& chunk : chunks) {
    EXPECT_TRUE(ids.insert(chunk.transaction_id).second);
    std::uint64_t& before = sent[chunk.header("Message-ID")];
    EXPECT_EQ(chunk.header("Byte-Range").substr(0, chunk.header("Byte-Range").find('-')),
              std::to_string(before + 1));
    before += chunk.body->size();
    EXPECT_EQ(chunk.flag, before == 300'000 ? '$' : '+');
    if (chunk.flag == '+') {
      EXPECT_GE(chunk.body->size(), 2048U);
    }
  }
}

// A short rest has a numeric end again, or an open one; never one that is wrong.
TEST(Chunking, NumericRangeEndsAreKept) {
  Solo world;
  world.transmit_max = 3000;
  for (int i = 0; i < 8; ++i)
    world.node.send("text/plain", pattern(32'768 + 100 * static_cast<std::size_t>(i)));
  for (const WireChunk& chunk : world.sent_and_answered()) {
    const auto range = ByteRange::parse(chunk.header("Byte-Range")).value();
    EXPECT_TRUE(range.consistent());
    if (range.end) {
      EXPECT_EQ(*range.announced_bytes(), chunk.body->size());
      EXPECT_LE(chunk.body->size(), 2048U);
    }
  }
}

}  // namespace
}  // namespace msrp::test
