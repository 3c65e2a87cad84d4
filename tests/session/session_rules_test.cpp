// What is agreed on outside MSRP and what is not, who may say what, and bodies that have a form of
// their own (RFC 4975 sections 3, 7.1.1, 8, 10, 11.4, 13 and 14.5).
#include <gtest/gtest.h>

#include "msrp/headers.hpp"
#include "msrp/sdp.hpp"
#include "neighbours.hpp"

namespace msrp::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// A description of a peer at 192.0.2.9, with the lines that are added.
std::string described(std::string_view lines, std::string_view media = "2855",
                      std::string_view address = "192.0.2.9") {
  std::string text = "v=0\r\no=bob 1 1 IN IP4 bob.example\r\ns=-\r\nc=IN IP4 ";
  text.append(address).append("\r\nt=0 0\r\nm=message ").append(media);
  text += " TCP/MSRP *\r\na=accept-types:*\r\na=path:msrp://192.0.2.9:2855/bobs1234;tcp\r\n";
  return text.append(lines);
}

// An engine that is active towards a peer with that description.
struct Caller : World {
  explicit Caller(const std::string& text) : node(add("engine")) {
    listen_peer(at("192.0.2.9", 2855));
    const auto sdp = parse_sdp(text);
    EXPECT_TRUE(sdp && sdp->msrp());
    ticket = node.prepare({.active = true, .host = "192.0.2.1"});
    drive();
    local = node.local_paths.at(ticket.value()).text();
    EXPECT_TRUE(node.engine().complete(
        ticket, {.path = sdp->msrp()->path, .accept_types = sdp->msrp()->accept_types}, now));
    drive();
    EXPECT_EQ(accepted_peers.size(), 1U);
    peer = accepted_peers.at(0);
  }
  void bind() {
    first = peer.next();
    peer.send(wire_response(first, 200));
    drive();
    EXPECT_EQ(node.bounds.size(), 1U);
  }
  Node& node;
  TicketId ticket;
  std::string local, remote = "msrp://192.0.2.9:2855/bobs1234;tcp";
  WirePeer peer;
  WireChunk first;
};

// R4975-8.1-8: where to connect is what the path says; the addresses and ports of c= and m= are no
// part of it.
TEST(SessionRules, ThePathSaysWhereToConnect) {
  Caller world(described("", "7394", "203.0.113.77"));
  ASSERT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connects[0].to, at("192.0.2.9", 2855));
  EXPECT_TRUE(world.resolves.empty());
  world.bind();
}

// R4975-8.9-3: whichever direction is agreed on, the one who connects says the bodiless SEND at
// once.
TEST(SessionRules, TheBindingSendKnowsNoDirection) {
  for (const char* direction : {"a=recvonly\r\n", "a=sendonly\r\n", "a=inactive\r\n", ""}) {
    Caller world(described(direction));
    world.bind();
    EXPECT_EQ(world.first.word, "SEND") << direction;
    EXPECT_FALSE(world.first.body) << direction;
    EXPECT_EQ(world.first.header("To-Path"), world.remote);
    EXPECT_EQ(world.first.header("From-Path"), world.local);
  }
}

// R4975-8.9-2: to a peer that only sends, REPORTs and control messages go as to any other; and from
// one that only receives they are taken.
TEST(SessionRules, ReportsAndControlMessagesKnowNoDirection) {
  for (const char* direction : {"a=sendonly\r\n", "a=recvonly\r\n"}) {
    Caller world(described(direction));
    world.bind();
    for (const char* type : {"message/imdn+xml", "application/im-iscomposing+xml"}) {
      SendParts asks{.to = world.local, .from = world.remote};
      asks.success_report = "yes";
      asks.content_type = type;
      asks.body = "<state/>";
      world.peer.send(wire_send(asks));
      world.drive();
      auto said = world.peer.take();
      ASSERT_EQ(said.size(), 2U) << direction << type;
      EXPECT_EQ(said[0].word, "200");
      EXPECT_EQ(said[1].word, "REPORT");
      EXPECT_EQ(said[1].header("Status"), "000 200 OK");
      EXPECT_EQ(world.node.last_in().content_type, type);
      const MessageHandle handle = world.node.send(type, "<state/>", {.success_report = true});
      world.drive();
      const WireChunk request = world.peer.next();
      EXPECT_EQ(request.header("Content-Type"), type);
      world.peer.send(wire_response(request, 200) + wire_report(request, "1-8/8"));
      world.drive();
      ASSERT_EQ(world.node.out(handle).reports.size(), 1U) << direction << type;
      EXPECT_TRUE(world.node.out(handle).done);
    }
  }
}

// R4975-8.5-1: who made the first offer has connected; another offer over the same session, from
// whichever side, makes no connection and moves none.
TEST(SessionRules, ANewOfferMovesNoConnection) {
  Caller world(described("a=setup:passive\r\n"));
  world.bind();
  const auto again = parse_sdp(described("a=setup:active\r\n", "9"));
  ASSERT_TRUE(again && again->msrp());
  const auto repeated =
      world.node.engine().complete(world.ticket, {.path = again->msrp()->path}, world.now);
  ASSERT_FALSE(repeated);
  EXPECT_EQ(repeated.error().code, Errc::stale_handle) << "there is nothing to complete any more";
  world.advance(hours(1));
  EXPECT_EQ(world.connects.size(), 1U);
  EXPECT_EQ(world.connections_of(world.node), 1U);
  EXPECT_TRUE(world.closes.empty());
  const MessageHandle handle = world.node.send("text/plain", "still here");
  world.drive();
  world.peer.send(wire_response(world.peer.next(), 200));
  world.drive();
  EXPECT_TRUE(world.node.out(handle).delivered);
}

// R4975-8.8-1: nobody is asked about a session that was announced nor about its first message: that
// is shown while it still comes.
TEST(SessionRules, ASessionIsAcceptedQuietly) {
  World world;
  Node& node = world.add("engine");
  const auto listener = node.engine().listen({.at = at("192.0.2.1", 2855)}, world.now);
  ASSERT_TRUE(listener);
  world.drive();
  const TicketId ticket = node.prepare({.active = false, .listener = *listener});
  world.drive();
  ASSERT_TRUE(node.engine().complete(ticket, {}, world.now));
  node.trace.clear();
  const WirePeer peer = world.connect_peer(node, *listener);
  SendParts first{.to = std::string(node.local_paths.at(ticket.value()).text()),
                  .from = "msrp://192.0.2.9:5678/peersession;tcp",
                  .body = "hello, is anybody there?"};
  const std::string wire = wire_send(first);
  const std::size_t half = wire.find(", is anybody");
  peer.send(wire.substr(0, half));
  world.drive();
  EXPECT_EQ(node.trace, (std::vector<std::string>{"Bound", "MessageStarted peer-message-1",
                                                  "MessageData 0+5"}));
  EXPECT_EQ(node.last_in().body, "hello");
  peer.send(wire.substr(half));
  world.drive();
  EXPECT_EQ(peer.next().word, "200");
  EXPECT_EQ(node.last_in().body, *first.body);
}

// R4975-3-3, A-83: nothing that a peer says inside a session switches an extension on: its methods
// are unknown, its headers are handed up, and what we say stays plain RFC 4975.
TEST(SessionRules, ExtensionsAreNotSwitchedOnInBand) {
  Neighbours world;
  for (const char* method : {"NICKNAME", "AUTH", "SUBSCRIBE"})
    EXPECT_EQ(world.says(world.peer, {.extra = {{"Use-Nickname", "\"Alice\""}}, .method = method}),
              "501");
  SendParts offers = world.parts("I know more");
  offers.extra = {{"Supported", "chat"},
                  {"Use-Path", "msrp://relay.example:1/s;tcp"},
                  {"Expires", "60"},
                  {"Require", "compression"}};
  offers.success_report = "yes";
  world.peer.send(world.text_of_send(offers));
  world.drive();
  const auto answers = world.peer.take();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].word, "200");
  EXPECT_EQ(answers[0].headers.size(), 2U);
  EXPECT_EQ(answers[1].word, "REPORT");
  const auto sent = world.node.engine().send(world.session, {.content_type = "text/plain"},
                                             owned("plain"), world.now);
  ASSERT_TRUE(sent);
  world.node.outgoing[sent->value()].session = world.session;
  world.drive();
  const WireChunk request = world.peer.next();
  std::vector<std::string> names;
  for (const auto& [name, value] : request.headers) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"To-Path", "From-Path", "Message-ID", "Byte-Range",
                                             "Content-Type"}));
  EXPECT_EQ(request.header("To-Path"), world.remote) << "and no path of theirs is used";
  world.respond(request);
  world.expect_all_alive();
}

// R4975-7.1.1-6: how long a success REPORT is waited for is the application's to say: without
// Timeouts::report the engine never stops of itself, and stops at once when it is told to, without
// calling that a failure.
TEST(SessionRules, TheApplicationTimesTheSuccessReport) {
  Solo world;
  const MessageHandle patient = world.node.send("text/plain", "hello", {.success_report = true});
  const MessageHandle hasty = world.node.send("text/plain", "hello", {.success_report = true});
  world.drive();
  const auto requests = world.peer.take();
  ASSERT_EQ(requests.size(), 2U);
  for (const WireChunk& request : requests) world.respond(request);
  world.advance(seconds(5));
  EXPECT_FALSE(world.node.out(hasty).done);
  world.node.engine().abort(hasty, world.now);
  world.drive();
  EXPECT_TRUE(world.node.out(hasty).done);
  EXPECT_TRUE(world.node.out(hasty).delivered);
  EXPECT_FALSE(world.node.out(hasty).failed);
  world.report(requests[1], "1-5/5");
  EXPECT_TRUE(world.node.out(hasty).reports.empty());
  world.advance(hours(100));
  EXPECT_FALSE(world.node.out(patient).done);
  EXPECT_FALSE(world.node.out(patient).failed);
  world.report(requests[0], "1-5/5");
  ASSERT_EQ(world.node.out(patient).reports.size(), 1U);
  EXPECT_TRUE(world.node.out(patient).done);
}

// R4975-10.4-2: 408 is what relays say. Whatever does not come in time here, nobody is told 408.
TEST(SessionRules, NobodyIsTold408) {
  for (const bool automatic : {true, false}) {
    SoloOptions options{.role = Role::passive};
    options.accepts.automatic_reports = automatic;
    Neighbours world(options);
    SendParts open = world.parts("the beginning");
    open.message_id = "never-ends";
    open.byte_range = "1-13/100";
    open.flag = '+';
    EXPECT_EQ(world.says(world.peer, open), "200");
    const auto unanswered = world.node.engine().send(world.session, {.content_type = "text/plain"},
                                                     owned("question"), world.now);
    ASSERT_TRUE(unanswered);
    world.node.outgoing[unanswered->value()].session = world.session;
    world.peer.send(world.text_of_send({.message_id = "cut-short", .body = "half"}).substr(0, 150));
    WirePeer silent = world.connect_peer(world.node, world.listener);
    world.advance(hours(1));
    EXPECT_TRUE(world.node.out(*unanswered).failed);
    EXPECT_TRUE(silent.gone());
    world.peer.send_eof();
    world.drive();
    EXPECT_EQ(world.peer.got().find("408"), std::string::npos) << world.peer.got();
    EXPECT_EQ(world.peer.got().find("REPORT"), std::string::npos) << world.peer.got();
    EXPECT_TRUE(silent.got().empty());
    world.expect_alive(world.apart_peer, world.apart);
  }
}

// R4975-10.4-2: nor does an application get one said.
TEST(SessionRules, AnApplicationCannotSay408) {
  SoloOptions options{.role = Role::passive};
  options.accepts.automatic_reports = false;
  Solo world(options);
  SendParts parts = world.parts("abc");
  parts.byte_range = "1-3/9";
  parts.flag = '+';
  world.peer_sends(parts);
  const auto rejected = world.node.engine().reject(world.node.last_in().handle, 408, world.now);
  EXPECT_FALSE(rejected);
  parts.message_id = "whole-one";
  parts.byte_range = "1-3/3";
  parts.flag = '$';
  world.peer_sends(parts);
  const auto reported =
      world.node.engine().send_report(world.node.last_in().handle, 408, world.now);
  EXPECT_FALSE(reported);
  world.drive();
  EXPECT_EQ(world.peer.got().find("408"), std::string::npos);
}

// R4975-10.7-1: 423 and its bounds belong to the extension for relays: here they are an answer that
// refuses one request, with headers that mean nothing.
TEST(SessionRules, BoundsOfRelaysRefuseOneRequest) {
  for (const char* name : {"Min-Expires", "Max-Expires"}) {
    Neighbours world;
    const auto sent = world.node.engine().send(world.session, {.content_type = "text/plain"},
                                               owned("hello"), world.now);
    ASSERT_TRUE(sent);
    world.node.outgoing[sent->value()].session = world.session;
    world.drive();
    const WireChunk request = world.peer.next();
    std::string answer = wire_response(request, 423, "Interval Out-of-Bounds");
    answer.insert(answer.rfind("-------"), std::string(name) + ": 60\r\n");
    world.peer.send(answer);
    world.drive();
    ASSERT_TRUE(world.node.out(*sent).failed) << name;
    EXPECT_EQ(world.node.out(*sent).failed->code, Errc::rejected_by_peer);
    EXPECT_EQ(world.node.out(*sent).failed->status, 423);
    EXPECT_EQ(world.node.engine().stats().bad_chunks, 0U) << name;
    EXPECT_TRUE(world.peer.got().empty());
    world.expect_all_alive();
  }
}

// A message with a form of its own, sent while others want to send too.
struct Interrupted : Solo {
  static SoloOptions made() {
    SoloOptions options;
    options.node.config.limits.quantum_bytes = 2048;
    options.node.config.limits.transmit_bytes = 4096;
    return options;
  }
  Interrupted(const std::string& type, const std::string& body, MessageSpec spec = {})
      : Solo(made()) {
    transmit_max = 1000;
    spec.message_id = "formed-1";
    node.send(type, body, spec);
    node.send("application/octet-stream", pattern(60'000), {.message_id = "others-1"});
    all = sent_and_answered();
    for (const WireChunk& chunk : all)
      if (chunk.header("Message-ID") == "formed-1") chunks.push_back(chunk);
  }
  std::vector<WireChunk> all, chunks;
};

// R4975-7.1.1-5, R4975-7.1.1-38: what is said of a message is said in each of its
// chunks, in the same words.
TEST(SessionRules, EveryChunkSaysTheSame) {
  const HeaderField extra[] = {
      {HeaderId::content_disposition, "Content-Disposition", "attachment;filename=\"a b\""},
      {HeaderId::other, "X-Colour", "blue"}};
  for (const FailureReport failure : {FailureReport::partial, FailureReport::no}) {
    MessageSpec spec{.success_report = true, .failure_report = failure, .extra = extra};
    Interrupted world("application/octet-stream;x=\"y z\"", pattern(30'000), spec);
    ASSERT_GT(world.chunks.size(), 2U) << "nothing was cut";
    for (const WireChunk& chunk : world.chunks) {
      EXPECT_EQ(chunk.header("Success-Report"), "yes");
      EXPECT_EQ(chunk.header("Failure-Report"), failure == FailureReport::no ? "no" : "partial");
      EXPECT_EQ(chunk.header("Content-Disposition"), "attachment;filename=\"a b\"");
      EXPECT_EQ(chunk.header("X-Colour"), "blue");
      EXPECT_EQ(chunk.header("Content-Type"), "application/octet-stream;x=\"y z\"");
      EXPECT_EQ(chunk.headers.size(), world.chunks[0].headers.size());
    }
    EXPECT_TRUE(joined_body(world.all, "formed-1") == pattern(30'000));
  }
}

// R4975-11.4-1, R4975-13-8: a CPIM message is whole before it is cut: its own headers are octets of
// the first chunk like any others, Content-Type and Byte-Range of every chunk are about all of it.
TEST(SessionRules, ACpimMessageIsCutWhole) {
  const std::string head =
      "To: Bob <sip:bob@example.com>\r\nFrom: Alice <sip:alice@example.com>\r\n"
      "DateTime: 2006-05-15T15:02:31-03:00\r\n\r\nContent-Type: text/plain\r\n\r\n";
  const std::string body = head + std::string(30'000, 'x');
  Interrupted world("message/cpim", body);
  ASSERT_GT(world.chunks.size(), 2U) << "nothing was cut";
  for (std::size_t i = 0; i < world.chunks.size(); ++i) {
    const WireChunk& chunk = world.chunks[i];
    EXPECT_EQ(chunk.header("Content-Type"), "message/cpim");
    const auto range = ByteRange::parse(chunk.header("Byte-Range"));
    ASSERT_TRUE(range);
    EXPECT_EQ(range->total, body.size()) << "of the whole CPIM message";
    EXPECT_EQ(chunk.body->starts_with(head), i == 0);
    EXPECT_EQ(chunk.body->find("DateTime") != std::string::npos, i == 0);
  }
  EXPECT_TRUE(joined_body(world.all, "formed-1") == body);
}

// And the figures of RFC 4975 section 11.4 the other way round: two chunks, one CPIM message, whose
// headers are in the first. R4975-11.4-1
TEST(SessionRules, ACpimMessageInTwoChunksIsOne) {
  Neighbours world;
  const std::string head =
      "To: Bob <sip:bob@example.com>\r\nFrom: Alice <sip:alice@example.com>\r\n"
      "DateTime: 2006-05-15T15:02:31-03:00\r\nContent-Type: text/plain\r\n\r\n";
  const std::string total = "/" + std::to_string(head.size() + 14);
  SendParts parts = world.parts(head + "ABCD");
  parts.content_type = "message/cpim";
  parts.byte_range = "1-" + std::to_string(head.size() + 4) + total;
  parts.flag = '+';
  EXPECT_EQ(world.says(world.peer, parts), "200");
  parts.byte_range =
      std::to_string(head.size() + 5) + "-" + std::to_string(head.size() + 14) + total;
  parts.body = "1234567890";
  parts.flag = '$';
  EXPECT_EQ(world.says(world.peer, parts), "200");
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_EQ(world.node.last_in().content_type, "message/cpim");
  EXPECT_EQ(world.node.last_in().body, head + "ABCD1234567890");
  world.expect_all_alive();
}

// R4975-14.5-1: what is signed or encrypted is so as a whole: what reaches the peer, joined, is
// octet for octet what was handed in, and no chunk has an envelope of its own.
TEST(SessionRules, ASignedMessageIsCutWhole) {
  const std::string type =
      "multipart/signed;protocol=\"application/pkcs7-signature\";micalg=sha-256;boundary=b1234";
  const std::string signature = pattern(1500);
  const std::string body = "--b1234\r\nContent-Type: text/plain\r\n\r\n" +
                           std::string(25'000, 'm') +
                           "\r\n--b1234\r\nContent-Type: application/pkcs7-signature\r\n\r\n" +
                           signature + "\r\n--b1234--\r\n";
  Interrupted world(type, body);
  ASSERT_GT(world.chunks.size(), 2U) << "nothing was cut";
  std::size_t signatures = 0;
  for (const WireChunk& chunk : world.chunks) {
    EXPECT_EQ(chunk.header("Content-Type"), type);
    signatures += chunk.body->find("pkcs7-signature\r\n") != std::string::npos;
  }
  EXPECT_EQ(signatures, 1U);
  EXPECT_TRUE(joined_body(world.all, "formed-1") == body);
}

// URIs of our own have the transport and no parameter, and the name that we were given
// also where the address is an IPv6 literal.
TEST(SessionRules, OurUrisArePlain) {
  World world;
  Node& node = world.add("engine");
  for (const std::string host : {"", "alice.example"}) {
    for (const std::string address : {"192.0.2.1", "2001:db8::1"}) {
      for (const bool active : {true, false}) {
        const auto listener =
            node.engine().listen({.at = at(address, 2855), .host = host}, world.now);
        ASSERT_TRUE(listener);
        world.drive();
        const TicketId ticket = node.prepare({.active = active, .listener = *listener});
        world.drive();
        const Path path = node.local_paths.at(ticket.value());
        const UriView uri = path.view().front();
        EXPECT_EQ(path.view().size(), 1);
        EXPECT_EQ(uri.host, host.empty() ? address : host);
        EXPECT_EQ(uri.transport, "tcp");
        EXPECT_TRUE(uri.parameters.empty()) << path.text();
        EXPECT_TRUE(uri.userinfo.empty()) << path.text();
        EXPECT_TRUE(path.text().ends_with(";tcp")) << path.text();
        node.engine().cleanup(ticket, world.now);
        node.engine().stop_listening(*listener, world.now);
        world.drive();
      }
    }
  }
}

}  // namespace
}  // namespace msrp::test
