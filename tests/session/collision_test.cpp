// The end-line of a chunk never occurs in its body (RFC 4975 section 7.1), whoever chose the
// octets.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// A chunk's own end-line pattern stands nowhere in its body, line start or not.
void expect_clean(const std::vector<WireChunk>& chunks) {
  for (const WireChunk& chunk : chunks) {
    if (!chunk.body) continue;
    for (const char flag : {'$', '+', '#'})
      EXPECT_EQ(chunk.body->find("-------" + chunk.transaction_id + flag), std::string::npos);
  }
}

std::string open_transaction(const Solo& world) {
  const std::string& wire = world.peer.got();
  const std::size_t last = wire.rfind("MSRP ");
  return wire.substr(last + 5, wire.find(' ', last + 5) - last - 5);
}

// R4975-7.1-19 R4975-7.1-20: the id of the next message is known from a run with the same seed.
TEST(Collision, AWholeBodyThatKnowsTheId) {
  std::string known;
  {
    Solo world;
    world.node.send("text/plain", "probe", {.message_id = "evil"});
    world.drive();
    known = world.peer.next().transaction_id;
  }
  for (const std::string& before : {std::string(), pattern(10), pattern(3000), pattern(100'000)}) {
    for (const char flag : {'$', '+', '#'}) {
      Solo world;
      const std::string body = before + "\r\n-------" + known + flag + "\r\n" + pattern(50);
      const MessageHandle handle = world.node.send("text/plain", body, {.message_id = "evil"});
      const auto chunks = world.sent_and_answered();
      expect_clean(chunks);
      EXPECT_TRUE(joined_body(chunks, "evil") == body);
      EXPECT_EQ(chunks.back().flag, '$');
      EXPECT_TRUE(world.node.out(handle).delivered);
    }
  }
}

// The pattern at the very start of a body, and as the whole of it.
TEST(Collision, AtTheStartOfABody) {
  std::string known;
  {
    Solo world;
    world.node.send("text/plain", "probe", {.message_id = "evil"});
    world.drive();
    known = world.peer.next().transaction_id;
  }
  for (const std::string& body :
       {"-------" + known + "$\r\n", "-------" + known + "$", "-------" + known + "+\r\nmore"}) {
    Solo world;
    world.node.send("text/plain", body, {.message_id = "evil"});
    const auto chunks = world.sent_and_answered();
    expect_clean(chunks);
    EXPECT_TRUE(joined_body(chunks, "evil") == body);
  }
}

// R4975-7.1-21: split over two writes at every place.
TEST(Collision, AcrossTwoWrites) {
  for (std::size_t cut = 0; cut <= 40; ++cut) {
    for (const bool drained : {false, true}) {
      Solo world;
      const MessageHandle handle =
          world.node.send({.content_type = "text/plain", .message_id = "evil"}, StreamBody{});
      const auto write = [&](std::string_view text) {
        ASSERT_EQ(world.node.engine().write(handle, {bytes_of(text), {}}, world.now), text.size());
        if (drained) world.drive();
      };
      std::string body = "begin";
      write(body);
      world.drive();
      const std::string evil = "\r\n-------" + open_transaction(world) + "$\r\nafter";
      const std::size_t at = std::min(cut, evil.size());
      write(evil.substr(0, at));
      if (at < evil.size()) write(evil.substr(at));
      body += evil;
      EXPECT_TRUE(world.node.engine().finish(handle, world.now));
      const auto chunks = world.sent_and_answered();
      expect_clean(chunks);
      EXPECT_TRUE(joined_body(chunks, "evil") == body) << "cut at " << cut;
      EXPECT_TRUE(world.node.out(handle).delivered) << "cut at " << cut;
    }
  }
}

// One octet a write.
TEST(Collision, AcrossManyWrites) {
  Solo world;
  const MessageHandle handle =
      world.node.send({.content_type = "text/plain", .message_id = "evil"}, StreamBody{});
  ASSERT_EQ(world.node.engine().write(handle, {bytes_of("x"), {}}, world.now), 1U);
  world.drive();
  std::string body = "x";
  // Again and again: every chunk's id is read off the wire and said back.
  for (int round = 0; round < 5; ++round) {
    const std::string evil = "\r\n-------" + open_transaction(world) + "$\r\n";
    for (const char octet : evil) {
      ASSERT_EQ(world.node.engine().write(handle, {bytes_of({&octet, 1}), {}}, world.now), 1U);
      world.drive();
    }
    body += evil;
  }
  EXPECT_TRUE(world.node.engine().finish(handle, world.now));
  const auto chunks = world.sent_and_answered();
  expect_clean(chunks);
  EXPECT_TRUE(joined_body(chunks, "evil") == body);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

// Across the parts of a shared body.
TEST(Collision, AcrossSharedParts) {
  std::string known;
  {
    Solo world;
    world.node.send("text/plain", "probe", {.message_id = "evil"});
    world.drive();
    known = world.peer.next().transaction_id;
  }
  const std::string body = pattern(700) + "\r\n-------" + known + "$\r\n" + pattern(700);
  for (std::size_t cut = 695; cut < 735; ++cut) {
    Solo world;
    SharedBody shared;
    for (const std::string_view part :
         {std::string_view(body).substr(0, cut), std::string_view(body).substr(cut)}) {
      auto slab = world.node.pool.acquire().value();
      std::ranges::copy(bytes_of(part), slab.storage().begin());
      shared.parts.push_back(Slice{slab.storage().first(part.size()), slab});
    }
    world.node.send({.content_type = "text/plain", .message_id = "evil"}, std::move(shared));
    const auto chunks = world.sent_and_answered();
    expect_clean(chunks);
    EXPECT_TRUE(joined_body(chunks, "evil") == body) << "cut at " << cut;
  }
}

// R4975-7.1-22 R4975-7.1-23 R4975-7.1-24: what is no end-line does not disturb.
TEST(Collision, NearMissesAreHarmless) {
  Solo world;
  const MessageHandle handle =
      world.node.send({.content_type = "text/plain", .message_id = "near"}, StreamBody{});
  ASSERT_EQ(world.node.engine().write(handle, {bytes_of("x"), {}}, world.now), 1U);
  world.drive();
  const std::string id = open_transaction(world);
  const std::string near = "\r\n-------" + id + "!\r\n\r\n-------" + id + "\r\n\r\n-------" +
                           id.substr(1) + "$\r\n\r\n------" + id + "$\r\n\r\n-------other123$\r\n";
  ASSERT_EQ(world.node.engine().write(handle, {bytes_of(near), {}}, world.now), near.size());
  EXPECT_TRUE(world.node.engine().finish(handle, world.now));
  const auto chunks = world.sent_and_answered();
  EXPECT_EQ(joined_body(chunks, "near"), "x" + near);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

// Both engines: what the guard cut is put together by the receiver.
TEST(Collision, TheReceiverSeesTheBodyWhole) {
  Pair pair;
  End& wire = pair.end_of(pair.a);
  wire.record = true;
  const MessageHandle handle = pair.a.send({.content_type = "text/plain"}, StreamBody{});
  std::string body = "start";
  ASSERT_EQ(pair.a.engine().write(handle, {bytes_of(body), {}}, pair.now), body.size());
  pair.drive();
  for (int round = 0; round < 3; ++round) {
    const std::size_t last = wire.recorded.rfind("MSRP ");
    const std::string id =
        wire.recorded.substr(last + 5, wire.recorded.find(' ', last + 5) - last - 5);
    const std::string evil = "\r\n-------" + id + "+\r\n";
    ASSERT_EQ(pair.a.engine().write(handle, {bytes_of(evil), {}}, pair.now), evil.size());
    body += evil;
    pair.drive();
  }
  EXPECT_TRUE(pair.a.engine().finish(handle, pair.now));
  pair.drive();
  EXPECT_EQ(pair.b.last_in().body, body);
  EXPECT_TRUE(pair.b.last_in().complete());
  EXPECT_TRUE(pair.a.out(handle).delivered);
}

}  // namespace
}  // namespace msrp::test
