// Byte ranges that lie, overlap, repeat and come from elsewhere (RFC 4975 sections 7.1.1
// and 7.3.1).
#include <gtest/gtest.h>

#include "neighbours.hpp"

namespace msrp::test {
namespace {

struct Ranges : Neighbours {
  using Neighbours::Neighbours;

  std::string chunk(const std::string& range, const std::string& body, char flag = '+',
                    const std::string& id = "m-1234") {
    return says(peer, {.message_id = id, .byte_range = range, .body = body, .flag = flag});
  }
  // The last message that came under that id.
  Incoming& message(std::string_view id = "m-1234") {
    for (std::size_t i = node.incoming.size(); i-- > 0;)
      if (node.incoming[i].message_id == id) return node.incoming[i];
    ADD_FAILURE() << "no message " << id;
    return node.last_in();
  }
};

// R4975-9-16, R4975-9-17: each of these alone, in front of five octets that end a message.
TEST(NastyRanges, Arithmetic) {
  struct Case {
    std::string range, status;
    std::size_t bytes;  // of the message, when it is complete
  };
  for (const auto& [range, status, bytes] :
       {Case{"0-10/10", "400", 0}, Case{"5-1/10", "400", 0}, Case{"1-5/3", "400", 0},
        Case{"18446744073709551616-*/*", "400", 0}, Case{"1--5/5", "400", 0},
        Case{"-1-5/5", "400", 0}, Case{"1-" + std::string(30, '9') + "/*", "400", 0},
        Case{"1-5/" + std::string(30, '9'), "400", 0},
        Case{std::string(30, '9') + "-*/*", "400", 0}, Case{"18446744073709551615-*/*", "400", 0},
        Case{"1-9223372036854775807/*", "200", 5}, Case{"001-005/0005", "200", 5},
        Case{"1-*/*", "200", 5}, Case{"1-5/*", "200", 5}, Case{"1-*/5", "200", 5},
        Case{"", "200", 5}}) {
    Ranges world;
    const std::size_t before = world.node.incoming.size();
    EXPECT_EQ(world.chunk(range, "abcde", '$'), status) << range;
    if (status == "200") {
      EXPECT_TRUE(world.message().complete()) << range;
      EXPECT_EQ(world.message().ended->bytes, bytes) << range;
      EXPECT_EQ(world.message().body, "abcde") << range;
    } else {
      for (std::size_t i = before; i < world.node.incoming.size(); ++i)
        EXPECT_FALSE(world.node.incoming[i].complete()) << range;
    }
    world.expect_all_alive();
  }
}

// R4975-7.3.1-3, R4975-7.3.1-5: octets behind a range that says there are none: they are counted as
// they are, and "$" says that this was all.
TEST(NastyRanges, OctetsBehindAnEmptyRange) {
  for (const char* range : {"1-0/0", "1-0/5"}) {
    Ranges world;
    EXPECT_EQ(world.chunk(range, "abcde", '$'), "200") << range;
    EXPECT_TRUE(world.message().complete()) << range;
    EXPECT_EQ(world.message().body, "abcde") << range;
    EXPECT_EQ(world.message().ended->bytes, 5U) << range;
    EXPECT_EQ(world.chunk(range, "", '$', "empty-1"), "200") << range;
    EXPECT_TRUE(world.message("empty-1").complete()) << range;
    EXPECT_EQ(world.message("empty-1").ended->bytes, 0U) << range;
    world.expect_all_alive();
  }
}

// R4975-7.3.1-3, R4975-7.3.1-4: fewer and more octets than announced. They count as they are.
TEST(NastyRanges, CountsThatAreWrong) {
  Ranges world;
  EXPECT_EQ(world.chunk("1-9/9", "abc"), "200");
  EXPECT_EQ(world.chunk("4-4/9", "def"), "200");
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.chunk("7-900/900", "ghi", '$'), "200");
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghi");
  EXPECT_EQ(world.message().ended->bytes, 9U);
  world.expect_all_alive();
}

// R4975-7.3.1-7: octets that come again are handed up again, in the order of their coming, so that
// whoever writes them to their place has the last ones.
TEST(NastyRanges, TheLastOctetsTakePrecedence) {
  Ranges world;
  EXPECT_EQ(world.chunk("1-6/9", "AAAAAA"), "200");
  EXPECT_EQ(world.chunk("4-9/9", "BBBBBB", '$'), "200");
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "AAABBBBBB");
  EXPECT_EQ(world.message().ended->bytes, 9U);
  EXPECT_EQ(world.message().octets, 12U);
  // And with the end first: what comes last is what was there first.
  EXPECT_EQ(world.chunk("4-9/9", "BBBBBB", '$', "m-5678"), "200");
  EXPECT_EQ(world.chunk("1-6/9", "AAAAAA", '+', "m-5678"), "200");
  EXPECT_TRUE(world.message("m-5678").complete());
  EXPECT_EQ(world.message("m-5678").body, "AAAAAABBB");
  world.expect_all_alive();
}

// R4975-7.3.1-5, R4975-7.3.1-6: a hundred chunks backwards, each twice.
TEST(NastyRanges, BackwardsAndTwice) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.intervals = 4;  // neighbours melt into one
  Ranges world(options);
  const std::string body = pattern(1000);
  for (std::size_t at = 1000; at > 0; at -= 10) {
    const std::string range = std::to_string(at - 9) + "-" + std::to_string(at) + "/1000";
    for (int twice = 0; twice < 2; ++twice) {
      if (at == 10 && twice == 1) break;  // it is complete
      EXPECT_EQ(world.chunk(range, body.substr(at - 10, 10), at == 1000 ? '$' : '+'), "200");
    }
    EXPECT_EQ(world.message().ended.has_value(), at == 10);
  }
  EXPECT_TRUE(world.message().complete());
  EXPECT_TRUE(world.message().body == body);
  EXPECT_EQ(world.message().ended->chunks, 199U);
  world.expect_all_alive();
}

// R4975-14.5-4, R4975-14.5-5: a start at 10^12 takes no memory for what lies before it, and names
// its place exactly.
TEST(NastyRanges, AStartFarBehind) {
  Ranges world;
  std::uint64_t offset = 0;
  world.node.on_event = [&](const Event& event) {
    if (const auto* data = std::get_if<MessageData>(&event)) offset = data->offset;
  };
  const std::size_t used = world.node.pool.used();
  EXPECT_EQ(world.chunk("1000000000000-*/2000000000000", "far"), "200");
  EXPECT_EQ(offset, 999'999'999'999U);
  EXPECT_EQ(world.message().octets, 3U);
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.node.pool.used(), used);
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  EXPECT_EQ(world.chunk("1999999999999-*/2000000000000", "gh", '$'), "200");
  EXPECT_FALSE(world.message().ended) << "R4975-7.3.1-6: the gaps are still there";
  EXPECT_EQ(world.chunk("1-1/2000000000000", "a", '#'), "200");
  EXPECT_TRUE(world.message().failed_with(Errc::aborted));
  world.expect_all_alive();
}

// R4975-7.3.1-2: the same Message-ID on two sessions of a connection and on another connection, in
// turn: three messages.
TEST(NastyRanges, OneMessageIdInThreeSessions) {
  Ranges world;
  struct Place {
    WirePeer peer;
    Solo::Another where;
    char letter;
  };
  const Place places[] = {{world.peer, {world.session, world.local, world.remote}, 'a'},
                          {world.peer, world.beside, 'b'},
                          {world.apart_peer, world.apart, 'c'}};
  const std::size_t before = world.node.incoming.size();
  for (int i = 0; i < 3; ++i) {
    for (const Place& place : places) {
      SendParts made{.to = place.where.local, .from = place.where.remote};
      made.message_id = "shared-1";
      made.byte_range = std::to_string(1 + 2 * i) + "-" + std::to_string(2 + 2 * i) + "/6";
      made.body = std::string(2, place.letter);
      made.flag = i == 2 ? '$' : '+';
      EXPECT_EQ(world.says(place.peer, made), "200");
    }
  }
  ASSERT_EQ(world.node.incoming.size(), before + 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const Incoming& one = world.node.incoming[before + i];
    EXPECT_TRUE(one.complete());
    EXPECT_TRUE(one.session == places[i].where.session);
    EXPECT_EQ(one.body, std::string(6, places[i].letter));
  }
  world.expect_all_alive();
}

// R4975-9-2, R4975-9-3, A-10: what is no id is 400; nothing is kept under it.
TEST(NastyRanges, MessageIdsThatAreNone) {
  Ranges world;
  const std::size_t before = world.node.incoming.size();
  for (const std::string& id :
       {std::string("__proto__"), std::string("x"), std::string("abc"), std::string(33, 'm'),
        std::string(10'240, 'm'), std::string("-abcd"), std::string("%s%n%p"),
        std::string("a b c d"), std::string("abcd\xC3\xA9")}) {
    EXPECT_EQ(world.chunk("1-3/9", "abc", '+', id), "400") << id.substr(0, 40);
  }
  EXPECT_EQ(world.node.incoming.size(), before);
  EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
  for (const std::string id :
       {"constructor", "toString", "hasOwnProperty", "a.b-c+d%25=", "0000"}) {
    EXPECT_EQ(world.chunk("1-3/3", "abc", '$', id), "200") << id;
    EXPECT_EQ(world.node.last_in().message_id, id);
  }
  world.expect_all_alive();
}

// R4975-7.1.1-40: a character cut by a chunk's end, every octet value, a line of hyphens: octets.
TEST(NastyRanges, OctetsAreNotCharacters) {
  Ranges world;
  const std::string euro = "\xE2\x82\xAC";
  EXPECT_EQ(world.chunk("1-2/5", euro.substr(0, 2)), "200");
  EXPECT_EQ(world.chunk("3-5/5", euro.substr(2) + "ok", '$'), "200");
  EXPECT_EQ(world.message().body, euro + "ok");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  std::string round;
  for (int i = 0; i < 40; ++i) round += all;
  for (const std::string& body : {round, std::string(100'000, '-')}) {
    const std::size_t half = body.size() / 2;
    const std::string total = "/" + std::to_string(body.size());
    EXPECT_EQ(world.chunk("1-*" + total, body.substr(0, half), '+', "octets-1"), "200");
    EXPECT_EQ(
        world.chunk(std::to_string(half + 1) + "-*" + total, body.substr(half), '$', "octets-1"),
        "200");
    EXPECT_TRUE(world.message("octets-1").complete());
    EXPECT_TRUE(world.message("octets-1").body == body);
  }
  world.expect_all_alive();
}

// R4975-7.1.1-27, R4975-7.3.1-5: a last chunk of no octets, behind all the others, ends a message.
TEST(NastyRanges, TheLastChunkIsEmpty) {
  for (const char* range : {"4-3/3", "4-*/3", "4-*/*"}) {
    Ranges world;
    EXPECT_EQ(world.chunk("1-*/*", "abc"), "200");
    EXPECT_FALSE(world.message().ended);
    EXPECT_EQ(world.chunk(range, "", '$'), "200") << range;
    EXPECT_TRUE(world.message().complete()) << range;
    EXPECT_EQ(world.message().ended->bytes, 3U) << range;
    EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
    world.expect_all_alive();
  }
}

// And as our own engine says it: a stream that ends when its last chunk has been cut already.
TEST(NastyRanges, AStreamThatEndsBehindItsLastChunk) {
  Pair pair;
  const MessageHandle stream =
      pair.a.send({.content_type = "text/plain", .message_id = "stream"}, StreamBody{});
  const std::string piece = pattern(10'000);
  ASSERT_EQ(pair.a.engine().write(stream, {bytes_of(piece), {}}, pair.now), 10'000U);
  pair.drive();
  const MessageHandle other = pair.a.send("text/plain", pattern(9'000));  // cuts it
  pair.drive();
  EXPECT_TRUE(pair.a.out(other).delivered);
  EXPECT_FALSE(pair.a.out(stream).done);
  ASSERT_TRUE(pair.a.engine().finish(stream, pair.now));
  pair.drive();
  EXPECT_TRUE(pair.a.out(stream).delivered);
  const auto found = std::ranges::find_if(
      pair.b.incoming, [](const Incoming& one) { return one.message_id == "stream"; });
  ASSERT_NE(found, pair.b.incoming.end());
  EXPECT_TRUE(found->complete());
  EXPECT_TRUE(found->body == piece);
  EXPECT_EQ(found->ended->chunks, 2U);
  EXPECT_EQ(pair.b.engine().stats().incoming_messages, 0U);
}

// A-43: a chunk that holds the last of the announced octets and ends with "+" leaves the message
// open; "$" or "#" ends it.
TEST(NastyRanges, AllOctetsAndMoreToCome) {
  for (const char flag : {'$', '#'}) {
    Ranges world;
    EXPECT_EQ(world.chunk("1-9/9", "abcdefghi", '+'), "200");
    world.advance(std::chrono::hours(1));
    EXPECT_FALSE(world.message().ended) << "complete by its count";
    EXPECT_EQ(world.chunk("7-9/9", "ghi", flag), "200");
    EXPECT_EQ(world.message().complete(), flag == '$');
    EXPECT_EQ(world.message().failed_with(Errc::aborted), flag == '#');
    EXPECT_EQ(world.message().body, "abcdefghi");
    EXPECT_EQ(world.node.engine().stats().incoming_messages, 0U);
    world.expect_all_alive();
  }
}

// Chunks of a total that shrinks and grows: the one with "$" is right, and what lies behind it is
// 400.
TEST(NastyRanges, TotalsThatChange) {
  Ranges world;
  EXPECT_EQ(world.chunk("1-3/9", "abc"), "200");
  EXPECT_EQ(world.chunk("4-6/900", "def"), "200");
  EXPECT_EQ(world.chunk("10-12/12", "jkl", '$'), "200");
  EXPECT_FALSE(world.message().ended);
  EXPECT_EQ(world.chunk("7-9/9", "ghi"), "200");
  EXPECT_TRUE(world.message().complete());
  EXPECT_EQ(world.message().body, "abcdefghijkl");
  EXPECT_EQ(world.message().ended->bytes, 12U);
  // Two ends: the second is behind the first.
  EXPECT_EQ(world.chunk("4-6/6", "def", '$', "m-ends"), "200");
  EXPECT_EQ(world.chunk("7-9/9", "ghi", '$', "m-ends"), "400");
  EXPECT_FALSE(world.message("m-ends").complete());
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  world.expect_all_alive();
}

}  // namespace
}  // namespace msrp::test
