// Peers that take an octet a second, or none for a minute, and messages of a gibibyte: the others
// go on as if they were alone.
#include <gtest/gtest.h>

#include "neighbours.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

constexpr std::size_t mebibyte = 1024 * 1024;

// One session with a peer that is slow in both directions, and a hundred on connections of their
// own.
struct Crowd : Neighbours {
  explicit Crowd(const SoloOptions& options = {.role = Role::passive})
      : Neighbours(options), slow(end_of(node, 0)) {
    for (int i = 0; i < 100; ++i) {
      const TicketId ticket = node.prepare({.active = false, .listener = listener});
      drive();
      Another made;
      made.local = node.local_paths.at(ticket.value()).text();
      made.remote = "msrp://192.0.2.20:5678/crowd" + std::to_string(i) + ";tcp";
      EXPECT_TRUE(node.engine().complete(ticket, {}, now));
      peers.push_back(connect_peer(node, listener));
      EXPECT_EQ(says(peers.back(), {.to = made.local, .from = made.remote}), "200");
      made.session = node.session();
      sessions.push_back(made);
    }
    EXPECT_EQ(node.engine().stats().connections, 102U);
  }

  // One of the hundred says and hears something.
  void one_of_the_others() {
    expect_alive(peers[turn], sessions[turn]);
    turn = (turn + 1) % peers.size();
  }
  // The slow connection's transport takes one octet.
  void take_one_octet() {
    if (slow.lent.empty()) return;
    ConstBuffer& front = slow.lent.front();
    peer.self().got += text_of(front.first(1));
    front = front.subspan(1);
    if (front.empty()) slow.lent.erase(slow.lent.begin());
    slow.lent_copy.erase(0, 1);
    ++slow.transmitted;
    node.engine().transmitted(slow.conn, 1, now);
  }

  End& slow;
  std::vector<WirePeer> peers;
  std::vector<Another> sessions;
  std::size_t turn = 0;
};

// R4975-7.1.1-9, R4975-7.1.1-10: start line, headers, body and end-line at an octet a second, both
// ways at once. No timer strikes while a request is on its way, and the others are served every
// second.
TEST(SlowPeers, AnOctetASecondBothWays) {
  Crowd world;
  world.slow.deaf = true;
  const std::string text(200, 's');
  const auto sent = world.node.engine().send(world.session, {.content_type = "text/plain"},
                                             owned(text), world.now);
  ASSERT_TRUE(sent);
  world.node.outgoing[sent->value()].session = world.session;
  const std::string wire = world.text_of_send(
      {.transaction_id = "slow1234", .message_id = "slow-one", .body = "one\r\n-------slow1234+x"});
  const std::size_t most_before = world.node.pool.most_used();
  bool answered = false;
  bool whole = false;
  std::size_t said = 0;
  for (int second = 0; second < 1200 && !(answered && whole); ++second) {
    if (said < wire.size()) world.peer.send(wire.substr(said++, 1));
    world.take_one_octet();
    world.advance(seconds(1));
    world.one_of_the_others();
    ASSERT_FALSE(world.node.out(*sent).failed) << second;
    std::string got = world.peer.got();
    while (auto chunk = take_chunk(got)) {
      answered = answered || (chunk->word == "200" && chunk->transaction_id == "slow1234");
      if (chunk->word != "SEND" || whole) continue;
      whole = true;
      EXPECT_EQ(chunk->body, text);
      EXPECT_EQ(said, wire.size());
      EXPECT_TRUE(world.node.out(*sent).sent);
      world.peer.send(wire_response(*chunk, 200));
    }
  }
  EXPECT_TRUE(answered);
  EXPECT_TRUE(whole);
  EXPECT_TRUE(world.node.out(*sent).delivered);
  const auto found = std::ranges::find_if(
      world.node.incoming, [](const Incoming& one) { return one.message_id == "slow-one"; });
  ASSERT_NE(found, world.node.incoming.end());
  EXPECT_TRUE(found->complete());
  EXPECT_EQ(found->body, "one\r\n-------slow1234+x");
  EXPECT_LE(world.slow.lent_most, 1024U);
  EXPECT_LE(world.node.pool.most_used(), most_before + 2);
  world.slow.deaf = false;
  world.drive();
  EXPECT_EQ(world.peer.take().size(), 2U);
  world.expect_all_alive();
}

// A peer that reads nothing for a minute, while it asks and is sent four mebibytes: what waits for
// it is bounded, its reading stops, the hundred others do not notice, and then all of it comes.
TEST(SlowPeers, APeerThatDoesNotReadForAMinute) {
  Crowd world;
  world.lend_spans = 4096;
  world.slow.deaf = true;
  const std::string body = pattern(4 * mebibyte);
  const auto sent = world.node.engine().send(
      world.session, {.content_type = "text/plain", .message_id = "large"}, owned(body), world.now);
  ASSERT_TRUE(sent);
  world.node.outgoing[sent->value()].session = world.session;
  constexpr int requests_each_second = 100;
  int requests = 0;
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < requests_each_second; ++i, ++requests)
      world.peer.send(world.text_of_send(
          {.message_id = "asks" + std::to_string(requests), .failure_report = "yes", .body = "?"}));
    world.advance(seconds(1));
    world.one_of_the_others();
    ASSERT_EQ(world.node.engine().stats().held_bytes, 0U);
    ASSERT_FALSE(world.node.out(*sent).failed) << "nothing of it has gone, no timer runs";
  }
  const Limits limits;
  EXPECT_LE(world.slow.lent_most, limits.transmit_bytes + std::size_t{4096});
  EXPECT_LE(world.node.engine().stats().transactions, limits.transactions);
  world.slow.deaf = false;
  std::size_t answers = 0;
  std::vector<WireChunk> chunks = world.sent_and_answered();
  for (const WireChunk& chunk : chunks) answers += chunk.word == "200";
  EXPECT_EQ(answers, static_cast<std::size_t>(requests));
  EXPECT_TRUE(joined_body(chunks, "large") == body);
  EXPECT_TRUE(world.node.out(*sent).delivered);
  world.expect_all_alive();
}

// A body that the application does not take: the credit is what bounds it, however long it takes,
// where nobody said that the others of the connection go first (Timeouts::behind).
TEST(SlowPeers, AnApplicationThatTakesNothing) {
  SoloOptions options{.role = Role::passive};
  options.node.config.limits.held_bytes = 16 * 1024;
  options.node.config.timeouts.behind = {};
  Neighbours world(options);
  world.node.auto_release = false;
  SendParts large = world.parts(pattern(mebibyte));
  large.message_id = "unread";
  world.peer.send(world.text_of_send(large));
  world.drive();
  End& end = world.end_of(world.node, 0);
  EXPECT_TRUE(end.paused);
  const std::size_t held = world.node.engine().stats().held_bytes;
  EXPECT_GE(held, 16U * 1024);
  EXPECT_LE(held, 32U * 1024);
  for (int minute = 0; minute < 60; ++minute) {
    world.advance(std::chrono::minutes(1));
    world.expect_alive(world.apart_peer, world.apart);
    world.node.release(world.apart.session);
    ASSERT_EQ(world.node.engine().stats().held_bytes, held);
  }
  world.node.auto_release = true;
  world.node.release(world.session);
  world.drive();
  EXPECT_EQ(world.peer.next().word, "200");
  EXPECT_EQ(world.node.engine().stats().held_bytes, 0U);
  world.expect_all_alive();
}

// A gibibyte that is fed as fast as it is taken, on the first session.
struct Gibibyte : Neighbours {
  static SoloOptions made() {
    SoloOptions options{.role = Role::passive};
    options.node.config.limits.write_window_bytes = mebibyte;  // there is always more to send
    return options;
  }
  Gibibyte() : Neighbours(made()), piece(pattern(64 * 1024)) {
    lend_spans = 4096;  // all that is in the transmit order is lent
    const auto sent = node.engine().send(
        session, {.content_type = "application/octet-stream", .message_id = "gibibyte"},
        StreamBody{1024 * mebibyte}, now);
    EXPECT_TRUE(sent);
    handle = sent.value_or(MessageHandle{});
    node.outgoing[handle.value()].session = session;
  }
  void feed() {
    while (node.engine().write(handle, {bytes_of(piece), {}}, now).value() == piece.size()) {
    }
  }
  std::string piece;
  MessageHandle handle;
};

// R4975-7.1.1-35, R4975-7.1.1-29, R4975-7.1.1-32: a gibibyte on one session, and now and then "hi"
// on another of the same connection. Measured from what is in the transmit order at the call, at
// most a quantum of the large body is added before it.
TEST(SlowPeers, AtMostAQuantumOfAGibibyteIsAdded) {
  Gibibyte world;
  End& end = world.end_of(world.node, 0);
  const std::size_t quantum_bytes = Limits{}.quantum_bytes;
  for (int round = 0; round < 40; ++round) {
    end.deaf = false;
    world.transmit_max = 10'000 + 7'919 * static_cast<std::size_t>(round);
    for (int steps = 0; steps < 5; ++steps) {
      world.feed();
      world.drive_bounded(2);
    }
    end.deaf = true;
    world.feed();
    world.drive();
    const std::size_t ordered = world.peer.got().size() + end.lent_copy.size();
    const std::string id = "short-" + std::to_string(round);
    const auto hi = world.node.engine().send(world.beside.session,
                                             {.content_type = "text/plain", .message_id = id},
                                             owned("hi"), world.now);
    ASSERT_TRUE(hi);
    world.node.outgoing[hi->value()].session = world.beside.session;
    end.deaf = false;
    world.drive();
    const std::string& wire = world.peer.got();
    const std::size_t named = wire.find("Message-ID: " + id);
    ASSERT_NE(named, std::string::npos) << "a waiting stream holds it up";
    const std::size_t begin = wire.rfind("MSRP ", named);
    ASSERT_GE(begin, ordered) << "what was lent has changed";
    // Between them lies the rest of the chunk that was open, and its end-line.
    const std::string_view added = std::string_view(wire).substr(ordered, begin - ordered);
    EXPECT_LE(added.size(), quantum_bytes + 7 + 32 + 5) << round;
    EXPECT_EQ(added.find("MSRP "), std::string_view::npos) << "another chunk in front of it";
    EXPECT_TRUE(added.ends_with("+\r\n")) << round;
    for (const WireChunk& chunk : world.peer.take()) {
      if (chunk.word == "SEND") world.respond(chunk);
      if (chunk.header("Message-ID") == "gibibyte") {
        EXPECT_GE(chunk.body->size(), 2048U);
      }
    }
    EXPECT_TRUE(world.node.out(*hi).delivered) << round;
  }
  world.node.engine().abort(world.handle, world.now);
  const auto rest = world.sent_and_answered();
  ASSERT_FALSE(rest.empty());
  EXPECT_EQ(rest.back().flag, '#');
  EXPECT_TRUE(world.node.out(world.handle).done);
  world.expect_all_alive();
}

}  // namespace
}  // namespace msrp::test
