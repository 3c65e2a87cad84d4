// Bodies of every kind and size arrive as they were sent.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

class BodySize : public testing::TestWithParam<std::size_t> {};

void expect_arrived(Pair& pair, MessageHandle handle, const std::string& body) {
  ASSERT_FALSE(pair.b.incoming.empty());
  EXPECT_TRUE(pair.b.last_in().complete());
  EXPECT_TRUE(pair.b.last_in().body == body) << "octets differ";
  EXPECT_EQ(pair.b.last_in().ended->bytes, body.size());
  const Outgoing& message = pair.a.out(handle);
  EXPECT_TRUE(message.sent);
  EXPECT_TRUE(message.delivered);
  EXPECT_TRUE(message.done);
  EXPECT_FALSE(message.failed);
  EXPECT_EQ(pair.a.engine().stats().outgoing_messages, 0U);
  EXPECT_EQ(pair.a.engine().stats().transactions, 0U);
  EXPECT_EQ(pair.b.engine().stats().incoming_messages, 0U);
  EXPECT_EQ(pair.b.engine().stats().held_bytes, 0U);
}

TEST_P(BodySize, Owned) {
  Pair pair;
  const std::string body = pattern(GetParam());
  const MessageHandle handle = pair.a.send("application/octet-stream", body);
  pair.drive();
  expect_arrived(pair, handle, body);
}

TEST_P(BodySize, BorrowedIsReleasedOnce) {
  Pair pair;
  const std::string body = pattern(GetParam());
  const MessageHandle handle =
      pair.a.send({.content_type = "application/octet-stream"}, BorrowedBody{bytes_of(body)});
  pair.drive();
  expect_arrived(pair, handle, body);
  EXPECT_EQ(pair.a.out(handle).released, 1);
}

TEST_P(BodySize, SharedIsDroppedAsItIsSent) {
  Pair pair;
  const std::string body = pattern(GetParam());
  const std::size_t idle = pair.a.pool.used();
  SharedBody shared;
  for (std::size_t at = 0; at < body.size();) {
    auto slab = pair.a.pool.acquire().value();
    const std::size_t n = std::min({body.size() - at, slab.storage().size(), at + 700});
    std::ranges::copy(bytes_of(body).subspan(at, n), slab.storage().begin());
    shared.parts.push_back(Slice{slab.storage().first(n), slab});
    at += n;
  }
  const MessageHandle handle =
      pair.a.send({.content_type = "application/octet-stream"}, std::move(shared));
  pair.drive();
  expect_arrived(pair, handle, body);
  EXPECT_LE(pair.a.pool.used(), idle + 1) << "at most a staging block";
}

// Feeds a stream in pieces of uneven size, waiting for Writable when the window is full.
void feed(Pair& pair, MessageHandle handle, const std::string& body, bool owner) {
  std::size_t at = 0;
  std::size_t piece = 1;
  while (at < body.size()) {
    const std::size_t n = std::min(piece, body.size() - at);
    piece = piece * 3 % 20'011 + 1;
    Slice slice{bytes_of(body).subspan(at, n), {}};
    if (owner) {
      auto slab = pair.a.pool.acquire().value();
      const std::size_t fits = std::min(n, slab.storage().size());
      std::ranges::copy(slice.bytes.first(fits), slab.storage().begin());
      slice = Slice{slab.storage().first(fits), slab};
    }
    const auto taken = pair.a.engine().write(handle, slice, pair.now);
    ASSERT_TRUE(taken) << describe(taken.error().code);
    at += *taken;
    if (*taken < slice.bytes.size()) {
      const int before = pair.a.out(handle).writables;
      pair.drive();
      ASSERT_GT(pair.a.out(handle).writables, before) << "the window is full and never opens";
      ASSERT_GT(pair.a.out(handle).writable_bytes, 0U);
    }
  }
}

TEST_P(BodySize, StreamOfKnownSize) {
  Pair pair;
  const std::string body = pattern(GetParam());
  const MessageHandle handle =
      pair.a.send({.content_type = "application/octet-stream"}, StreamBody{body.size()});
  feed(pair, handle, body, false);
  EXPECT_TRUE(pair.a.engine().finish(handle, pair.now));
  pair.drive();
  expect_arrived(pair, handle, body);
}

TEST_P(BodySize, StreamOfUnknownSize) {
  Pair pair;
  const std::string body = pattern(GetParam());
  const MessageHandle handle =
      pair.a.send({.content_type = "application/octet-stream"}, StreamBody{});
  feed(pair, handle, body, true);
  EXPECT_TRUE(pair.a.engine().finish(handle, pair.now));
  pair.drive();
  expect_arrived(pair, handle, body);
}

INSTANTIATE_TEST_SUITE_P(Sizes, BodySize,
                         testing::Values(0U, 1U, 2U, 43U, 44U, 45U, 511U, 512U, 513U, 2047U, 2048U,
                                         2049U, 4096U, 16'383U, 16'384U, 16'385U, 32'768U, 65'536U,
                                         100U * 1024, 5U * 1024 * 1024));

// R4975-7.1.1-39 R4975-7.1.1-40: every octet value, and bodies that look like framing.
TEST(Bodies, NothingInABodyIsInterpreted) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (const std::string& body :
       {all, all + all + all, std::string("\r"), std::string("\r\n"), std::string("\n"),
        std::string("\r\n\r\n"), std::string("\r\n------"), std::string("\r\n-------"),
        std::string(3000, '-'), std::string(3000, '\r'), std::string("\r\n-------abcdefgh$\r\n"),
        std::string("MSRP abcd1234 SEND\r\nTo-Path: msrp://a:1/x;tcp\r\nFrom-Path: "
                    "msrp://b:2/y;tcp\r\nMessage-ID: 1\r\n\r\nhello\r\n-------abcd1234$\r\n"),
        std::string("-----BEGIN CERTIFICATE-----\r\n-------x$\r\n"), std::string(100, '\0')}) {
    Pair pair;
    pair.deliver_max = 7;
    const MessageHandle handle = pair.a.send("application/octet-stream", body);
    pair.drive();
    expect_arrived(pair, handle, body);
  }
}

// A stream whose announced size is not kept to.
TEST(Bodies, AStreamCannotFinishShortOfItsTotal) {
  Pair pair;
  const MessageHandle handle = pair.a.send({.content_type = "text/plain"}, StreamBody{10});
  ASSERT_EQ(pair.a.engine().write(handle, {bytes_of("12345"), {}}, pair.now), 5U);
  const auto finished = pair.a.engine().finish(handle, pair.now);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, Errc::bad_state);
  ASSERT_EQ(pair.a.engine().write(handle, {bytes_of("67890"), {}}, pair.now), 5U);
  const auto beyond = pair.a.engine().write(handle, {bytes_of("!"), {}}, pair.now);
  ASSERT_FALSE(beyond);
  EXPECT_TRUE(beyond.error().code == Errc::invalid_argument ||
              beyond.error().code == Errc::bad_state);
  EXPECT_TRUE(pair.a.engine().finish(handle, pair.now));
  pair.drive();
  EXPECT_EQ(pair.b.last_in().body, "1234567890");
  EXPECT_TRUE(pair.b.last_in().complete());
}

TEST(Bodies, WritingIsForOpenStreams) {
  Pair pair;
  const MessageHandle stream = pair.a.send({.content_type = "text/plain"}, StreamBody{});
  EXPECT_TRUE(pair.a.engine().finish(stream, pair.now));
  const auto late = pair.a.engine().write(stream, {bytes_of("x"), {}}, pair.now);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::bad_state);
  const MessageHandle whole = pair.a.send("text/plain", "whole");
  const auto no_stream = pair.a.engine().write(whole, {bytes_of("x"), {}}, pair.now);
  ASSERT_FALSE(no_stream);
  EXPECT_EQ(no_stream.error().code, Errc::bad_state);
  pair.drive();
  const auto gone = pair.a.engine().write(whole, {bytes_of("x"), {}}, pair.now);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::stale_handle);
}

// The window bounds what a stream takes while the transport takes nothing.
TEST(Bodies, TheWriteWindowIsKept) {
  PairOptions options;
  options.a.config.limits.write_window_bytes = 10'000;
  Pair pair(options);
  pair.end_of(pair.a).deaf = true;
  const MessageHandle handle =
      pair.a.send({.content_type = "application/octet-stream"}, StreamBody{});
  const std::string body = pattern(50'000);
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at += pair.a.engine().write(handle, {bytes_of(body).subspan(at, 3000), {}}, pair.now).value();
    pair.drive();
    if (at + 3000 > body.size()) break;
  }
  EXPECT_GE(at, 9'000U);
  EXPECT_LE(at, 10'000U);
  const int before = pair.a.out(handle).writables;
  pair.end_of(pair.a).deaf = false;
  pair.drive();
  EXPECT_GT(pair.a.out(handle).writables, before);
  feed(pair, handle, body.substr(at), false);
  EXPECT_TRUE(pair.a.engine().finish(handle, pair.now));
  pair.drive();
  expect_arrived(pair, handle, body);
}

// A slow writer: an octet now and then. R4975-7.1.1-10: no time-out in mid-chunk.
TEST(Bodies, AStreamMayTakeItsTime) {
  Pair pair;
  const MessageHandle handle = pair.a.send({.content_type = "text/plain"}, StreamBody{});
  std::string body;
  for (int i = 0; i < 100; ++i) {
    const char octet = static_cast<char>('a' + i % 26);
    body += octet;
    ASSERT_EQ(pair.a.engine().write(handle, {bytes_of({&octet, 1}), {}}, pair.now), 1U);
    pair.advance(seconds(40));
  }
  EXPECT_FALSE(pair.a.out(handle).failed);
  EXPECT_TRUE(pair.a.engine().finish(handle, pair.now));
  pair.drive();
  expect_arrived(pair, handle, body);
}

}  // namespace
}  // namespace msrp::test
