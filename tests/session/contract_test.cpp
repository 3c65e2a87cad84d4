// The contract of engine.hpp as such: time, order of inputs, segmentation.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;

// What the application saw, without the places where octets were cut.
std::vector<std::string> seen(Node& node) {
  std::vector<std::string> all;
  for (const std::string& line : node.trace)
    if (!line.starts_with("MessageData")) all.push_back(line);
  for (const Incoming& message : node.incoming)
    all.push_back(message.message_id + " " + message.content_type + " " + message.body + " " +
                  std::to_string(message.ended ? message.ended->bytes : 0) + " " +
                  std::to_string(message.ended ? message.ended->chunks : 0));
  return all;
}

// Everything that a peer says to a session of a known seed: an answer, a REPORT, a message in two
// chunks out of order, an aborted one, a refused one, and a body that looks like framing.
struct Script {
  explicit Script(std::size_t first_cut, std::size_t second_cut, std::size_t piece,
                  bool with_owner) {
    SoloOptions options;
    options.accepts.accept_types = {"text/plain"};
    options.node.slabs = 64;
    Solo world(options);
    world.with_owner = with_owner;
    const MessageHandle handle =
        world.node.send("text/plain", "question", {.success_report = true});
    world.drive();
    const WireChunk request = world.peer.next();
    const auto say = [&](std::string id, std::string body, std::string range, char flag,
                         std::string type = "text/plain") {
      SendParts parts = world.parts(body);
      parts.to = world.local;
      parts.from = world.remote;
      parts.transaction_id = "tid" + std::to_string(wire.size());
      parts.message_id = std::move(id);
      parts.byte_range = std::move(range);
      parts.flag = flag;
      parts.content_type = std::move(type);
      parts.success_report = "yes";
      wire += wire_send(parts);
    };
    wire += wire_response(request, 200);
    say("first-1", "def\r\n-------tid", "4-*/*", '$');
    wire += wire_report(request, "1-8/8");
    say("first-1", "abc", "1-3/*", '+');
    say("second-2", "gone", "1-4/9", '#');
    wire += "\r\n";
    say("third-3", "<html>", "1-6/6", '$', "text/html");
    say("fourth-4", "\r\n-------tid99$\r\n-------", "", '$');
    say("fifth-5", "", "1-0/0", '$');
    for (const auto& [from, to] : {std::pair{std::size_t{0}, first_cut},
                                   {first_cut, second_cut},
                                   {second_cut, wire.size()}}) {
      const std::string part = wire.substr(std::min(from, wire.size()), to - std::min(from, to));
      for (std::size_t i = 0; i < part.size(); i += piece) {
        world.peer.send(part.substr(i, piece));
        world.drive();
      }
    }
    events = seen(world.node);
    for (const WireChunk& chunk : world.peer.take())
      answers.push_back(chunk.word + " " + chunk.header("Message-ID") + chunk.header("Byte-Range") +
                        (chunk.is_response() ? chunk.transaction_id : ""));
    delivered = world.node.out(handle).delivered && world.node.out(handle).done;
  }
  std::string wire;
  std::vector<std::string> events, answers;
  bool delivered = false;
};

constexpr std::size_t whole = 1'000'000;

// Nasty group 1: cut at every place, with and without an owner.
TEST(Contract, EverySplitIsTheSame) {
  const Script reference(whole, whole, whole, true);
  EXPECT_TRUE(reference.delivered);
  ASSERT_FALSE(reference.events.empty());
  EXPECT_EQ(reference.answers.size(), 9U) << "6 responses, 3 REPORTs";
  for (std::size_t cut = 1; cut < reference.wire.size(); ++cut) {
    const Script other(cut, cut, whole, cut % 2 == 0);
    ASSERT_EQ(other.events, reference.events) << "cut at " << cut;
    ASSERT_EQ(other.answers, reference.answers) << "cut at " << cut;
  }
}

TEST(Contract, EveryPieceSizeIsTheSame) {
  const Script reference(whole, whole, whole, true);
  for (std::size_t piece = 1; piece < 100; ++piece) {
    const Script other(whole, whole, piece, piece % 2 == 0);
    ASSERT_EQ(other.events, reference.events) << "pieces of " << piece;
    ASSERT_EQ(other.answers, reference.answers) << "pieces of " << piece;
  }
}

// Rule 1: time that goes backwards is a mistake of the caller, and ends the program.
TEST(ContractDeathTest, TimeGoesBackwards) {
  World world;
  Node& node = world.add("early");
  node.engine().handle_timeout(world.now + seconds(1));
  node.engine().handle_timeout(world.now + seconds(1));
  EXPECT_DEATH(node.engine().handle_timeout(world.now), "now >= last_now");
}

// Rule 2: inputs may follow each other without draining.
TEST(Contract, InputsWithoutDraining) {
  Pair pair;
  Engine& a = pair.a.engine();
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back(pair.a.send("text/plain", pattern(static_cast<std::size_t>(i) * 50)));
    a.handle_timeout(pair.now);
    pair.now += std::chrono::milliseconds(1);
  }
  pair.drive();
  for (const MessageHandle handle : handles) EXPECT_TRUE(pair.a.out(handle).delivered);
}

// Handles that are stale, empty or invented are recognised by every input.
TEST(Contract, StaleHandlesAreIgnoredEverywhere) {
  Pair pair;
  Engine& engine = pair.a.engine();
  const ConnId old = pair.end_of(pair.a).conn;
  pair.lose(pair.end_of(pair.a));
  pair.drive();
  const Instant now = pair.now;
  for (const ConnId conn : {old, ConnId{}, ConnId{1000, 1}}) {
    EXPECT_EQ(engine.on_received(conn, {bytes_of("MSRP "), {}}, now), 5U)
        << "octets of nobody are dropped";
    engine.on_eof(conn, now);
    engine.on_lost(conn, Error{Errc::connection_lost}, now);
    engine.on_closed(conn, now);
    engine.on_connected(conn, {}, now);
    engine.on_secured(conn, PeerIdentity{}, now);
    engine.transmitted(conn, 0, now);
  }
  engine.on_listening(ListenerId{9, 9}, at("192.0.2.1", 1), now);
  engine.on_listen_failed(ListenerId{9, 9}, Error{Errc::listen_failed}, now);
  EXPECT_FALSE(engine.on_accepted(ListenerId{9, 9}, {}, now));
  engine.on_resolved(ResolveId{9, 9}, {}, now);
  engine.on_resolve_failed(ResolveId{9, 9}, Error{Errc::resolve_failed}, now);
  engine.stop_listening(ListenerId{9, 9}, now);
  engine.cleanup(TicketId{9, 9}, now);
  engine.release(SessionId{9, 9}, 1, now);
  engine.close(SessionId{9, 9}, now);
  engine.abort(MessageHandle{9, 9}, now);
  pair.a.trace.clear();
  pair.drive();
  EXPECT_TRUE(pair.a.trace.empty());
  EXPECT_FALSE(engine.poll_command());
}

// A fresh engine has nothing to say and no time-out.
TEST(Contract, AFreshEngineIsQuiet) {
  World world;
  Node& node = world.add("fresh");
  EXPECT_FALSE(node.engine().poll_command());
  EXPECT_FALSE(node.engine().poll_event());
  EXPECT_FALSE(node.engine().poll_sendable());
  EXPECT_FALSE(node.engine().next_timeout());
  EXPECT_EQ(node.engine().next_timeout_reason(), TimeoutReason::none);
}

// Rule 5: after handle_timeout() nothing is due, whatever is pending.
TEST(Contract, NothingIsDueAfterHandleTimeout) {
  Solo world({.role = Role::passive});
  for (int i = 0; i < 20; ++i) {
    world.node.send("text/plain", "x");
    world.connect_peer(world.node, world.listener);
    const TicketId ticket = world.node.prepare({.active = false, .listener = world.listener});
    world.drive();
    EXPECT_TRUE(world.node.engine().complete(ticket, {}, world.now));
    world.advance(std::chrono::milliseconds(37));
  }
  int steps = 0;
  while (const auto due = world.node.engine().next_timeout()) {
    ASSERT_GT(*due, world.now);
    world.now = *due;
    world.node.engine().handle_timeout(world.now);
    const auto next = world.node.engine().next_timeout();
    ASSERT_TRUE(!next || *next > world.now);
    world.drive();
    ASSERT_LT(++steps, 1000) << "spins";
  }
  EXPECT_EQ(world.node.engine().stats().tickets, 0U);
}

// Engines can be moved.
TEST(Contract, AnEngineMoves) {
  SeededRandom random(1);
  NoCrypto crypto;
  FixedPool pool(8);
  auto made = Engine::create({}, {random, crypto, pool}, start_of_time);
  ASSERT_TRUE(made);
  Engine first = std::move(*made);
  Engine second = std::move(first);
  EXPECT_TRUE(second.prepare({.active = true, .host = "h.example"}, start_of_time));
  EXPECT_EQ(second.stats().tickets, 1U);
}

}  // namespace
}  // namespace msrp::test
