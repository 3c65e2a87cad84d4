// Streams that are cut, joined, nested and broken: what is answered, what the application sees, and
// who else notices (RFC 4975 sections 7.1 and 7.3).
#include <gtest/gtest.h>

#include "neighbours.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

constexpr std::size_t mebibyte = 1024 * 1024;

// A start line that rests in the middle of its method.
TEST(NastyFraming, AStartLineRestsForASecond) {
  Neighbours world;
  const std::string wire =
      world.text_of_send({.transaction_id = "d93kswow", .message_id = "rested", .body = "hello"});
  ASSERT_TRUE(wire.starts_with("MSRP d93kswow SEND"));
  world.peer.send(wire.substr(0, 16));
  world.advance(seconds(1));
  EXPECT_TRUE(world.peer.got().empty());
  EXPECT_EQ(world.node.engine().stats().bad_chunks, 0U);
  world.peer.send(wire.substr(16));
  world.drive();
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "200");
  EXPECT_EQ(answer.transaction_id, "d93kswow");
  EXPECT_EQ(world.node.last_in().body, "hello");
  EXPECT_TRUE(world.node.last_in().complete());
  world.expect_all_alive();
}

SoloOptions one_segment() {
  SoloOptions options{.role = Role::passive};
  options.node.slab_bytes = 64 * 1024;
  return options;
}

// Fifty messages in one segment are fifty messages and fifty answers, in their order.
TEST(NastyFraming, FiftyMessagesInOneSegment) {
  Neighbours world(one_segment());
  world.deliver_max = 64 * 1024;
  std::string wire;
  for (int i = 0; i < 50; ++i) {
    SendParts parts = world.parts("body " + std::to_string(i));
    parts.transaction_id = "fifty" + std::to_string(100 + i);
    parts.message_id = "fifty-" + std::to_string(i);
    wire += world.text_of_send(parts);
  }
  ASSERT_LT(wire.size(), world.deliver_max);
  const std::size_t before = world.node.incoming.size();
  world.peer.send(wire);
  world.drive();
  const auto answers = world.peer.take();
  ASSERT_EQ(answers.size(), 50U);
  ASSERT_EQ(world.node.incoming.size(), before + 50);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(answers[i].word, "200");
    EXPECT_EQ(answers[i].transaction_id, "fifty" + std::to_string(100 + i));
    EXPECT_EQ(world.node.incoming[before + i].body, "body " + std::to_string(i));
    EXPECT_TRUE(world.node.incoming[before + i].complete());
  }
  world.expect_all_alive();
}

// An answer, a REPORT and half of a message in one segment: each counts for itself.
TEST(NastyFraming, AnAnswerAReportAndHalfAMessageInOneSegment) {
  Neighbours world(one_segment());
  world.deliver_max = 64 * 1024;
  const auto asked = world.node.engine().send(
      world.session, {.content_type = "text/plain", .success_report = true}, owned("question"),
      world.now);
  ASSERT_TRUE(asked);
  world.node.outgoing[asked->value()].session = world.session;
  world.drive();
  const WireChunk request = world.peer.next();
  const std::string last = world.text_of_send({.message_id = "halved", .body = "first second"});
  const std::size_t half = last.find("second");
  const std::size_t before = world.node.incoming.size();
  world.peer.send(wire_response(request, 200) + wire_report(request, "1-8/8") +
                  last.substr(0, half));
  world.drive();
  const Outgoing& message = world.node.out(*asked);
  EXPECT_TRUE(message.delivered);
  ASSERT_EQ(message.reports.size(), 1U);
  EXPECT_TRUE(message.reports[0].complete);
  EXPECT_TRUE(message.done);
  ASSERT_EQ(world.node.incoming.size(), before + 1);
  EXPECT_FALSE(world.node.last_in().ended);
  EXPECT_TRUE(world.peer.got().empty()) << "a message is answered when it is whole";
  EXPECT_EQ(world.status_of(world.peer, last.substr(half)), "200");
  EXPECT_EQ(world.node.last_in().body, "first second");
  world.expect_all_alive();
}

// A body that is a valid request to the same session, an answer to an open request of ours and a
// REPORT about it: octets, also while the message around them is open.
TEST(NastyFraming, AMessageInsideAMessageIsItsBody) {
  Neighbours world;
  const auto asked = world.node.engine().send(
      world.session, {.content_type = "text/plain", .success_report = true}, owned("question"),
      world.now);
  ASSERT_TRUE(asked);
  world.node.outgoing[asked->value()].session = world.session;
  world.drive();
  const WireChunk request = world.peer.next();
  const std::string inner =
      world.text_of_send({.transaction_id = "inner001", .message_id = "inside", .body = "inner"}) +
      wire_response(request, 481) + wire_report(request, "1-8/8", "000 403 No", "inner002");
  const std::string outer =
      world.text_of_send({.transaction_id = "outer001", .message_id = "outside", .body = inner});
  const std::size_t end_line = outer.rfind("\r\n-------outer001$");
  const std::size_t before = world.node.incoming.size();
  world.peer.send(outer.substr(0, end_line));
  world.drive();
  EXPECT_TRUE(world.peer.got().empty()) << world.peer.got();
  ASSERT_EQ(world.node.incoming.size(), before + 1);
  EXPECT_EQ(world.node.last_in().message_id, "outside");
  EXPECT_FALSE(world.node.out(*asked).failed);
  EXPECT_TRUE(world.node.out(*asked).reports.empty());
  EXPECT_EQ(world.status_of(world.peer, outer.substr(end_line)), "200");
  EXPECT_EQ(world.node.incoming.size(), before + 1);
  EXPECT_EQ(world.node.last_in().body, inner);
  world.respond(request);
  EXPECT_TRUE(world.node.out(*asked).delivered);
  world.expect_all_alive();
}

// What looks like an end-line and is none is handed up octet for octet.
TEST(NastyFraming, NearMissesAreBody) {
  Neighbours world;
  const std::string id = "Near1234";
  for (const std::string& body :
       {"a\r\n-------" + id.substr(0, 6) + "$\r\nz", "a\r\n-------" + id + "5$\r\nz",
        std::string("a\r\n-------nEAR1234$\r\nz"), "a\r\n-------" + id + "$\nz",
        "a\r\n-------" + id + "$z", "a\r\n-------" + id + "!\r\nz", "a\r\n--------" + id + "$\r\nz",
        "abc-------" + id + "$\r\nz", std::string("a\r\n-----BEGIN X-----\r\n-----END X-----\r\n"),
        std::string("a\r"), std::string("a\n"), std::string("a\r\n"), std::string("a\r\n\r\n"),
        std::string("a\r\n------"), std::string(5000, '-'), "a\r\n-------" + id}) {
    SendParts parts = world.parts(body);
    parts.transaction_id = id;
    EXPECT_EQ(world.says(world.peer, parts), "200") << body;
    EXPECT_EQ(world.node.last_in().body, body);
    EXPECT_EQ(world.node.last_in().ended->bytes, body.size());
  }
  world.expect_all_alive();
}

// R4975-9-2, R4975-9-3: a request under an id outside the grammar is dropped, and cannot be
// answered without saying that id; what follows it is read.
TEST(NastyFraming, Ids) {
  Neighbours world;
  struct Case {
    std::string id, status;
    bool gone;
  };
  for (const auto& [id, status, gone] :
       {Case{std::string(4, 'a'), "200", false}, Case{std::string(11, 'b'), "200", false},
        Case{std::string(12, '1'), "200", false}, Case{std::string(31, 'c'), "200", false},
        Case{std::string(32, 'd'), "200", false}, Case{"a.b+c%d=e-f", "200", false},
        Case{"abc", "", false}, Case{std::string(33, 'e'), "", false},
        Case{"-abcdef", "", false}}) {
    SendParts parts = world.parts("hello");
    parts.transaction_id = id;
    parts.message_id = "id-" + std::to_string(id.size());
    const std::size_t before = world.node.incoming.size();
    EXPECT_EQ(world.says(world.peer, parts), status) << id;
    EXPECT_EQ(world.peer.gone(), gone) << id;
    EXPECT_EQ(world.node.incoming.size(), before + (status == "200" ? 1 : 0)) << id;
  }
  world.expect_all_alive();
}

// An id beyond anything that framing can be kept with ends the connection, and that alone.
TEST(NastyFraming, AnIdOfTwoThousandOctetsEndsTheConnection) {
  Neighbours world;
  SendParts parts = world.parts("hello");
  parts.transaction_id = std::string(2000, 'a');
  const std::size_t before = world.node.incoming.size();
  EXPECT_EQ(world.says(world.peer, parts), "");
  EXPECT_TRUE(world.peer.gone());
  EXPECT_EQ(world.node.incoming.size(), before);
  EXPECT_TRUE(world.node.session_closed(world.session));
  EXPECT_TRUE(world.node.session_closed(world.beside.session));
  EXPECT_EQ(world.node.engine().stats().connections, 1U);
  world.expect_alive(world.apart_peer, world.apart);
}

// Every flag behind a request without a body: it is answered once, and no message comes of it.
TEST(NastyFraming, FlagsWithoutABody) {
  Neighbours world;
  const std::size_t before = world.node.incoming.size();
  for (const char flag : {'$', '+', '#'}) {
    EXPECT_EQ(world.says(world.peer, {.message_id = "no-body", .flag = flag}), "200") << flag;
    EXPECT_EQ(world.says(world.peer, {.flag = flag, .method = "DANCE"}), "501") << flag;
  }
  EXPECT_EQ(world.node.incoming.size(), before);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
  world.expect_all_alive();
}

// More that never comes: the message stays open, disturbs nobody and ends with its session.
TEST(NastyFraming, MoreThatNeverComes) {
  Neighbours world;
  SendParts parts = world.parts("the beginning");
  parts.message_id = "endless";
  parts.byte_range = "1-13/100";
  parts.flag = '+';
  EXPECT_EQ(world.says(world.peer, parts), "200");
  const IncomingHandle handle = world.node.last_in().handle;
  world.advance(std::chrono::hours(1));
  EXPECT_FALSE(world.node.in(handle).ended);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 1U);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  world.expect_all_alive();
  world.peer.send_eof();
  world.drive();
  EXPECT_TRUE(world.node.in(handle).failed_with(Errc::connection_closed));
  EXPECT_EQ(world.node.in(handle).ended->bytes, 13U);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
  world.expect_alive(world.apart_peer, world.apart);
}

// The session of a message is closed in its mid-chunk: the rest of the chunk is read past, its
// sender is not told that it arrived, and the next request on the connection is understood.
TEST(NastyFraming, ASessionClosesInMidChunk) {
  Neighbours world;
  const std::string wire = world.text_of_send({.message_id = "half-one", .body = "first second"});
  const std::size_t half = wire.find("second");
  world.peer.send(wire.substr(0, half));
  world.drive();
  const IncomingHandle handle = world.node.last_in().handle;
  world.node.engine().close(world.session, world.now);
  world.drive();
  EXPECT_TRUE(world.node.in(handle).failed_with(Errc::closed));
  const std::string status = world.status_of(world.peer, wire.substr(half));
  EXPECT_TRUE(status == "481" || status.empty()) << status;
  EXPECT_EQ(world.node.in(handle).octets, 6U);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  world.expect_others_alive();
}

// What is no MSRP, right behind a good message: that one stands and is answered, then the
// connection ends with its sessions, and no other.
TEST(NastyFraming, GarbageEndsItsConnectionAlone) {
  for (const std::string& garbage :
       {std::string(1, '\0'), std::string("GET / HTTP/1.1\r\nHost: bob.example\r\n\r\n"),
        std::string("REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n"),
        std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11),
        std::string("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        std::string(" MSRP abcd1234 SEND\r\n"), std::string("\nMSRP abcd1234 SEND\r\n")}) {
    Neighbours world;
    SendParts parts = world.parts("before");
    parts.message_id = "before-it";
    EXPECT_EQ(world.status_of(world.peer, world.text_of_send(parts) + garbage), "200") << garbage;
    EXPECT_EQ(world.node.last_in().message_id, "before-it");
    EXPECT_TRUE(world.node.last_in().complete());
    EXPECT_TRUE(world.peer.gone()) << garbage;
    ASSERT_EQ(world.node.closed.size(), 2U) << garbage;
    for (const SessionClosed& closed : world.node.closed)
      EXPECT_EQ(closed.reason.code, Errc::garbage) << garbage;
    EXPECT_EQ(world.node.engine().stats().connections, 1U);
    EXPECT_EQ(world.node.engine().stats().sessions, 1U);
    world.expect_alive(world.apart_peer, world.apart);
  }
}

// Heads without an end, of one line or of a million: reading stops at the limit, and with it the
// connection.
TEST(NastyFraming, HeadsWithoutAnEnd) {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) lines += "X-Header: y\r\n";
  for (const std::string& piece : {std::string(64 * 1024, 'a'), lines}) {
    Neighbours world;
    const std::uint64_t before = world.end_of(world.node).delivered;
    world.peer.send("MSRP abcd1234 SEND\r\nTo-Path: " + world.local +
                    "\r\nFrom-Path: " + world.remote + "\r\nX-First: ");
    // A gibibyte of the one, a million of the others; nobody waits for them.
    std::size_t pieces = 0;
    for (; pieces < 16 * 1024 && !world.peer.gone(); ++pieces) {
      world.peer.send(piece);
      world.drive();
    }
    EXPECT_EQ(pieces, 1U);
    EXPECT_TRUE(world.peer.got().empty());
    EXPECT_LE(world.end_of(world.node).delivered - before,
              Limits{}.parser.head_bytes + world.deliver_max);
    ASSERT_EQ(world.node.closed.size(), 2U);
    EXPECT_EQ(world.node.closed[0].reason.code, Errc::head_too_large);
    EXPECT_LE(world.node.pool.most_used(), 4U);
    world.expect_alive(world.apart_peer, world.apart);
  }
}

// A body without an end is handed up as it comes; nothing of it stays.
TEST(NastyFraming, ABodyWithoutAnEndIsStreamed) {
  Neighbours world;
  const std::string wire = world.text_of_send({.message_id = "endless", .body = "x"});
  world.peer.send(wire.substr(0, wire.find("\r\n\r\nx") + 4));
  world.drive();
  constexpr std::size_t pieces = 80 * 16;
  const std::string piece = pattern(mebibyte / 16);
  for (std::size_t i = 0; i < pieces; ++i) {
    world.peer.send(piece);
    world.drive();
    ASSERT_EQ(world.node.engine().stats().held_bytes, 0U);
  }
  EXPECT_LE(world.node.pool.most_used(), 8U);
  EXPECT_GE(world.node.last_in().octets, pieces * piece.size() - 128);
  EXPECT_TRUE(world.peer.got().empty());
  EXPECT_FALSE(world.node.last_in().ended);
  const IncomingHandle handle = world.node.last_in().handle;
  world.expect_alive(world.apart_peer, world.apart);
  world.peer.send_eof();
  world.drive();
  EXPECT_TRUE(world.node.in(handle).failed_with(Errc::truncated));
  EXPECT_GE(world.node.in(handle).ended->bytes, pieces * piece.size() - 128);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
}

// A hundred thousand chunks of one octet: each is answered, one message comes of them, and the two
// ends of the table of what has come stay where they are.
TEST(NastyFraming, AHundredThousandChunksOfOneOctet) {
  Neighbours world;
  constexpr int chunks = 100'000;
  std::string body;
  std::string wire;
  std::size_t answers = 0;
  for (int i = 1; i <= chunks; ++i) {
    body += static_cast<char>('a' + i % 26);
    SendParts made = world.parts(body.substr(body.size() - 1));
    made.message_id = "tiny-message";
    made.byte_range = std::to_string(i) + "-" + std::to_string(i) + "/100000";
    made.flag = i == chunks ? '$' : '+';
    wire += world.text_of_send(made);
    if (i % 100 != 0) continue;
    world.peer.send(wire);
    wire.clear();
    world.drive();
    for (const WireChunk& answer : world.peer.take()) answers += answer.word == "200";
    ASSERT_LE(world.node.engine().stats().incoming_messages, 1U);
    ASSERT_EQ(world.node.engine().stats().held_bytes, 0U);
  }
  EXPECT_EQ(answers, static_cast<std::size_t>(chunks));
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_TRUE(world.node.last_in().body == body);
  EXPECT_EQ(world.node.last_in().ended->chunks, static_cast<std::uint32_t>(chunks));
  EXPECT_LE(world.node.pool.most_used(), 16U);
  world.expect_all_alive();
}

// Lengths of other protocols are headers like any other: the end-line alone ends a body.
TEST(NastyFraming, ALengthHeaderSaysNothing) {
  Neighbours world;
  for (const char* name : {"Content-Length", "content-length", "l"}) {
    SendParts parts = world.parts("twelve octets and more");
    parts.extra = {{name, "5"}};
    EXPECT_EQ(world.says(world.peer, parts), "200") << name;
    EXPECT_EQ(world.node.last_in().body, "twelve octets and more") << name;
  }
  world.expect_all_alive();
}

}  // namespace
}  // namespace msrp::test
