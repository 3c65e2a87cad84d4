// Headers that break a rule, or nearly: what is answered and what of it reaches the application
// (RFC 4975 sections 6, 7.3 and 9).
#include <gtest/gtest.h>

#include "neighbours.hpp"

namespace msrp::test {
namespace {

struct Headers : Neighbours {
  using Neighbours::Neighbours;

  // A SEND of these header lines and a text, as they stand here; its answer's status.
  std::string status_of_lines(const std::string& lines, const std::string& body = "hello") {
    const std::string id = "line" + std::to_string(10'000 + next_transaction++);
    const std::string end = body.empty() ? "" : "\r\n" + body + "\r\n";
    peer.send("MSRP " + id + " SEND\r\n" + lines + end + "-------" + id + "$\r\n");
    drive();
    answers = peer.take();
    for (const WireChunk& answer : answers) EXPECT_EQ(answer.transaction_id, id);
    return answers.empty() ? "" : answers.size() > 1 ? "several" : answers[0].word;
  }
  std::string to_line() const { return "To-Path: " + local + "\r\n"; }
  std::string from_line() const { return "From-Path: " + remote + "\r\n"; }
  static std::string rest() { return "Message-ID: rest1234\r\nContent-Type: text/plain\r\n"; }
  std::size_t messages() const { return node.incoming.size(); }

  std::vector<WireChunk> answers;
};

// Paths and URIs that are none: by their octets, their ports, their schemes, their lengths.
std::vector<std::string> broken_uris() {
  std::vector<std::string> all{"",
                               " ",
                               "sip:alice@192.0.2.1",
                               "msrp://:2855/a;tcp",
                               "msrp://192.0.2.1:65536/a;tcp",
                               "msrp://192.0.2.1:99999999999/a;tcp",
                               "msrp://192.0.2.1/a;tcp",
                               "msrp://192.0.2.1:2855/a",
                               "msrp://192.0.2.1:2855/a@b;tcp",
                               "msrp://192.0.2.1:2855/a;tcp@b",
                               "msrp://2001:db8::1:2855/a;tcp",
                               "msrp://192.0.2.1:2855/%s%n%p;tcp",
                               "msrp://192.0.2.1:2855/a;tcp  msrp://192.0.2.1:2855/b;tcp"};
  for (const std::string& inside :
       {std::string("\r"), std::string("\n"), std::string("\t"), std::string(1, '\0'),
        std::string("%"), std::string("%0d%0aX:"), std::string("\r\n ")})
    all.push_back("msrp://192.0.2.1:2855/a" + inside + "b;tcp");
  std::string long_path = "msrp://a.example:1/s;tcp";
  for (int i = 1; i < 200; ++i) long_path += " msrp://a.example:1/s;tcp";
  all.push_back(long_path);
  return all;
}

// R4975-7.2-4, R4975-7.2-6: a From-Path of kilobytes is a From-Path; its first URI is answered,
// octet for octet.
TEST(NastyHeaders, LongPaths) {
  Headers world;
  for (const std::size_t bytes : {3'000U, 15'000U}) {
    const std::string long_uri = "msrp://192.0.2.9:5678/" + std::string(bytes, 's') + ";tcp";
    EXPECT_EQ(
        world.status_of_lines(world.to_line() + "From-Path: " + long_uri + "\r\n" + world.rest()),
        "200");
    EXPECT_EQ(world.answers[0].header("To-Path"), long_uri);
    EXPECT_EQ(world.node.last_in().from_path, long_uri);
  }
  std::string uris = world.remote;
  for (int i = 1; i < 16; ++i) uris += " msrp://hop" + std::to_string(i) + ".example:1/s;tcp";
  EXPECT_EQ(world.status_of_lines(world.to_line() + "From-Path: " + uris + "\r\n" + world.rest()),
            "200");
  EXPECT_EQ(world.answers[0].header("To-Path"), world.remote);
  const std::size_t before = world.messages();
  for (int i = 0; i < 184; ++i) uris += " msrp://a.example:1/s;tcp";
  EXPECT_EQ(world.status_of_lines(world.to_line() + "From-Path: " + uris + "\r\n" + world.rest()),
            "")
      << "two hundred hops: nobody to answer to";
  EXPECT_EQ(world.messages(), before);
  world.expect_all_alive();
}

// A From-Path that leaves just room for itself in a head of the largest size: the
// REPORT that it asks for goes all of its way, or the request is too large and ends the connection.
TEST(NastyHeaders, TheLongestFromPathThatAsksForAReport) {
  std::size_t reported = 0;
  for (std::size_t bytes = 16'000; bytes < 16'400; bytes += 7) {
    Neighbours world;
    SendParts asks = world.parts("hello");
    asks.from = "msrp://192.0.2.9:5678/" + std::string(bytes - 26, 's') + ";tcp";
    asks.success_report = "yes";
    world.peer.send(world.text_of_send(asks));
    world.drive();
    if (world.peer.gone()) break;
    const auto said = world.peer.take();
    ASSERT_EQ(said.size(), 2U) << bytes;
    EXPECT_EQ(said[0].word, "200");
    EXPECT_EQ(said[1].word, "REPORT");
    EXPECT_EQ(said[1].header("To-Path"), asks.from);
    EXPECT_EQ(said[1].header("From-Path"), world.local);
    ++reported;
    world.expect_all_alive();
  }
  EXPECT_GT(reported, 0U);
}

// R4975-9-9, R4975-9-10, R4975-9-14, A-15, A-58, A-64: paths that are none, twice or out of order.
// Where both can be read the answer is 400; without a From-Path there is none.
TEST(NastyHeaders, BrokenPaths) {
  Headers world;
  const std::string to = world.to_line();
  const std::string from = world.from_line();
  const std::string rest = world.rest();
  const std::size_t before = world.messages();
  EXPECT_EQ(world.status_of_lines(to + "From-Path: \r\n" + rest), "");
  EXPECT_EQ(world.status_of_lines(to + rest), "");
  EXPECT_EQ(world.status_of_lines(from + to + rest), "400");
  EXPECT_EQ(world.status_of_lines(to + to + from + rest), "400");
  EXPECT_EQ(world.status_of_lines(to + from + to + rest), "400");
  EXPECT_EQ(world.status_of_lines(to + from + from + rest), "400");
  for (const std::string& uri : broken_uris())
    EXPECT_EQ(world.status_of_lines(to + "From-Path: " + uri + "\r\n" + rest), "") << uri;
  EXPECT_EQ(world.messages(), before);
  EXPECT_EQ(world.node.engine().stats().bad_chunks, 6 + broken_uris().size());
  world.expect_all_alive();
}

// A To-Path that is none names nobody, and what it was said for reaches nobody.
TEST(NastyHeaders, ABrokenToPathNamesNobody) {
  Headers world;
  const std::size_t before = world.messages();
  const std::vector<std::string> uris = broken_uris();
  for (const std::string& uri : uris)
    EXPECT_NE(world.status_of_lines("To-Path: " + uri + "\r\n" + world.from_line() + world.rest()),
              "200")
        << uri;
  EXPECT_EQ(world.messages(), before);
  EXPECT_EQ(world.node.engine().stats().bad_chunks, uris.size());
  world.expect_all_alive();
}

// R4975-7.1.4-1, A-15: the From-Path can be read, so the sender is told 400.
TEST(NastyHeaders, ABrokenToPathGets400) {
  Headers world;
  for (const std::string& uri : broken_uris()) {
    EXPECT_EQ(world.status_of_lines("To-Path: " + uri + "\r\n" + world.from_line() + world.rest()),
              "400")
        << uri;
    for (const WireChunk& answer : world.answers)
      EXPECT_EQ(answer.header("To-Path"), world.remote) << uri;
  }
}

// What is percent-encoded stays so: no line of an answer or of a later request is made of it.
TEST(NastyHeaders, AnEncodedLineEndEndsNoLine) {
  Headers world;
  const std::string uri = "msrp://a%0d%0aX-Injected%3a%20yes@host%0d%0aevil:1/s;tcp";
  EXPECT_EQ(world.status_of_lines(world.to_line() + "From-Path: " + uri + "\r\n" + world.rest()),
            "200");
  ASSERT_EQ(world.answers.size(), 1U);
  EXPECT_EQ(world.answers[0].headers, (std::vector<std::pair<std::string, std::string>>{
                                          {"To-Path", uri}, {"From-Path", world.local}}));
  world.expect_all_alive();
}

// R4975-6.1-1, R4975-7.3-2: URIs of other shapes name the session or none.
TEST(NastyHeaders, UriShapes) {
  Headers world;
  const std::string id = world.local.substr(world.local.rfind('/') + 1,
                                            world.local.find(";tcp") - world.local.rfind('/') - 1);
  const std::size_t before = world.messages();
  for (const auto& [uri, status] : std::vector<std::pair<std::string, std::string>>{
           {"msrp://192.0.2.1:2855/" + id + ";tcp", "200"},
           {"MSRP://192.0.2.1:2855/" + id + ";TCP", "200"},
           {"msrp://anyone@192.0.2.1:2855/" + id + ";tcp", "200"},
           {"msrp://[2001:db8::1]:2855/" + id + ";tcp", "481"},
           {"msrp://alice.example/" + id + ";tcp", "481"},
           {"msrp://alice.example:0/" + id + ";tcp", "481"},
           {"msrps://192.0.2.1:2855/" + id + ";tcp", "481"},
           {"msrp://192.0.2.1:2855/" + id + ";ws", "481"},
           {"msrp://192.0.2.1:2855/" + id + ";carrier", "481"}}) {
    EXPECT_EQ(world.status_of_lines("To-Path: " + uri + "\r\n" + world.from_line() + world.rest()),
              status)
        << uri;
  }
  EXPECT_EQ(world.messages(), before + 3);
  world.expect_all_alive();
}

// R4975-9-12, R4975-9-11, R4975-9-21, A-7, A-8: other letters and other blanks are taken, folded
// lines and lines without a colon are not.
TEST(NastyHeaders, LinesOfOtherForms) {
  Headers world;
  const std::string to = world.local + "\r\n";
  const std::string from = world.remote + "\r\n";
  EXPECT_EQ(world.status_of_lines("to-path: " + to + "FROM-PATH: " + from +
                                  "message-id: other123\r\ncontent-TYPE: text/plain\r\n"),
            "200");
  EXPECT_EQ(world.node.last_in().message_id, "other123");
  for (const char* blanks : {"", "  ", "\t"}) {
    const std::string colon = std::string(":") + blanks;
    EXPECT_EQ(
        world.status_of_lines("To-Path" + colon + to + "From-Path" + colon + from + "Message-ID" +
                              colon + "blank123\r\nContent-Type" + colon + "text/plain\r\n"),
        "200")
        << blanks;
    EXPECT_EQ(world.node.last_in().message_id, "blank123");
    EXPECT_EQ(world.node.last_in().content_type, "text/plain");
  }
  const std::size_t before = world.messages();
  const std::string paths = world.to_line() + world.from_line();
  EXPECT_EQ(world.status_of_lines(paths + "no colon here\r\n" + world.rest()), "400");
  EXPECT_EQ(world.status_of_lines(paths + "X-Folded: one\r\n two\r\n" + world.rest()), "400");
  EXPECT_EQ(world.status_of_lines(paths + ": no name\r\n" + world.rest()), "400");
  EXPECT_EQ(world.messages(), before);
  world.expect_all_alive();
}

// R4975-9-25, R4975-9-27, A-57: Content-Type is asked for with a body, may be named without one,
// and is taken from another place than the last.
TEST(NastyHeaders, ContentTypes) {
  Headers world;
  const std::string paths = world.to_line() + world.from_line() + "Message-ID: type1234\r\n";
  std::size_t before = world.messages();
  EXPECT_EQ(world.status_of_lines(paths), "400") << "a body without a type";
  EXPECT_EQ(world.messages(), before);
  EXPECT_EQ(world.status_of_lines(paths + "Content-Type: text/plain\r\n", ""), "200");
  EXPECT_EQ(world.messages(), before) << "a type and no body is no message";
  EXPECT_EQ(world.status_of_lines(paths + "Content-Type: text/plain\r\nX-Behind: it\r\n"), "200");
  EXPECT_EQ(world.node.last_in().content_type, "text/plain");
  EXPECT_EQ(world.status_of_lines(paths + "Content-Type: text/plain;x=\"a\\\"b\\\\c\"\r\n"), "200");
  EXPECT_EQ(world.node.last_in().content_type, "text/plain;x=\"a\\\"b\\\\c\"");
  before = world.messages();
  EXPECT_EQ(world.status_of_lines(paths + "Content-Type: text/plain;x=\"a\\\r\\\nb\"\r\n"), "400");
  EXPECT_EQ(world.status_of_lines(paths + "Content-Type: text/plain;x=\"open\r\n"), "400");
  EXPECT_EQ(world.messages(), before);
  world.expect_all_alive();
}

// A boundary that looks like our end-line is part of the body.
TEST(NastyHeaders, ABoundaryLikeTheEndLine) {
  Headers world;
  const std::string body =
      "-------mime1234\r\n\r\none\r\n-------mime1234\r\n\r\ntwo\r\n-------mime1234--\r\n";
  SendParts parts = world.parts(body);
  parts.transaction_id = "mime1234";
  parts.content_type = "multipart/mixed;boundary=\"-----mime1234\"";
  EXPECT_EQ(world.says(world.peer, parts), "200");
  EXPECT_EQ(world.node.last_in().body, body);
  world.expect_all_alive();
}

// A message with a success REPORT wanted, and the SEND it went out as.
struct Asked : Headers {
  Asked() {
    const auto sent = node.engine().send(
        session, {.content_type = "text/plain", .success_report = true}, owned("hello"), now);
    EXPECT_TRUE(sent);
    handle = sent.value_or(MessageHandle{});
    node.outgoing[handle.value()].session = session;
    drive();
    request = peer.next();
  }
  void say(const std::string& start, const std::string& lines) {
    peer.send("MSRP " + start + "\r\nTo-Path: " + local + "\r\nFrom-Path: " + remote + "\r\n" +
              lines + "-------" + start.substr(0, start.find(' ')) + "$\r\n");
    drive();
    EXPECT_TRUE(peer.got().empty()) << "neither an answer nor a REPORT is answered: " << start;
    EXPECT_FALSE(peer.gone()) << start;
  }
  MessageHandle handle;
  WireChunk request;
};

// R4975-9-6, R4975-9-7, R4975-9-8: codes of three digits, with a comment or without.
TEST(NastyHeaders, StatusLines) {
  for (const char* good : {"200", "200 OK", "200 in\xC3\xA9\xE2\x82\xAC order"}) {
    Asked world;
    world.say(world.request.transaction_id + " " + good, "");
    EXPECT_TRUE(world.node.out(world.handle).delivered) << good;
  }
  for (const char* bad : {"1000 OK", "2OO OK", "20 OK", "20.0 OK"}) {
    Asked world;
    world.say(world.request.transaction_id + " " + bad, "");
    EXPECT_FALSE(world.node.out(world.handle).delivered) << bad;
    EXPECT_FALSE(world.node.out(world.handle).failed) << bad;
    world.respond(world.request);
    EXPECT_TRUE(world.node.out(world.handle).delivered) << bad;
    world.expect_all_alive();
  }
}

// R4975-7.1.3-7, A-68: a REPORT has to say what about and how it went, in the namespace that we
// know.
TEST(NastyHeaders, ReportsThatSayNothing) {
  Asked world;
  world.respond(world.request);
  const std::string id = "Message-ID: " + world.request.header("Message-ID") + "\r\n";
  const std::string status = "Status: 000 200 OK\r\n";
  world.say("nosta123 REPORT", id + "Byte-Range: 1-5/5\r\n");
  world.say("nomid123 REPORT", "Byte-Range: 1-5/5\r\n" + status);
  world.say("unkno123 REPORT", "Message-ID: nobody12\r\nByte-Range: 1-5/5\r\n" + status);
  world.say("space123 REPORT", id + "Byte-Range: 1-5/5\r\nStatus: 001 403 No\r\n");
  world.say("badst123 REPORT", id + "Byte-Range: 1-5/5\r\nStatus: 000 20 OK\r\n");
  world.say("badra123 REPORT", id + "Byte-Range: 5/1-5\r\n" + status);
  EXPECT_TRUE(world.node.out(world.handle).reports.empty());
  EXPECT_FALSE(world.node.out(world.handle).failed);
  world.say("whole123 REPORT", id + "Byte-Range: 1-5/5\r\n" + status);
  ASSERT_EQ(world.node.out(world.handle).reports.size(), 1U);
  EXPECT_TRUE(world.node.out(world.handle).reports[0].complete);
  EXPECT_TRUE(world.node.out(world.handle).done);
  world.expect_all_alive();
}

}  // namespace
}  // namespace msrp::test
