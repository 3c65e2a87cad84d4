// All small worlds: two sessions on one connection, three chunks, every point at which a stream can
// be cut in two, and every order in which what engines put out can be taken. In each of them the
// same has to come about.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "msrp/engine.hpp"
#include "support/exhaust.hpp"
#include "support/test_services.hpp"

namespace msrp::test {
namespace {

struct Side {
  explicit Side(std::uint64_t seed) : random(seed) {}

  SeededRandom random;
  NoCrypto crypto;
  FixedPool pool{16};
  Engine engine = *Engine::create({}, {random, crypto, pool}, Instant{});
  ConnId conn;
  std::vector<SessionId> sessions;
  std::vector<Path> paths;
  std::string wire;  // taken from its transmit order, not delivered yet
  std::vector<Command> commands;

  // What came to the application: by session, whole messages by offset.
  std::map<std::uint64_t, std::string> bodies;
  std::vector<std::string> told;  // in its order
};

class SmallWorld {
 public:
  SmallWorld() {
    const SocketAddress at{*IpAddress::parse("192.0.2.2"), 2855};
    const ListenerId listener = *b_.engine.listen({.at = at}, now_);
    b_.engine.on_listening(listener, at, now_);
    std::vector<TicketId> callers, callees;
    for (int i = 0; i < 2; ++i) {
      callers.push_back(*a_.engine.prepare({.active = true, .host = "192.0.2.1"}, now_));
      callees.push_back(*b_.engine.prepare({.active = false, .listener = listener}, now_));
    }
    take_all(a_);
    take_all(b_);
    for (std::size_t i = 0; i < 2; ++i) {
      (void)b_.engine.complete(callees[i], {.path = a_.paths[i]}, now_);
      (void)a_.engine.complete(callers[i], {.path = b_.paths[i]}, now_);
    }
    take_all(a_);
    const auto connect = std::ranges::find_if(
        a_.commands, [](const Command& each) { return std::holds_alternative<DoConnect>(each); });
    a_.conn = std::get<DoConnect>(*connect).conn;
    b_.conn = *b_.engine.on_accepted(listener, {.local = at}, now_);
    a_.engine.on_connected(a_.conn, {.peer = at}, now_);
    settle();
    for (Side* side : {&a_, &b_}) {
      EXPECT_EQ(side->sessions.size(), 2U);
      side->told.clear();
      side->commands.clear();
    }
  }

  // A message in two chunks, and one in one: the three in any order that there is.
  void send_chunk(std::size_t which) {
    static constexpr std::array<std::string_view, 2> halves = {"ab\r\n", "--c"};
    if (which == 2) return say(a_, a_.sessions[1], "xyz");
    ChunkSpec spec{.content_type = "text/plain", .message_id = "two-chunks"};
    spec.start = which == 0 ? 1 : 1 + halves[0].size();
    spec.total_bytes = halves[0].size() + halves[1].size();
    spec.flag = which == 0 ? Flag::more : Flag::end;
    spec.success_report = true;
    EXPECT_TRUE(a_.engine.send_chunk(a_.sessions[0], spec, body_of(halves[which]), now_));
  }
  void say(Side& side, SessionId session, std::string_view text) {
    const MessageSpec spec{.content_type = "text/plain", .success_report = true};
    EXPECT_TRUE(side.engine.send(session, spec, body_of(text), now_));
  }

  // ---- the four outputs

  void take_commands(Side& side) {
    while (auto command = side.engine.poll_command()) side.commands.push_back(*command);
  }
  void take_events(Side& side) {
    while (auto event = side.engine.poll_event()) {
      std::visit([&](const auto& what) { on(side, what); }, *event);
    }
  }
  // most: of octets; whether there were any.
  bool take_octets(Side& side, std::size_t most = ~std::size_t{0}) {
    while (side.engine.poll_sendable()) {
    }
    std::array<ConstBuffer, 16> buffers;
    const std::size_t count = side.engine.poll_transmit(side.conn, buffers, now_);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && taken < most; ++i) {
      const auto part = buffers[i].first(std::min(buffers[i].size(), most - taken));
      side.wire.append(reinterpret_cast<const char*>(part.data()), part.size());
      taken += part.size();
    }
    if (taken > 0) side.engine.transmitted(side.conn, taken, now_);
    return taken > 0;
  }
  void take_all(Side& side) {
    take_commands(side);
    take_events(side);
    while (side.conn && take_octets(side)) {
    }
  }
  // All three in the order of that number, of six.
  void take_in_order(Side& side, std::size_t order) {
    std::array<int, 3> kinds = {0, 1, 2};
    for (; order > 0; --order) std::ranges::next_permutation(kinds);
    for (const int kind : kinds) {
      if (kind == 0) take_commands(side);
      if (kind == 1) take_events(side);
      if (kind == 2) take_octets(side);
    }
  }

  void deliver(Side& from, Side& to, std::size_t octets) {
    const std::string piece = from.wire.substr(0, octets);
    from.wire.erase(0, octets);
    const Slice slice{std::as_bytes(std::span(piece)), {}};
    EXPECT_EQ(to.engine.on_received(to.conn, slice, now_), piece.size());
  }
  // Until nothing moves.
  void settle() {
    do {
      take_all(a_);
      take_all(b_);
      if (!a_.wire.empty()) deliver(a_, b_, a_.wire.size());
      if (!b_.wire.empty()) deliver(b_, a_, b_.wire.size());
      take_all(a_);
      take_all(b_);
    } while (!a_.wire.empty() || !b_.wire.empty());
  }

  // What has to have come about, in whatever order.
  void check() {
    std::ranges::sort(a_.told);
    std::ranges::sort(b_.told);
    EXPECT_EQ(b_.told, (std::vector<std::string>{"0 whole ab\r\n--c", "1 whole xyz"}));
    EXPECT_EQ(a_.told,
              (std::vector<std::string>{"answered 200", "answered 200", "delivered", "delivered",
                                        "delivered", "done", "done", "done", "reported"}));
    for (Side* side : {&a_, &b_}) {
      const Engine::Stats stats = side->engine.stats();
      EXPECT_EQ(stats.outgoing_messages + stats.incoming_messages + stats.transactions, 0U);
      EXPECT_EQ(stats.held_bytes, 0U);
      EXPECT_EQ(stats.bad_chunks, 0U);
      EXPECT_TRUE(side->commands.empty());
    }
  }

  Side& a() { return a_; }
  Side& b() { return b_; }

 private:
  static OwnedBody body_of(std::string_view text) {
    const auto octets = std::as_bytes(std::span(text));
    return {{octets.begin(), octets.end()}};
  }
  static std::string number(const Side& side, SessionId session) {
    const auto at = std::ranges::find(side.sessions, session);
    return std::to_string(at - side.sessions.begin());
  }

  void on(Side& side, const Prepared& event) { side.paths.push_back(event.local_path); }
  void on(Side& side, const Bound& event) { side.sessions.push_back(event.session); }
  void on(Side& side, const MessageData& event) {
    std::string& body = side.bodies[event.message.value()];
    EXPECT_EQ(event.offset, body.size());
    body.append(reinterpret_cast<const char*>(event.slice.bytes.data()), event.slice.bytes.size());
    side.engine.release(event.session, event.slice.bytes.size(), now_);
  }
  void on(Side& side, const MessageEnded& event) {
    side.told.push_back(number(side, event.session) + (event.error ? " ended " : " whole ") +
                        side.bodies[event.message.value()]);
  }
  void on(Side& side, const Answered& event) {
    side.told.push_back("answered " + std::to_string(event.status));
  }
  void on(Side& side, const Delivered&) { side.told.emplace_back("delivered"); }
  void on(Side& side, const Reported&) { side.told.emplace_back("reported"); }
  void on(Side& side, const MessageFailed&) { side.told.emplace_back("failed"); }
  void on(Side& side, const MessageDone&) { side.told.emplace_back("done"); }
  void on(Side& side, const SessionClosed&) { side.told.emplace_back("closed"); }
  void on(Side&, const auto&) {}

  Instant now_{};
  Side a_{1}, b_{2};
};

// The second chunk of a message behind its first, the other one anywhere; behind the first that is
// sent the transmit order is taken, or not.
void send_all(SmallWorld& world, Exhaust& all) {
  const std::size_t other = all.below(3);
  std::size_t half = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    world.send_chunk(i == other ? 2 : half++);
    if (i == 0 && all.flip()) world.take_octets(world.a());
  }
}

void expect_no_failure(const Exhaust& all) {
  ASSERT_FALSE(testing::Test::HasFailure()) << "in run " << all.runs() + 1;
}

TEST(Exhaustive, EverySplitOfWhatIsSentAndEveryOrderOfWhatFollows) {
  Exhaust all;
  while (all.next_run()) {
    SmallWorld world;
    send_all(world, all);
    while (world.take_octets(world.a())) {
    }
    const std::size_t split = 1 + all.below(world.a().wire.size() - 1);
    const std::size_t order = all.below(6);
    world.deliver(world.a(), world.b(), split);
    world.take_in_order(world.b(), order);
    world.deliver(world.a(), world.b(), world.a().wire.size());
    world.take_in_order(world.b(), 5 - order);
    world.settle();
    world.check();
    ASSERT_NO_FATAL_FAILURE(expect_no_failure(all));
  }
  EXPECT_EQ(all.runs(), 29'736U);
}

TEST(Exhaustive, EverySplitOfWhatIsAnsweredAndEveryOrderOfWhatFollows) {
  Exhaust all;
  while (all.next_run()) {
    SmallWorld world;
    for (const std::size_t which : {0U, 1U, 2U}) world.send_chunk(which);
    while (world.take_octets(world.a())) {
    }
    world.deliver(world.a(), world.b(), world.a().wire.size());
    world.take_all(world.b());
    const std::size_t split = 1 + all.below(world.b().wire.size() - 1);
    const std::size_t order = all.below(6);
    world.deliver(world.b(), world.a(), split);
    world.take_in_order(world.a(), order);
    world.deliver(world.b(), world.a(), world.b().wire.size());
    world.take_in_order(world.a(), 5 - order);
    world.settle();
    world.check();
    ASSERT_NO_FATAL_FAILURE(expect_no_failure(all));
  }
  EXPECT_EQ(all.runs(), 6'120U);
}

// The transport takes a part, any part; meanwhile the next chunk comes, and events are taken or
// not.
TEST(Exhaustive, EveryPartOfWhatIsLentIsTaken) {
  Exhaust all;
  while (all.next_run()) {
    SmallWorld world;
    const std::size_t other = all.below(3);
    std::size_t half = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      world.send_chunk(i == other ? 2 : half++);
      if (i != 0) continue;
      world.take_octets(world.a(), 1 + all.below(180));
      const bool delivers = all.flip();
      if (delivers) world.deliver(world.a(), world.b(), world.a().wire.size());
      if (all.flip()) world.take_all(world.b());
      if (all.flip()) world.take_events(world.a());
    }
    world.settle();
    world.check();
    ASSERT_NO_FATAL_FAILURE(expect_no_failure(all));
  }
  EXPECT_EQ(all.runs(), 3U * 180 * 2 * 2 * 2);
}

// What engines put out is taken one thing at a time, whichever, after every octet.
TEST(Exhaustive, OneOctetAtATime) {
  Exhaust all;
  while (all.next_run()) {
    SmallWorld world;
    send_all(world, all);
    const std::size_t order = all.below(6);
    Side* const sides[] = {&world.a(), &world.b()};
    for (bool busy = true; busy;) {
      busy = false;
      for (const std::size_t from : {0U, 1U}) {
        world.take_in_order(*sides[from], order);
        if (sides[from]->wire.empty()) continue;
        world.deliver(*sides[from], *sides[1 - from], 1);
        world.take_in_order(*sides[1 - from], order);
        busy = true;
      }
    }
    world.settle();
    world.check();
    ASSERT_NO_FATAL_FAILURE(expect_no_failure(all));
  }
  EXPECT_EQ(all.runs(), 3U * 2 * 6);
}

TEST(Exhaustive, ChoicesAreAllMade) {
  Exhaust all;
  std::vector<std::string> seen;
  while (all.next_run()) {
    std::string one;
    for (std::size_t i = all.below(3); i > 0; --i) one += all.flip() ? 'x' : 'o';
    seen.push_back(one);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"", "o", "x", "oo", "ox", "xo", "xx"}));
  EXPECT_EQ(all.runs(), 7U);
}

}  // namespace
}  // namespace msrp::test
