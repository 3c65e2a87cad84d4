// What time and congestion ask for: keep-alives, messages of which nothing more comes, connections
// that one session holds up, and partial failure reports that nobody answers.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

SoloOptions with(const Timeouts& timeouts, Role role = Role::active) {
  SoloOptions options{.role = role};
  options.node.config.timeouts = timeouts;
  return options;
}

// Thirty seconds for an answer, and nothing of what the RFC does not speak of.
TEST(Upkeep, TheDefaultsAreThoseOfTheRfc) {
  const Timeouts timeouts;
  EXPECT_EQ(timeouts.transaction, seconds(30));
  EXPECT_EQ(timeouts.idle, Duration{});
  EXPECT_EQ(timeouts.keep_alive, Duration{});
  EXPECT_EQ(timeouts.message, Duration{});
  EXPECT_EQ(timeouts.report, Duration{});
  Solo world;
  world.advance(seconds(3600));
  EXPECT_TRUE(world.sent().empty());
  EXPECT_TRUE(world.node.closed.empty());
}

TEST(KeepAlive, AnEmptySendAfterSilence) {
  Solo world(with({.keep_alive = seconds(60)}));
  world.advance(seconds(50));
  world.node.send("text/plain", "hello");
  EXPECT_EQ(world.sent_and_answered().size(), 1U);
  world.advance(seconds(59));
  EXPECT_TRUE(world.sent().empty()) << "silence counts from the last octet";
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::keep_alive);
  world.advance(seconds(1));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].word, "SEND");
  EXPECT_FALSE(sent[0].body);
  EXPECT_EQ(sent[0].header("To-Path"), world.remote);
  world.respond(sent[0]);
  world.drive();
  world.advance(seconds(59));
  EXPECT_TRUE(world.node.closed.empty());
}

TEST(KeepAlive, OneForAllSessionsOfAConnection) {
  Solo world(with({.keep_alive = seconds(60)}, Role::passive));
  world.add_session();
  world.add_session();
  world.sent();
  world.advance(seconds(60));
  EXPECT_EQ(world.sent_and_answered().size(), 1U);
}

TEST(KeepAlive, NobodyAnswersIt) {
  Solo world(with({.keep_alive = seconds(60)}, Role::passive));
  world.add_session();
  world.sent();
  world.advance(seconds(60));
  EXPECT_EQ(world.sent().size(), 1U);
  world.advance(seconds(30));
  ASSERT_EQ(world.node.closed.size(), 2U) << "the connection is dead, and both sessions with it";
  for (const SessionClosed& closed : world.node.closed)
    EXPECT_EQ(closed.reason.code, Errc::timed_out);
  EXPECT_TRUE(world.peer.gone());
}

TEST(KeepAlive, ItsSessionIsUnknown) {
  Solo world(with({.keep_alive = seconds(60)}));
  world.advance(seconds(60));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 1U);
  world.respond(sent[0], 481);
  world.drive();
  ASSERT_EQ(world.node.closed.size(), 1U);
  EXPECT_EQ(world.node.closed[0].reason.code, Errc::no_such_session);
}

// The form that one deployed library has.
TEST(KeepAlive, APeersIsAnswered) {
  Solo world;
  SendParts parts = world.parts("");
  parts.body.reset();
  parts.content_type.clear();
  parts.extra = {{"Keep-Alive", "yes"}};
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.incoming.empty());
}

TEST(MessageTimeout, NothingMoreComes) {
  Solo world(with({.message = seconds(20)}));
  SendParts parts = world.parts("first ");
  parts.byte_range = "1-*/12";
  parts.flag = '+';
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::message);
  world.advance(seconds(15));
  parts.body = "sec";
  parts.byte_range = "7-*/12";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  world.advance(seconds(19));
  EXPECT_FALSE(world.node.last_in().ended);
  world.advance(seconds(1));
  EXPECT_TRUE(world.node.last_in().failed_with(Errc::timed_out));
  EXPECT_EQ(world.node.last_in().ended->bytes, 9U);
  parts.body = "ond";
  parts.byte_range = "10-12/12";
  parts.flag = '$';
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "413");
  EXPECT_TRUE(world.node.closed.empty());
}

TEST(MessageTimeout, AWholeMessageHasNone) {
  Solo world(with({.message = seconds(20)}));
  world.peer_sends(world.parts("hello"));
  world.advance(seconds(100));
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_EQ(world.node.engine().next_timeout(), std::nullopt);
}

// R4975-7.1.1-6: a REPORT that never comes keeps no handle, or a peer that reports nothing would
// use them all up.
TEST(ReportTimeout, NobodyReports) {
  Solo world(with({.report = seconds(100)}));
  const MessageHandle message = world.node.send(
      "text/plain", "hello", {.success_report = true, .failure_report = FailureReport::no});
  EXPECT_EQ(world.sent().size(), 1U);
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::report);
  world.advance(seconds(99));
  EXPECT_FALSE(world.node.out(message).done);
  world.advance(seconds(1));
  EXPECT_TRUE(world.node.out(message).done);
  EXPECT_FALSE(world.node.out(message).failed);
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
  EXPECT_TRUE(world.node.closed.empty());
}

// Two sessions on one connection; the application releases nothing of the first.
struct Held {
  explicit Held(WhenBehind when, bool second = true) : world(options(when)) {
    world.node.auto_release = false;
    if (second) other = world.add_session();
    world.sent();
    SendParts parts = world.parts(pattern(6000));
    parts.message_id = "flood";
    parts.byte_range = "1-*/*";
    parts.flag = '+';
    world.peer_sends(parts);
  }
  static SoloOptions options(WhenBehind when) {
    SoloOptions options{.role = Role::passive};
    options.node.config.limits.held_bytes = 4096;
    options.accepts.when_behind = when;
    return options;
  }
  void say_to_other() {
    SendParts parts = world.parts("hello");
    parts.to = other.local;
    parts.from = other.remote;
    parts.message_id = "to-other";
    world.peer_sends(parts);
  }
  bool other_heard() {
    for (const Incoming& message : world.node.incoming) {
      if (message.session == other.session && message.complete()) return true;
    }
    return false;
  }
  Solo world;
  Solo::Another other;
};

TEST(Behind, ASharedConnectionGoesOnAfterAWhile) {
  Held held(WhenBehind::pause);
  Solo& world = held.world;
  held.say_to_other();
  EXPECT_FALSE(held.other_heard());
  EXPECT_EQ(world.node.engine().next_timeout_reason(), TimeoutReason::behind);
  world.advance(seconds(4));
  EXPECT_FALSE(held.other_heard());
  world.advance(seconds(1));
  EXPECT_TRUE(held.other_heard());
  EXPECT_TRUE(world.node.incoming[0].failed_with(Errc::limit_exceeded));
  const std::vector<WireChunk> answers = world.peer.take();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].word, "413");
  EXPECT_EQ(answers[1].word, "200");
  // Until it is released the session takes nothing, afterwards it does.
  world.peer_sends(world.parts("again"));
  EXPECT_EQ(world.peer.next().word, "413");
  world.node.release(world.session);
  SendParts later = world.parts("later");
  later.message_id = "later";
  world.peer_sends(later);
  EXPECT_EQ(world.peer.next().word, "200");
  world.node.release(world.session);
  world.node.release(held.other.session);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
}

TEST(Behind, AtOnceWhereThatIsWanted) {
  Held held(WhenBehind::refuse);
  held.say_to_other();
  EXPECT_TRUE(held.other_heard());
  EXPECT_TRUE(held.world.node.incoming[0].failed_with(Errc::limit_exceeded));
  held.world.node.engine().close(held.world.session, held.world.now);
  held.world.node.release(held.other.session);
  EXPECT_EQ(held.world.node.engine().stats().held_bytes, 0U);
}

TEST(Behind, ASessionAloneOnlyPauses) {
  Held held(WhenBehind::pause, false);
  held.world.advance(seconds(100));
  EXPECT_FALSE(held.world.node.incoming[0].ended);
  EXPECT_EQ(held.world.end_of(held.world.node).pauses, 1);
  held.world.node.auto_release = true;
  held.world.node.release(held.world.session);
  held.world.drive();
  EXPECT_EQ(held.world.node.incoming[0].octets, 6000U);
}

// R4975-7.1.1-11, R4975-7.1.1-12: no answer to a "partial" is no bad news, and it keeps no place
// from others.
TEST(Partial, UnansweredOnesDoNotStall) {
  SoloOptions options;
  options.node.config.limits.transactions = 16;
  Solo world(options);
  MessageSpec spec{.failure_report = FailureReport::partial};
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 50; ++i) handles.push_back(world.node.send("text/plain", "quiet", spec));
  const std::vector<WireChunk> sent = world.sent();
  ASSERT_EQ(sent.size(), 50U);
  EXPECT_EQ(world.node.engine().stats().transactions, 16U);
  EXPECT_TRUE(world.node.out(handles[0]).done) << "the oldest are forgotten";
  EXPECT_FALSE(world.node.out(handles[49]).done);
  const MessageHandle loud = world.node.send("text/plain", "loud");
  EXPECT_EQ(world.sent_and_answered().size(), 1U);
  EXPECT_TRUE(world.node.out(loud).delivered);
  world.respond(sent[49], 415);
  world.respond(sent[0], 415);
  world.drive();
  ASSERT_TRUE(world.node.out(handles[49]).failed);
  EXPECT_EQ(world.node.out(handles[49]).failed->code, Errc::unsupported_type);
  EXPECT_FALSE(world.node.out(handles[0]).failed);
  world.advance(seconds(30));
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
  for (const MessageHandle handle : handles) EXPECT_TRUE(world.node.out(handle).done);
}

}  // namespace
}  // namespace msrp::test
