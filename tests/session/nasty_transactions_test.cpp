// Answers and REPORTs that come at the wrong time, in the wrong place or too often (RFC 4975
// sections 7.1.2, 7.2, 7.3.2 and 10).
#include <gtest/gtest.h>

#include "neighbours.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

struct Transactions : Neighbours {
  using Neighbours::Neighbours;

  MessageHandle send(std::string_view body, MessageSpec spec = {}) {
    spec.content_type = "text/plain";
    const auto sent = node.engine().send(session, spec, owned(body), now);
    EXPECT_TRUE(sent);
    if (sent) node.outgoing[sent->value()].session = session;
    return sent.value_or(MessageHandle{});
  }
  // What came for the first session, driven.
  WireChunk next_request() {
    drive();
    return peer.next();
  }
  const Outgoing& out(MessageHandle handle) { return node.out(handle); }
};

// R4975-7.2-10, R4975-7.2-11: to nobody, too late, twice, on another connection: no effect.
TEST(NastyTransactions, AnswersToNothing) {
  Transactions world;
  const MessageHandle first = world.send("first");
  const WireChunk request = world.next_request();
  WireChunk unknown = request;
  unknown.transaction_id = "unknown12345";
  for (const int status : {200, 413, 481, 506}) world.respond(unknown, status);
  for (const int status : {481, 200}) world.apart_peer.send(wire_response(request, status));
  world.drive();
  EXPECT_FALSE(world.out(first).delivered);
  EXPECT_FALSE(world.out(first).failed);
  world.respond(request, 200);
  EXPECT_TRUE(world.out(first).delivered);
  for (const int status : {200, 413, 481, 506}) world.respond(request, status);
  EXPECT_EQ(world.node.closed.size(), 0U);
  // One that timed out stays so.
  const MessageHandle second = world.send("second");
  const WireChunk late = world.next_request();
  world.advance(seconds(31));
  ASSERT_TRUE(world.out(second).failed);
  EXPECT_EQ(world.out(second).failed->code, Errc::timed_out);
  for (const int status : {200, 481}) world.respond(late, status);
  EXPECT_FALSE(world.out(second).delivered);
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
  EXPECT_TRUE(world.peer.got().empty()) << "an answer is never answered";
  world.expect_all_alive();
}

// R4975-10-1, A-53: what a refusal does to its message, and what it does to nobody else. A 401
// means no more than any other: without relays there is nothing to authenticate to.
TEST(NastyTransactions, RefusalsStayWithTheirMessage) {
  struct Case {
    int status;
    Errc code;
  };
  for (const auto& [status, code] :
       {Case{401, Errc::rejected_by_peer}, Case{413, Errc::message_too_large},
        Case{415, Errc::unsupported_type}, Case{423, Errc::rejected_by_peer},
        Case{501, Errc::rejected_by_peer}, Case{666, Errc::rejected_by_peer}}) {
    Transactions world;
    const MessageHandle refused = world.send("refused");
    const MessageHandle fine = world.send("fine");
    world.drive();
    const auto requests = world.peer.take();
    ASSERT_EQ(requests.size(), 2U);
    world.respond(requests[0], status);
    ASSERT_TRUE(world.out(refused).failed) << status;
    EXPECT_EQ(describe(world.out(refused).failed->code), describe(code)) << status;
    EXPECT_EQ(world.out(refused).failed->status, status);
    EXPECT_TRUE(world.out(refused).done);
    EXPECT_FALSE(world.out(fine).done) << status;
    world.respond(requests[1]);
    EXPECT_TRUE(world.out(fine).delivered) << status;
    EXPECT_TRUE(world.node.closed.empty()) << status;
    EXPECT_TRUE(world.peer.got().empty()) << "and nothing is authenticated";
    world.expect_all_alive();
  }
}

// R4975-10.8-1, R4975-10.10-1: 481 and 506 end the session that they are about, and the connection
// goes on with the other.
TEST(NastyTransactions, TheEndOfASessionIsNotThatOfItsNeighbours) {
  for (const int status : {481, 506}) {
    Transactions world;
    const MessageHandle first = world.send("first");
    const MessageHandle second = world.send("second");
    world.drive();
    const auto requests = world.peer.take();
    ASSERT_EQ(requests.size(), 2U);
    world.respond(requests[0], status);
    EXPECT_TRUE(world.out(first).done);
    EXPECT_TRUE(world.out(second).failed);
    EXPECT_TRUE(world.out(second).done);
    ASSERT_EQ(world.node.closed.size(), 1U);
    EXPECT_TRUE(world.node.closed[0].session == world.session);
    world.respond(requests[1]);
    EXPECT_EQ(world.says(world.peer, world.parts("are you there?")), "481") << status;
    world.expect_others_alive();
  }
}

// 200 before the request is wholly sent, then 413 about the same chunk: the first answer counts.
TEST(NastyTransactions, TwoAnswersInMidChunk) {
  for (const auto& [first, second] : {std::pair{200, 413}, {413, 200}}) {
    Transactions world;
    world.transmit_max = 1024;
    const std::string body = pattern(1024 * 1024);
    const MessageHandle large = world.send(body, {.message_id = "large"});
    EXPECT_FALSE(world.drive_bounded(40));
    const std::string& got = world.peer.got();
    WireChunk request;
    request.transaction_id = got.substr(5, got.find(' ', 5) - 5);
    request.headers = {{"To-Path", world.remote}, {"From-Path", world.local}};
    world.peer.send(wire_response(request, first) + wire_response(request, second));
    const auto chunks = world.sent();
    ASSERT_EQ(chunks.size(), 1U);
    EXPECT_EQ(chunks[0].flag, first == 200 ? '$' : '#');
    EXPECT_EQ(world.out(large).delivered, first == 200);
    EXPECT_EQ(world.out(large).failed.has_value(), first == 413);
    EXPECT_TRUE(world.out(large).done);
    if (first == 200) {
      EXPECT_TRUE(*chunks[0].body == body);
    } else {
      EXPECT_LT(chunks[0].body->size(), 512U * 1024) << "R4975-10.5-2";
    }
    EXPECT_EQ(world.node.engine().stats().transactions, 0U);
    world.expect_all_alive();
  }
}

// R4975-7.1.4-4, R4975-7.1.4-5, R4975-7.1.4-6, R4975-7.1.1-15, R4975-9-13: what Failure-Report
// leaves of the answers.
TEST(NastyTransactions, FailureReportValues) {
  struct Case {
    const char *value, *good, *bad;
  };
  for (const auto& [value, good, bad] :
       {Case{"", "200", "415"}, Case{"yes", "200", "415"}, Case{"YES", "200", "415"},
        Case{"partial", "", "415"}, Case{"no", "", ""}, Case{"bogus", "400", "400"},
        Case{"yes,no", "400", "400"}}) {
    Transactions world(
        SoloOptions{.role = Role::passive, .accepts = {.accept_types = {"text/plain"}}});
    SendParts parts = world.parts("hello");
    parts.failure_report = value;
    const std::size_t before = world.node.incoming.size();
    EXPECT_EQ(world.says(world.peer, parts), good) << value;
    const bool bogus = std::string_view(good) == "400";
    EXPECT_EQ(world.node.incoming.size(), before + (bogus ? 0 : 1)) << value;
    parts.content_type = "video/mp4";
    EXPECT_EQ(world.says(world.peer, parts), bad) << value;
    EXPECT_EQ(world.node.incoming.size(), before + (bogus ? 0 : 1)) << value;
    world.expect_all_alive();
  }
}

// R4975-7.1.2-10, R4975-7.3.2-7: ten thousand REPORTs about nothing, asking for answers: none
// comes, none is counted against the session, and nothing of them stays.
TEST(NastyTransactions, AStormOfReports) {
  Transactions world;
  const MessageHandle open = world.send("unanswered", {.success_report = true});
  const WireChunk request = world.next_request();
  world.node.trace.clear();
  std::string wire;
  for (int i = 0; i < 10'000; ++i) {
    WireChunk about = request;
    for (auto& [name, value] : about.headers)
      if (name == "Message-ID") value = "nobody" + std::to_string(i);
    std::string text = wire_report(about, "1-5/5", i % 2 == 0 ? "000 200 OK" : "000 481 Gone",
                                   "storm" + std::to_string(10'000 + i));
    text.insert(text.find("Message-ID"), "Failure-Report: yes\r\nSuccess-Report: yes\r\n");
    wire += text;
    if (i % 100 != 99) continue;
    world.peer.send(wire);
    wire.clear();
    world.drive();
    ASSERT_TRUE(world.peer.got().empty()) << world.peer.got();
  }
  EXPECT_TRUE(world.node.trace.empty()) << "no event of it";
  EXPECT_TRUE(world.out(open).reports.empty());
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 1U);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  EXPECT_LE(world.node.pool.most_used(), 8U);
  world.respond(request);
  world.report(request, "1-10/10");
  EXPECT_TRUE(world.out(open).delivered);
  EXPECT_TRUE(world.out(open).done);
  world.expect_all_alive();
}

// R4975-7.1-9: a request other than SEND with a body of more than ten kilobytes is refused and read
// past; nothing of it is kept, and the next one is understood.
TEST(NastyTransactions, OtherRequestsWithLongBodies) {
  Transactions world;
  const std::size_t used = world.node.pool.used();
  std::uint64_t bad = 0;
  for (const std::size_t bytes : {10'240U, 10'241U, 1'000'000U}) {
    SendParts parts = world.parts(pattern(bytes));
    parts.method = "DANCE";
    EXPECT_EQ(world.says(world.peer, parts), "501") << bytes;
    bad += bytes > 10'240 ? 1 : 0;
    EXPECT_EQ(world.node.engine().stats().bad_chunks, bad) << bytes;
    EXPECT_LE(world.node.pool.used(), used);
    EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
    world.expect_all_alive();
  }
}

// A REPORT that breaks a rule behind its head says nothing either: too long a body, another flag,
// and one that was cut off.
TEST(NastyTransactions, AReportCountsWhenItsEndIsThere) {
  Transactions world;
  const MessageHandle handle = world.send("hello", {.success_report = true});
  const WireChunk request = world.next_request();
  world.respond(request);
  const std::string good = wire_report(request, "1-5/5");
  const std::size_t end_line = good.rfind("-------");
  std::string flagged = good;
  flagged[flagged.size() - 3] = '+';
  const std::string with_type = good.substr(0, end_line) + "Content-Type: text/plain\r\n\r\n";
  for (const std::string& bad :
       {flagged, with_type + std::string(10'241, 'x') + "\r\n" + good.substr(end_line)}) {
    EXPECT_EQ(world.status_of(world.peer, bad), "");
    EXPECT_TRUE(world.out(handle).reports.empty());
  }
  EXPECT_EQ(world.node.engine().stats().bad_chunks, 2U);
  world.peer.send(with_type + "cut o");
  world.drive();
  world.peer.send_eof();
  world.drive();
  EXPECT_TRUE(world.out(handle).reports.empty());
}

// R4975-7.1.1-14: a success REPORT that nobody asked for says nothing, nor does one about octets
// that were never sent.
TEST(NastyTransactions, SuccessBeyondWhatWasAskedOrSent) {
  Transactions world;
  const MessageHandle quiet = world.send("hello");
  const WireChunk request = world.next_request();
  world.report(request, "1-5/5");
  EXPECT_TRUE(world.out(quiet).reports.empty());
  EXPECT_FALSE(world.out(quiet).done);
  world.respond(request);
  EXPECT_TRUE(world.out(quiet).done);
  const MessageHandle asked = world.send("hello", {.success_report = true});
  const WireChunk second = world.next_request();
  world.report(second, "6-1000/1000");
  for (const Reported& report : world.out(asked).reports) EXPECT_FALSE(report.complete);
  world.report(second, "2-18446744073709551615/*");
  for (const Reported& report : world.out(asked).reports) EXPECT_FALSE(report.complete);
  EXPECT_FALSE(world.out(asked).done);
  world.report(second, "1-1/*");
  ASSERT_FALSE(world.out(asked).reports.empty());
  EXPECT_TRUE(world.out(asked).reports.back().complete) << "now every octet is reported";
  EXPECT_FALSE(world.out(asked).done) << "the answer is still awaited";
  world.respond(second);
  EXPECT_TRUE(world.out(asked).done);
  world.expect_all_alive();
}

// A-77, R4975-7.3.2-4: a relay and the endpoint may both report on a message; a failure of any part
// of it wins, whichever came first.
TEST(NastyTransactions, AFailureOfAPartWins) {
  const std::string relay = "msrp://relay.example:2855/hop;tcp";
  for (const bool failure_first : {true, false}) {
    Transactions world;
    const MessageHandle handle = world.send("hello world", {.success_report = true});
    const WireChunk request = world.next_request();
    const std::string good = wire_report(request, "1-5/11");
    WireChunk by_relay = request;
    for (auto& [name, value] : by_relay.headers)
      if (name == "To-Path") value = relay;
    const std::string bad = wire_report(by_relay, "6-11/11", "000 403 No", "relayreport");
    ASSERT_NE(bad.find("From-Path: " + relay), std::string::npos);
    world.peer.send(failure_first ? bad + good : good + bad);
    world.drive();
    ASSERT_TRUE(world.out(handle).failed) << failure_first;
    EXPECT_EQ(world.out(handle).failed->status, 403);
    world.respond(request, 200);
    world.report(request, "1-11/11");
    EXPECT_FALSE(world.out(handle).delivered);
    EXPECT_TRUE(world.out(handle).done);
    for (const Reported& report : world.out(handle).reports) EXPECT_FALSE(report.complete);
    EXPECT_TRUE(world.node.closed.empty());
    world.expect_all_alive();
  }
}

// REPORTs that come before the answer: both count, the message is done with the later one.
TEST(NastyTransactions, AReportBeforeTheAnswer) {
  Transactions world;
  const MessageHandle handle = world.send("hello", {.success_report = true});
  const WireChunk request = world.next_request();
  world.report(request, "1-5/5");
  ASSERT_EQ(world.out(handle).reports.size(), 1U);
  EXPECT_TRUE(world.out(handle).reports[0].complete);
  EXPECT_FALSE(world.out(handle).delivered);
  EXPECT_FALSE(world.out(handle).done);
  world.respond(request);
  EXPECT_TRUE(world.out(handle).delivered);
  EXPECT_TRUE(world.out(handle).done);
  world.expect_all_alive();
}

// a session that is closed while answers are awaited: nobody knows what became of those
// messages, and what is answered later changes nothing.
TEST(NastyTransactions, AnswersToAClosedSession) {
  Transactions world;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 3; ++i) handles.push_back(world.send("unanswered"));
  world.drive();
  const auto requests = world.peer.take();
  ASSERT_EQ(requests.size(), 3U);
  world.node.engine().close(world.session, world.now);
  world.drive();
  for (const MessageHandle handle : handles) {
    ASSERT_TRUE(world.out(handle).failed);
    EXPECT_EQ(world.out(handle).failed->code, Errc::closed) << "neither refused nor timed out";
    EXPECT_EQ(world.out(handle).failed->status, 0);
  }
  ASSERT_EQ(world.node.closed.size(), 1U);
  const auto trace = world.node.trace;
  for (const int status : {200, 481, 506}) world.respond(requests[0], status);
  world.respond(requests[1], 200);
  world.advance(seconds(60));
  EXPECT_EQ(world.node.trace, trace);
  EXPECT_EQ(world.node.engine().stats().transactions, 0U);
  EXPECT_EQ(world.node.engine().stats().outgoing_messages, 0U);
  world.expect_others_alive();
}

// some peers put all of a request's From-Path into the answer's To-Path. It is the
// transaction id, on its connection, that makes it the answer.
TEST(NastyTransactions, AnAnswerToTheWholePath) {
  Transactions world;
  const MessageHandle handle = world.send("hello");
  const WireChunk request = world.next_request();
  WireChunk answer;
  answer.transaction_id = request.transaction_id;
  answer.word = "200";
  answer.comment = "OK";
  answer.headers = {{"To-Path", "msrp://relay.example:2855/hop;tcp " + world.local},
                    {"From-Path", world.remote + " msrp://relay.example:2855/hop;tcp"}};
  world.peer.send(answer.text());
  world.drive();
  EXPECT_TRUE(world.out(handle).delivered);
  EXPECT_TRUE(world.peer.got().empty());
  world.expect_all_alive();
}

}  // namespace
}  // namespace msrp::test
