// A large message gives way: to responses, to REPORTs, to other messages (RFC 4975 sections 5.1 and
// 7.1.1).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

EngineConfig tight() {
  EngineConfig config;
  config.limits.transmit_bytes = 32 * 1024;
  config.limits.quantum_bytes = 4096;
  return config;
}

// How far the wire may be between a wish to send and its chunk: what is in transmit order already,
// one quantum, and heads.
constexpr std::size_t allowed_bytes = 32 * 1024 + 4096 + 2048;

struct Busy : Solo {
  static SoloOptions made() {
    SoloOptions options;
    options.node.config = tight();
    return options;
  }
  Busy() : Solo(made()) {
    transmit_max = 1024;
    node.send({.content_type = "text/plain", .message_id = "large"}, owned(pattern(mebibyte)));
    EXPECT_FALSE(drive_bounded(40)) << "the large message is still on its way";
    begun = peer.self().got_total;
    EXPECT_GT(begun, 10'000U);
    EXPECT_LT(begun, 100'000U);
  }
  // The chunk with that word that came first after the wish, and where it began.
  void expect_soon(std::string_view word, std::string_view id_header = {},
                   std::string_view id = {}) {
    drive();
    std::string wire = peer.got();
    const std::string before = wire;
    std::size_t position = 0;
    bool found = false;
    while (auto chunk = take_chunk(wire)) {
      if (chunk->word == word && (id.empty() || chunk->header(id_header) == id)) {
        EXPECT_LE(position, begun + allowed_bytes) << word;
        found = true;
        break;
      }
      position = before.size() - wire.size();
    }
    EXPECT_TRUE(found) << word;
    const auto chunks = sent_and_answered();
    EXPECT_TRUE(joined_body(chunks, "large") == pattern(mebibyte));
    int interrupted = 0;
    for (const WireChunk& chunk : chunks) {
      if (chunk.header("Message-ID") != "large" || chunk.flag == '$') continue;
      ++interrupted;
      EXPECT_EQ(chunk.flag, '+');
      EXPECT_GE(chunk.body->size(), 2048U) << "R4975-7.1.1-32";
    }
    EXPECT_EQ(interrupted, 1) << "R4975-7.1.1-29: cut once, for the one thing that waited";
  }
  std::uint64_t begun = 0;
};

// R4975-7.1.1-34 R4975-5.1-1 R4975-5.1-2
TEST(Interruption, ForAResponse) {
  Busy world;
  SendParts question = world.parts("are you there?");
  question.to = world.local;
  question.from = world.remote;
  world.peer.send(wire_send(question));
  world.expect_soon("200");
}

// R4975-7.1.1-34
TEST(Interruption, ForAReport) {
  Busy world;
  SendParts asks = world.parts("tell me");
  asks.to = world.local;
  asks.from = world.remote;
  asks.success_report = "yes";
  asks.failure_report = "no";  // so that there is no response: R4975-7.1.3-9
  world.peer.send(wire_send(asks));
  world.expect_soon("REPORT");
}

TEST(Interruption, ForAShortMessageOfTheSameSession) {
  Busy world;
  world.node.send({.content_type = "text/plain", .message_id = "short"}, owned("hi"));
  world.expect_soon("SEND", "Message-ID", "short");
}

// A scripted peer with two sessions over its connection.
struct Shared : Solo {
  static SoloOptions made() {
    SoloOptions options{.role = Role::passive};
    options.node.config = tight();
    return options;
  }
  Shared() : Solo(made()), other(add_session()) { transmit_max = 1024; }

  MessageHandle send_to(SessionId to, std::string_view id, const std::string& body) {
    const auto handle =
        node.engine().send(to, {.content_type = "text/plain", .message_id = id}, owned(body), now);
    EXPECT_TRUE(handle);
    if (handle) node.outgoing[handle->value()].session = to;
    return handle.value_or(MessageHandle{});
  }
  Another other;
};

// R4975-7.1.1-35, nasty group 25: a short message of another session of the same connection.
TEST(Interruption, ForAMessageOfAnotherSession) {
  Shared world;
  const std::string body = pattern(mebibyte);
  const MessageHandle large = world.send_to(world.session, "large", body);
  EXPECT_FALSE(world.drive_bounded(40));
  const std::size_t begun = world.peer.got().size();
  const MessageHandle hi = world.send_to(world.other.session, "short", "hi");
  world.drive();
  const std::size_t at_hi = world.peer.got().find("Message-ID: short");
  ASSERT_NE(at_hi, std::string::npos);
  EXPECT_LE(at_hi, begun + allowed_bytes);
  const auto chunks = world.sent_and_answered();
  EXPECT_TRUE(joined_body(chunks, "large") == body);
  EXPECT_TRUE(world.node.out(hi).delivered);
  EXPECT_TRUE(world.node.out(large).delivered);
}

// R4975-7.1.1-35: two large messages share the wire about equally, whatever came first.
TEST(Interruption, TwoSessionsShareFairly) {
  Shared world;
  world.send_to(world.session, "first", pattern(mebibyte, 1));
  EXPECT_FALSE(world.drive_bounded(40));
  const std::size_t alone = world.peer.got().size() + allowed_bytes;
  world.send_to(world.other.session, "second", pattern(mebibyte, 2));
  std::map<std::string, std::size_t> octets;
  std::size_t position = 0;
  for (const WireChunk& chunk : world.sent_and_answered()) {
    position += chunk.text().size();
    // The rest of what was begun alone, and what is sent when the other is over, do not count.
    if (position <= alone || position > alone + mebibyte) continue;
    octets[chunk.header("Message-ID")] += chunk.body.value_or("").size();
  }
  EXPECT_GT(octets["first"], mebibyte * 4 / 10);
  EXPECT_GT(octets["second"], mebibyte * 4 / 10);
}

// Ten messages of one session and one of another: the other does not wait for the ten.
TEST(Interruption, ManyMessagesOfOneSessionDoNotStarveAnother) {
  Shared world;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 10; ++i)
    handles.push_back(world.send_to(world.session, "many-" + std::to_string(i), pattern(100'000)));
  handles.push_back(world.send_to(world.other.session, "other", pattern(50'000)));
  std::size_t position = 0, last_of_other = 0;
  for (const WireChunk& chunk : world.sent_and_answered()) {
    position += chunk.body.value_or("").size();
    if (chunk.header("Message-ID") == "other") last_of_other = position;
  }
  EXPECT_GT(last_of_other, 0U);
  // Half of the wire each, by session; a share of one in eleven, by message. Either is round robin.
  EXPECT_LT(last_of_other, 11 * 50'000U + 11 * 8192U);
  for (const MessageHandle handle : handles) EXPECT_TRUE(world.node.out(handle).delivered);
}

// However many large messages a session has, each gets its turn and its end.
TEST(Interruption, ManyLargeMessagesOfOneSession) {
  Shared world;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 40; ++i)
    handles.push_back(world.send_to(world.session, "many-" + std::to_string(i), pattern(10'000)));
  for (std::size_t i = 0; i < handles.size(); i += 3)
    world.node.engine().abort(handles[i], world.now);
  world.sent_and_answered();
  for (std::size_t i = 0; i < handles.size(); ++i) {
    EXPECT_TRUE(world.node.out(handles[i]).done) << i;
    EXPECT_EQ(world.node.out(handles[i]).delivered, i % 3 != 0) << i;
  }
}

// The smallest quantum there may be, and one below it.
TEST(Interruption, TheQuantumIsAtLeast2048) {
  EngineConfig config;
  config.limits.quantum_bytes = 2047;
  SeededRandom random(1);
  NoCrypto crypto;
  FixedPool pool(8);
  const auto made = Engine::create(config, {random, crypto, pool}, start_of_time);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::invalid_argument);
  config.limits.quantum_bytes = 2048;
  EXPECT_TRUE(Engine::create(config, {random, crypto, pool}, start_of_time));
}

// A stream that waits for its writer does not hold the connection.
TEST(Interruption, AWaitingStreamHoldsNobodyUp) {
  Solo world;
  const MessageHandle stream =
      world.node.send({.content_type = "text/plain", .message_id = "stream"}, StreamBody{});
  const std::string piece = pattern(10'000);
  ASSERT_EQ(world.node.engine().write(stream, {bytes_of(piece), {}}, world.now), 10'000U);
  world.drive();
  const MessageHandle hi =
      world.node.send({.content_type = "text/plain", .message_id = "short"}, owned("hi"));
  world.peer_sends(world.parts("question"));
  auto chunks = world.sent_and_answered();
  EXPECT_TRUE(world.node.out(hi).delivered) << "the stream has no more octets and blocks";
  EXPECT_TRUE(std::ranges::any_of(chunks, [](const auto& chunk) { return chunk.word == "200"; }));
  EXPECT_TRUE(world.node.engine().finish(stream, world.now));
  const auto rest = world.sent_and_answered();
  chunks.insert(chunks.end(), rest.begin(), rest.end());
  EXPECT_EQ(joined_body(chunks, "stream"), piece);
  EXPECT_EQ(chunks.back().flag, '$');
  EXPECT_TRUE(world.node.out(stream).delivered);
}

// Nor when what waits is a long message, whose turn comes only after the stream's.
TEST(Interruption, AWaitingStreamHoldsNoLongMessageUp) {
  Solo world;
  const MessageHandle stream =
      world.node.send({.content_type = "text/plain", .message_id = "stream"}, StreamBody{});
  const std::string piece = pattern(10'000);
  ASSERT_EQ(world.node.engine().write(stream, {bytes_of(piece), {}}, world.now), 10'000U);
  world.drive();
  const MessageHandle other =
      world.node.send({.content_type = "text/plain", .message_id = "long"}, owned(piece));
  auto chunks = world.sent_and_answered();
  EXPECT_TRUE(world.node.out(other).delivered);
  EXPECT_EQ(joined_body(chunks, "long"), piece);
  ASSERT_EQ(world.node.engine().write(stream, {bytes_of(piece), {}}, world.now), 10'000U);
  EXPECT_TRUE(world.node.engine().finish(stream, world.now));
  const auto rest = world.sent_and_answered();
  chunks.insert(chunks.end(), rest.begin(), rest.end());
  EXPECT_EQ(joined_body(chunks, "stream"), piece + piece);
  EXPECT_TRUE(world.node.out(stream).delivered);
}

}  // namespace
}  // namespace msrp::test
