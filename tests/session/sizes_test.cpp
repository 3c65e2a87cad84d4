// Chunks of every size, and requests that are never cut (RFC 4975 sections 5.1, 7.1 and 7.1.1).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// R4975-7.1.1-31: from nothing to the largest message that is accepted, in chunks of any size.
TEST(Sizes, ChunksOfEverySizeAreTaken) {
  constexpr std::size_t largest = 3 * 1024 * 1024;
  const std::string body = pattern(largest);
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.max_size_bytes = largest}});
  std::size_t begin = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{2047}, std::size_t{2048},
        std::size_t{2049}, std::size_t{0}, std::size_t{16'383}, std::size_t{16'385},
        std::size_t{1'000'000}, largest}) {
    const std::size_t end = std::min(largest, begin + size);
    SendParts parts = world.parts(std::string_view(body).substr(begin, end - begin));
    parts.byte_range = std::to_string(begin + 1) + "-*/" + std::to_string(largest);
    parts.flag = end == largest ? '$' : '+';
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "200") << size;
    begin = end;
  }
  ASSERT_EQ(world.node.incoming.size(), 1U);
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_EQ(world.node.last_in().ended->chunks, 11U);
  EXPECT_TRUE(world.node.last_in().body == body);
  // And all of it in one.
  SendParts whole = world.parts(body);
  whole.message_id = "in-one-chunk";
  whole.byte_range = "1-*/*";
  world.peer_sends(whole);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.last_in().body == body);
}

// R4975-7.3.1-10, R4975-5.3-1: what has come is handed up while the rest is on its way.
TEST(Sizes, ABodyIsHandedUpAsItComes) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts(pattern(10'000));
  parts.to = world.local;
  parts.from = world.remote;
  const std::string wire = wire_send(parts);
  world.peer.send(wire.substr(0, 6000));
  world.drive();
  ASSERT_EQ(world.node.incoming.size(), 1U);
  EXPECT_GT(world.node.incoming[0].octets, 5000U);
  EXPECT_TRUE(world.node.incoming[0].body == parts.body->substr(0, world.node.incoming[0].octets));
  EXPECT_FALSE(world.node.incoming[0].ended);
  EXPECT_TRUE(world.peer.got().empty()) << "not answered before its end";
  world.peer.send(wire.substr(6000));
  world.drive();
  EXPECT_TRUE(world.node.incoming[0].complete());
  EXPECT_EQ(world.peer.next().word, "200");
}

// R4975-5.1-3, R4975-7.1-7, R4975-7.1.2-8, R4975-7.2-7: REPORTs and responses are whole, however
// slowly they go and whatever else waits.
TEST(Sizes, NothingButASendIsCut) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.quantum_bytes = 2048;
  Solo world(options);
  world.transmit_max = 7;
  world.node.send({.content_type = "text/plain", .message_id = "large"}, owned(pattern(60'000)));
  for (int i = 0; i < 20; ++i) {
    SendParts parts = world.parts("hello");
    parts.to = world.local;
    parts.from = world.remote;
    parts.transaction_id = "asks" + std::to_string(1000 + i);
    parts.message_id = "asking-" + std::to_string(i);
    parts.success_report = "yes";
    world.peer.send(wire_send(parts));
    world.drive_bounded(5);
  }
  std::size_t reports = 0;
  std::size_t answers = 0;
  const auto chunks = world.sent_and_answered();
  for (const WireChunk& chunk : chunks) {
    if (chunk.word == "SEND") continue;
    EXPECT_EQ(chunk.flag, '$') << chunk.text();
    EXPECT_FALSE(chunk.body);
    ++(chunk.is_response() ? answers : reports);
    if (!chunk.is_response()) {
      EXPECT_EQ(chunk.header("Byte-Range"), "1-5/5");
    }
  }
  EXPECT_EQ(reports, 20U);
  EXPECT_EQ(answers, 20U);
  EXPECT_TRUE(joined_body(chunks, "large") == pattern(60'000));
}

}  // namespace
}  // namespace msrp::test
