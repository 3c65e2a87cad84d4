// What a receiver does not want: 413, 415, and the application's reject().
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// R4975-7.3.1-11 R4975-7.1.4-1 R4975-8.6-2 R4975-8.6-15
TEST(Refusing, UnacceptedTypesGet415) {
  for (const auto& [type, word] : {std::pair<std::string, std::string>{"text/plain", "200"},
                                   {"TEXT/PLAIN", "200"},
                                   {"text/plain;charset=utf-8", "200"},
                                   {"text/html", "415"},
                                   {"image/png", "200"},
                                   {"application/x", "415"},
                                   // R4975-7.3.1-12 R4975-14.3-1: always acceptable
                                   {"multipart/mixed;boundary=x", "200"},
                                   {"multipart/alternative;boundary=x", "200"},
                                   {"multipart/signed;boundary=x", "200"}}) {
    Solo world(
        SoloOptions{.role = Role::passive, .accepts = {.accept_types = {"text/plain", "image/*"}}});
    SendParts parts = world.parts("body");
    parts.content_type = type;
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, word) << type;
    EXPECT_EQ(world.node.incoming.size(), word == "200" ? 1U : 0U) << type;
    EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
  }
}

// R4975-5.3-1 R4975-10.5-3: the refusal does not wait for the end of the chunk.
TEST(Refusing, A415ComesBeforeTheBodyEnds) {
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.accept_types = {"text/plain"}}});
  SendParts parts = world.parts(pattern(100'000));
  parts.to = world.local;
  parts.from = world.remote;
  parts.content_type = "video/mp4";
  const std::string wire = wire_send(parts);
  world.peer.send(wire.substr(0, 10'000));
  world.drive();
  EXPECT_EQ(world.peer.next().word, "415");
  world.peer.send(wire.substr(10'000));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << "A-71: no second response";
  EXPECT_TRUE(world.node.incoming.empty());
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  world.peer_sends(world.parts("fine"));
  EXPECT_EQ(world.peer.next().word, "200");
}

TEST(Refusing, FailureReportNoIsRefusedSilently) {
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.accept_types = {"text/plain"}}});
  SendParts parts = world.parts("x");
  parts.content_type = "video/mp4";
  parts.failure_report = "no";
  world.peer_sends(parts);
  EXPECT_TRUE(world.peer.got().empty());
  EXPECT_TRUE(world.node.incoming.empty());
}

// R4975-7.1.4-6 R4975-7.2-2
TEST(Refusing, FailureReportPartialIsRefusedAloud) {
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.accept_types = {"text/plain"}}});
  SendParts parts = world.parts("x");
  parts.content_type = "video/mp4";
  parts.failure_report = "partial";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "415");
}

// R4975-8.6-14: by what the peer announces ...
TEST(Refusing, AnAnnouncedSizeOverTheLimitGets413) {
  for (const std::string range :
       {"1-*/1001", "1-2/1001", "1001-*/*", "1002-*/*", "1-*/18446744073709551615"}) {
    Solo world(SoloOptions{.role = Role::passive, .accepts = {.max_size_bytes = 1000}});
    SendParts parts = world.parts("ab");
    parts.byte_range = range;
    parts.flag = '+';
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "413") << range;
  }
}

// ... and by what comes.
TEST(Refusing, OctetsOverTheLimitGet413) {
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.max_size_bytes = 1000}});
  SendParts parts = world.parts(pattern(1001));
  parts.byte_range = "1-*/*";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "413");
  EXPECT_TRUE(world.peer.got().empty());
  ASSERT_EQ(world.node.incoming.size(), 1U);
  EXPECT_TRUE(world.node.incoming[0].failed_with(Errc::message_too_large));
  EXPECT_LE(world.node.incoming[0].octets, 1000U);
  parts = world.parts(pattern(1000));
  parts.message_id = "exactly-1000";
  parts.byte_range = "1-*/*";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.last_in().complete());
}

// In the middle of a chunk that has no end: at once. R4975-10.5-3
TEST(Refusing, A413ComesInMidChunk) {
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.max_size_bytes = 10'000}});
  SendParts parts = world.parts(pattern(200'000));
  parts.to = world.local;
  parts.from = world.remote;
  parts.byte_range = "1-*/*";
  const std::string wire = wire_send(parts);
  world.peer.send(wire.substr(0, 50'000));
  world.drive();
  EXPECT_EQ(world.peer.next().word, "413");
  world.peer.send(wire.substr(50'000));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty());
  SendParts other = world.parts("fine");
  other.message_id = "another-one";
  world.peer_sends(other);
  EXPECT_EQ(world.peer.next().word, "200");
}

// Later chunks of a message that was refused: no event, bounded.
TEST(Refusing, LaterChunksOfARefusedMessageAreDropped) {
  Solo world(SoloOptions{.role = Role::passive, .accepts = {.max_size_bytes = 10}});
  SendParts parts = world.parts("abcdefgh");
  parts.byte_range = "1-8/*";
  parts.flag = '+';
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  parts.byte_range = "9-16/*";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "413");
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::message_too_large));
  const std::size_t messages = world.node.incoming.size();
  parts.byte_range = "17-24/*";
  world.peer_sends(parts);
  world.peer.take();
  EXPECT_EQ(world.node.incoming.size(), messages);
}

// The application says no while the message comes.
TEST(Refusing, RejectInMidMessage) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts(pattern(300'000));
  parts.to = world.local;
  parts.from = world.remote;
  parts.byte_range = "1-*/300000";
  const std::string wire = wire_send(parts);
  world.peer.send(wire.substr(0, 100'000));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << "answered when the chunk is over";
  const IncomingHandle handle = world.node.last_in().handle;
  const std::uint64_t octets = world.node.last_in().octets;
  ASSERT_TRUE(world.node.engine().reject(handle, 413, world.now));
  world.drive();
  EXPECT_EQ(world.peer.next().word, "413");
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::aborted));
  world.peer.send(wire.substr(100'000));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << "A-71: no second response";
  EXPECT_EQ(world.node.last_in().octets, octets);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  const auto again = world.node.engine().reject(handle, 413, world.now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::stale_handle);
}

// Between two chunks: the next one draws the status.
TEST(Refusing, RejectBetweenChunks) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("abc");
  parts.byte_range = "1-3/9";
  parts.flag = '+';
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  ASSERT_TRUE(world.node.engine().reject(world.node.last_in().handle, 413, world.now));
  world.drive();
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::aborted));
  // R4975-7.1.4-2: the sender hears of it by a failure REPORT now or by the next response.
  world.peer.take();
  const std::size_t messages = world.node.incoming.size();
  parts.byte_range = "4-6/9";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "413");
  EXPECT_EQ(world.node.incoming.size(), messages);
}

TEST(Refusing, RejectTakesErrorsOnly) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("abc");
  parts.byte_range = "1-3/9";
  parts.flag = '+';
  world.peer_sends(parts);
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{0, 99, 200, 399, 700}) {
    const auto rejected =
        world.node.engine().reject(world.node.last_in().handle, status, world.now);
    ASSERT_FALSE(rejected) << status;
    EXPECT_EQ(rejected.error().code, Errc::invalid_argument);
  }
  EXPECT_FALSE(world.node.last_in().ended);
  EXPECT_TRUE(world.node.engine().reject(world.node.last_in().handle, 699, world.now));
}

// Two engines: reject() stops the sender in mid-chunk.
TEST(Refusing, RejectStopsTheSender) {
  Pair pair;
  pair.transmit_max = 4096;
  const MessageHandle handle = pair.a.send("text/plain", pattern(8 * 1024 * 1024));
  EXPECT_FALSE(pair.drive_bounded(100));
  ASSERT_TRUE(pair.b.engine().reject(pair.b.last_in().handle, 413, pair.now));
  pair.drive();
  ASSERT_TRUE(pair.a.out(handle).failed);
  EXPECT_EQ(pair.a.out(handle).failed->code, Errc::message_too_large);
  EXPECT_TRUE(pair.a.out(handle).done);
  EXPECT_LT(pair.end_of(pair.a).transmitted, 2U * 1024 * 1024) << "R4975-10.5-2: at once";
  const MessageHandle next = pair.a.send("text/plain", "next");
  pair.drive();
  EXPECT_TRUE(pair.a.out(next).delivered);
}

// A later chunk is refused at its head; the "#" with which its sender gives up ends the message.
TEST(Refusing, TheAbortOfARefusedLaterChunkEndsTheMessage) {
  SoloOptions options;
  options.accepts.max_size_bytes = 1000;
  Solo world(options);
  SendParts part = world.parts("hello");
  part.byte_range = "1-*/*";
  part.flag = '+';
  world.peer_sends(part);
  part.byte_range = "6-*/5000";
  part.flag = '#';
  part.transaction_id = "peer0002";
  world.peer_sends(part);
  const auto answers = world.peer.take();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].word, "200");
  EXPECT_EQ(answers[1].word, "413");
  EXPECT_TRUE(world.node.last_in().ended);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
}

// The paths of those who want REPORTs are kept, as far as Limits::path_bytes goes. That of the
// session's peer is there anyhow.
TEST(Refusing, PathsForReportsHaveABound) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.path_bytes = 100;
  Solo world(options);
  const auto begin = [&](const std::string& id, const std::string& from) {
    SendParts parts = world.parts("x");
    parts.from = from;
    parts.message_id = id;
    parts.byte_range = "1-1/2";
    parts.success_report = "yes";
    parts.flag = '+';
    world.peer_sends(parts);
    return world.peer.next().word;
  };
  for (const char* id : {"own-1", "own-2", "own-3", "own-4"}) {
    EXPECT_EQ(begin(id, world.remote), "200") << id;
  }
  const std::string other = "msrp://192.0.2.9:5678/" + std::string(60, 'o') + ";tcp";
  EXPECT_EQ(begin("other-1", other), "200");
  EXPECT_EQ(begin("other-2", other), "413");
  SendParts rest = world.parts("y");
  rest.from = other;
  rest.message_id = "other-1";
  rest.byte_range = "2-2/2";
  rest.success_report = "yes";
  world.peer_sends(rest);
  const auto said = world.peer.take();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0].word, "200");
  EXPECT_EQ(said[1].word, "REPORT");
  EXPECT_EQ(said[1].header("To-Path"), other);
  EXPECT_EQ(begin("other-3", other), "200") << "there is room again";
}

}  // namespace
}  // namespace msrp::test
