// The chunk level, outgoing: chunks, REPORTs and octets of the application's own making.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;
using Answers = std::vector<std::pair<int, std::string>>;

ChunkSpec part(std::uint64_t start, Flag flag) {
  ChunkSpec spec{.content_type = "text/plain", .message_id = "in-parts"};
  spec.start = start;
  spec.total_bytes = 11;
  spec.flag = flag;
  return spec;
}

// R4975-7.1.1-20: one message in two chunks, each with its own answer.
TEST(ChunkSending, RangesAndFlagsAreTheApplications) {
  Solo world;
  const MessageHandle first = world.node.send_chunk(part(1, Flag::more), owned("hello "));
  const MessageHandle second = world.node.send_chunk(part(7, Flag::end), owned("world"));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].header("Message-ID"), "in-parts");
  EXPECT_EQ(sent[0].header("Byte-Range"), "1-6/11");
  EXPECT_EQ(sent[0].flag, '+');
  EXPECT_EQ(sent[1].header("Message-ID"), "in-parts");
  EXPECT_EQ(sent[1].header("Byte-Range"), "7-11/11");
  EXPECT_EQ(sent[1].flag, '$');
  world.peer.send(wire_response(sent[0], 200, "Fine"));
  world.peer.send(wire_response(sent[1], 415, "No such type"));
  world.drive();
  EXPECT_EQ(world.node.out(first).answers, (Answers{{200, "Fine"}}));
  EXPECT_TRUE(world.node.out(first).delivered);
  EXPECT_EQ(world.node.out(second).answers, (Answers{{415, "No such type"}}));
  ASSERT_TRUE(world.node.out(second).failed);
  EXPECT_EQ(world.node.out(second).failed->status, 415);
  EXPECT_TRUE(world.node.out(first).done && world.node.out(second).done);
}

// R4975-5.1-1: a long chunk can be interrupted; it goes on under another transaction and keeps its
// end.
TEST(ChunkSending, ALongChunkIsInterrupted) {
  Solo world;
  End& end = world.end_of(world.node);
  end.deaf = true;
  ChunkSpec spec{.content_type = "text/plain", .message_id = "long-part"};
  spec.start = 1001;
  spec.flag = Flag::more;
  const std::string body = pattern(400'000);
  const MessageHandle handle = world.node.send_chunk(spec, owned(body));
  world.drive();
  world.node.send("text/plain", "hi");
  end.deaf = false;
  const std::vector<WireChunk> sent = world.sent_and_answered();
  std::string joined;
  std::size_t parts = 0;
  for (const WireChunk& chunk : sent) {
    if (chunk.header("Message-ID") != "long-part") continue;
    EXPECT_EQ(chunk.header("Byte-Range"), std::to_string(1001 + joined.size()) + "-*/*");
    EXPECT_EQ(chunk.flag, '+');
    joined += *chunk.body;
    ++parts;
  }
  EXPECT_GT(parts, 1U);
  EXPECT_TRUE(joined == body);
  EXPECT_EQ(world.node.out(handle).answers.size(), parts);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

TEST(ChunkSending, AnAbortOfOnesOwn) {
  Solo world;
  world.node.send_chunk(part(1, Flag::abort), owned("hel"));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].flag, '#');
}

TEST(ChunkSending, NobodyAnswers) {
  Solo world;
  const MessageHandle handle = world.node.send_chunk(part(1, Flag::more), owned("hello "));
  world.drive();
  world.advance(seconds(29));
  EXPECT_FALSE(world.node.out(handle).failed);
  world.advance(seconds(2));
  ASSERT_TRUE(world.node.out(handle).failed);
  EXPECT_EQ(world.node.out(handle).failed->code, Errc::timed_out);
  EXPECT_TRUE(world.node.out(handle).answers.empty());
}

TEST(ChunkSending, OtherMethods) {
  Solo world;
  const HeaderField nickname[] = {{HeaderId::use_nickname, "Use-Nickname", "\"Alice\""}};
  ChunkSpec spec{.method = Method::nickname, .extra = nickname};
  const MessageHandle handle = world.node.send_chunk(spec, NoBody{});
  std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].word, "NICKNAME");
  EXPECT_EQ(sent[0].header("Use-Nickname"), "\"Alice\"");
  EXPECT_EQ(sent[0].header("To-Path"), world.remote);
  for (const char* name : {"Message-ID", "Byte-Range", "Success-Report", "Failure-Report"})
    EXPECT_FALSE(sent[0].has(name)) << name;
  world.peer.send(wire_response(sent[0], 425, "Taken"));
  world.drive();
  EXPECT_EQ(world.node.out(handle).answers, (Answers{{425, "Taken"}}));

  world.node.send_chunk({.method = Method::other, .method_text = "PING"}, NoBody{});
  sent = world.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].word, "PING");
}

// R4975-7.1-8
TEST(ChunkSending, OtherMethodsHaveShortBodies) {
  Solo world;
  ChunkSpec spec{.method = Method::other, .method_text = "FILL", .content_type = "text/plain"};
  const auto large =
      world.node.engine().send_chunk(world.session, spec, owned(pattern(10241)), world.now);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::body_too_large);
  const std::string body = pattern(10240);
  world.node.send_chunk(spec, owned(body));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 1U) << "not to be interrupted";
  EXPECT_TRUE(sent[0].body == body);
}

TEST(ChunkSending, WhatCannotBeIsRefused) {
  Solo world;
  const auto refused = [&](ChunkSpec spec, Body body) {
    const auto sent =
        world.node.engine().send_chunk(world.session, spec, std::move(body), world.now);
    return sent ? Errc{} : sent.error().code;
  };
  EXPECT_EQ(refused(part(0, Flag::end), owned("x")), Errc::invalid_argument);
  EXPECT_EQ(refused(part(11, Flag::end), owned("xx")), Errc::invalid_argument);
  EXPECT_EQ(refused({.method = Method::report}, NoBody{}), Errc::invalid_argument);
  EXPECT_EQ(refused({.method = Method::auth}, NoBody{}), Errc::invalid_argument);
  EXPECT_EQ(refused({.method = Method::nickname, .content_type = "text/plain"}, StreamBody{}),
            Errc::invalid_argument);
  EXPECT_EQ(refused({.method = Method::other, .method_text = "x\r\n"}, NoBody{}), Errc::bad_method);
  EXPECT_TRUE(world.sent().empty());
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
}

TEST(ChunkSending, AStream) {
  Solo world;
  ChunkSpec spec{.content_type = "text/plain", .message_id = "stream-part"};
  spec.start = 6;
  spec.flag = Flag::more;
  const MessageHandle handle = world.node.send_chunk(spec, StreamBody{});
  ASSERT_TRUE(world.node.engine().write(handle, Slice{bytes_of("abc"), {}}, world.now));
  ASSERT_TRUE(world.node.engine().finish(handle, world.now));
  const std::vector<WireChunk> sent = world.sent_and_answered();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].body, "abc");
  EXPECT_EQ(sent[0].flag, '+');
  EXPECT_TRUE(sent[0].header("Byte-Range").starts_with("6-"));
  EXPECT_TRUE(world.node.out(handle).done);
}

// R4975-7.1.2-1: a REPORT of the application's own.
TEST(ChunkSending, AReport) {
  Solo world;
  ReportSpec report{.message_id = "peer-message-1", .byte_range = {1, 5, 9}, .status = 413};
  report.comment = "Enough";
  ASSERT_TRUE(world.node.engine().send_report(world.session, report, world.now));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].word, "REPORT");
  EXPECT_EQ(sent[0].header("Message-ID"), "peer-message-1");
  EXPECT_EQ(sent[0].header("Byte-Range"), "1-5/9");
  EXPECT_EQ(sent[0].header("Status"), "000 413 Enough");
  EXPECT_EQ(sent[0].header("To-Path"), world.remote);
  EXPECT_FALSE(sent[0].has("Success-Report") || sent[0].has("Failure-Report"));
  EXPECT_EQ(world.node.engine().stats().transactions, 0U) << "nothing answers it";
}

TEST(ChunkSending, ReportsThatNobodyReadsAreBounded) {
  Solo world;
  world.end_of(world.node).deaf = true;
  const ReportSpec report{.message_id = "peer-message-1"};
  std::size_t sent = 0;
  while (world.node.engine().send_report(world.session, report, world.now)) {
    ASSERT_LT(++sent, 10'000U);
  }
  const auto full = world.node.engine().send_report(world.session, report, world.now);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::would_block);
}

TEST(ChunkSending, RawOctetsBetweenChunksOnly) {
  Solo world(SoloOptions{.role = Role::passive});
  const auto raw = [&](std::string_view text) {
    const auto written = world.node.engine().write_raw(world.session, bytes_of(text), world.now);
    world.drive();
    return written ? Errc{} : written.error().code;
  };
  EXPECT_EQ(raw("\r\n"), Errc{});
  EXPECT_EQ(std::exchange(world.peer.got(), {}), "\r\n");
  EXPECT_EQ(raw(std::string(Limits{}.transmit_bytes + 1, 'x')), Errc::would_block);
  // In the middle of a chunk.
  world.end_of(world.node).deaf = true;
  world.node.send("text/plain", pattern(1'000'000));
  world.drive();
  EXPECT_EQ(raw("\r\n"), Errc::bad_state);
  // Another session on the connection.
  Solo two(SoloOptions{.role = Role::passive});
  two.add_session();
  const auto shared = two.node.engine().write_raw(two.session, bytes_of("\r\n"), two.now);
  ASSERT_FALSE(shared);
  EXPECT_EQ(shared.error().code, Errc::bad_state);
}

}  // namespace
}  // namespace msrp::test
