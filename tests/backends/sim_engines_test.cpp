// Engines over the production driver on simulated backends: nothing but the network differs from
// a real program.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/sim/sim_world.hpp"

namespace msrp::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::byte octet(std::uint64_t offset) {
  return static_cast<std::byte>((offset * 2654435761U) >> 13);
}

// A host with an engine that answers everything and keeps books.
struct Host {
  Host(SimWorld& made_in, std::string name, std::string_view ip, SimHostOptions options = {})
      : world(made_in),
        host(
            world, std::move(name), *IpAddress::parse(ip),
            [this](const Event& event) {
              std::visit([this](const auto& what) { on(what); }, event);
            },
            std::move(options)) {}
  void on(const Listening& event) { listening = event.listener; }
  void on(const Prepared& event) { path = event.local_path; }
  void on(const Bound& event) { session = event.session; }
  void on(const MessageData& event) {
    for (std::size_t i = 0; i < event.slice.bytes.size(); ++i) {
      wrong += event.slice.bytes[i] != octet(event.offset + i);
    }
    octets += event.slice.bytes.size();
    host.engine().release(event.session, event.slice.bytes.size(), world.now());
  }
  void on(const MessageEnded& event) { (event.error ? broken : whole) += 1; }
  void on(const Delivered&) { ++delivered; }
  void on(const MessageFailed&) { ++failed; }
  void on(const SessionClosed& event) {
    ++closed;
    close_reason = event.reason.code;
  }
  void on(const TicketFailed&) { ++tickets_failed; }
  void on(const auto&) {}

  void send(std::size_t size) {
    OwnedBody body;
    body.bytes.resize(size);
    for (std::size_t i = 0; i < size; ++i) body.bytes[i] = octet(i);
    EXPECT_TRUE(host.call([&](Engine& engine) {
      return engine.send(session, {.content_type = "text/plain"}, std::move(body), world.now());
    }));
  }

  SimWorld& world;
  SimHost host;
  std::optional<ListenerId> listening;
  std::optional<Path> path;
  SessionId session;
  Errc close_reason{};
  std::uint64_t octets = 0, wrong = 0;
  int whole = 0, broken = 0, delivered = 0, failed = 0, closed = 0, tickets_failed = 0;
};

struct World : SimWorld {
  explicit World(std::uint64_t seed, const Link& link = {}, const SimHostOptions& options = {})
      : SimWorld(seed), a(*this, "a", "192.0.2.1", options), b(*this, "b", "192.0.2.2", options) {
    network.set_links(link);
  }
  // Both paths are there, and each side knows the other's; name: b's.
  void prepare(const std::string& name) {
    EXPECT_TRUE(b.host.call([&](Engine& engine) {
      return engine.listen({.at = {b.host.address(), 2855}, .host = name, .secure = secure}, now());
    }));
    simulation.run_for(seconds(1));
    const auto ticket_b = b.host.call([&](Engine& engine) {
      return engine.prepare({.active = false, .listener = b.listening.value()}, now());
    });
    const auto ticket_a = a.host.call([&](Engine& engine) {
      return engine.prepare({.active = true, .host = "192.0.2.1", .secure = secure}, now());
    });
    simulation.run_for(seconds(1));
    EXPECT_TRUE(b.host.call(
        [&](Engine& engine) { return engine.complete(*ticket_b, {.path = a.path}, now()); }));
    EXPECT_TRUE(a.host.call(
        [&](Engine& engine) { return engine.complete(*ticket_a, {.path = b.path}, now()); }));
  }
  void bind() {
    prepare("");
    simulation.run_for(seconds(20));
    ASSERT_TRUE(a.session);
    ASSERT_TRUE(b.session);
  }

  bool secure = false;  // msrps
  Host a, b;
};

const Link nasty{.latency = milliseconds(2),
                 .jitter = milliseconds(30),
                 .bytes_per_second = 10'000'000,
                 .window_bytes = 20'000,
                 .fragments = true};

TEST(SimEngines, AMebibyteEachWayOverABadNetwork) {
  constexpr std::size_t size = 1024 * 1024;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world(seed, nasty);
    world.bind();
    world.a.send(size);
    world.b.send(size);
    world.simulation.run_for(seconds(60));
    for (const Host* host : {&world.a, &world.b}) {
      EXPECT_EQ(host->octets, size) << seed;
      EXPECT_EQ(host->wrong, 0U) << seed;
      EXPECT_EQ(host->whole, 1) << seed;
      EXPECT_EQ(host->delivered, 1) << seed;
      EXPECT_EQ(host->failed, 0) << seed;
    }
  }
}

// R4975-5.4-8: the same over TLS, in records of any size.
TEST(SimEngines, AMebibyteEachWayOverTls) {
  constexpr std::size_t size = 1024 * 1024;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world(seed, nasty, {.tls = {.record_bytes = 2000, .key_updates = 5}});
    world.secure = true;
    world.bind();
    EXPECT_TRUE(world.a.path->view().front().secure);
    EXPECT_TRUE(world.b.path->view().front().secure);
    world.a.send(size);
    world.b.send(size);
    world.simulation.run_for(seconds(60));
    for (const Host* host : {&world.a, &world.b}) {
      EXPECT_EQ(host->octets, size) << seed;
      EXPECT_EQ(host->wrong, 0U) << seed;
      EXPECT_EQ(host->delivered, 1) << seed;
    }
    for (Host* host : {&world.a, &world.b}) {
      host->host.call([&](Engine& engine) { engine.close(host->session, world.now()); });
    }
    world.simulation.run_for(seconds(60));
    for (Host* host : {&world.a, &world.b}) {
      EXPECT_EQ(host->host.backend().sockets(), 0U);
      EXPECT_LE(host->host.backend().pool().used_slabs(), 1U);
      EXPECT_FALSE(host->host.engine().next_timeout());
    }
  }
}

// Neither side's session comes about, and neither waits for ever.
TEST(SimEngines, AHandshakeThatFailsFailsTheTicket) {
  World world(1, nasty, {.tls = {.handshake_failures = 100}});
  world.secure = true;
  world.prepare("");
  world.simulation.run_for(seconds(60));
  EXPECT_EQ(world.a.tickets_failed, 1);
  EXPECT_EQ(world.b.tickets_failed, 1);
}

TEST(SimEngines, ATruncatedStreamIsNoOrderlyEnd) {
  World world(1, nasty, {.tls = {.missing_notifies = 100}});
  world.secure = true;
  world.bind();
  world.a.host.call([&](Engine& engine) { engine.close(world.a.session, world.now()); });
  world.simulation.run_for(seconds(60));
  EXPECT_EQ(world.b.closed, 1);
  EXPECT_EQ(world.b.close_reason, Errc::tls_truncated);
}

TEST(SimEngines, APartitionEndsTheMessageAfterTheTransactionsTime) {
  World world(1);
  world.bind();
  world.network.cut(world.b.host.id(), world.a.host.id());
  world.a.send(100);
  world.simulation.run_for(seconds(29));
  EXPECT_EQ(world.a.failed, 0);
  EXPECT_EQ(world.b.whole, 1) << "one way is open";
  world.simulation.run_for(seconds(2));
  EXPECT_EQ(world.a.failed, 1);
  EXPECT_EQ(world.a.delivered, 0);
}

TEST(SimEngines, ANameThatIsFoundLate) {
  World world(1);
  world.resolver.set("bob.example",
                     {.records = {AddressRecord{world.b.host.address()}}, .delay = seconds(3)});
  world.prepare("bob.example");
  world.simulation.run_for(seconds(2));
  EXPECT_FALSE(world.a.session);
  world.simulation.run_for(seconds(2));
  EXPECT_TRUE(world.a.session);
}

TEST(SimEngines, ANameThatIsNotFound) {
  for (const bool silent : {false, true}) {
    World world(1);
    if (silent) world.resolver.set("bob.example", {.silent = true});
    world.prepare("bob.example");
    world.simulation.run_for(seconds(11));
    EXPECT_EQ(world.a.tickets_failed, 1);
  }
}

TEST(SimEngines, ACrashClosesTheSession) {
  World world(1, nasty);
  world.bind();
  world.a.send(1024 * 1024);
  world.simulation.run_for(milliseconds(100));
  world.b.host.crash(false);
  world.simulation.run_for(seconds(60));
  EXPECT_EQ(world.a.failed, 1);
  EXPECT_EQ(world.a.closed, 1);
  EXPECT_EQ(world.a.host.backend().sockets(), 0U);
  EXPECT_EQ(world.a.host.engine().stats().connections, 0U);
  // Back again, it knows of nothing and can be called.
  world.b.host.restart();
  world.a.session = world.b.session = {};
  world.b.listening.reset();
  world.bind();
  world.a.send(1000);
  world.simulation.run_for(seconds(5));
  EXPECT_EQ(world.a.delivered, 1);
}

// A program that ends while the world goes on: its peers hear of it, and nobody answers any more.
TEST(SimEngines, AHostThatLeaves) {
  World world(1);
  world.bind();
  auto guest = std::make_unique<Host>(world, "c", "192.0.2.3");
  EXPECT_TRUE(guest->host.call([&](Engine& engine) {
    return engine.listen({.at = {guest->host.address(), 2855}}, world.now());
  }));
  world.simulation.run_for(seconds(1));
  const auto ticket = guest->host.call([&](Engine& engine) {
    return engine.prepare({.active = false, .listener = guest->listening.value()}, world.now());
  });
  EXPECT_TRUE(ticket);
  world.simulation.run_for(seconds(1));
  const Path path = guest->path.value();
  guest.reset();
  const auto calling = world.a.host.call([&](Engine& engine) {
    return engine.prepare({.active = true, .host = "192.0.2.1"}, world.now());
  });
  world.simulation.run_for(seconds(1));
  EXPECT_TRUE(world.a.host.call(
      [&](Engine& engine) { return engine.complete(*calling, {.path = path}, world.now()); }));
  world.simulation.run_for(seconds(60));
  EXPECT_EQ(world.a.tickets_failed, 1);
  world.a.send(100);
  world.simulation.run_for(seconds(1));
  EXPECT_EQ(world.a.delivered, 1) << "the others go on";
}

TEST(SimEngines, APoolThatRunsDryDelaysAndLosesNothing) {
  World world(3, nasty);
  world.bind();
  world.b.host.backend().pool().withhold(64);
  world.a.send(300'000);
  world.simulation.run_for(seconds(5));
  EXPECT_EQ(world.b.octets, 0U);
  world.b.host.backend().pool().withhold(0);
  world.simulation.run_for(seconds(20));
  EXPECT_EQ(world.b.octets, 300'000U);
  EXPECT_EQ(world.b.wrong, 0U);
  EXPECT_EQ(world.a.delivered, 1);
}

// A program that always wants another turn is stopped, and said to spin.
TEST(SimEngines, WhoGoesRoundInCirclesIsStopped) {
  SimWorld world(1);
  const HostId host = world.network.add_host("a", *IpAddress::parse("192.0.2.1"));
  SimBackend backend(world.scheduler, world.network, world.resolver, host);
  std::uint64_t turns = 0;
  world.simulation.add({&backend,
                        [&] {
                          ++turns;
                          backend.wake();
                        },
                        [] { return std::optional<Instant>(); }});
  backend.wake();
  EXPECT_FALSE(world.simulation.spins());
  world.simulation.run_for(seconds(1));
  EXPECT_TRUE(world.simulation.spins());
  EXPECT_GT(turns, 100'000U);
}

// Hours of idle sessions take no time: nothing happens in them.
TEST(SimEngines, TimeIsFree) {
  World world(1);
  world.bind();
  world.simulation.run_for(hours(24 * 365));
  EXPECT_EQ(world.a.closed, 0);
  world.a.send(10);
  world.simulation.run_for(seconds(1));
  EXPECT_EQ(world.a.delivered, 1);
}

}  // namespace
}  // namespace msrp::sim
