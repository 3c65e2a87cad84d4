// What failed stays so; what comes after it is new (RFC 4975 sections 5.4 and 7.3.2).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// The paths of a session, as its Bound said them.
std::pair<std::string, std::string> paths_of(const Node& node, SessionId session) {
  for (const Bound& bound : node.bounds)
    if (bound.session == session)
      return {std::string(bound.local_path.text()), std::string(bound.remote_path.text())};
  ADD_FAILURE() << "never bound";
  return {};
}

// R4975-5.4-21, R4975-5.4-22, R4975-5.4-23, R4975-5.4-24, R4975-7.3.2-9: after a new exchange of
// descriptions what was not confirmed is sent once more, under its own Message-ID.
TEST(Recovery, WhatWasNotConfirmedIsSentOnTheNewSession) {
  Pair pair;
  const std::string body = pattern(50'000);
  pair.end_of(pair.b).deaf = true;  // no answer comes back
  const MessageHandle first =
      pair.a.send("text/plain", body, {.message_id = "once-and-again", .success_report = true});
  pair.drive();
  EXPECT_FALSE(pair.a.out(first).delivered);
  pair.lose(pair.end_of(pair.a));
  pair.drive();
  EXPECT_TRUE(pair.a.out(first).failed);
  EXPECT_TRUE(pair.a.session_closed(pair.session_a));

  const auto again = pair.add_session();
  ASSERT_TRUE(again.a);
  const MessageHandle second = pair.send_a(
      again.a, "text/plain", body, {.message_id = "once-and-again", .success_report = true});
  pair.drive();
  EXPECT_TRUE(pair.a.out(second).delivered);
  ASSERT_EQ(pair.a.out(second).reports.size(), 1U);
  EXPECT_TRUE(pair.a.out(second).reports[0].complete);
  EXPECT_EQ(pair.b.last_in().message_id, "once-and-again");
  EXPECT_EQ(pair.b.last_in().session, again.b);
  EXPECT_TRUE(pair.b.last_in().body == body);
}

// R4975-5.4-30, R4975-6-12: the new session has paths of its own, and the old one's are nobody's.
TEST(Recovery, OldUrisAreNotValidAgain) {
  Pair pair;
  const auto old_a = paths_of(pair.a, pair.session_a);
  pair.lose(pair.end_of(pair.a));
  pair.drive();
  const auto again = pair.add_session();
  ASSERT_TRUE(again.a);
  const auto new_a = paths_of(pair.a, again.a);
  EXPECT_NE(new_a.first, old_a.first);
  EXPECT_NE(new_a.second, old_a.second);
  WirePeer stranger = pair.connect_peer(pair.b, pair.listener);
  stranger.send(wire_send({.to = old_a.second, .from = old_a.first, .body = "remember me?"}));
  pair.drive();
  EXPECT_EQ(stranger.next().word, "481");
  EXPECT_FALSE(pair.b.session_closed(again.b));
}

// R4975-5.4-29: the chunks of a message all go to its own session.
TEST(Recovery, ChunksStayWithTheirSession) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.quantum_bytes = 4096;
  Solo world(options);
  const Solo::Another other = world.add_session();
  const std::pair<SessionId, std::string> sessions[] = {{world.session, world.remote},
                                                        {other.session, other.remote}};
  for (const auto& [session, remote] : sessions) {
    const auto sent = world.node.engine().send(
        session,
        {.content_type = "text/plain", .message_id = remote == other.remote ? "two2" : "one1"},
        owned(pattern(100'000)), world.now);
    ASSERT_TRUE(sent);
    world.node.outgoing[sent->value()].session = session;
  }
  std::map<std::string, std::size_t> seen;
  for (const WireChunk& chunk : world.sent_and_answered()) {
    const std::string id = chunk.header("Message-ID");
    ++seen[id];
    EXPECT_EQ(chunk.header("To-Path"), id == "two2" ? other.remote : world.remote);
    EXPECT_EQ(chunk.header("From-Path"), id == "two2" ? other.local : world.local);
  }
  EXPECT_GT(seen["one1"], 1U);
  EXPECT_GT(seen["two2"], 1U);
}

// R4975-7.1.2-11: nothing is reported to where nobody is.
TEST(Recovery, NoReportOnADeadSession) {
  SoloOptions options{.role = Role::passive};
  options.accepts.automatic_reports = false;
  Solo world(options);
  const Solo::Another other = world.add_session();  // keeps the connection up
  SendParts parts = world.parts("hello");
  parts.success_report = "yes";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  const IncomingHandle message = world.node.last_in().handle;
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_FALSE(world.node.session_closed(other.session));
  const auto reported = world.node.engine().send_report(message, 200, world.now);
  ASSERT_FALSE(reported);
  EXPECT_EQ(reported.error().code, Errc::stale_handle);
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
}

// R4975-7.3.2-7: a REPORT that comes too late is nobody's, and is not answered.
TEST(Recovery, AReportForADeadSessionIsIgnored) {
  Solo world({.role = Role::passive});
  const Solo::Another other = world.add_session();
  const auto sent = world.node.engine().send(world.session,
                                             {.content_type = "text/plain", .success_report = true},
                                             owned("hello"), world.now);
  ASSERT_TRUE(sent);
  world.node.outgoing[sent->value()].session = world.session;
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  world.node.engine().close(world.session, world.now);
  world.drive();
  ASSERT_TRUE(world.node.session_closed(world.session));
  world.report(request, "1-5/5");
  world.report(request, "1-5/5", "000 408 Too late");
  EXPECT_TRUE(world.node.out(*sent).reports.empty());
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  EXPECT_FALSE(world.node.session_closed(other.session));
  EXPECT_FALSE(world.peer.gone());
}

// R4975-7.3.2-4, R4975-7.3.2-8, R4975-10.4-1, R4975-10.8-1, R4975-10.10-1: octets that got lost on
// the way end the session, and so does what ends it in a response. A refusal of the message leaves
// it be.
TEST(Recovery, AReportOfLostOctetsEndsTheSession) {
  struct Case {
    const char* status;
    std::optional<Errc> ends;
  };
  for (const auto& [status, ends] :
       {Case{"000 408 No answer", Errc::timed_out}, Case{"000 481 Gone", Errc::no_such_session},
        Case{"000 506 Elsewhere", Errc::session_elsewhere}, Case{"000 403 Not here", {}},
        Case{"000 413 Enough", {}}, Case{"000 415 What is it", {}},
        Case{"001 408 Another namespace", {}}}) {
    Solo world;
    const MessageHandle handle = world.node.send("text/plain", "hello", {.success_report = true});
    world.drive();
    const WireChunk request = world.peer.next();
    world.respond(request);
    world.report(request, "1-5/5", status);
    EXPECT_EQ(world.node.session_closed(world.session), ends.has_value()) << status;
    EXPECT_TRUE(world.peer.got().empty()) << status;
    if (!ends) continue;
    ASSERT_EQ(world.node.out(handle).reports.size(), 1U) << status;
    EXPECT_FALSE(world.node.out(handle).reports[0].complete);
    EXPECT_TRUE(world.node.out(handle).done);
    EXPECT_EQ(world.node.closed.at(0).reason.code, *ends) << status;
    EXPECT_FALSE(world.node.engine().send(world.session, {}, NoBody{}, world.now));
  }
}

}  // namespace
}  // namespace msrp::test
