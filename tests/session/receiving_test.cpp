// Messages that come whole (RFC 4975 section 7.3).
#include <gtest/gtest.h>

#include "msrp/headers.hpp"
#include "support/pair.hpp"

namespace msrp::test {
namespace {

// R4975-7.3.1-1 R4975-7.2-1
TEST(Receiving, AWholeMessage) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("hello");
  parts.byte_range = "1-5/5";
  parts.extra = {{"X-Note", "kept"}};
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  ASSERT_EQ(world.node.incoming.size(), 1U);
  const Incoming& message = world.node.incoming[0];
  EXPECT_EQ(message.body, "hello");
  EXPECT_EQ(message.message_id, "peer-message-1");
  EXPECT_EQ(message.content_type, "text/plain");
  EXPECT_EQ(message.from_path, world.remote);
  EXPECT_TRUE(message.has_body);
  EXPECT_TRUE(message.complete());
  EXPECT_EQ(message.ended->bytes, 5U);
  EXPECT_EQ(message.ended->chunks, 1U);
  const std::pair<std::string, std::string> note("X-Note", "kept");
  EXPECT_EQ(std::ranges::count(message.headers, note), 1) << "the event's head is whole";
  EXPECT_EQ(world.node.trace,
            (std::vector<std::string>{"MessageStarted peer-message-1", "MessageData 0+5",
                                      "MessageEnded peer-message-1"}));
}

// R4975-12-1
TEST(Receiving, UnknownHeadersAreIgnored) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("hello");
  parts.extra = {{"Content-Length", "2"}, {"l", "3"}, {"Expires", "60"}, {"Weird.Name", ""}};
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.node.last_in().body, "hello");
}

// R4975-7.1-13 R4975-7.3.1-1: A-24
TEST(Receiving, EmptyMessages) {
  for (const char* range : {"", "1-0/0", "0-0/0"}) {
    Solo world({.role = Role::passive});
    SendParts parts = world.parts("");
    parts.byte_range = range;
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "200") << range;
    ASSERT_EQ(world.node.incoming.size(), 1U) << range;
    EXPECT_TRUE(world.node.incoming[0].has_body);
    EXPECT_TRUE(world.node.incoming[0].complete());
    EXPECT_EQ(world.node.incoming[0].ended->bytes, 0U);
    EXPECT_EQ(world.node.incoming[0].octets, 0U);
  }
}

// the end-line straight after the blank line.
TEST(Receiving, AnEmptyBodyWithoutItsCrlf) {
  Solo world({.role = Role::passive});
  world.peer.send("MSRP empty001 SEND\r\nTo-Path: " + world.local + "\r\nFrom-Path: " +
                  world.remote + "\r\nMessage-ID: m-1234\r\nByte-Range: 1-0/0\r\n" +
                  "Content-Type: text/plain\r\n\r\n-------empty001$\r\n");
  world.drive();
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.last_in().complete());
}

// R4975-7.1-13: keep-alives
TEST(Receiving, BodilessSends) {
  Solo world({.role = Role::passive});
  for (int i = 0; i < 200; ++i) {
    SendParts parts;
    parts.message_id = "alive" + std::to_string(i);
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "200");
  }
  for (const Incoming& message : world.node.incoming) {
    EXPECT_FALSE(message.has_body);
    EXPECT_TRUE(message.complete());
  }
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
  EXPECT_FALSE(world.peer.gone());
}

// R4975-7.1.4-4 R4975-7.1.4-5 R4975-7.1.1-15
TEST(Receiving, FailureReportDecidesAboutThe200) {
  for (const auto& [value, answers] :
       {std::pair<std::string, std::size_t>{"", 1}, {"yes", 1}, {"no", 0}, {"partial", 0}}) {
    Solo world({.role = Role::passive});
    SendParts parts = world.parts("hello");
    parts.failure_report = value;
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.take().size(), answers) << value;
    EXPECT_TRUE(world.node.last_in().complete()) << value;
  }
}

// R4975-7.1.4-1 R4975-10.2-1: malformed requests whose From-Path can be read: 400 with their
// transaction id. A-15 A-58
TEST(Receiving, BadRequestsGet400) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("x");
  parts.failure_report = "maybe";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "400");
  parts = world.parts("x");
  parts.extra = {{"Message-ID", "second-one"}};
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "400");
  parts = world.parts("x");
  parts.message_id.clear();
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "400");
  parts = world.parts("x");
  parts.byte_range = "0-10/10";
  world.peer_sends(parts);
  EXPECT_EQ(world.peer.next().word, "400");
  EXPECT_TRUE(world.node.incoming.empty());
  EXPECT_EQ(world.node.engine().stats().bad_chunks, 4U);
  world.peer_sends(world.parts("fine"));
  EXPECT_EQ(world.peer.next().word, "200");
}

// Too many of them end a connection on which nobody has bound a session.
TEST(Receiving, TooManyBadRequestsEndAnUnboundConnection) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.bad_chunks = 5;
  Solo world(options);
  WirePeer stranger = world.connect_peer(world.node, world.listener);
  for (int i = 0; i < 50; ++i) {
    SendParts parts = world.parts("x");
    parts.to = world.local;
    parts.from = world.remote;
    parts.failure_report = "maybe";
    stranger.send(wire_send(parts));
    world.drive();
  }
  EXPECT_TRUE(stranger.gone());
  EXPECT_LE(stranger.take().size(), 6U);
  EXPECT_FALSE(world.peer.gone()) << "the other connection has no part in it";
}

// R4975-7.1-9
TEST(Receiving, ANonSendBodyOverTenKilobytesIsRefused) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts(pattern(20'000));
  parts.method = "DANCE";
  world.peer_sends(parts);
  const auto answers = world.peer.take();
  ASSERT_LE(answers.size(), 1U);
  if (!answers.empty()) {
    EXPECT_NE(answers[0].word, "200");
  }
  world.peer_sends(world.parts("fine"));
  EXPECT_EQ(world.peer.next().word, "200");
}

// CRLF between chunks.
TEST(Receiving, BlankLinesBetweenChunksAreSkipped) {
  Solo world({.role = Role::passive});
  world.peer.send("\r\n\r\n");
  world.peer_sends(world.parts("hello"));
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_TRUE(world.node.last_in().complete());
}

// Nasty group 12: whatever is no MSRP ends the connection, and the session with it.
TEST(Receiving, GarbageEndsTheConnection) {
  for (const std::string& garbage :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string("REGISTER sip:example.com SIP/2.0\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01"), std::string(100, '\0'), pattern(5000),
        std::string("MSRP\r\n"), std::string("msrp abcd SEND"), std::string(200, '\r')}) {
    Solo world({.role = Role::passive});
    const MessageHandle open = world.node.send("text/plain", "unanswered");
    world.peer_sends(world.parts("before"));
    world.peer.send(garbage + std::string(300, 'x') + "\r\n");
    world.drive();
    EXPECT_TRUE(world.peer.gone());
    EXPECT_TRUE(world.node.session_closed(world.session));
    EXPECT_TRUE(world.node.out(open).failed);
    EXPECT_TRUE(world.node.out(open).done);
    EXPECT_TRUE(world.node.incoming.at(0).complete()) << "what came before stands";
    EXPECT_EQ(world.node.engine().stats().connections, 0U);
    EXPECT_EQ(world.node.engine().stats().sessions, 0U);
  }
}

// Nasty group 13: a head that never ends.
TEST(Receiving, AnEndlessHeadEndsTheConnection) {
  Solo world({.role = Role::passive});
  world.peer.send("MSRP abcd1234 SEND\r\nTo-Path: ");
  for (int i = 0; i < 100 && !world.peer.gone(); ++i) {
    world.peer.send(std::string(10'000, 'a'));
    world.drive();
  }
  EXPECT_TRUE(world.peer.gone());
  EXPECT_LT(world.end_of(world.node).delivered, 64U * 1024);
}

// Nasty groups 2 and 32: one octet a second.
TEST(Receiving, OneOctetASecond) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("slow\r\n-------no$\r\nbody");
  parts.to = world.local;
  parts.from = world.remote;
  for (const char octet : wire_send(parts)) {
    world.peer.send({&octet, 1});
    world.advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.node.last_in().body, *parts.body);
  EXPECT_TRUE(world.node.last_in().complete());
}

// Nasty group 9: a transaction id used for two pipelined SENDs.
TEST(Receiving, ARepeatedTransactionIdIsAnsweredTwice) {
  Solo world({.role = Role::passive});
  for (int i = 0; i < 2; ++i) {
    SendParts parts = world.parts("twin");
    parts.to = world.local;
    parts.from = world.remote;
    parts.transaction_id = "same0000";
    parts.message_id = "twin-" + std::to_string(i);
    world.peer.send(wire_send(parts));
  }
  world.drive();
  EXPECT_EQ(world.peer.take().size(), 2U);
  EXPECT_EQ(world.node.incoming.size(), 2U);
}

// R4975-7.2-4: only the leftmost URI of a long From-Path.
TEST(Receiving, AResponseGoesToTheLeftmostUri) {
  Solo world({.role = Role::passive});
  SendParts parts = world.parts("via a relay");
  parts.from = "msrp://relay.example:2855/hop;tcp " + world.remote;
  world.peer_sends(parts);
  const WireChunk answer = world.peer.next();
  EXPECT_EQ(answer.word, "200");
  EXPECT_EQ(answer.header("To-Path"), "msrp://relay.example:2855/hop;tcp");
}

// The same Message-ID on two sessions of one connection: two messages.
TEST(Receiving, MessageIdsBelongToTheirSession) {
  Pair pair;
  const auto other = pair.add_session();
  pair.send_a(pair.session_a, "text/plain", pattern(5000, 1), {.message_id = "same-id"});
  pair.send_a(other.a, "text/plain", pattern(6000, 2), {.message_id = "same-id"});
  pair.drive();
  int seen = 0;
  for (const Incoming& message : pair.b.incoming) {
    if (message.message_id != "same-id") continue;
    ++seen;
    EXPECT_TRUE(message.complete());
    EXPECT_TRUE(message.body == (message.session == other.b ? pattern(6000, 2) : pattern(5000, 1)));
  }
  EXPECT_EQ(seen, 2);
}

// R4975-7.1.1-37: what a message is for is what its sender says, and otherwise to be shown.
TEST(Receiving, MessagesAreToBeRendered) {
  struct Case {
    const char* said;
    std::string_view disposition;
  };
  for (const Case& c : {Case{"", "render"}, Case{"attachment; filename=\"a.txt\"", "attachment"},
                        Case{"Render", "Render"}, Case{";", "error"}}) {
    Solo world({.role = Role::passive});
    std::string got;
    world.node.on_event = [&](const Event& event) {
      const auto* started = std::get_if<MessageStarted>(&event);
      if (started == nullptr) return;
      const auto disposition = disposition_of(started->head);
      got = disposition ? disposition->disposition : "error";
    };
    SendParts parts = world.parts("abc");
    if (*c.said != '\0') parts.extra.emplace_back("Content-Disposition", c.said);
    world.peer_sends(parts);
    EXPECT_EQ(got, c.disposition) << c.said;
  }
}

}  // namespace
}  // namespace msrp::test
