// The Logger sees every chunk, both ways, and what was refused.
#include <gtest/gtest.h>

#include <array>

#include "msrp/parser.hpp"
#include "support/pair.hpp"

namespace msrp::test {
namespace {

struct Notes final : Logger {
  explicit Notes(Secrets secrets = Secrets::hidden) : Logger(secrets) {}

  void received_head(ConnId, const HeadView& head, Instant) override {
    note(head);
    received += std::string(head.is_request ? head.method_text : "answer") + "(";
  }
  void chunk_received_data(ConnId, std::span<const std::byte> bytes, Instant) override {
    received += text_of(bytes);
  }
  void chunk_received_end(ConnId, Flag flag, Instant) override {
    received += std::string(")") + static_cast<char>(flag) + " ";
  }
  void sent_head(ConnId, const HeadSpec& head, Instant) override {
    note(head);
    sent += head.status != 0 ? std::to_string(head.status)
                             : std::string(head.method == Method::report ? "REPORT" : "SEND");
    sent += "(";
    ids.push_back(std::string(head.transaction_id));
  }
  void chunk_sent_data(ConnId, std::span<const std::byte> bytes, Instant) override {
    sent += text_of(bytes);
  }
  void chunk_sent_end(ConnId, Flag flag, Instant) override {
    sent += std::string(")") + static_cast<char>(flag) + " ";
  }
  void illegal_data(ConnId, const Error& error, Instant) override { illegal.push_back(error.code); }

  // All that a head shows anywhere.
  void note(const HeadView& head) {
    heads.append(head.text).append("\n");
    for (const UriView uri : head.to_path) heads.append(uri.session_id).append("\n");
    for (const UriView uri : head.from_path) heads.append(uri.session_id).append("\n");
    for (const HeaderField& field : head.headers) heads.append(field.value).append("\n");
  }
  void note(const HeadSpec& head) {
    heads.append(head.to_path).append("\n").append(head.from_path).append("\n");
    for (const HeaderField& field : head.extra) heads.append(field.value).append("\n");
  }

  std::string heads;
  std::string received, sent;
  std::vector<std::string> ids;
  std::vector<Errc> illegal;
};

TEST(Logging, SeesEveryChunk) {
  Notes notes;
  SoloOptions options{.role = Role::passive};
  options.node.logger = &notes;
  Solo world(options);
  EXPECT_EQ(notes.received, "SEND()$ ");
  EXPECT_EQ(notes.sent, "200()$ ");
  notes.received.clear();
  notes.sent.clear();
  SendParts parts = world.parts("hello");
  parts.success_report = "yes";
  world.peer_sends(parts);
  EXPECT_EQ(notes.received, "SEND(hello)$ ");
  EXPECT_EQ(notes.sent, "200()$ REPORT()$ ");
  notes.received.clear();
  notes.sent.clear();
  world.peer.take();
  world.node.send("text/plain", "hi");
  const auto chunks = world.sent_and_answered();
  EXPECT_EQ(notes.sent, "SEND(hi)$ ");
  EXPECT_EQ(notes.received, "answer()$ ");
  EXPECT_EQ(notes.ids.back(), chunks.at(0).transaction_id);
  EXPECT_TRUE(notes.illegal.empty());
}

// Chunks that are cut are noted as they are cut.
TEST(Logging, SeesInterruptionsAsTheyAre) {
  Notes notes;
  SoloOptions options;
  options.node.logger = &notes;
  options.node.config.limits.quantum_bytes = 2048;
  Solo world(options);
  notes.sent.clear();
  world.node.send("text/plain", std::string(5000, 'a'));
  world.node.send("text/plain", std::string(5000, 'b'));
  std::string wire;
  for (const WireChunk& chunk : world.sent_and_answered())
    wire += chunk.word + "(" + chunk.body.value_or("") + ")" + chunk.flag + " ";
  EXPECT_EQ(notes.sent, wire);
}

TEST(Logging, SeesWhatIsRefused) {
  Notes notes;
  SoloOptions options{.role = Role::passive};
  options.node.logger = &notes;
  Solo world(options);
  SendParts parts = world.parts("x");
  parts.failure_report = "maybe";
  world.peer_sends(parts);
  ASSERT_EQ(notes.illegal.size(), 1U);
  EXPECT_EQ(notes.illegal[0], Errc::bad_report_header);
  world.peer.send("no MSRP at all\r\n");
  world.drive();
  ASSERT_EQ(notes.illegal.size(), 2U);
  EXPECT_EQ(notes.illegal[1], Errc::garbage);
}

std::string session_id_of(std::string_view path) {
  return std::string(PathView::parse(path)->back().session_id);
}

// R4975-3-2
TEST(Logging, HidesSessionIdsUnlessToldOtherwise) {
  for (const Secrets secrets : {Secrets::hidden, Secrets::shown}) {
    Notes notes(secrets);
    SoloOptions options{.role = Role::passive};
    options.node.logger = &notes;
    Solo world(options);
    SendParts parts = world.parts("hello");
    parts.success_report = "yes";
    parts.extra = {{"Authorization", "Digest username=\"alice\", response=\"s3cr3t\""}};
    world.peer_sends(parts);
    world.node.send("text/plain", "hi");
    world.sent_and_answered();
    ASSERT_GT(notes.sent.size(), 20U);
    const bool shown = secrets == Secrets::shown;
    for (const std::string& secret :
         {session_id_of(world.local), session_id_of(world.remote), std::string("s3cr3t")}) {
      ASSERT_GT(secret.size(), 4U);
      EXPECT_EQ(notes.heads.find(secret) != std::string::npos, shown) << secret;
    }
    // What is no secret stays.
    EXPECT_NE(notes.heads.find("Authorization"), std::string::npos);
    EXPECT_NE(notes.heads.find(";tcp"), std::string::npos);
  }
}

HeadView parsed(Parser& parser, std::string_view wire) {
  parser.push(Slice{std::as_bytes(std::span(wire)), {}});
  const auto event = parser.next();
  const auto* done = event ? std::get_if<HeadDone>(&*event) : nullptr;
  if (done == nullptr) {
    ADD_FAILURE() << "no head";
    return {};
  }
  return done->head;
}

constexpr std::string_view end_line = "-------d93kswow$\r\n";
constexpr std::string_view with_secrets =
    "MSRP d93kswow AUTH\r\n"
    "To-Path: msrps://alice:pw@relay.example:2855/secret1;tcp "
    "msrp://b.example:1/secret2;tcp;x=y\r\n"
    "From-Path:  msrp://[2001:db8::1]:7/secret3;tcp\r\n"
    "aUTHORIZATION: Digest username=\"secret4\", realm=\"secret5\"\r\n"
    "WWW-Authenticate: secret6\r\n"
    "Authentication-Info: nextnonce=\"secret7\"\r\n"
    "Use-Path: msrp://c.example:2/secret8;tcp\r\n"
    "X-Kept: not-hidden\r\n"
    "-------d93kswow$\r\n";

// R4975-3-2
TEST(Redaction, OverwritesEverySecretOfAHeadThatCame) {
  HeaderTable table;
  Parser parser({}, table);
  const HeadView head = parsed(parser, with_secrets);
  Redaction redaction;
  const HeadView shown = redaction.of(head);
  EXPECT_EQ(shown.text,
            "MSRP d93kswow AUTH\r\n"
            "To-Path: msrps://xxxxxxxx@relay.example:2855/xxxxxxx;tcp "
            "msrp://b.example:1/xxxxxxx;tcp;x=y\r\n"
            "From-Path:  msrp://[2001:db8::1]:7/xxxxxxx;tcp\r\n"
            "aUTHORIZATION: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
            "WWW-Authenticate: xxxxxxx\r\n"
            "Authentication-Info: xxxxxxxxxxxxxxxxxxx\r\n"
            "Use-Path: msrp://c.example:2/xxxxxxx;tcp\r\n"
            "X-Kept: not-hidden\r\n");
  // Every view is into the copy.
  EXPECT_EQ(shown.to_path.front().session_id, "xxxxxxx");
  EXPECT_EQ(shown.to_path.back().host, "b.example");
  EXPECT_EQ(shown.from_path.front().host, "2001:db8::1");
  EXPECT_EQ(shown.find(HeaderId::use_path)->value, "msrp://c.example:2/xxxxxxx;tcp");
  EXPECT_EQ(shown.headers.back().value, "not-hidden");
  for (const HeaderField& field : shown.headers) {
    EXPECT_GE(field.value.data(), shown.text.data());
    EXPECT_LE(field.value.data() + field.value.size(), shown.text.data() + shown.text.size());
  }
  // The head that came is as it was, and the copy reads like it.
  EXPECT_EQ(head.text, with_secrets.substr(0, with_secrets.size() - end_line.size()));
  HeaderTable other_table;
  Parser other_parser({}, other_table);
  const std::string wire = std::string(shown.text) + std::string(end_line);
  const HeadView again = parsed(other_parser, wire);
  EXPECT_FALSE(again.invalid);
  EXPECT_EQ(again.headers.size(), head.headers.size());
}

// R4975-3-2
TEST(Redaction, HidesAPathThatCannotBeRead) {
  HeaderTable table;
  Parser parser({}, table);
  const HeadView head = parsed(parser,
                               "MSRP d93kswow SEND\r\n"
                               "To-Path: msrp://b.example:1/secret1;tcp,msrp://c/secret2\r\n"
                               "From-Path: msrp://a.example:1/secret3;tcp\r\n"
                               "Message-ID: m1234\r\n"
                               "-------d93kswow$\r\n");
  ASSERT_TRUE(head.invalid);
  Redaction redaction;
  const HeadView shown = redaction.of(head);
  EXPECT_EQ(shown.text.find("secret"), std::string_view::npos);
  EXPECT_EQ(shown.text.size(), head.text.size());
  EXPECT_EQ(shown.message_id, "m1234");
  EXPECT_EQ(shown.find(HeaderId::to_path)->value,
            std::string(head.find(HeaderId::to_path)->value.size(), 'x'));
}

// R4975-3-2
TEST(Redaction, OverwritesEverySecretOfAHeadToSend) {
  const std::string to = "msrps://alice@relay.example:2855/secret1;tcp msrp://b.example:1/s2;tcp";
  const std::array<HeaderField, 3> extra{
      {{HeaderId::other, "authorization", "Digest secret3"},  // by its name, whatever it says it is
       {HeaderId::use_path, "Use-Path", "msrp://c.example:2/secret4;tcp"},
       {HeaderId::other, "X-Kept", "not-hidden"}}};
  HeadSpec head;
  head.transaction_id = "d93kswow";
  head.method = Method::auth;
  head.to_path = to;
  head.from_path = "msrp://a.example:1/secret5;tcp";
  head.extra = extra;
  Redaction redaction;
  const HeadSpec shown = redaction.of(head);
  EXPECT_EQ(shown.to_path,
            "msrps://xxxxx@relay.example:2855/xxxxxxx;tcp msrp://b.example:1/xx;tcp");
  EXPECT_EQ(shown.from_path, "msrp://a.example:1/xxxxxxx;tcp");
  ASSERT_EQ(shown.extra.size(), 3U);
  EXPECT_EQ(shown.extra[0].value, "xxxxxxxxxxxxxx");
  EXPECT_EQ(shown.extra[1].value, "msrp://c.example:2/xxxxxxx;tcp");
  EXPECT_EQ(shown.extra[2].value, "not-hidden");
  EXPECT_EQ(encoded_size(shown), encoded_size(head));
  std::array<std::byte, 1024> wire;
  EXPECT_TRUE(encode_head(shown, wire));
}

}  // namespace
}  // namespace msrp::test
