// What the engine writes, octet for octet.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// R4975-7.1-5 R4975-7.1-6 R4975-7.1-14 R4975-7.1-15 R4975-7.1-16 R4975-7.1.1-2 R4975-7.1.1-18
// R4975-7.1.1-20 R4975-7.1.1-21 R4975-7.1.1-23 R4975-7.1.1-17 R4975-9-23
// A-66 A-83
TEST(WireForm, AShortMessage) {
  Solo world;
  world.node.send({.content_type = "text/plain", .message_id = "abc-123"}, owned("Hi there"));
  world.drive();
  const std::string wire = world.peer.got();
  const WireChunk chunk = world.peer.next();
  const std::string& id = chunk.transaction_id;
  EXPECT_EQ(wire, "MSRP " + id + " SEND\r\nTo-Path: " + world.remote +
                      "\r\nFrom-Path: " + world.local +
                      "\r\nMessage-ID: abc-123\r\nByte-Range: 1-8/8\r\n"
                      "Content-Type: text/plain\r\n\r\nHi there\r\n-------" +
                      id + "$\r\n");
}

// R4975-7.1-13 R4975-7.1.1-27: a message of no octets is not a bodiless one. A-24
TEST(WireForm, AnEmptyBody) {
  Solo world;
  world.node.send({.content_type = "text/plain"}, owned(""));
  const auto chunks = world.sent_and_answered();
  ASSERT_EQ(chunks.size(), 1U);
  ASSERT_TRUE(chunks[0].body);
  EXPECT_EQ(*chunks[0].body, "");
  EXPECT_EQ(chunks[0].header("Byte-Range"), "1-0/0");
  EXPECT_EQ(chunks[0].flag, '$');
}

// R4975-7.1-10 R4975-7.1-11 R4975-7.1-12: the keep-alive.
TEST(WireForm, ABodilessSend) {
  Solo world;
  const MessageHandle keep_alive = world.node.send({}, NoBody{});
  const auto chunks = world.sent_and_answered();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_FALSE(chunks[0].body);
  EXPECT_FALSE(chunks[0].has("Content-Type"));
  EXPECT_TRUE(chunks[0].has("Message-ID"));
  EXPECT_TRUE(world.node.out(keep_alive).delivered);
  EXPECT_TRUE(world.node.out(keep_alive).done);
}

// R4975-7.1.1-4 R4975-7.1.1-14 R4975-7.1.1-15 R4975-5.3-4: only what is not the default is said.
TEST(WireForm, ReportHeadersAreSaidWhenTheyAreNotTheDefault) {
  for (const bool success : {false, true}) {
    for (const FailureReport failure :
         {FailureReport::yes, FailureReport::no, FailureReport::partial}) {
      Solo world;
      world.node.send(
          {.content_type = "text/plain", .success_report = success, .failure_report = failure},
          owned("x"));
      world.drive();
      const WireChunk chunk = world.peer.next();
      EXPECT_EQ(chunk.header("Success-Report"), success ? "yes" : "");
      EXPECT_EQ(chunk.header("Failure-Report"), failure == FailureReport::no        ? "no"
                                                : failure == FailureReport::partial ? "partial"
                                                                                    : "");
    }
  }
}

// R4975-7.1.1-5 R4975-7.1.1-38: extra and report headers stand on every chunk.
TEST(WireForm, EveryChunkCarriesTheSameHeaders) {
  Solo world;
  world.transmit_max = 4096;
  const HeaderField extra[] = {{HeaderId::content_disposition, "Content-Disposition", "attachment"},
                               {HeaderId::other, "X-Colour", "blue"}};
  const std::string body = pattern(200'000);
  const std::string_view type = "application/octet-stream; name=\"a b\"";
  world.node.send(
      {.content_type = type, .message_id = "large", .success_report = true, .extra = extra},
      owned(body));
  world.node.send("text/plain", "second");  // makes the first give way at least once
  const auto chunks = world.sent_and_answered();
  const std::string id = "large";
  std::size_t seen = 0;
  for (const WireChunk& chunk : chunks) {
    if (chunk.header("Message-ID") != id) continue;
    ++seen;
    EXPECT_EQ(chunk.header("Success-Report"), "yes");
    EXPECT_EQ(chunk.header("X-Colour"), "blue");
    EXPECT_EQ(chunk.header("Content-Disposition"), "attachment");
    EXPECT_EQ(chunk.header("Content-Type"), type);
    EXPECT_EQ(chunk.headers.back().first, "Content-Type") << "R4975-7.1-5: the last header";
  }
  EXPECT_GE(seen, 1U);
  EXPECT_TRUE(joined_body(chunks, id) == body);
}

// R4975-7.1.1-1 R4975-7.1.1-3 R4975-7.1-1: ids are never repeated, nor for the same text.
TEST(WireForm, IdsAreUnique) {
  Solo world;
  std::set<std::string> transactions, messages;
  for (int i = 0; i < 500; ++i) world.node.send("text/plain", "x");
  const auto chunks = world.sent_and_answered();
  ASSERT_EQ(chunks.size(), 500U);
  for (const WireChunk& chunk : chunks) {
    EXPECT_TRUE(transactions.insert(chunk.transaction_id).second);
    EXPECT_TRUE(messages.insert(chunk.header("Message-ID")).second);
    // R4975-7.1-2: 64 bits take 13 characters of base 36; RFC 4975 allows 32.
    EXPECT_GE(chunk.transaction_id.size(), 13U);
    EXPECT_LE(chunk.transaction_id.size(), 32U);
    EXPECT_EQ(chunk.header("Message-ID").size(), 20U);
  }
}

// R4975-12-3 R4975-8.3-1 R4975-8.3-2 R4975-7.1-3: a path of several URIs is used in full, the first
// connected to.
TEST(WireForm, ALongRemotePathIsWrittenWhole) {
  World world;
  world.listen_peer(at("192.0.2.9", 2855));
  Node& node = world.add("engine");
  const TicketId ticket = node.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  const std::string remote =
      "msrp://192.0.2.9:2855/relay;tcp;opaque=x msrp://bob.example:1234/last;tcp";
  ASSERT_TRUE(node.engine().complete(ticket, {.path = Path::parse(remote).value()}, world.now));
  world.drive();
  ASSERT_EQ(world.accepted_peers.size(), 1U);
  EXPECT_EQ(world.accepted_peers[0].next().header("To-Path"), remote);
}

// R4975-7.1-4 R4975-7.1.1-39 R4975-14.3-2: what would not be MSRP is refused before anything is
// sent.
TEST(WireForm, BadHeadsAreErrors) {
  Solo world;
  const auto refused = [&](const MessageSpec& spec, Body body) {
    const auto sent = world.node.try_send(spec, std::move(body));
    return sent ? Errc{} : sent.error().code;
  };
  EXPECT_EQ(refused({.content_type = "not a type"}, owned("x")), Errc::bad_content_type);
  EXPECT_EQ(refused({.content_type = "text/plain\r\nX-Evil: 1"}, owned("x")),
            Errc::bad_content_type);
  EXPECT_NE(refused({}, owned("x")), Errc{}) << "R4975-7.1-4: a body needs a type";
  EXPECT_EQ(refused({.content_type = "text/plain", .message_id = "a b"}, owned("x")),
            Errc::bad_message_id);
  EXPECT_EQ(refused({.content_type = "text/plain", .message_id = "abc\r\nX-Evil: 1"}, owned("x")),
            Errc::bad_message_id);
  const HeaderField evil[] = {{HeaderId::other, "X-Note", "a\r\nX-Evil: 1"}};
  EXPECT_NE(refused({.content_type = "text/plain", .extra = evil}, owned("x")), Errc{});
  const HeaderField coded[] = {{HeaderId::other, "Content-Transfer-Encoding", "base64"}};
  EXPECT_NE(refused({.content_type = "text/plain", .extra = coded}, owned("x")), Errc{})
      << "R4975-7.1.1-39";
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
}

}  // namespace
}  // namespace msrp::test
