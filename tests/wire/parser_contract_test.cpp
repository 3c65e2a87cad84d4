// The promises of parser.hpp that no log of events shows: who owns what, what can be taken back,
// what lasts.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "msrp/parser.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

using test::bytes_of;
using test::text_of;

const std::string paths =
    "To-Path: msrp://b.example:1/bob;tcp\r\nFrom-Path: msrp://a.example:2/alice;tcp\r\n";
const std::string head =
    "MSRP abcd1234 SEND\r\n" + paths + "Message-ID: m1m1\r\n" + "Content-Type: text/plain\r\n\r\n";
const std::string end_line = "\r\n-------abcd1234$\r\n";
const std::string bodiless =
    "MSRP efgh5678 SEND\r\n" + paths + "Message-ID: m2m2\r\n-------efgh5678$\r\n";

struct Fixture {
  ParserLimits limits;
  HeaderTable table;
  Parser parser{limits, table};

  void push(std::string_view octets, const BufferRef& owner = {}) {
    parser.push(Slice{bytes_of(octets), owner});
  }
  ParseEvent next() {
    Result<ParseEvent> event = parser.next();
    EXPECT_TRUE(event) << describe(event ? Errc{} : event.error().code);
    return event ? *std::move(event) : ParseEvent(NeedData{});
  }
  template <class Event>
  bool next_is() {
    return std::holds_alternative<Event>(next());
  }
  Error error() {
    const Result<ParseEvent> event = parser.next();
    EXPECT_FALSE(event);
    return event ? Error{} : event.error();
  }
};

// A slab that holds a copy of the octets.
struct Owned {
  explicit Owned(test::FixedPool& pool, std::string_view octets) : owner(*pool.acquire()) {
    std::ranges::copy(bytes_of(octets), owner.storage().begin());
    bytes = owner.storage().first(octets.size());
  }
  BufferRef owner;
  std::span<const std::byte> bytes;
};

TEST(ParserContract, UnreadCountsDown) {
  Fixture f;
  const std::string stream = head + "hello" + end_line + bodiless;
  f.push(stream);
  EXPECT_EQ(f.parser.unread(), stream.size());
  EXPECT_TRUE(f.next_is<HeadDone>());
  EXPECT_LE(f.parser.unread(), stream.size() - head.size() + 2);
  EXPECT_GE(f.parser.unread(), 5U) << "the body is not looked at before the head is given out";
  EXPECT_TRUE(f.next_is<BodyPart>());
  EXPECT_TRUE(f.next_is<ChunkDone>());
  EXPECT_EQ(f.parser.unread(), bodiless.size());
  EXPECT_TRUE(f.next_is<HeadDone>());
  EXPECT_TRUE(f.next_is<ChunkDone>());
  EXPECT_EQ(f.parser.unread(), 0U);
  EXPECT_TRUE(f.next_is<NeedData>());
}

TEST(ParserContract, WhatIsTakenBackIsPushedAgainLater) {
  Fixture f;
  const std::string stream = head + "hello" + end_line + bodiless;
  std::string_view rest = stream;
  std::string body;
  int heads = 0, ends = 0;
  while (!rest.empty()) {
    const std::string copy(rest);  // somewhere else each time
    f.push(copy);
    const ParseEvent event = f.next();
    if (std::holds_alternative<NeedData>(event)) break;
    heads += std::holds_alternative<HeadDone>(event) ? 1 : 0;
    ends += std::holds_alternative<ChunkDone>(event) ? 1 : 0;
    if (const auto* part = std::get_if<BodyPart>(&event)) body += text_of(part->slice.bytes);
    const std::size_t unread = f.parser.unread();
    EXPECT_EQ(f.parser.take_back(), unread);
    EXPECT_EQ(f.parser.unread(), 0U);
    EXPECT_EQ(f.parser.take_back(), 0U);
    rest = rest.substr(rest.size() - unread);
  }
  EXPECT_EQ(heads, 2);
  EXPECT_EQ(ends, 2);
  EXPECT_EQ(body, "hello");
  EXPECT_TRUE(f.parser.idle());
}

TEST(ParserContractDeathTest, NoPushWhileSomethingIsUnread) {
  Fixture f;
  f.push(bodiless);
  EXPECT_DEATH(f.push(bodiless), "assertion failed");
}

TEST(ParserContractDeathTest, TheTableHasRoomForTheLimit) {
  HeaderTable small(3);
  EXPECT_DEATH(Parser(ParserLimits{}, small), "assertion failed");
}

// R4975-9-38, A-15
TEST(ParserContract, ErrorsAreSticky) {
  const struct {
    std::string octets;
    Errc code;
    std::uint64_t offset;
  } lost[] = {{"GET / HTTP/1.1\r\n\r\n", Errc::garbage, 0},
              {bodiless + "MSRPX", Errc::garbage, bodiless.size() + 4},
              {bodiless + "MSRP a\xff", Errc::bad_transaction_id, bodiless.size() + 6},
              {bodiless + "MSRP abcd1234 " + std::string(20000, 'A'), Errc::head_too_large,
               bodiless.size() + 16 * 1024}};
  for (const auto& one : lost) {
    Fixture f;
    f.push(one.octets);
    if (one.offset > 0) {
      EXPECT_TRUE(f.next_is<HeadDone>());
      EXPECT_TRUE(f.next_is<ChunkDone>());
    }
    const Error first = f.error();
    EXPECT_EQ(first.code, one.code);
    EXPECT_EQ(first.offset, one.offset);
    EXPECT_EQ(f.parser.offset(), one.offset);
    EXPECT_FALSE(f.parser.idle());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(f.error(), first);
    EXPECT_EQ(f.parser.offset(), one.offset);
  }
}

TEST(ParserContract, IdleExactlyBetweenChunks) {
  const std::string stream = head + "hello" + end_line + "\r\n" + bodiless + "\r\n";
  const std::size_t first_end = head.size() + 5 + end_line.size();
  const std::size_t second = first_end + 2;
  Fixture f;
  EXPECT_TRUE(f.parser.idle());
  for (std::size_t at = 0; at < stream.size(); ++at) {
    f.push(std::string_view(stream).substr(at, 1));
    while (!f.next_is<NeedData>()) {
    }
    const std::size_t read = at + 1;
    const bool between = read == first_end || read == second || read == second + bodiless.size() ||
                         read == stream.size();
    EXPECT_EQ(f.parser.idle(), between) << read;
    if (read < first_end) {
      EXPECT_EQ(f.parser.offset(), 0U) << read;
    } else if (read > second && read < second + bodiless.size()) {
      EXPECT_EQ(f.parser.offset(), second) << read;
    }
  }
}

TEST(ParserContract, ABodyPartIsASubSpanOfAnInputWithAnOwner) {
  test::FixedPool pool(2);
  Fixture f;
  const std::string body(5000, 'x');
  {
    Owned input(pool, head + body + end_line);
    f.push(text_of(input.bytes), input.owner);
    EXPECT_TRUE(f.next_is<HeadDone>());
    ParseEvent event = f.next();
    const auto* part = std::get_if<BodyPart>(&event);
    ASSERT_NE(part, nullptr);
    EXPECT_EQ(part->slice.bytes.data(), input.bytes.data() + head.size()) << "no copy";
    EXPECT_EQ(part->slice.bytes.size(), body.size()) << "and in one piece";
    EXPECT_EQ(part->offset, 0U);
    EXPECT_TRUE(part->slice.owner);
    EXPECT_EQ(part->slice.owner.storage().data(), input.owner.storage().data());
    // The part outlives the input, its owner's handle and the parser's interest.
    const Slice kept = part->slice;
    event = NeedData{};
    input.owner = BufferRef();
    EXPECT_TRUE(f.next_is<ChunkDone>());
    EXPECT_TRUE(f.next_is<NeedData>());
    EXPECT_EQ(pool.used(), 1U);
    EXPECT_EQ(text_of(kept.bytes), body);
  }
  EXPECT_EQ(pool.used(), 0U) << "the parser keeps no reference";
}

TEST(ParserContract, NoReferenceIsKeptWhenMoreIsNeeded) {
  test::FixedPool pool(1);
  const std::string stream = head + "hello\r\n-------abc!" + end_line + bodiless;
  for (std::size_t at = 1; at < stream.size(); ++at) {
    Fixture f;
    for (const std::string_view piece :
         {std::string_view(stream).substr(0, at), std::string_view(stream).substr(at)}) {
      Owned input(pool, piece);
      f.push(text_of(input.bytes), input.owner);
      input.owner = BufferRef();
      while (!f.next_is<NeedData>()) {
      }
      ASSERT_EQ(pool.used(), 0U) << at;
    }
    EXPECT_TRUE(f.parser.idle());
  }
}

TEST(ParserContract, TakeBackLetsTheOwnerGo) {
  test::FixedPool pool(1);
  Fixture f;
  Owned input(pool, head + "hello" + end_line);
  f.push(text_of(input.bytes), input.owner);
  input.owner = BufferRef();
  EXPECT_TRUE(f.next_is<HeadDone>());
  EXPECT_EQ(pool.used(), 1U);
  f.parser.take_back();
  EXPECT_EQ(pool.used(), 0U);
}

// R4975-7.1-23, R4975-7.1-24
TEST(ParserContract, WhatWasHeldBackComesFromTheParsersOwnMemory) {
  test::FixedPool pool(4);
  for (const std::string& held :
       {std::string("\r"), std::string("\r\n"), std::string("\r\n---"),
        std::string("\r\n-------abcd"), std::string("\r\n-------abcd1234"),
        std::string("\r\n-------abcd1234$"), std::string("\r\n-------abcd1234+\r")}) {
    Fixture f;
    Owned one(pool, head + "body" + held);
    f.push(text_of(one.bytes), one.owner);
    EXPECT_TRUE(f.next_is<HeadDone>());
    ParseEvent event = f.next();
    ASSERT_TRUE(std::holds_alternative<BodyPart>(event));
    EXPECT_EQ(text_of(std::get<BodyPart>(event).slice.bytes), "body") << held;
    event = NeedData{};
    EXPECT_TRUE(f.next_is<NeedData>()) << held;
    one.owner = BufferRef();  // overwritten now, and a part from there would show it
    EXPECT_EQ(pool.used(), 0U);

    Owned two(pool, "x");
    f.push(text_of(two.bytes), two.owner);
    std::string body = "body";
    for (;;) {
      event = f.next();
      const auto* part = std::get_if<BodyPart>(&event);
      if (part == nullptr) break;
      EXPECT_EQ(part->offset, body.size());
      EXPECT_EQ(bool{part->slice.owner}, part->slice.bytes.data() == two.bytes.data()) << held;
      body += text_of(part->slice.bytes);
    }
    EXPECT_TRUE(std::holds_alternative<NeedData>(event));
    EXPECT_EQ(body, "body" + held + "x");
  }
}

TEST(ParserContract, TheHeadComesBeforeAnyOctetOfTheBody) {
  Fixture f;
  f.push(head);
  EXPECT_TRUE(f.next_is<HeadDone>()) << "with nothing of the body there";
  EXPECT_TRUE(f.next_is<NeedData>());
  f.push("h");
  EXPECT_TRUE(f.next_is<BodyPart>()) << "one octet is enough";
  EXPECT_TRUE(f.next_is<NeedData>());
}

// R4975-9-3, A-10
TEST(ParserContract, FramingHoldsForIdsUpToTheLimit) {
  const auto stream = [](std::size_t id_bytes) {
    const std::string id(id_bytes, 'a');
    return "MSRP " + id + " SEND\r\n" + paths + "Message-ID: m2m2\r\n-------" + id + "$\r\n";
  };
  for (const std::size_t id_bytes : {33U, 63U, 64U}) {
    Fixture f;
    const std::string octets = stream(id_bytes);
    f.push(octets);
    const ParseEvent event = f.next();
    ASSERT_TRUE(std::holds_alternative<HeadDone>(event)) << id_bytes;
    const HeadView& view = std::get<HeadDone>(event).head;
    ASSERT_TRUE(view.invalid);
    EXPECT_EQ(view.invalid->code, Errc::bad_transaction_id);
    EXPECT_EQ(view.transaction_id.size(), id_bytes);
    EXPECT_EQ(view.message_id, "m2m2") << "it can be answered";
    EXPECT_TRUE(f.next_is<ChunkDone>());
  }
  Fixture f;
  const std::string octets = stream(65);
  f.push(octets);
  EXPECT_EQ(f.error().code, Errc::bad_transaction_id);
}

TEST(ParserContract, OneTableServesManyParsers) {
  ParserLimits limits;
  HeaderTable table;
  Parser one(limits, table), other(limits, table);
  const std::string octets[] = {
      head + "hello" + end_line,
      "MSRP zzzz9999 REPORT\r\n" + paths +
          "Message-ID: m3m3\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n-------zzzz9999$\r\n"};
  Parser* const parsers[] = {&one, &other};
  std::vector<std::string> seen;
  for (std::size_t at = 0; at < std::max(octets[0].size(), octets[1].size()); ++at) {
    for (std::size_t which = 0; which < 2; ++which) {
      if (at >= octets[which].size()) continue;
      parsers[which]->push(Slice{bytes_of(std::string_view(octets[which]).substr(at, 1)), {}});
      for (;;) {
        const Result<ParseEvent> event = parsers[which]->next();
        ASSERT_TRUE(event);
        if (std::holds_alternative<NeedData>(*event)) break;
        const auto* done = std::get_if<HeadDone>(&*event);
        if (done == nullptr) continue;
        EXPECT_FALSE(done->head.invalid);
        for (const HeaderField& field : done->head.headers) {
          seen.push_back(std::to_string(which) + " " + std::string(field.name));
        }
      }
    }
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"0 To-Path", "0 From-Path", "0 Message-ID",
                                            "0 Content-Type", "1 To-Path", "1 From-Path",
                                            "1 Message-ID", "1 Byte-Range", "1 Status"}));
}

TEST(ParserContract, AnEmptyInputChangesNothing) {
  Fixture f;
  f.push("");
  EXPECT_TRUE(f.next_is<NeedData>());
  EXPECT_TRUE(f.parser.idle());
  f.push(std::string_view(head).substr(0, 10));
  EXPECT_TRUE(f.next_is<NeedData>());
  f.push("");
  EXPECT_TRUE(f.next_is<NeedData>());
  EXPECT_FALSE(f.parser.idle());
  f.push(std::string_view(head).substr(10));
  EXPECT_TRUE(f.next_is<HeadDone>());
  EXPECT_EQ(f.parser.offset(), 0U);
}

}  // namespace
}  // namespace msrp
