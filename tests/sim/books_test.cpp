// What a run's books complain about: each rule kept once and broken once.
#include "backends/sim/world/books.hpp"

#include <gtest/gtest.h>

#include <string>

namespace msrp::sim {
namespace {

// Message 1 of session 0, from host 0 to host 1.
struct Story {
  explicit Story(std::uint64_t bytes = 8) {
    book = {.number = 1, .session = 0, .from = 0, .to = 1, .bytes = bytes};
    book.success_report = true;
    books.open(book);
    books.sent(0, out, 1);
  }
  void start(std::uint32_t host = 1, std::uint32_t session = 0, std::string_view id = "message-1") {
    MessageStarted event{};
    event.message = in;
    event.head.message_id = id;
    books.started(host, session, event);
  }
  void data(std::uint64_t offset, std::size_t size, std::uint32_t pattern = 1) {
    std::vector<std::byte> octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = pattern_octet(pattern, offset + i);
    books.data(1, {{}, in, offset, Slice{octets, {}}});
  }
  void end(std::uint64_t bytes = 8, std::optional<Error> error = std::nullopt) {
    books.ended(1, {{}, in, bytes, 1, error});
  }
  void report(bool complete, std::uint16_t status = 200) {
    books.reported(0, {out, status, {1, 8, 8}, complete});
  }
  std::string told() {
    books.check_ends();
    return books.wrong();
  }

  Books books{std::chrono::seconds(30)};
  MessageBook book;
  const MessageHandle out{3, 1};
  const IncomingHandle in{5, 1};
};

TEST(Books, AGoodStory) {
  Story story;
  story.start();
  story.data(0, 4);
  story.data(4, 4);
  story.end();
  story.books.delivered(0, story.out, Instant{});
  story.report(true);
  story.books.done(0, story.out);
  EXPECT_EQ(story.told(), "");
}

TEST(Books, PiecesInAnyOrder) {
  Story story;
  story.start();
  story.data(6, 2);
  story.data(0, 3);
  story.data(3, 3);
  story.end();
  EXPECT_EQ(story.books.wrong(), "");
}

TEST(Books, OctetsTwice) {
  Story story;
  story.start();
  story.data(6, 2);
  story.data(0, 3);
  story.data(2, 4);
  EXPECT_EQ(story.books.wrong(), "octets came twice, message 1");
}

TEST(Books, ALateOutcome) {
  for (const int seconds : {30, 31}) {
    Story story;
    story.books.all_sent(0, story.out, Instant{});
    story.books.delivered(0, story.out, Instant{} + std::chrono::seconds(seconds));
    EXPECT_EQ(story.books.wrong(), seconds == 30 ? "" : "its outcome is late, message 1");
  }
}

TEST(Books, AnotherOctet) {
  Story story;
  story.start();
  story.data(0, 4, 2);
  EXPECT_EQ(story.books.wrong(), "another octet than was sent, message 1");
}

TEST(Books, OctetsBeyondTheEnd) {
  Story story;
  story.start();
  story.data(4, 5);
  EXPECT_EQ(story.books.wrong(), "octets beyond its end, message 1");
}

TEST(Books, WholeWithAGap) {
  Story story;
  story.start();
  story.data(0, 3);
  story.data(4, 4);
  story.end();
  EXPECT_EQ(story.books.wrong(), "it is called whole and is not, message 1");
}

TEST(Books, WholeTwice) {
  Story story;
  for (int i = 0; i < 2; ++i) {
    story.start();
    story.data(0, 8);
    story.end();
  }
  EXPECT_EQ(story.books.wrong(), "it came again after it had come whole, message 1");
}

TEST(Books, AnotherSessionOrHost) {
  Story session;
  session.start(1, 7);
  EXPECT_EQ(session.books.wrong(), "it came to another session, message 1");
  Story host;
  host.start(2);
  EXPECT_EQ(host.books.wrong(), "it came to another session, message 1");
  Story nobody;
  nobody.start(1, 0, "somebody-else");
  EXPECT_EQ(nobody.books.wrong(), "a message that nobody sent, message 0");
}

TEST(Books, TwoOutcomes) {
  Story story;
  story.books.delivered(0, story.out, Instant{});
  story.books.failed(0, story.out, Instant{});
  EXPECT_EQ(story.books.wrong(), "two outcomes, message 1");
}

TEST(Books, SomethingAfterTheLastEvent) {
  Story story;
  story.books.done(0, story.out);
  story.books.delivered(0, story.out, Instant{});
  EXPECT_EQ(story.books.wrong(), "an event after the last one, message 1");
}

TEST(Books, AReportOfWhatDidNotCome) {
  Story story;
  story.report(true);
  EXPECT_EQ(story.books.wrong(), "reported whole and did not come whole, message 1");
}

TEST(Books, AReportThatNobodyAskedFor) {
  Story story;
  story.book.success_report = false;
  story.books.open(story.book);
  story.report(false);
  EXPECT_EQ(story.books.wrong(), "a success REPORT that nobody asked for, message 1");
}

TEST(Books, NoEndAndNoOutcome) {
  Story endless;
  endless.books.delivered(0, endless.out, Instant{});
  EXPECT_EQ(endless.told(), "it has no end, message 1");
  Story silent;
  silent.books.done(0, silent.out);
  EXPECT_EQ(silent.told(), "it has no outcome, message 1");
}

TEST(Books, DeliveredAndNotThere) {
  Story story;
  story.books.delivered(0, story.out, Instant{});
  story.books.done(0, story.out);
  EXPECT_EQ(story.told(), "delivered, and it did not come whole, message 1");
}

TEST(Books, AnIncomingMessageWithoutAnEnd) {
  Story story;
  story.start();
  story.books.failed(0, story.out, Instant{});
  story.books.done(0, story.out);
  EXPECT_EQ(story.told(), "an incoming message has no end, message 1");
}

TEST(Books, WhoDiesOwesNothing) {
  Story story;
  story.start();
  story.books.died(0);
  story.books.died(1);
  EXPECT_EQ(story.told(), "");
}

}  // namespace
}  // namespace msrp::sim
