// What a chunk watch makes of octets: chunks, their times, and what is lost.
#include "backends/sim/world/chunk_watch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace msrp::sim {
namespace {

Instant at(int milliseconds) {
  return Instant(std::chrono::milliseconds(milliseconds));
}

std::string chunk(const std::string& id, const std::string& body, char flag = '$') {
  return "MSRP " + id + " SEND\r\nTo-Path: a\r\nFrom-Path: b\r\nMessage-ID: message-7\r\n\r\n" +
         body + "\r\n-------" + id + flag + "\r\n";
}

std::string answer(const std::string& id) {
  return "MSRP " + id + " 200 OK\r\nTo-Path: b\r\nFrom-Path: a\r\n-------" + id + "$\r\n";
}

class Story final : public ChunkWatch {
 public:
  Story() {
    for (const char* ip : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
      network.add_host("some", *IpAddress::parse(ip));
    }
    begins(network, at(0));
    // Host 2 has connected to host 1.
    connected({5, 1}, {.local = {network.address(1), 2855}, .peer = {network.address(2), 40000}},
              at(1));
  }
  void write(std::uint32_t side, std::string_view text, Instant now) {
    wrote({5, side}, std::as_bytes(std::span(text)), now);
  }
  void read_by(std::uint32_t side, std::size_t octets, Instant now) {
    read({5, side}, std::vector<std::byte>(octets), now);
  }

  Scheduler scheduler;
  Network network{scheduler, 1};
  std::vector<WatchedChunk> was_written, has_arrived, was_lost;
  std::vector<std::string> streams;

 private:
  void made(const WatchedStream& stream, Instant) override { say("made", stream); }
  void ended(const WatchedStream& stream, HostId by, Instant) override {
    say("ended by " + std::to_string(by), stream);
  }
  void reset(const WatchedStream& stream, HostId by, Instant) override {
    say("reset by " + std::to_string(by), stream);
  }
  void written(const WatchedChunk& chunk, Instant) override { was_written.push_back(chunk); }
  void arrived(const WatchedChunk& chunk, Instant) override { has_arrived.push_back(chunk); }
  void lost(const WatchedChunk& chunk) override { was_lost.push_back(chunk); }
  void say(const std::string& what, const WatchedStream& stream) {
    streams.push_back(std::to_string(stream.number) + ": " + std::to_string(stream.hosts[0]) +
                      " to " + std::to_string(stream.hosts[1]) + " " + what);
  }
};

TEST(ChunkWatch, ChunksInPiecesOfAnySize) {
  const std::string first = chunk("abcd1", "hello"), second = chunk("abcd2", "", '+');
  const std::string third = answer("abcd3"), all = first + second + third;
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    Story story;
    for (std::size_t i = 0; i < all.size(); i += piece) {
      story.write(0, std::string_view(all).substr(i, piece), at(static_cast<int>(10 + i / piece)));
    }
    ASSERT_EQ(story.was_written.size(), 3U) << piece;
    const WatchedChunk& one = story.was_written[0];
    EXPECT_EQ(one.first_line(), "MSRP abcd1 SEND");
    EXPECT_EQ(one.header("Message-ID"), "message-7");
    EXPECT_EQ(one.header("Status"), "");
    EXPECT_TRUE(one.head.ends_with("message-7"));
    EXPECT_EQ(one.body_bytes, 5U);
    EXPECT_EQ(one.octets, first.size());
    EXPECT_EQ(one.flag, '$');
    EXPECT_EQ(one.stream, 5U);
    EXPECT_EQ(one.from, 2U);
    EXPECT_EQ(one.to, 1U);
    EXPECT_EQ(one.begun, at(10));
    EXPECT_EQ(one.written, at(static_cast<int>(10 + (first.size() - 1) / piece)));
    const WatchedChunk& two = story.was_written[1];
    EXPECT_EQ(two.begun, at(static_cast<int>(10 + first.size() / piece)));
    EXPECT_EQ(two.body_bytes, 0U);
    EXPECT_EQ(two.flag, '+');
    EXPECT_EQ(story.was_written[2].first_line(), "MSRP abcd3 200 OK");
    EXPECT_EQ(story.was_written[2].octets, third.size());
  }
}

TEST(ChunkWatch, ArrivesWithItsLastOctet) {
  Story story;
  const std::string text = chunk("abcd1", std::string(5000, 'x'), '#');
  story.write(1, text, at(10));
  story.read_by(0, text.size() - 1, at(20));
  EXPECT_TRUE(story.has_arrived.empty());
  story.read_by(0, 1, at(30));
  ASSERT_EQ(story.has_arrived.size(), 1U);
  EXPECT_EQ(story.has_arrived[0].arrived, at(30));
  EXPECT_EQ(story.has_arrived[0].from, 1U);
  EXPECT_EQ(story.has_arrived[0].body_bytes, 5000U);
  EXPECT_EQ(story.has_arrived[0].flag, '#');
  story.finish();
  EXPECT_TRUE(story.was_lost.empty());
}

TEST(ChunkWatch, WhatNobodyReadsIsLost) {
  Story story;
  story.write(0, chunk("abcd1", "hello"), at(10));
  story.broke({5, 1}, at(20));
  ASSERT_EQ(story.was_lost.size(), 1U);
  EXPECT_EQ(story.was_lost[0].lost, at(20));
  story.write(0, chunk("abcd2", "hello"), at(30));
  EXPECT_EQ(story.was_lost.size(), 2U);
  // What the one that is gone wrote may have arrived before.
  const std::string text = chunk("abcd3", "hello");
  story.write(1, text + "MSRP abcd4 SEND\r\nTo-P", at(15));
  story.read_by(0, text.size(), at(40));
  EXPECT_EQ(story.has_arrived.size(), 1U);
  story.finish();
  ASSERT_EQ(story.was_lost.size(), 3U);
  EXPECT_EQ(story.was_lost[2].first_line(), "MSRP abcd4 SEND");
  EXPECT_EQ(story.was_lost[2].flag, WatchedChunk::unfinished);
  EXPECT_EQ(story.was_lost[2].lost, at(20));
  EXPECT_FALSE(story.was_lost[2].written);
  EXPECT_EQ(story.streams, (std::vector<std::string>{"5: 2 to 1 made", "5: 2 to 1 reset by 1"}));
}

TEST(ChunkWatch, StreamsOfSomethingElse) {
  Story story;
  story.write(0, "\x16\x03\x01 hello", at(10));
  story.write(0, "more", at(11));
  story.write(1, "M", at(12));
  story.write(1, "SRQ", at(13));
  ASSERT_EQ(story.was_written.size(), 3U);
  EXPECT_FALSE(story.was_written[0].is_msrp);
  EXPECT_EQ(story.was_written[0].octets, 9U);
  EXPECT_EQ(story.was_written[1].octets, 4U);
  EXPECT_EQ(story.was_written[2].octets, 4U);
  EXPECT_EQ(story.was_written[2].begun, at(12));
  story.read_by(1, 9, at(20));
  ASSERT_EQ(story.has_arrived.size(), 1U);
  EXPECT_EQ(story.has_arrived[0].octets, 9U);
}

TEST(ChunkWatch, LittleIsKept) {
  Story story;
  const std::string long_head = "X-Long: " + std::string(5000, 'x') + "\r\n";
  std::string text = chunk("abcd1", "hello");
  text.insert(text.find("To-Path"), long_head);
  story.write(0, text, at(10));
  ASSERT_EQ(story.was_written.size(), 1U);
  EXPECT_EQ(story.was_written[0].head.size(), WatchedChunk::head_bytes_max);
  EXPECT_EQ(story.was_written[0].octets, text.size());
  // A head without an end is none.
  story.write(1, "MSRP abcd2 SEND\r\n" + std::string(70'000, 'x'), at(11));
  ASSERT_EQ(story.was_written.size(), 2U);
  EXPECT_FALSE(story.was_written[1].is_msrp);
}

TEST(ChunkWatch, ConnectsThatNobodyAcceptsAreNoStreams) {
  Story story;
  story.broke({6, 0}, at(10));
  story.wrote_end({6, 0}, at(10));
  story.wrote_end({5, 0}, at(11));
  EXPECT_EQ(story.streams, (std::vector<std::string>{"5: 2 to 1 made", "5: 2 to 1 ended by 2"}));
}

}  // namespace
}  // namespace msrp::sim
