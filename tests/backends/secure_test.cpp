// Connections with TLS: what becomes of handshakes that fail, of streams that are cut short, and of
// a peer that speaks something else.
#include <gtest/gtest.h>

#include "always_secure.hpp"
#include "backend_fixture.hpp"
#include "stepped_backend.hpp"

namespace msrp::backend {
namespace {

using namespace std::chrono_literals;
using Below = sim::SteppedBackend;
using Loop = Harness<AlwaysSecure<Below>>;

Loop make(sim::ToyTlsOptions tls = {}, std::size_t slabs_max = 64) {
  sim::SimBackendOptions options;
  options.slabs_max = slabs_max;
  options.slab_bytes = 4096;
  return Loop(
      std::make_unique<AlwaysSecure<Below>>(std::make_unique<Below>(options), 2s, std::move(tls)));
}

void expect_lost(Loop& loop, ConnId conn, Errc code) {
  ASSERT_TRUE(loop.drive([&] { return loop.log[conn].lost.has_value(); }));
  EXPECT_EQ(loop.log[conn].lost->code, code);
  loop.backend->close(conn, false);
  EXPECT_TRUE(loop.drive([&] { return loop.log[conn].closed; }));
}

TEST(Secure, SaysSo) {
  auto loop = make();
  const auto [a, b] = loop.pair(loop.listen());
  EXPECT_TRUE(loop.log[a].info.secure);
  EXPECT_TRUE(loop.log[b].info.secure);
  ASSERT_TRUE(loop.drive([&, to = b] { return loop.log[to].peer.has_value(); }));
  ASSERT_TRUE(loop.log[a].peer);
  EXPECT_TRUE(loop.log[a].peer->verified);
  EXPECT_FALSE(loop.log[b].peer->verified) << "nobody asked the client for its name";
}

// In both directions, whatever the records are like.
TEST(Secure, OctetsComeThroughRecordsOfEverySize) {
  for (const std::size_t record_bytes : {1U, 2U, 100U, 2048U}) {
    auto loop = make({.record_bytes = record_bytes, .key_updates = 20});
    const auto [a, b] = loop.pair(loop.listen());
    const auto bytes = pattern_bytes(record_bytes * 3000);
    ASSERT_TRUE(loop.send_all(a, bytes));
    ASSERT_TRUE(loop.send_all(b, bytes));
    ASSERT_TRUE(loop.drive([&] {
      return loop.log[a].received == bytes.size() && loop.log[b].received == bytes.size();
    }));
    EXPECT_FALSE(loop.log[a].wrong || loop.log[b].wrong);
  }
}

TEST(Secure, AServerOfAnotherNameIsNotConnectedTo) {
  auto loop = make({.names = {"b.example"}});
  const SocketAddress at = loop.listen();
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, at);
  expect_lost(loop, conn, Errc::tls_failed);
  EXPECT_FALSE(loop.log[conn].connected);
  loop.backend->server_name = "b.example";
  loop.pair(at);
}

TEST(Secure, AHandshakeThatIsRefusedFailsAtBothSides) {
  auto loop = make({.handshake_failures = 100});
  const SocketAddress at = loop.listen();
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, at);
  expect_lost(loop, conn, Errc::tls_failed);
  ASSERT_EQ(loop.accepted.size(), 1U);
  expect_lost(loop, loop.accepted[0], Errc::tls_failed);
}

TEST(Secure, AnEndWithoutCloseNotifyIsATruncation) {
  auto loop = make({.missing_notifies = 100});
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(1000);
  ASSERT_TRUE(loop.send_all(a, bytes));
  loop.backend->close(a, true);
  expect_lost(loop, b, Errc::tls_truncated);
  EXPECT_EQ(loop.log[b].received, bytes.size());
  EXPECT_FALSE(loop.log[b].eof);
}

TEST(Secure, CloseNotifyIsTheEndOfTheStreamAndTheOtherWayGoesOn) {
  auto loop = make();
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(1000);
  ASSERT_TRUE(loop.send_all(a, bytes));
  loop.backend->close(a, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].eof; }));
  EXPECT_EQ(loop.log[b].received, bytes.size());
  EXPECT_FALSE(loop.log[b].lost);
  EXPECT_TRUE(loop.send_all(b, bytes));
  loop.backend->close(b, true);
  EXPECT_TRUE(loop.drive([&] { return loop.log[a].closed && loop.log[b].closed; }));
}

// Nor is it lost when the transport takes what is left in parts.
TEST(Secure, CloseNotifyGetsOutInParts) {
  for (std::size_t size = 1; size < 60; ++size) {
    sim::Link link;
    link.fragments = true;
    Loop loop(std::make_unique<AlwaysSecure<Below>>(
        std::make_unique<Below>(sim::SimBackendOptions{}, link), 2s));
    const auto [a, b] = loop.pair(loop.listen());
    const auto bytes = pattern_bytes(size);
    ASSERT_TRUE(loop.send_all(a, bytes));
    loop.backend->close(a, true);
    ASSERT_TRUE(loop.drive([&, to = b] { return loop.log[to].eof || loop.log[to].lost; }));
    EXPECT_TRUE(loop.log[b].eof) << size;
    EXPECT_EQ(loop.log[b].received, size);
  }
}

TEST(Secure, ADamagedRecordEndsTheConnectionBeforeItsOctetsAreSeen) {
  auto loop = make({.damaged_records = 10'000});
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(100);
  loop.send(a, bytes);
  expect_lost(loop, b, Errc::tls_failed);
  EXPECT_EQ(loop.log[b].received, 0U);
  expect_lost(loop, a, Errc::tls_failed);  // the alert says so
}

TEST(Secure, AClientInTheClearIsNotUnderstood) {
  auto loop = make();
  const SocketAddress at = loop.listen();
  const ConnId plain = loop.new_conn();
  loop.backend->connect_plain(plain, at);
  ASSERT_TRUE(loop.drive([&] { return loop.log[plain].connected && !loop.accepted.empty(); }));
  const std::string_view hello = "MSRP abcd1234 SEND\r\n";
  loop.send(plain, std::as_bytes(std::span(hello)));
  expect_lost(loop, loop.accepted[0], Errc::tls_failed);
}

TEST(Secure, AServerInTheClearIsNotUnderstood) {
  auto loop = make();
  loop.backend->listen_plain({7, 1}, {*IpAddress::parse("127.0.0.1"), 0});
  ASSERT_TRUE(loop.drive([&] { return loop.listening.contains({7, 1}); }));
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, loop.listening[{7, 1}]);
  ASSERT_TRUE(loop.drive([&] { return !loop.accepted.empty(); }));
  const std::string_view answer = "HTTP/1.1 400 Bad Request\r\n";
  loop.send(loop.accepted[0], std::as_bytes(std::span(answer)));
  expect_lost(loop, conn, Errc::tls_failed);
  EXPECT_FALSE(loop.log[conn].connected);
}

TEST(Secure, APeerThatLeavesInTheHandshakeIsAFailure) {
  auto loop = make();
  loop.backend->listen_plain({7, 1}, {*IpAddress::parse("127.0.0.1"), 0});
  ASSERT_TRUE(loop.drive([&] { return loop.listening.contains({7, 1}); }));
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, loop.listening[{7, 1}]);
  ASSERT_TRUE(loop.drive([&] { return !loop.accepted.empty(); }));
  loop.backend->close(loop.accepted[0], true);
  expect_lost(loop, conn, Errc::tls_failed);
}

// Ciphertext waits while the application holds all slabs, and nothing is lost.
TEST(Secure, APoolThatRunsDryOnlyDelays) {
  auto loop = make({}, 4);
  loop.keep = true;
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(100'000);
  std::size_t offered = 0;
  while (loop.log[b].received < bytes.size()) {
    if (loop.log[a].sent == offered && offered < bytes.size()) {
      const std::size_t size = std::min<std::size_t>(10'000, bytes.size() - offered);
      loop.send(a, std::span(bytes).subspan(offered, size));
      offered += size;
    }
    const auto before = loop.log[b].received;
    for (int i = 0; i < 20; ++i) loop.turn(loop.backend->now() + 1ms);
    // The ciphertext needs slabs as well.
    if (loop.log[b].received == before) loop.kept.clear();
    ASSERT_LE(loop.kept.size(), 4U);
  }
  EXPECT_FALSE(loop.log[b].wrong);
}

// What came fills the pool, and to decrypt it needs room.
TEST(Secure, CiphertextAloneDoesNotUseUpThePool) {
  auto loop = make({}, 4);
  const SocketAddress at = loop.listen();
  const auto bytes = pattern_bytes(200'000);
  const auto [a, b] = loop.pair(at);
  const auto [c, d] = loop.pair(at);
  loop.send(a, bytes);
  loop.send(c, bytes);
  const auto offer = [&](ConnId conn, std::size_t& dones) {
    Loop::Log& log = loop.log[conn];
    if (log.send_dones == dones || log.sent == bytes.size()) return;
    dones = log.send_dones;
    loop.send(conn, std::span(bytes).subspan(log.sent));
  };
  std::size_t dones_a = 0, dones_c = 0;
  ASSERT_TRUE(loop.drive([&, first = a, second = c, to_first = b, to_second = d] {
    offer(first, dones_a);
    offer(second, dones_c);
    return loop.log[to_first].received == bytes.size() &&
           loop.log[to_second].received == bytes.size();
  }));
}

TEST(Secure, ACloseThatThePeerDoesNotReadEndsAfterItsTime) {
  sim::SimBackendOptions options;
  sim::Link link;
  link.window_bytes = 4096;
  Loop loop(std::make_unique<AlwaysSecure<Below>>(std::make_unique<Below>(options, link), 2s));
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(1024 * 1024);
  loop.fill(a, bytes);
  const Instant before = loop.backend->now();
  loop.backend->close(a, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed; }));
  EXPECT_GE(loop.backend->now() - before, 2s);
  EXPECT_LE(loop.backend->now() - before, 5s);
}

}  // namespace
}  // namespace msrp::backend
