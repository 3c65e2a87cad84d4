// The chunk level, incoming: requests that the application answers itself.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

using Trace = std::vector<std::string>;

SoloOptions handling(Handling how, Role role = Role::active) {
  SoloOptions options{.role = role};
  options.accepts.handling = how;
  return options;
}

Result<void> respond(Solo& world, std::size_t i, std::uint16_t status,
                     std::string_view comment = {}) {
  auto done =
      world.node.engine().respond(world.node.requests.at(i).handle, status, comment, world.now);
  world.drive();
  return done;
}

// The head of a SEND of that many octets, without body and end-line.
std::string open_send(const Solo& world, std::string_view transaction_id, std::size_t bytes) {
  SendParts parts = world.parts("");
  parts.to = world.local;
  parts.from = world.remote;
  parts.transaction_id = transaction_id;
  parts.message_id = "long-one";
  parts.byte_range = "1-*/" + std::to_string(bytes);
  const std::string whole = wire_send(parts);
  return whole.substr(0, whole.find("\r\n\r\n") + 4);
}

std::string end_line(std::string_view transaction_id, char flag = '$') {
  return "\r\n-------" + std::string(transaction_id) + flag + "\r\n";
}

// Every chunk of a message by itself, with what its head said; the engine says nothing.
TEST(ChunkLevel, EveryRequestComesAsItIs) {
  Solo world(handling(Handling::chunks));
  SendParts parts = world.parts("hello ");
  parts.message_id = "in-two";
  parts.byte_range = "1-*/11";
  parts.flag = '+';
  parts.extra = {{"X-Tag", "kept"}};
  world.peer_sends(parts);
  EXPECT_EQ(world.node.trace, (Trace{"ChunkStarted SEND", "ChunkData 6", "ChunkEnded +"}));
  parts.body = "world";
  parts.byte_range = "7-11/11";
  parts.flag = '$';
  world.peer_sends(parts);
  ASSERT_EQ(world.node.requests.size(), 2U);
  EXPECT_TRUE(world.peer.got().empty()) << "the application answers: " << world.peer.got();
  EXPECT_TRUE(world.node.incoming.empty());
  const Request& first = world.node.requests[0];
  EXPECT_EQ(first.session, world.session);
  EXPECT_EQ(first.message_id, "in-two");
  EXPECT_EQ(first.content_type, "text/plain");
  EXPECT_EQ(first.from_path, world.remote);
  EXPECT_EQ(first.byte_range, (ByteRange{1, std::nullopt, 11}));
  EXPECT_EQ(first.body, "hello ");
  EXPECT_EQ(first.ended->bytes, 6U);
  const std::pair<std::string, std::string> tag{"X-Tag", "kept"};
  EXPECT_NE(std::ranges::find(first.headers, tag), first.headers.end());
  const Request& second = world.node.requests[1];
  EXPECT_EQ(second.byte_range, (ByteRange{7, 11, 11}));
  EXPECT_EQ(second.body, "world");
  EXPECT_EQ(second.ended->flag, Flag::end);
  EXPECT_FALSE(second.ended->error);
  // Answers in any order, each to its own.
  EXPECT_TRUE(respond(world, 1, 200));
  EXPECT_EQ(world.peer.next().transaction_id, second.transaction_id);
  EXPECT_TRUE(respond(world, 0, 200));
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "200");
  EXPECT_EQ(answer.comment, "OK");
  EXPECT_EQ(answer.transaction_id, first.transaction_id);
  EXPECT_EQ(answer.header("To-Path"), world.remote);
  EXPECT_EQ(answer.header("From-Path"), world.local);
}

// Other methods too, and none of them is understood or not by the engine.
TEST(ChunkLevel, OtherMethodsComeAsTheyAre) {
  Solo world(handling(Handling::chunks));
  world.peer_sends({.method = "DANCE"});
  world.peer_sends({.extra = {{"Use-Nickname", "\"Bob\""}}, .method = "NICKNAME"});
  ASSERT_EQ(world.node.requests.size(), 2U);
  EXPECT_EQ(world.node.requests[0].method, "DANCE");
  EXPECT_EQ(world.node.requests[1].method, "NICKNAME");
  EXPECT_TRUE(respond(world, 0, 501));
  EXPECT_EQ(world.peer.next().word, "501");
  EXPECT_TRUE(respond(world, 1, 425, "Nickname usage failed"));
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "425");
  EXPECT_EQ(answer.comment, "Nickname usage failed");
}

// R4975-7.1.2-10: whatever the application does.
TEST(ChunkLevel, ReportsComeToAndAreNeverAnswered) {
  Solo world(handling(Handling::chunks));
  world.peer_sends({.message_id = "whose",
                    .byte_range = "1-5/5",
                    .extra = {{"Status", "000 200 OK"}},
                    .method = "REPORT"});
  ASSERT_EQ(world.node.requests.size(), 1U);
  EXPECT_EQ(world.node.requests[0].method, "REPORT");
  EXPECT_EQ(world.node.requests[0].message_id, "whose");
  (void)respond(world, 0, 200);
  (void)respond(world, 0, 400);
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
}

// A REPORT about a chunk of the application's own is one of them.
TEST(ChunkLevel, ReportsOfOwnChunksComeAsChunks) {
  Solo world(handling(Handling::chunks));
  ChunkSpec spec{.content_type = "text/plain"};
  spec.success_report = true;
  const MessageHandle handle = world.node.send_chunk(spec, owned("hello"));
  const WireChunk request = world.sent().at(0);
  EXPECT_EQ(request.header("Success-Report"), "yes");
  world.respond(request);
  world.report(request, "1-5/5");
  ASSERT_EQ(world.node.requests.size(), 1U);
  EXPECT_EQ(world.node.requests[0].method, "REPORT");
  EXPECT_EQ(world.node.requests[0].message_id, request.header("Message-ID"));
  EXPECT_TRUE(world.node.out(handle).reports.empty());
  EXPECT_TRUE(world.node.out(handle).done) << "nothing more is awaited";
}

TEST(ChunkLevel, ARequestIsAnsweredOnce) {
  Solo world(handling(Handling::chunks));
  world.peer_sends(world.parts("hello"));
  EXPECT_TRUE(respond(world, 0, 200));
  EXPECT_EQ(world.peer.next().word, "200");
  const auto again = respond(world, 0, 200);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::stale_handle);
  const auto invented = world.node.engine().respond(RequestHandle{}, 200, {}, world.now);
  ASSERT_FALSE(invented);
  EXPECT_EQ(invented.error().code, Errc::stale_handle);
  EXPECT_TRUE(world.peer.got().empty());
}

// A wrong answer is refused, and the right one still goes out.
TEST(ChunkLevel, WhatNoAnswerCanSayIsRefused) {
  Solo world(handling(Handling::chunks));
  world.peer_sends(world.parts("hello"));
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{0, 100, 199, 700, 999}) {
    const auto refused = respond(world, 0, status);
    ASSERT_FALSE(refused) << status;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  }
  using namespace std::string_view_literals;
  for (const std::string_view comment :
       {"OK\r\nTo-Path: msrp://evil.example:1/x;tcp"sv, "two\nlines"sv, "\r"sv, "nul\0inside"sv}) {
    const auto refused = respond(world, 0, 200, comment);
    ASSERT_FALSE(refused) << comment;
    EXPECT_EQ(refused.error().code, Errc::bad_comment);
  }
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  EXPECT_TRUE(respond(world, 0, 200, "Fine, thank you"));
  EXPECT_EQ(world.peer.next().comment, "Fine, thank you");
}

// An answer may be earlier than the end; a 2xx takes nothing away from what still comes.
TEST(ChunkLevel, A200BeforeTheEnd) {
  Solo world(handling(Handling::chunks));
  const std::string body = pattern(30'000);
  world.peer.send(open_send(world, "early001", body.size()) + body.substr(0, 10'000));
  world.drive();
  ASSERT_EQ(world.node.requests.size(), 1U);
  EXPECT_FALSE(world.node.requests[0].ended);
  EXPECT_TRUE(respond(world, 0, 200));
  EXPECT_EQ(world.peer.next().transaction_id, "early001");
  world.peer.send(body.substr(10'000) + end_line("early001"));
  world.drive();
  ASSERT_TRUE(world.node.requests[0].ended);
  EXPECT_TRUE(world.node.requests[0].body == body);
  EXPECT_FALSE(respond(world, 0, 200)) << "once";
  EXPECT_TRUE(world.peer.got().empty());
}

// R4975-7.3.2-6: a refusal drops what still comes of the chunk, and the next one is heard.
TEST(ChunkLevel, ARefusalBeforeTheEndDropsTheRest) {
  Solo world(handling(Handling::chunks));
  world.node.auto_release = false;
  const std::string body = pattern(30'000);
  world.peer.send(open_send(world, "early001", body.size()) + body.substr(0, 10'000));
  world.drive();
  EXPECT_TRUE(respond(world, 0, 413));
  EXPECT_EQ(world.peer.next().word, "413");
  const std::size_t seen = world.node.requests.at(0).body.size();
  world.peer.send(body.substr(10'000) + end_line("early001"));
  world.drive();
  const Request& request = world.node.requests[0];
  EXPECT_EQ(request.body.size(), seen);
  ASSERT_TRUE(request.ended);
  EXPECT_EQ(world.node.release(world.session), seen);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  world.peer_sends(world.parts("next"));
  EXPECT_EQ(world.node.requests.at(1).body, "next");
  EXPECT_TRUE(respond(world, 1, 200));
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.peer.got().empty());
}

// R4975-7.1.4-4 R4975-7.1.4-5 R4975-7.1.4-6: Failure-Report decides, not the application.
TEST(ChunkLevel, FailureReportDecidesWhatGoesOut) {
  struct Row {
    const char* failure_report;
    std::uint16_t status;
    bool answered;
  };
  for (const Row& row :
       {Row{"yes", 200, true}, Row{"yes", 400, true}, Row{"no", 200, false}, Row{"no", 400, false},
        Row{"partial", 200, false}, Row{"partial", 400, true}}) {
    Solo world(handling(Handling::chunks));
    SendParts parts = world.parts("hello");
    parts.failure_report = row.failure_report;
    world.peer_sends(parts);
    (void)respond(world, 0, row.status);
    const auto said = world.peer.take();
    EXPECT_EQ(said.size(), row.answered ? 1U : 0U) << row.failure_report << " " << row.status;
    if (!said.empty()) {
      EXPECT_EQ(said[0].word, std::to_string(row.status));
    }
    EXPECT_FALSE(respond(world, 0, 200)) << "that was the once";
  }
}

// Requests that nobody answers stop the reading, by their number or by the paths that their answers
// need, and no octet of what waits is lost.
TEST(ChunkLevel, UnansweredRequestsStopTheReading) {
  for (const bool by_paths : {false, true}) {
    SoloOptions options = handling(Handling::chunks);
    if (by_paths) {
      options.node.config.limits.path_bytes = 500;
    } else {
      options.node.config.limits.requests = 8;
    }
    Solo world(options);
    const std::size_t most = by_paths ? 499 / (world.local.size() + world.remote.size()) + 1 : 8;
    ASSERT_GT(most, 1U);
    world.deliver_max = 64;
    constexpr std::size_t count = 40;
    for (std::size_t i = 0; i < count; ++i) {
      SendParts parts = world.parts("number " + std::to_string(i));
      parts.to = world.local;
      parts.from = world.remote;
      parts.transaction_id = "tran" + std::to_string(1000 + i);
      parts.message_id = "mess" + std::to_string(1000 + i);
      world.peer.send(wire_send(parts));
    }
    world.drive();
    EXPECT_TRUE(world.end_of(world.node).paused);
    EXPECT_EQ(world.node.requests.size(), most);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_LT(i, world.node.requests.size()) << "it does not go on";
      EXPECT_LE(world.node.requests.size(), i + most);
      EXPECT_TRUE(respond(world, i, 200)) << i;
      EXPECT_EQ(world.node.requests[i].body, "number " + std::to_string(i));
    }
    EXPECT_EQ(world.peer.take().size(), count);
    EXPECT_FALSE(world.end_of(world.node).paused);
  }
}

// R4975-7.1.4-4: requests that want no answer take no place among those that wait for one.
TEST(ChunkLevel, RequestsThatWantNoAnswerDoNotCount) {
  SoloOptions options = handling(Handling::chunks);
  options.node.config.limits.requests = 8;
  Solo world(options);
  for (int i = 0; i < 100; ++i) {
    SendParts parts = world.parts("quiet");
    parts.failure_report = "no";
    world.peer_sends(parts);
  }
  EXPECT_EQ(world.node.requests.size(), 100U);
  EXPECT_FALSE(world.end_of(world.node).paused);
}

TEST(ChunkLevel, AConnectionThatFailsEndsTheChunk) {
  for (const bool lost : {true, false}) {
    Solo world(handling(Handling::chunks));
    world.peer_sends(world.parts("unanswered"));
    world.peer.send(open_send(world, "early001", 30'000) + pattern(100));
    world.drive();
    ASSERT_EQ(world.node.requests.size(), 2U);
    if (lost)
      world.peer.reset();
    else
      world.peer.send_eof();
    world.drive();
    const Request& request = world.node.requests[1];
    ASSERT_TRUE(request.ended);
    ASSERT_TRUE(request.ended->error);
    EXPECT_EQ(request.ended->error->code, lost ? Errc::connection_lost : Errc::truncated);
    EXPECT_TRUE(world.node.session_closed(world.session));
    for (std::size_t i : {0U, 1U}) {
      const auto late = respond(world, i, 200);
      ASSERT_FALSE(late);
      EXPECT_EQ(late.error().code, Errc::stale_handle);
    }
  }
}

// R4975-10.9-1 R4975-12-2: what plain messages answer with 501 goes to the application.
TEST(ChunkLevel, MessagesAndMoreHandsTheOthersUp) {
  for (const Role role : {Role::passive, Role::active}) {
    Solo world(handling(Handling::messages_and_more, role));
    world.peer_sends({.extra = {{"Use-Nickname", "\"Bob\""}}, .method = "NICKNAME"});
    ASSERT_EQ(world.node.requests.size(), 1U);
    const std::pair<std::string, std::string> nickname{"Use-Nickname", "\"Bob\""};
    const auto& headers = world.node.requests[0].headers;
    EXPECT_NE(std::ranges::find(headers, nickname), headers.end());
    EXPECT_TRUE(world.peer.got().empty());
    EXPECT_TRUE(respond(world, 0, 200));
    EXPECT_EQ(world.peer.next().word, "200");
    world.peer_sends({.body = "twirl", .method = "DANCE"});
    EXPECT_EQ(world.node.requests.at(1).body, "twirl");
    EXPECT_TRUE(respond(world, 1, 423, "Out of breath"));
    EXPECT_EQ(world.peer.next().comment, "Out of breath");
    // SENDs are messages as ever, REPORTs speak of ours.
    world.peer_sends(world.parts("a message"));
    EXPECT_EQ(world.peer.next().word, "200");
    EXPECT_EQ(world.node.last_in().body, "a message");
    const MessageHandle ours = world.node.send("text/plain", "hello", {.success_report = true});
    const WireChunk request = world.sent().at(0);
    world.respond(request);
    world.report(request, "1-5/5");
    EXPECT_EQ(world.node.out(ours).reports.size(), 1U);
    EXPECT_EQ(world.node.requests.size(), 2U);
  }
}

TEST(ChunkLevel, PlainMessagesAnswerTheOthersThemselves) {
  Solo world(handling(Handling::messages));
  for (const char* method : {"NICKNAME", "DANCE"}) {
    world.peer_sends({.method = method});
    EXPECT_EQ(world.peer.next().word, "501");
  }
  EXPECT_TRUE(world.node.requests.empty());
}

// Each session of a connection is handled as it asked for. The request that binds one is a request
// like the others.
TEST(ChunkLevel, SessionsOfOneConnectionMayDiffer) {
  Solo world(handling(Handling::messages, Role::passive));
  PrepareRequest prepare{.active = false, .listener = world.listener};
  prepare.options.handling = Handling::chunks;
  const TicketId ticket = world.node.prepare(prepare);
  world.drive();
  ASSERT_TRUE(world.node.engine().complete(ticket, {}, world.now));
  SendParts parts = world.parts("binds the second");
  parts.to = world.node.local_paths.at(ticket.value()).text();
  parts.from = "msrp://192.0.2.9:5678/second;tcp";
  world.peer_sends(parts);
  ASSERT_EQ(world.node.bounds.size(), 2U);
  ASSERT_EQ(world.node.requests.size(), 1U);
  EXPECT_EQ(world.node.requests[0].session, world.node.session());
  EXPECT_EQ(world.node.requests[0].body, "binds the second");
  EXPECT_TRUE(world.peer.got().empty());
  world.peer_sends(world.parts("for the first"));
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.node.last_in().session, world.session);
  EXPECT_EQ(world.node.requests.size(), 1U);
  // The other's end leaves the request answerable.
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_TRUE(respond(world, 0, 200));
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "200");
  EXPECT_EQ(answer.header("To-Path"), parts.from);
}

}  // namespace
}  // namespace msrp::test
