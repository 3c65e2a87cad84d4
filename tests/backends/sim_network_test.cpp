// The simulated network: what it may do to a stream, and what it must not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backends/sim/network.hpp"

namespace msrp::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> octets(size);
  for (std::size_t i = 0; i < size; ++i)
    octets[i] = static_cast<std::byte>((i * 2654435761U) >> 13);
  return octets;
}

// Writes down what it hears and reads what there is, if it is told to.
struct Program final : Port {
  explicit Program(Network& network) : net(network) {}
  void accepted(ListenerId, End end) override {
    streams.push_back(end);
    net.take(end);
  }
  void connected(End end) override {
    streams.push_back(end);
    ++connects;
  }
  void refused(End) override { ++refusals; }
  void readable(End end) override {
    if (reads) read_all(end);
  }
  void writable(End) override { ++rooms; }
  void read_all(End end) {
    std::byte block[1000];
    while (const std::size_t bytes = net.read(end, block)) {
      got.insert(got.end(), block, block + bytes);
      pieces.push_back(bytes);
    }
    ended = ended || net.at_end(end);
    broken = broken || net.is_broken(end);
  }

  Network& net;
  bool reads = true, ended = false, broken = false;
  std::vector<End> streams;
  std::vector<std::byte> got;
  std::vector<std::size_t> pieces;
  int connects = 0, refusals = 0, rooms = 0;
};

// Two hosts with a program each, and a stream from the one to the other.
struct Two {
  explicit Two(const Link& link = {}, std::uint64_t seed = 1) : net(scheduler, seed) {
    net.set_links(link);
    listen();
    client.net.connect(client, a, at);
    run(seconds(10));
  }
  void listen(const Network::ListenOptions& options = {}) {
    EXPECT_TRUE(net.listen(server, b, {1, 1}, at, options));
  }
  void run(Duration time) { scheduler.advance(scheduler.now() + time); }
  End near() const { return client.streams.at(0); }
  End far() const { return server.streams.at(0); }
  // As much as goes, again whenever there is room.
  void write(End end, Program& program, std::span<const std::byte> octets) {
    while (!octets.empty()) {
      octets = octets.subspan(net.write(end, octets));
      if (octets.empty()) return;
      const int rooms = program.rooms;
      while (program.rooms == rooms) {
        ASSERT_TRUE(scheduler.next()) << "nothing will ever make room";
        scheduler.step(*scheduler.next());
      }
    }
  }

  Scheduler scheduler;
  Network net;
  HostId a = net.add_host("a", *IpAddress::parse("192.0.2.1"));
  HostId b = net.add_host("b", *IpAddress::parse("192.0.2.2"));
  SocketAddress at{*IpAddress::parse("192.0.2.2"), 2855};
  Program client{net}, server{net};
};

TEST(SimNetwork, SegmentsChangeNoOctet) {
  const Link nasty{.latency = milliseconds(3),
                   .jitter = milliseconds(50),
                   .bytes_per_second = 1'000'000,
                   .window_bytes = 5000,
                   .fragments = true};
  const auto octets = pattern(200'000);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Two world(nasty, seed);
    world.write(world.near(), world.client, octets);
    world.run(seconds(60));
    EXPECT_TRUE(world.server.got == octets) << seed;
    EXPECT_GT(world.server.pieces.size(), 300U) << "it was cut up";
    EXPECT_TRUE(world.client.got.empty());
  }
}

TEST(SimNetwork, OctetsTakeTheirTime) {
  Two world({.latency = milliseconds(100), .bytes_per_second = 1000});
  const Instant begin = world.scheduler.now();
  world.net.write(world.near(), pattern(500));
  world.scheduler.advance(begin + milliseconds(599));
  EXPECT_TRUE(world.server.got.empty());
  world.scheduler.advance(begin + milliseconds(600));
  EXPECT_EQ(world.server.got.size(), 500U) << "half a second on the line, and the latency";
}

TEST(SimNetwork, AConnectTakesARoundTrip) {
  Two world({.latency = milliseconds(40)});
  const Instant begin = world.scheduler.now();
  world.net.connect(world.client, world.a, world.at);
  world.scheduler.advance(begin + milliseconds(79));
  EXPECT_EQ(world.server.streams.size(), 2U);
  EXPECT_EQ(world.client.connects, 1);
  world.scheduler.advance(begin + milliseconds(80));
  EXPECT_EQ(world.client.connects, 2);
}

TEST(SimNetwork, TheWindowBoundsWhatIsNotRead) {
  Two world({.window_bytes = 1000});
  world.server.reads = false;
  const auto octets = pattern(3000);
  EXPECT_EQ(world.net.write(world.near(), octets), 1000U);
  EXPECT_EQ(world.net.write(world.near(), octets), 0U);
  world.run(seconds(1));
  EXPECT_EQ(world.net.readable_bytes(world.far()), 1000U);
  EXPECT_EQ(world.net.write(world.near(), octets), 0U) << "arrived, and not read";
  EXPECT_EQ(world.client.rooms, 0);
  std::byte some[300];
  EXPECT_EQ(world.net.read(world.far(), some), 300U);
  EXPECT_EQ(world.client.rooms, 0) << "less than half of it is free";
  EXPECT_EQ(world.net.read(world.far(), some), 300U);
  EXPECT_EQ(world.client.rooms, 1);
  EXPECT_EQ(world.net.write(world.near(), octets), 600U);
}

TEST(SimNetwork, AnEndLeavesTheOtherWayOpen) {
  Two world;
  world.net.write(world.near(), pattern(100));
  world.net.write_end(world.near());
  world.run(seconds(1));
  EXPECT_EQ(world.server.got.size(), 100U);
  EXPECT_TRUE(world.server.ended);
  EXPECT_FALSE(world.server.broken);
  world.net.write(world.far(), pattern(70));
  world.run(seconds(1));
  EXPECT_EQ(world.client.got.size(), 70U);
}

TEST(SimNetwork, AResetLosesWhatIsUnderWay) {
  Two world({.latency = milliseconds(10)});
  world.server.reads = false;
  world.net.write(world.near(), pattern(100));
  world.run(milliseconds(10));
  world.net.write(world.near(), pattern(50));  // flies when the stream is reset
  world.net.release(world.near(), true);
  world.run(seconds(1));
  world.server.read_all(world.far());
  EXPECT_EQ(world.server.got.size(), 100U) << "what had arrived can be read";
  EXPECT_TRUE(world.server.broken);
  EXPECT_FALSE(world.server.ended);
}

TEST(SimNetwork, OctetsForAProgramThatIsGoneAreAnsweredWithAReset) {
  Two world;
  world.net.write_end(world.far());
  world.net.release(world.far(), false);
  world.run(seconds(1));
  EXPECT_TRUE(world.client.ended);
  EXPECT_FALSE(world.client.broken);
  world.net.write(world.near(), pattern(10));
  world.run(seconds(1));
  world.client.read_all(world.near());
  EXPECT_TRUE(world.client.broken);
}

TEST(SimNetwork, ACutHoldsOneWayUp) {
  Two world;
  world.net.cut(world.a, world.b);
  world.net.write(world.near(), pattern(100));
  world.net.write(world.far(), pattern(60));
  world.run(seconds(30));
  EXPECT_TRUE(world.server.got.empty());
  EXPECT_EQ(world.client.got.size(), 60U);
  world.net.mend(world.a, world.b);
  world.net.write(world.near(), pattern(1));
  world.run(seconds(1));
  EXPECT_EQ(world.server.got.size(), 101U) << "late, and whole";
}

TEST(SimNetwork, AConnectIsTriedAgainUntilTheCutIsMended) {
  Two world;
  world.net.cut(world.a, world.b);
  world.net.connect(world.client, world.a, world.at);
  world.run(seconds(5));
  EXPECT_EQ(world.client.connects, 1);
  world.net.mend(world.a, world.b);
  world.run(seconds(3));
  EXPECT_EQ(world.client.connects, 2) << "seven seconds after it began";
  EXPECT_EQ(world.client.refusals, 0);
}

TEST(SimNetwork, WhoIsNotThereRefusesInTheEnd) {
  Two world;
  world.net.connect(world.client, world.a, {*IpAddress::parse("198.51.100.1"), 1});
  world.run(seconds(62));
  EXPECT_EQ(world.client.refusals, 0);
  world.run(seconds(2));
  EXPECT_EQ(world.client.refusals, 1);
}

TEST(SimNetwork, WhereNobodyListensRefusesAtOnce) {
  Two world({.latency = milliseconds(5)});
  world.net.connect(world.client, world.a, {*IpAddress::parse("192.0.2.2"), 1});
  world.run(milliseconds(10));
  EXPECT_EQ(world.client.refusals, 1);
}

TEST(SimNetwork, BehindANatNobodyConnectsToIt) {
  Two world;
  const HostId c =
      world.net.add_host("c", *IpAddress::parse("10.0.0.1"), Network::Reach::dials_only);
  Program inside{world.net};
  ASSERT_TRUE(world.net.listen(inside, c, {2, 1}, {world.net.address(c), 2855}, {}));
  world.net.connect(world.client, world.a, {world.net.address(c), 2855});
  world.net.connect(inside, c, world.at);
  world.run(seconds(64));
  EXPECT_EQ(world.client.connects, 1);
  EXPECT_EQ(world.client.refusals, 1);
  EXPECT_EQ(inside.connects, 1) << "the way out is open";
}

// One whose program is slow to take what comes.
TEST(SimNetwork, AFullBacklogDoesNotAnswer) {
  struct Slow final : Port {
    void accepted(ListenerId, End end) override { waiting.push_back(end); }
    void connected(End) override {}
    void refused(End) override {}
    void readable(End) override {}
    void writable(End) override {}
    std::vector<End> waiting;
  };
  Two world;
  Slow slow;
  const SocketAddress at{world.net.address(world.b), 4000};
  ASSERT_TRUE(world.net.listen(slow, world.b, {3, 1}, at, {.backlog = 2}));
  for (int i = 0; i < 3; ++i) world.net.connect(world.client, world.a, at);
  world.run(milliseconds(500));
  EXPECT_EQ(slow.waiting.size(), 2U);
  EXPECT_EQ(world.client.connects, 1 + 2);
  world.net.take(slow.waiting[0]);
  world.run(seconds(1));
  EXPECT_EQ(slow.waiting.size(), 3U);
  EXPECT_EQ(world.client.connects, 1 + 3);
}

TEST(SimNetwork, ACrashIsHeardOfAtOnceOrAfterTheRestart) {
  for (const bool silent : {false, true}) {
    Two world;
    world.net.crash(world.b, silent);
    world.net.write(world.near(), pattern(10));
    world.run(seconds(100));
    EXPECT_EQ(world.client.broken, !silent);
    world.net.connect(world.client, world.a, world.at);
    world.run(seconds(64));
    EXPECT_EQ(world.client.connects, 1) << "nobody is there";
    world.net.restart(world.b);
    world.run(seconds(1));
    EXPECT_TRUE(world.client.broken);
    Program again{world.net};
    ASSERT_TRUE(world.net.listen(again, world.b, {1, 1}, world.at, {}));
    world.net.connect(world.client, world.a, world.at);
    world.run(seconds(1));
    EXPECT_EQ(again.streams.size(), 1U);
  }
}

TEST(SimNetwork, SharedListenersTakeTurns) {
  Two world;
  Program one{world.net}, other{world.net};
  const SocketAddress at{world.net.address(world.b), 5000};
  ASSERT_TRUE(world.net.listen(one, world.b, {1, 1}, at, {.shared = true}));
  ASSERT_TRUE(world.net.listen(other, world.b, {1, 1}, at, {.shared = true}));
  EXPECT_FALSE(world.net.listen(world.server, world.b, {9, 1}, at, {})) << "not with everybody";
  for (int i = 0; i < 40; ++i) world.net.connect(world.client, world.a, at);
  world.run(seconds(1));
  EXPECT_EQ(one.streams.size() + other.streams.size(), 40U);
  EXPECT_GT(one.streams.size(), 5U);
  EXPECT_GT(other.streams.size(), 5U);
}

// Everything that an observer sees, as one number.
struct Hash final : NetworkObserver {
  void note(std::uint64_t number) { value = (value ^ number) * 0x100000001B3U; }
  void wrote(End end, std::span<const std::byte> octets, Instant now) override {
    note(1 + end.side);
    note(octets.size());
    note(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  }
  void read(End end, std::span<const std::byte> octets, Instant now) override {
    note(3 + end.side);
    note(octets.size());
    note(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  }
  std::uint64_t value = 0xCBF29CE484222325U;
};

TEST(SimNetwork, OneSeedIsOneStory) {
  const Link nasty{.latency = milliseconds(3),
                   .jitter = milliseconds(50),
                   .bytes_per_second = 1'000'000,
                   .window_bytes = 5000,
                   .fragments = true};
  const auto story = [&](std::uint64_t seed) {
    Two world(nasty, seed);
    Hash hash;
    world.net.observe(&hash);
    world.write(world.near(), world.client, pattern(50'000));
    world.run(seconds(10));
    return hash.value;
  };
  EXPECT_EQ(story(7), story(7));
  EXPECT_NE(story(7), story(8));
}

}  // namespace
}  // namespace msrp::sim
