// The Logger sees every chunk, both ways, and what was refused.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

struct Notes final : Logger {
  void chunk_received_head(ConnId, const HeadView& head, Instant) override {
    received += std::string(head.is_request ? head.method_text : "answer") + "(";
  }
  void chunk_received_data(ConnId, std::span<const std::byte> bytes, Instant) override {
    received += text_of(bytes);
  }
  void chunk_received_end(ConnId, Flag flag, Instant) override {
    received += std::string(")") + static_cast<char>(flag) + " ";
  }
  void chunk_sent_head(ConnId, const HeadSpec& head, Instant) override {
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

}  // namespace
}  // namespace msrp::test
