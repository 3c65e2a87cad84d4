// Messages that come again (RFC 4975 section 5.4): told apart, answered all the same, and known
// beyond the session that failed.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

SoloOptions receiver(bool drop = false, std::uint32_t remembered = 128) {
  SoloOptions options{.role = Role::passive};
  options.accepts.drop_duplicates = drop;
  options.node.config.limits.remembered_message_ids = remembered;
  return options;
}

SendParts message(const Solo& world, std::string_view id, std::string_view body = "hello") {
  SendParts parts = world.parts(body);
  parts.message_id = id;
  return parts;
}

// Sends it and says whether the engine took it for a duplicate.
bool is_duplicate(Solo& world, const SendParts& parts) {
  const std::size_t before = world.node.incoming.size();
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.node.incoming.size(), before + 1);
  EXPECT_TRUE(world.node.last_in().complete());
  return world.node.last_in().duplicate;
}

// The connection fails, and a further session takes the place of the one that was on it.
void recreate(Solo& world, SessionId replaces, bool drop = false) {
  PrepareRequest request{.active = false, .listener = world.listener, .replaces = replaces};
  request.options.drop_duplicates = drop;
  const TicketId ticket = world.node.prepare(request);
  world.drive();
  world.local = world.node.local_paths.at(ticket.value()).text();
  world.remote = "msrp://192.0.2.9:5678/again" + std::to_string(world.next_transaction) + ";tcp";
  EXPECT_TRUE(world.node.engine().complete(ticket, {}, world.now));
  world.peer = world.connect_peer(world.node, world.listener);
  SendParts binding;
  binding.message_id = "peer-binding-" + std::to_string(world.next_transaction);
  world.peer_sends(binding);
  EXPECT_EQ(world.peer.next().word, "200");
  world.session = world.node.session();
}

void fail_connection(Solo& world) {
  world.peer.reset();
  world.drive();
  EXPECT_TRUE(world.node.session_closed(world.session));
}

// R4975-5.4-25 R4975-5.4-26: the application is warned.
TEST(Duplicates, TheSecondTimeIsMarked) {
  Solo world(receiver());
  EXPECT_FALSE(is_duplicate(world, message(world, "first")));
  EXPECT_FALSE(is_duplicate(world, message(world, "second")));
  EXPECT_TRUE(is_duplicate(world, message(world, "first")));
  EXPECT_TRUE(is_duplicate(world, message(world, "first", "with another body"))) << "A-69";
  EXPECT_FALSE(is_duplicate(world, message(world, "First"))) << "compared with case";
}

// R4975-5.4-25: what did not come whole was not received.
TEST(Duplicates, AnAbortedMessageMayComeAgain) {
  Solo world(receiver());
  SendParts parts = message(world, "broken", "hel");
  parts.byte_range = "1-3/5";
  parts.flag = '#';
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::aborted));
  EXPECT_FALSE(is_duplicate(world, message(world, "broken")));
  EXPECT_TRUE(is_duplicate(world, message(world, "broken")));
}

TEST(Duplicates, ARefusedMessageMayComeAgain) {
  SoloOptions options = receiver(true);
  options.accepts.accept_types = {"text/plain"};
  Solo world(options);
  SendParts parts = message(world, "refused");
  parts.content_type = "image/png";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "415");
  EXPECT_FALSE(is_duplicate(world, message(world, "refused")));
}

// R4975-5.4-27: with the answers and REPORTs that its headers call for.
TEST(Duplicates, AMarkedOneIsAnsweredAndReported) {
  Solo world(receiver());
  SendParts parts = message(world, "reported");
  parts.success_report = "yes";
  for (const bool again : {false, true}) {
    world.peer_sends(parts);
    const auto said = world.sent();
    ASSERT_EQ(said.size(), 2U);
    EXPECT_EQ(said[0].word, "200");
    EXPECT_EQ(said[1].word, "REPORT");
    EXPECT_EQ(said[1].header("Byte-Range"), "1-5/5");
    EXPECT_EQ(world.node.last_in().duplicate, again);
  }
}

// R4975-5.4-26 R4975-5.4-27
TEST(Duplicates, ADroppedOneIsAnsweredAndReportedUnseen) {
  Solo world(receiver(true));
  SendParts parts = message(world, "reported");
  parts.success_report = "yes";
  for (int i = 0; i < 3; ++i) {
    world.peer_sends(parts);
    const auto said = world.sent();
    ASSERT_EQ(said.size(), 2U) << i;
    EXPECT_EQ(said[0].word, "200");
    EXPECT_EQ(said[1].word, "REPORT");
    EXPECT_EQ(said[1].header("Message-ID"), "reported");
    EXPECT_EQ(said[1].header("Status"), "000 200 OK");
    EXPECT_EQ(said[1].header("Byte-Range"), "1-5/5");
  }
  EXPECT_EQ(world.node.incoming.size(), 1U);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
}

// R4975-5.4-27: chunk by chunk, also where Failure-Report asks for silence.
TEST(Duplicates, ADroppedOneMayComeInChunks) {
  Solo world(receiver(true));
  const std::string body = pattern(10'000);
  for (const bool quiet : {false, true}) {
    for (const std::size_t start : {0U, 4000U}) {
      SendParts parts = message(world, "chunked", body.substr(start, start == 0 ? 4000 : 6000));
      parts.byte_range = std::to_string(start + 1) + "-*/10000";
      parts.flag = start == 0 ? '+' : '$';
      parts.success_report = "yes";
      if (quiet) parts.failure_report = "no";
      world.peer_sends(parts);
      if (!quiet) {
        EXPECT_EQ(world.peer.next().word, "200");
      }
    }
    const WireChunk report = world.peer.next();
    EXPECT_EQ(report.word, "REPORT");
    EXPECT_EQ(report.header("Byte-Range"), "1-10000/10000");
    EXPECT_TRUE(world.peer.got().empty());
  }
  ASSERT_EQ(world.node.incoming.size(), 1U);
  EXPECT_TRUE(world.node.incoming[0].body == body);
  EXPECT_FALSE(is_duplicate(world, message(world, "another"))) << "the session goes on";
}

// A message whose chunks still come is not its own duplicate.
TEST(Duplicates, TheChunksOfOneMessageAreNone) {
  Solo world(receiver(true));
  for (const auto& [range, flag] : {std::pair{"1-5/10", '+'}, std::pair{"6-10/10", '$'}}) {
    SendParts parts = message(world, "halves");
    parts.byte_range = range;
    parts.flag = flag;
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "200");
  }
  ASSERT_EQ(world.node.incoming.size(), 1U);
  EXPECT_EQ(world.node.incoming[0].body, "hellohello");
  EXPECT_TRUE(world.node.incoming[0].complete());
  EXPECT_FALSE(world.node.incoming[0].duplicate);
}

// bounded memory; the oldest is forgotten.
TEST(Duplicates, OnlySoManyAreRemembered) {
  Solo world(receiver(false, 4));
  for (int i = 1; i <= 5; ++i)
    EXPECT_FALSE(is_duplicate(world, message(world, "msg" + std::to_string(i))));
  for (int i = 2; i <= 5; ++i)
    EXPECT_TRUE(is_duplicate(world, message(world, "msg" + std::to_string(i)))) << i;
  EXPECT_FALSE(is_duplicate(world, message(world, "msg1")));
}

TEST(Duplicates, NoneIsRememberedWhenTheLimitIsZero) {
  Solo world(receiver(true, 0));
  EXPECT_FALSE(is_duplicate(world, message(world, "again")));
  EXPECT_FALSE(is_duplicate(world, message(world, "again")));
}

// the scope is the session (pair); Message-IDs of others say nothing.
TEST(Duplicates, AnotherSessionKnowsNothing) {
  Solo world(receiver());
  EXPECT_FALSE(is_duplicate(world, message(world, "mine")));
  const Solo::Another other = world.add_session();
  SendParts parts = message(world, "mine");
  parts.to = other.local;
  parts.from = other.remote;
  EXPECT_FALSE(is_duplicate(world, parts));
}

// R4975-5.4-25 R4975-5.4-26 R4975-5.4-30: over the failed session, with other URIs.
TEST(Duplicates, AReplacementKnowsWhatCameWhole) {
  Solo world(receiver());
  EXPECT_FALSE(is_duplicate(world, message(world, "arrived")));
  SendParts half = message(world, "half");
  half.byte_range = "1-5/10";
  half.flag = '+';
  world.peer_sends(half);
  fail_connection(world);
  const std::string before = world.local;
  recreate(world, world.session);
  EXPECT_NE(world.local, before);
  EXPECT_TRUE(is_duplicate(world, message(world, "arrived")));
  EXPECT_FALSE(is_duplicate(world, message(world, "half", "hellohello")));
  EXPECT_FALSE(is_duplicate(world, message(world, "newer")));
  // And so on, through a second failure.
  fail_connection(world);
  recreate(world, world.session, true);
  const std::size_t seen = world.node.incoming.size();
  for (const char* id : {"arrived", "half", "newer"}) {
    world.peer_sends(message(world, id));
    EXPECT_EQ(world.peer.next().word, "200");
  }
  EXPECT_EQ(world.node.incoming.size(), seen);
}

TEST(Duplicates, ASessionThatReplacesNoneKnowsNothing) {
  Solo world(receiver());
  EXPECT_FALSE(is_duplicate(world, message(world, "arrived")));
  fail_connection(world);
  recreate(world, SessionId{});
  EXPECT_FALSE(is_duplicate(world, message(world, "arrived")));
  fail_connection(world);
  recreate(world, SessionId{77, 77});
  EXPECT_FALSE(is_duplicate(world, message(world, "arrived"))) << "unknown ones are ignored";
}

// of ended sessions only so many are remembered, the oldest is forgotten.
TEST(Duplicates, OnlySoManyEndedSessionsAreRemembered) {
  for (const bool oldest : {true, false}) {
    SoloOptions options = receiver();
    options.node.config.limits.remembered_sessions = 2;
    Solo world(options);
    std::vector<SessionId> ended;
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(is_duplicate(world, message(world, "arrived")));
      ended.push_back(world.session);
      fail_connection(world);
      recreate(world, SessionId{});
    }
    fail_connection(world);  // without a message: nothing to remember
    recreate(world, oldest ? ended[0] : ended[1]);
    EXPECT_EQ(is_duplicate(world, message(world, "arrived")), !oldest);
  }
}

// R4975-5.4-24 R4975-5.4-23: the sender's half. The message that failed is sent again under its
// Message-ID, and the receiver, which had it, knows it.
TEST(Duplicates, AFailedMessageIsResentUnderItsMessageId) {
  Pair world;
  const MessageHandle lost = world.send_a(world.session_a, "text/plain", "did you get this?");
  const std::string id(world.a.engine().message_id(lost));
  EXPECT_FALSE(id.empty());
  world.end_of(world.a).stalled = true;  // the answer does not come back
  world.drive();
  EXPECT_EQ(world.b.last_in().message_id, id);
  const SessionId old_b = world.session_b;
  world.lose(world.end_of(world.a));
  world.drive();
  ASSERT_TRUE(world.a.out(lost).failed);
  EXPECT_EQ(world.a.out(lost).failed->code, Errc::connection_lost);
  EXPECT_TRUE(world.a.engine().message_id(lost).empty()) << "done";

  const TicketId theirs =
      world.b.prepare({.active = false, .listener = world.listener, .replaces = old_b});
  const TicketId ours = world.a.prepare({.active = true, .host = "192.0.2.1"});
  world.drive();
  ASSERT_TRUE(world.b.engine().complete(theirs, {}, world.now));
  const Path to = world.b.local_paths.at(theirs.value());
  ASSERT_TRUE(world.a.engine().complete(ours, {.path = to}, world.now));
  world.drive();
  const MessageHandle again =
      world.send_a(world.a.session(), "text/plain", "did you get this?", {.message_id = id});
  EXPECT_EQ(world.a.engine().message_id(again), id);
  world.drive();
  EXPECT_EQ(world.b.last_in().message_id, id);
  EXPECT_TRUE(world.b.last_in().duplicate);
  EXPECT_TRUE(world.a.out(again).delivered);
}

// R4975-5.4-28: the first chunk went in the session that failed, the rest goes in the new one.
TEST(Duplicates, ChunksMayBeSplitOverOldAndNewSession) {
  Solo world({.role = Role::passive});
  const std::string body = pattern(6000);
  ChunkSpec spec{.content_type = "application/octet-stream", .message_id = "split"};
  spec.total_bytes = body.size();
  spec.flag = Flag::more;
  world.node.send_chunk(spec, owned(body.substr(0, 2500)));
  auto chunks = world.sent_and_answered();
  fail_connection(world);
  recreate(world, world.session);
  spec.start = 2501;
  spec.flag = Flag::end;
  world.node.send_chunk(spec, owned(body.substr(2500)));
  const auto rest = world.sent_and_answered();
  ASSERT_FALSE(rest.empty());
  EXPECT_EQ(rest[0].header("To-Path"), world.remote);
  EXPECT_EQ(rest[0].header("From-Path"), world.local);
  chunks.insert(chunks.end(), rest.begin(), rest.end());
  EXPECT_TRUE(joined_body(chunks, "split") == body);
  EXPECT_EQ(chunks.back().flag, '$');
}

// The receiver's half: what is left of the message is handed up where it belongs, and is not called
// whole, since the other octets are not this session's.
TEST(Duplicates, TheSecondHalfAloneIsNotAWholeMessage) {
  Solo world(receiver());
  SendParts parts = message(world, "split");
  parts.byte_range = "1-5/10";
  parts.flag = '+';
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  fail_connection(world);
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::connection_lost));
  EXPECT_EQ(world.node.last_in().body, "hello");
  recreate(world, world.session);
  parts = message(world, "split", "world");
  parts.byte_range = "6-10/10";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  const Incoming& rest = world.node.last_in();
  EXPECT_FALSE(rest.complete());
  EXPECT_FALSE(rest.duplicate);
  EXPECT_EQ(rest.octets, 5U);
  EXPECT_EQ(rest.body.substr(5), "world");
}

TEST(Duplicates, TheMessageIdIsReadableUntilDone) {
  Solo world;
  const MessageHandle named = world.node.send("text/plain", "hello", {.message_id = "chosen-id"});
  const MessageHandle made = world.node.send("text/plain", "hello");
  EXPECT_EQ(world.node.engine().message_id(named), "chosen-id");
  const std::string id(world.node.engine().message_id(made));
  const auto chunks = world.sent();
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0].header("Message-ID"), "chosen-id");
  EXPECT_EQ(chunks[1].header("Message-ID"), id);
  world.respond(chunks[0]);
  EXPECT_TRUE(world.node.engine().message_id(named).empty());
  EXPECT_EQ(world.node.engine().message_id(made), id);
  EXPECT_TRUE(world.node.engine().message_id(MessageHandle{}).empty());
}

}  // namespace
}  // namespace msrp::test
