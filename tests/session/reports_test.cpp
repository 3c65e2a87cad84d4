// REPORT requests, both ways (RFC 4975 sections 7.1.2 to 7.1.4 and 7.3.2).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

SendParts asking(const Solo& world, std::string_view body = "hello") {
  SendParts parts = world.parts(body);
  parts.success_report = "yes";
  return parts;
}

// R4975-7.1.2-1 R4975-7.1.2-2 R4975-7.1.2-3 R4975-7.1.2-5 R4975-7.1.2-8 R4975-7.1.3-1
// R4975-7.1.3-2 R4975-7.1.3-5 R4975-7.1.3-6 R4975-7.1.2-7 R4975-7.3.1-13
TEST(Reports, TheSuccessReportExactly) {
  Solo world({.role = Role::passive});
  SendParts parts = asking(world);
  parts.from = "msrp://relay.example:2855/hop;tcp " + world.remote;
  parts.byte_range = "1-5/5";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  const std::string wire = world.peer.got();
  const WireChunk report = world.peer.next();
  const std::string& id = report.transaction_id;
  EXPECT_EQ(wire, "MSRP " + id + " REPORT\r\nTo-Path: " + parts.from + "\r\nFrom-Path: " +
                      world.local + "\r\nMessage-ID: peer-message-1\r\nByte-Range: 1-5/5\r\n" +
                      "Status: 000 200 OK\r\n-------" + id + "$\r\n");
  EXPECT_EQ(world.node.engine().stats().transactions, 0U) << "R4975-7.1.2-10: nothing answers it";
  EXPECT_FALSE(world.node.engine().next_timeout());
}

// R4975-5.3-2 R4975-7.1.3-8
TEST(Reports, OnlyWhenAskedFor) {
  for (const char* value : {"", "no"}) {
    Solo world({.role = Role::passive});
    SendParts parts = world.parts("hello");
    parts.success_report = value;
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.take().size(), 1U) << "the response alone";
  }
}

// R4975-7.1.3-9: independent of Failure-Report.
TEST(Reports, WithFailureReportNo) {
  Solo world({.role = Role::passive});
  SendParts parts = asking(world);
  parts.failure_report = "no";
  world.peer_sends(parts);
  const auto chunks = world.peer.take();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].word, "REPORT");
}

//
TEST(Reports, OfAnEmptyMessage) {
  Solo world({.role = Role::passive});
  world.peer_sends(asking(world, ""));
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.peer.next().header("Byte-Range"), "1-0/0");
}

// One for the whole, when the last gap is filled.
TEST(Reports, OfAMessageInChunks) {
  Solo world({.role = Role::passive});
  SendParts parts = asking(world, "def");
  parts.byte_range = "4-6/6";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.take().size(), 1U);
  parts.body = "abc";
  parts.byte_range = "1-3/6";
  parts.flag = '+';
  world.peer_sends(parts);
  const auto chunks = world.peer.take();
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[1].word, "REPORT");
  EXPECT_EQ(chunks[1].header("Byte-Range"), "1-6/6");
}

TEST(Reports, NotOfAnAbandonedMessage) {
  Solo world({.role = Role::passive});
  SendParts parts = asking(world);
  parts.byte_range = "1-5/9";
  parts.flag = '#';
  world.peer_sends(parts);
  for (const WireChunk& chunk : world.peer.take()) EXPECT_EQ(chunk.word, "200");
}

SoloOptions manual() {
  SoloOptions options{.role = Role::passive};
  options.accepts.automatic_reports = false;
  return options;
}

TEST(Reports, ByHand) {
  Solo world(manual());
  world.peer_sends(asking(world));
  EXPECT_EQ(world.peer.take().size(), 1U) << "the response alone";
  ASSERT_TRUE(world.node.engine().send_report(world.node.last_in().handle, 200, world.now));
  world.drive();
  const WireChunk report = world.peer.next();
  EXPECT_EQ(report.word, "REPORT");
  EXPECT_EQ(report.header("Byte-Range"), "1-5/5");
  EXPECT_EQ(report.header("Status").substr(0, 7), "000 200");
  EXPECT_EQ(report.header("Message-ID"), "peer-message-1");
}

// R4975-7.1.4-7 R4975-7.1.4-9 R4975-7.1.4-10: real numbers, never "*".
TEST(Reports, AFailureByHand) {
  Solo world(manual());
  SendParts parts = world.parts("hello");  // Failure-Report is "yes" by default
  parts.byte_range = "1-*/*";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  ASSERT_TRUE(world.node.engine().send_report(world.node.last_in().handle, 403, world.now));
  world.drive();
  const WireChunk report = world.peer.next();
  EXPECT_EQ(report.header("Status").substr(0, 7), "000 403");
  EXPECT_EQ(report.header("Byte-Range").substr(0, 4), "1-5/");
}

// R4975-7.1.4-3 R4975-5.3-3: only the kind that was asked for.
TEST(Reports, ByHandOnlyWhatWasAskedFor) {
  Solo world(manual());
  SendParts parts = world.parts("hello");
  parts.failure_report = "no";
  world.peer_sends(parts);
  world.node.engine().send_report(world.node.last_in().handle, 403, world.now);
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  world.peer_sends(world.parts("no success report wanted"));
  EXPECT_EQ(world.peer.next().word, "200");
  world.node.engine().send_report(world.node.last_in().handle, 200, world.now);
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
}

TEST(Reports, ByHandOfAnUnknownMessage) {
  Solo world(manual());
  const auto sent = world.node.engine().send_report(IncomingHandle{5, 5}, 200, world.now);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::stale_handle);
}

// ---- the sender's side ----------------------------------------------------------------------

MessageHandle ask(Solo& world, std::string_view body, FailureReport failure = FailureReport::yes) {
  return world.node.send("text/plain", body, {.success_report = true, .failure_report = failure});
}

// R4975-7.3.2-3 R4975-7.3.2-1 R4975-7.3.2-4
TEST(Reports, AReportReachesTheApplication) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).delivered);
  EXPECT_FALSE(world.node.out(handle).done) << "a REPORT may come";
  world.report(request, "1-5/5");
  ASSERT_EQ(world.node.out(handle).reports.size(), 1U);
  const Reported& report = world.node.out(handle).reports[0];
  EXPECT_EQ(report.status, 200);
  EXPECT_EQ(report.range, (ByteRange{1, 5, 5}));
  EXPECT_TRUE(report.complete);
  EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_TRUE(world.peer.got().empty()) << "R4975-7.1.2-10: never answered";
}

// R4975-7.1.1-36 R4975-7.1.3-3 R4975-7.1.3-4: A-27
TEST(Reports, RangesAddUp) {
  Solo world;
  const MessageHandle handle = ask(world, "0123456789");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  world.report(request, "4-6/10");
  world.report(request, "1-5/10");  // overlapping, cumulative
  world.report(request, "9-10/10");
  ASSERT_EQ(world.node.out(handle).reports.size(), 3U);
  for (const Reported& report : world.node.out(handle).reports) EXPECT_FALSE(report.complete);
  world.report(request, "7-8/10");
  ASSERT_EQ(world.node.out(handle).reports.size(), 4U);
  EXPECT_TRUE(world.node.out(handle).reports.back().complete);
  EXPECT_TRUE(world.node.out(handle).done);
}

// without a range it is about all of it.
TEST(Reports, WithoutARange) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  world.report(request, "");
  ASSERT_EQ(world.node.out(handle).reports.size(), 1U);
  EXPECT_TRUE(world.node.out(handle).reports[0].complete);
}

// Nasty group 24: before the response.
TEST(Reports, BeforeTheResponse) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.report(request, "1-5/5");
  ASSERT_EQ(world.node.out(handle).reports.size(), 1U);
  EXPECT_TRUE(world.node.out(handle).reports[0].complete);
  EXPECT_FALSE(world.node.out(handle).done) << "the response is still to come";
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).delivered);
  EXPECT_TRUE(world.node.out(handle).done);
}

// Nasty group 24: a range beyond what was sent proves nothing and breaks nothing.
TEST(Reports, BeyondWhatWasSent) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  world.report(request, "6-100/100");
  for (const Reported& report : world.node.out(handle).reports) EXPECT_FALSE(report.complete);
  world.report(request, "1-18446744073709551615/*");
  EXPECT_FALSE(world.peer.gone());
  world.report(request, "1-5/5");
  EXPECT_FALSE(world.node.out(handle).reports.empty());
  EXPECT_TRUE(world.node.out(handle).reports.back().complete);
  EXPECT_TRUE(world.node.out(handle).done);
}

// A hostile peer cannot make the coverage grow without bound.
TEST(Reports, AStormIsBounded) {
  Solo world;
  const MessageHandle handle = ask(world, pattern(100'000));
  const auto chunks = world.sent_and_answered();
  world.node.trace.clear();
  for (int i = 0; i < 2000; ++i)
    world.report(chunks[0], std::to_string(1 + 3 * i) + "-" + std::to_string(1 + 3 * i) + "/*");
  EXPECT_TRUE(world.peer.got().empty());
  EXPECT_FALSE(world.node.out(handle).failed);
  world.report(chunks[0], "1-100000/100000");
  if (!world.node.out(handle).done) {
    EXPECT_FALSE(world.peer.gone());
  }
}

// R4975-7.1.2-4 R4975-7.1.1-16
TEST(Reports, OfUnknownMessagesAreIgnored) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  WireChunk request = world.peer.next();
  world.respond(request);
  WireChunk other = request;
  for (auto& [name, value] : other.headers)
    if (name == "Message-ID") value = "somebody-else";
  world.report(other, "1-5/5");
  EXPECT_TRUE(world.node.out(handle).reports.empty());
  EXPECT_TRUE(world.peer.got().empty());
  EXPECT_FALSE(world.peer.gone());
}

// R4975-7.3.2-4: a failure REPORT with namespace 000 is a failure response.
TEST(Reports, AFailureReportIsSurfaced) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  world.report(request, "1-5/5", "000 403 Stop");
  ASSERT_FALSE(world.node.out(handle).reports.empty());
  EXPECT_EQ(world.node.out(handle).reports[0].status, 403);
  EXPECT_FALSE(world.node.out(handle).reports[0].complete);
}

// R4975-7.3.2-4: 415 in a REPORT is like 415 in a response.
TEST(Reports, AFailureReportBeforeTheResponseFailsTheMessage) {
  Solo world;
  const MessageHandle handle = world.node.send("text/plain", "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.report(request, "1-5/5", "000 415 No");
  ASSERT_TRUE(world.node.out(handle).failed);
  EXPECT_EQ(world.node.out(handle).failed->code, Errc::unsupported_type);
  EXPECT_EQ(world.node.out(handle).failed->status, 415);
}

// R4975-10.5-1: 413 in a REPORT stops the message too.
TEST(Reports, A413ReportStopsTheMessage) {
  Solo world;
  world.transmit_max = 1024;
  const MessageHandle handle = world.node.send(
      {.content_type = "text/plain", .message_id = "large"}, owned(pattern(4 * 1024 * 1024)));
  EXPECT_FALSE(world.drive_bounded(30));
  WireChunk request;
  request.headers = {
      {"To-Path", world.remote}, {"From-Path", world.local}, {"Message-ID", "large"}};
  world.report(request, "1-100/4194304", "000 413 Enough");
  const auto chunks = world.sent();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].flag, '#');
  EXPECT_TRUE(world.node.out(handle).failed);
}

// R4975-7.3.2-5 R4975-7.1.3-7 A-68: another namespace says nothing about us.
TEST(Reports, AnotherNamespaceChangesNothing) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.report(request, "1-5/5", "001 481 whatever");
  EXPECT_FALSE(world.node.out(handle).failed);
  EXPECT_FALSE(world.node.session_closed(world.session));
  for (const Reported& report : world.node.out(handle).reports) EXPECT_FALSE(report.complete);
  world.respond(request);
  EXPECT_TRUE(world.node.out(handle).delivered);
}

// R4975-7.3.2-2: a relay on the path reports under its own name.
TEST(Reports, FromARelayOnThePath) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  WireChunk relayed = request;
  for (auto& [name, value] : relayed.headers)
    if (name == "To-Path") value = "msrp://relay.example:2855/hop;tcp";
  world.report(relayed, "1-5/5", "000 408 Lost");
  ASSERT_EQ(world.node.out(handle).reports.size(), 1U);
  EXPECT_EQ(world.node.out(handle).reports[0].status, 408);
}

// R4975-7.1.2-6: its body is informational.
TEST(Reports, AReportWithABodyIsRead) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  const WireChunk request = world.peer.next();
  world.respond(request);
  SendParts report{.message_id = request.header("Message-ID"),
                   .byte_range = "1-5/5",
                   .body = "for your information",
                   .extra = {{"Status", "000 200 OK"}},
                   .method = "REPORT"};
  world.peer_sends(report);
  ASSERT_EQ(world.node.out(handle).reports.size(), 1U);
  EXPECT_TRUE(world.node.out(handle).reports[0].complete);
  EXPECT_TRUE(world.node.incoming.empty());
}

// Both engines: chunked and interrupted, with all reports on.
TEST(Reports, BetweenTwoEngines) {
  Pair pair;
  pair.transmit_max = 5000;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 5; ++i)
    handles.push_back(pair.a.send("text/plain", pattern(100'000 + static_cast<std::size_t>(i)),
                                  {.success_report = true}));
  pair.drive();
  for (const MessageHandle handle : handles) {
    const Outgoing& message = pair.a.out(handle);
    EXPECT_TRUE(message.delivered);
    ASSERT_EQ(message.reports.size(), 1U);
    EXPECT_TRUE(message.reports[0].complete);
    EXPECT_TRUE(message.done);
  }
}

// R4975-7.1.1-7: reports that never came are known at the session's end.
TEST(Reports, AMissingReportEndsWithTheSession) {
  Solo world;
  const MessageHandle handle = ask(world, "hello");
  world.drive();
  world.respond(world.peer.next());
  world.advance(seconds(3600));
  EXPECT_FALSE(world.node.out(handle).done);
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_TRUE(world.node.out(handle).done);
  EXPECT_TRUE(world.node.out(handle).reports.empty());
}

}  // namespace
}  // namespace msrp::test
