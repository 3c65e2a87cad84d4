// Messages that come in chunks, in any order, honest or not (RFC 4975 sections 7.3.1 and 14.5).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

struct Receiver : Solo {
  explicit Receiver(const SoloOptions& options = {.role = Role::passive}) : Solo(options) {}

  // One chunk of the message m-1; returns the status it was answered with, 0 for none.
  int chunk(const std::string& range, const std::string& body, char flag = '+',
            const std::string& id = "m-1234") {
    SendParts made = parts(body);
    made.message_id = id;
    made.byte_range = range;
    made.flag = flag;
    peer_sends(made);
    const auto answers = peer.take();
    EXPECT_LE(answers.size(), 1U);
    return answers.empty() ? 0 : std::stoi(answers[0].word);
  }
  Incoming& message(std::string_view id = "m-1234") {
    for (Incoming& one : node.incoming)
      if (one.message_id == id) return one;
    ADD_FAILURE() << "no message " << id;
    return node.last_in();
  }
};

TEST(Assembly, InOrder) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/9", "abc"), 200);
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.chunk("4-6/9", "def"), 200);
  EXPECT_EQ(world.chunk("7-9/9", "ghi", '$'), 200);
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghi");
  EXPECT_EQ(world.message().ended->bytes, 9U);
  EXPECT_EQ(world.message().ended->chunks, 3U);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
}

// R4975-7.3.1-2 R4975-7.3.1-5 R4975-7.3.1-6 R4975-7.1.1-26: every order of three chunks.
TEST(Assembly, InEveryOrder) {
  struct Piece {
    const char* range;
    const char* body;
    char flag;
  };
  const Piece pieces[] = {{"1-3/9", "abc", '+'}, {"4-6/9", "def", '+'}, {"7-9/9", "ghi", '$'}};
  std::vector<int> order{0, 1, 2};
  do {
    Receiver world;
    for (std::size_t i = 0; i < 3; ++i) {
      const Piece& piece = pieces[order[i]];
      EXPECT_EQ(world.chunk(piece.range, piece.body, piece.flag), 200);
      EXPECT_EQ(world.message().ended.has_value(), i == 2);
    }
    EXPECT_TRUE(world.message().complete());
    EXPECT_EQ(world.message().body, "abcdefghi");
    EXPECT_EQ(world.message().octets, 9U);
  } while (std::ranges::next_permutation(order).found);
}

// R4975-7.3.1-7 R4975-7.3.1-8: overlapping octets; the size is right and it is complete once.
TEST(Assembly, Overlaps) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-6/10", "abcdef"), 200);
  EXPECT_EQ(world.chunk("4-8/10", "defgh"), 200);
  EXPECT_EQ(world.chunk("7-10/10", "ghij", '$'), 200);
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghij");
  EXPECT_EQ(world.message().ended->bytes, 10U);
}

TEST(Assembly, Duplicates) {
  Receiver world;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.chunk("4-6/9", "def"), 200);
  EXPECT_EQ(world.chunk("7-9/9", "ghi", '$'), 200);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(world.chunk("4-6/9", "def"), 200);
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.chunk("1-3/9", "abc"), 200);
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghi");
}

// R4975-7.3.1-6
TEST(Assembly, TheLastChunkBeforeTheGapIsFilled) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/9", "abc"), 200);
  EXPECT_EQ(world.chunk("7-9/9", "ghi", '$'), 200);
  EXPECT_FALSE(world.message().ended);
  world.advance(std::chrono::seconds(10));
  EXPECT_EQ(world.chunk("4-6/9", "def"), 200);
  EXPECT_TRUE(world.message().complete());
}

// R4975-7.3.1-9: A-70
TEST(Assembly, HashAbandons) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/9", "abc"), 200);
  EXPECT_EQ(world.chunk("4-6/9", "def", '#'), 200);
  EXPECT_TRUE(world.message().failed_with(Errc::aborted));
  EXPECT_EQ(world.message().ended->bytes, 6U);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
}

// Nasty group 11: "#" on the first chunk, then more of it.
TEST(Assembly, HashAtOnce) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/9", "abc", '#'), 200);
  EXPECT_TRUE(world.message().failed_with(Errc::aborted));
  world.chunk("4-6/9", "def");  // a message of its own, or refused; never the old one
  EXPECT_TRUE(world.message().failed_with(Errc::aborted));
}

// A-21 A-22
TEST(Assembly, WithoutByteRange) {
  Receiver world;
  EXPECT_EQ(world.chunk("", "abc"), 200) << "A-21: a first chunk counts as 1-*/*";
  EXPECT_EQ(world.chunk("", "def"), 400) << "A-22: a later one must say where it belongs";
  for (const Incoming& one : world.node.incoming) EXPECT_FALSE(one.complete());
  EXPECT_EQ(world.chunk("", "whole", '$', "m-9999"), 200);
  EXPECT_TRUE(world.message("m-9999").complete());
}

// A-20: range-start 1 and "$" is a whole message, whatever was there before.
TEST(Assembly, AWholeMessageReplacesAPartialOne) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/9", "abc"), 200);
  EXPECT_EQ(world.chunk("1-5/5", "whole", '$'), 200);
  ASSERT_FALSE(world.node.incoming.empty());
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_EQ(world.node.last_in().body, "whole");
  EXPECT_EQ(world.node.last_in().ended->bytes, 5U);
  for (const Incoming& one : world.node.incoming) EXPECT_TRUE(one.ended);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
}

// R4975-7.3.1-3 R4975-7.3.1-4: the octets count, not the announcement.
TEST(Assembly, AShortChunkCountsWhatItHas) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-100/9", "abc"), 400) << "an end behind the total";
  EXPECT_EQ(world.chunk("1-9/9", "abc"), 200);
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.chunk("4-9/9", "defghi", '$'), 200);
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghi");
}

// A-25: RFC 4975's own figures have wrong counts; the octets decide.
TEST(Assembly, AWholeMessageShorterThanAnnounced) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-25/25", "twenty-three octets, no", '$'), 200);
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().ended->bytes, 23U);
}

// A-23: "$" decides about the total; what lies behind it is refused.
TEST(Assembly, TheTotalChanges) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/100", "abc"), 200);
  EXPECT_EQ(world.chunk("7-9/9", "ghi", '$'), 200);
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.chunk("4-6/100", "def"), 200);
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghi");
  EXPECT_EQ(world.message().ended->bytes, 9U);
}

TEST(Assembly, OctetsBehindTheEndGet400) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/100", "abc"), 200);
  EXPECT_EQ(world.chunk("7-9/9", "ghi", '$'), 200);
  EXPECT_EQ(world.chunk("10-12/100", "jkl"), 400);
  EXPECT_FALSE(world.message().complete());
  EXPECT_EQ(world.message().body.size(), 9U) << "none of them is handed up";
}

// Octets received already and now behind the end.
TEST(Assembly, TheEndBeforeWhatHasCome) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-9/*", "abcdefghi"), 200);
  const int status = world.chunk("4-6/6", "def", '$');
  EXPECT_TRUE(status == 200 || status == 400) << status;
  if (world.message().ended && !world.message().ended->error) {
    EXPECT_EQ(world.message().ended->bytes, 6U);
  }
  EXPECT_EQ(world.chunk("1-3/3", "new", '$', "m-5678"), 200);
}

// Nasty group 20: numbers that are no range. Every one is refused, none hurts.
TEST(Assembly, BadRangesGet400) {
  for (const std::string range :
       {"0-10/10", "0-*/*", "1-0/5x", "5-1/10", "1-18446744073709551616/*", "-1-5/5", "1--5/5",
        "1-5/3", "a-b/c", "1-5", "1/5", "*-5/5", "18446744073709551616-*/*",
        "999999999999999999999999999999-*/*", "18446744073709551615-18446744073709551615/5",
        "1 - 5 / 5", "0x1-5/5"}) {
    Receiver world;
    EXPECT_EQ(world.chunk(range, "abcde"), 400) << range;
    EXPECT_TRUE(world.node.incoming.empty()) << range;
    EXPECT_EQ(world.chunk("1-3/3", "abc", '$'), 200) << range;
    EXPECT_TRUE(world.message().complete());
  }
}

// Leading zeros, stars: fine.
TEST(Assembly, OddRangesThatAreFine) {
  for (const std::string range :
       {"01-05/05", "1-*/*", "1-5/*", "1-*/5", "0000000000000000001-5/5"}) {
    Receiver world;
    EXPECT_EQ(world.chunk(range, "abcde", '$'), 200) << range;
    EXPECT_TRUE(world.message().complete()) << range;
    EXPECT_EQ(world.message().body, "abcde") << range;
  }
}

// R4975-14.5-4: positions up to the last one there is.
TEST(Assembly, TheEdgeOf64Bits) {
  Receiver world;
  EXPECT_EQ(world.chunk("18446744073709551615-*/*", "ab"), 400)
      << "the second octet has no position";
  const int status = world.chunk("18446744073709551614-*/*", "a", '+', "edge-1");
  EXPECT_TRUE(status == 200 || status == 413 || status == 400) << status;
  EXPECT_EQ(world.chunk("9223372036854775807-*/*", "abc", '+', "edge-2"), 200);
  EXPECT_EQ(world.chunk("1-3/3", "abc", '$', "fine-1"), 200);
  EXPECT_TRUE(world.message("fine-1").complete());
}

// R4975-14.5-4 R4975-14.5-5: a sparse message takes no memory for what has not come.
TEST(Assembly, ASparseMessageIsBounded) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.intervals = 8;
  Receiver world(options);
  const std::size_t used = world.node.pool.used();
  int refused = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint64_t start = 1 + i * 1'000'000'000'000;
    const int status = world.chunk(std::to_string(start) + "-*/*", "x");
    refused += status == 413 || status == 400;
    if (i < 8) {
      EXPECT_EQ(status, 200) << i;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(world.node.pool.used(), used);
  EXPECT_LE(world.node.engine().stats().incoming_messages, 1U);
}

TEST(Assembly, TooManyIncompleteMessages) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.incoming_messages = 3;
  Receiver world(options);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(world.chunk("1-3/9", "abc", '+', "open-" + std::to_string(i)), 200);
  const int over = world.chunk("1-3/9", "abc", '+', "open-9");
  EXPECT_GE(over, 400) << "refused, or the connection would be held by it";
  EXPECT_EQ(world.chunk("4-9/9", "defghi", '$', "open-1"), 200) << "those that are open go on";
  EXPECT_TRUE(world.message("open-1").complete());
  EXPECT_EQ(world.chunk("1-3/9", "abc", '+', "open-3"), 200) << "and make room";
}

// R4975-5.4-27: a repeat of a complete message is answered again.
TEST(Assembly, ARepeatedMessageIsAnsweredAgain) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/3", "abc", '$'), 200);
  EXPECT_EQ(world.chunk("1-3/3", "abc", '$'), 200);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
  for (const Incoming& one : world.node.incoming) EXPECT_TRUE(one.complete());
}

// Ten thousand one-octet chunks, in order: one interval.
TEST(Assembly, ManyTinyChunks) {
  Receiver world;
  std::string body;
  for (int i = 1; i <= 10'000; ++i) {
    SendParts made = world.parts(std::string(1, static_cast<char>('a' + i % 26)));
    made.to = world.local;
    made.from = world.remote;
    made.transaction_id = "tiny" + std::to_string(i);
    made.message_id = "tiny-message";
    made.byte_range = std::to_string(i) + "-" + std::to_string(i) + "/10000";
    made.flag = i == 10'000 ? '$' : '+';
    made.failure_report = "no";
    body += *made.body;
    world.peer.send(wire_send(made));
    if (i % 100 == 0) world.drive();
  }
  world.drive();
  EXPECT_TRUE(world.node.last_in().complete());
  EXPECT_EQ(world.node.last_in().body, body);
  EXPECT_EQ(world.node.last_in().ended->chunks, 10'000U);
}

// Chunks of two messages in turn.
TEST(Assembly, InterleavedMessages) {
  Receiver world;
  EXPECT_EQ(world.chunk("1-3/6", "abc", '+', "one-1"), 200);
  EXPECT_EQ(world.chunk("1-3/6", "ABC", '+', "two-2"), 200);
  EXPECT_EQ(world.chunk("4-6/6", "def", '$', "one-1"), 200);
  EXPECT_EQ(world.chunk("4-6/6", "DEF", '$', "two-2"), 200);
  EXPECT_EQ(world.message("one-1").body, "abcdef");
  EXPECT_EQ(world.message("two-2").body, "ABCDEF");
}

// Names that trap careless tables; all are ordinary.
TEST(Assembly, OddMessageIds) {
  Receiver world;
  for (const std::string id : {"__proto__", "constructor", "%s%n%p", "a.b+c%d=e-f"}) {
    SendParts made = world.parts("x");
    made.message_id = id;
    world.peer_sends(made);
    const auto answers = world.peer.take();
    ASSERT_EQ(answers.size(), 1U) << id;
    EXPECT_TRUE(answers[0].word == "200" || answers[0].word == "400") << id;
  }
  EXPECT_FALSE(world.peer.gone());
}

}  // namespace
}  // namespace msrp::test
