// What every backend promises; one suite for all of them.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "always_secure.hpp"
#include "backend_fixture.hpp"
#include "backends/tls/openssl_tls.hpp"
#include "socket_backends.hpp"
#include "stepped_backend.hpp"

namespace msrp::backend {
namespace {

using namespace std::chrono_literals;

// A network without delays.
struct Simulated {
  static constexpr bool uring = false;
  using Type = sim::SteppedBackend;
  static std::unique_ptr<Type> make(const BackendOptions& options) {
    sim::SimBackendOptions own;
    own.slabs_max = options.slabs_max;
    own.linger = options.linger;
    sim::Link link;
    if (options.socket_buffer_bytes > 0) {
      link.window_bytes = static_cast<std::size_t>(options.socket_buffer_bytes);
    }
    return std::make_unique<Type>(own, link);
  }
};

// The layer between keeps every promise of what is below it.
template <class Below>
struct Secure {
  static constexpr bool uring = Below::uring;
  using Type = AlwaysSecure<typename Below::Type>;
  static std::unique_ptr<Type> make(const BackendOptions& options) {
    return std::make_unique<Type>(Below::make(options), options.linger);
  }
};

// And so it does with OpenSSL.
inline OpensslTlsProvider openssl_provider() {
  const std::string names[] = {"a.example"};
  const Certificate own = *make_certificate(names);
  OpensslTlsProvider provider;
  provider.use_for_servers(*TlsContext::create(TlsContext::Side::server, {.own = own}));
  provider.use_for_clients(
      *TlsContext::create(TlsContext::Side::client, {.trusted_pem = own.chain_pem}));
  return provider;
}
template <class Below>
struct Sealed {
  static constexpr bool uring = Below::uring;
  using Type = AlwaysSecure<typename Below::Type, OpensslTlsProvider>;
  static std::unique_ptr<Type> make(const BackendOptions& options) {
    return std::make_unique<Type>(Below::make(options), options.linger, openssl_provider());
  }
};

template <class Factory>
class Contract : public BackendTest<Factory> {
 protected:
  using Loop = Harness<typename Factory::Type>;
  static Loop make(const BackendOptions& options = {}) { return Loop(Factory::make(options)); }

  // Both ways, some bytes.
  static void expect_working(Loop& loop, ConnId a, ConnId b) {
    const auto bytes = pattern_bytes(100000);
    ASSERT_TRUE(loop.send_all(a, bytes));
    ASSERT_TRUE(loop.send_all(b, bytes));
    ASSERT_TRUE(loop.drive([&] {
      return loop.log[a].received == bytes.size() && loop.log[b].received == bytes.size();
    }));
    EXPECT_FALSE(loop.log[a].wrong || loop.log[b].wrong);
  }
};

using Factories =
    testing::Types<Epoll, Uring, OldUring, Simulated, Secure<Epoll>, Secure<Uring>,
                   Secure<Simulated>, Sealed<Epoll>, Sealed<Uring>, Sealed<Simulated>>;
TYPED_TEST_SUITE(Contract, Factories);

TYPED_TEST(Contract, ConnectsOverIPv4) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  EXPECT_EQ(loop.log[a].info.peer, loop.log[b].info.local);
  EXPECT_EQ(loop.log[b].info.peer, loop.log[a].info.local);
  EXPECT_FALSE(loop.log[b].info.peer.ip.v6);
  EXPECT_NE(loop.log[b].info.peer.port, 0);
  this->expect_working(loop, a, b);
}

TYPED_TEST(Contract, ConnectsOverIPv6) {
  auto loop = this->make();
  const SocketAddress at = loop.listen("::1");
  if (loop.listen_fault) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(at.ip.v6);
  const auto [a, b] = loop.pair(at);
  EXPECT_EQ(loop.log[b].info.peer, loop.log[a].info.local);
  this->expect_working(loop, a, b);
}

TYPED_TEST(Contract, ARefusedConnectIsLostAndStillClosed) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  loop.backend->stop_listening({0, 1});
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, at);
  ASSERT_TRUE(loop.drive([&] { return loop.log[conn].lost.has_value(); }));
  EXPECT_EQ(loop.log[conn].lost->code, Errc::connect_failed);
  EXPECT_FALSE(loop.log[conn].connected || loop.log[conn].closed);
  loop.backend->close(conn, false);
  ASSERT_TRUE(loop.drive([&] { return loop.log[conn].closed; }));
}

TYPED_TEST(Contract, APortThatIsTakenCannotBeListenedOn) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  loop.backend->listen({1, 1}, at);
  ASSERT_TRUE(loop.drive([&] { return loop.listen_fault.has_value(); }));
  EXPECT_EQ(loop.listen_fault->code, Errc::listen_failed);
}

TYPED_TEST(Contract, StoppedListeningFreesThePort) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  const auto [a, b] = loop.pair(at);
  loop.backend->stop_listening({0, 1});
  loop.backend->listen({1, 1}, at);
  ASSERT_TRUE(loop.drive([&] { return loop.listening.contains(ListenerId{1, 1}); }));
  this->expect_working(loop, a, b);  // what came through it goes on
}

TYPED_TEST(Contract, AGracefulCloseIsAnEndOfStream) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->close(a, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].eof; }));
  EXPECT_FALSE(loop.log[b].lost);
  loop.backend->close(b, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed && loop.log[b].closed; }));
}

TYPED_TEST(Contract, HalfOpenConnectionsStillCarryTheOtherDirection) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(50000);
  ASSERT_TRUE(loop.send_all(b, bytes));
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].received == bytes.size(); }));
  loop.backend->close(a, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].eof; }));
  ASSERT_TRUE(loop.send_all(b, bytes));  // dropped at the other end, but not an error
  loop.backend->close(b, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed && loop.log[b].closed; }));
  EXPECT_FALSE(loop.log[b].lost);
}

TYPED_TEST(Contract, AResetIsNotAnEndOfStream) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->close(a, false);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].lost.has_value(); }));
  EXPECT_EQ(loop.log[b].lost->code, Errc::connection_lost);
  EXPECT_FALSE(loop.log[b].eof);
  EXPECT_TRUE(loop.log[a].closed);
}

TYPED_TEST(Contract, PartialSendsToASlowReaderArriveWhole) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(4 * 1024 * 1024);
  loop.fill(a, bytes);
  const std::uint64_t sent = loop.log[a].sent;
  EXPECT_LT(sent, bytes.size());
  EXPECT_EQ(loop.log[b].received, 0u);
  loop.backend->start_receive(b);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].sent > sent; }));
  const auto rest = std::span(bytes).subspan(static_cast<std::size_t>(loop.log[a].sent));
  ASSERT_TRUE(loop.send_all(a, rest));
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].received == bytes.size(); }));
  EXPECT_FALSE(loop.log[b].wrong);
}

// Octets that come in one piece with the end of the handshake are no exception.
TYPED_TEST(Contract, WhoThePeerIsComesBeforeItsFirstOctets) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  const ConnId a = loop.new_conn();
  loop.backend->connect(a, at);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].connected && !loop.accepted.empty(); }));
  const ConnId b = loop.accepted.back();
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(100);
  ASSERT_TRUE(loop.send_all(a, bytes));
  loop.backend->start_receive(b);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].received == bytes.size(); }));
  EXPECT_EQ(loop.log[a].peer.has_value(), loop.log[a].info.secure);
  EXPECT_EQ(loop.log[b].peer.has_value(), loop.log[b].info.secure);
}

TYPED_TEST(Contract, SendsGatherBuffersInOrder) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(64 * 100);
  std::vector<ConstBuffer> parts;
  for (std::size_t i = 0; i < 64; ++i) parts.push_back(std::span(bytes).subspan(i * 100, 100));
  loop.backend->send(a, parts);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].received == bytes.size(); }));
  EXPECT_FALSE(loop.log[b].wrong);
  EXPECT_EQ(loop.log[a].sent, bytes.size());
}

TYPED_TEST(Contract, StoppedReceivingKeepsTheBytes) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(30000);
  loop.backend->stop_receive(b);
  ASSERT_TRUE(loop.send_all(a, bytes));
  loop.backend->close(a, true);
  loop.turn(loop.backend->now() + 20ms);
  EXPECT_EQ(loop.log[b].received, 0u);
  EXPECT_FALSE(loop.log[b].eof);
  loop.backend->start_receive(b);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].eof; }));
  EXPECT_EQ(loop.log[b].received, bytes.size());
  EXPECT_FALSE(loop.log[b].wrong);
}

TYPED_TEST(Contract, BytesBeforeAResetAreNotLostWhileReceivingIsStopped) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(30000);
  loop.backend->stop_receive(b);
  ASSERT_TRUE(loop.send_all(a, bytes));
  loop.turn(loop.backend->now() + 1ms);  // they are not under way any more
  loop.backend->close(a, false);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed; }));
  // Nothing to tell, and no spinning over it either.
  const std::size_t before = loop.events;
  loop.turn(loop.backend->now() + 20ms);
  EXPECT_EQ(loop.events, before);
  loop.backend->start_receive(b);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].lost.has_value(); }));
  EXPECT_EQ(loop.log[b].received, bytes.size());
  EXPECT_FALSE(loop.log[b].wrong);
}

TYPED_TEST(Contract, AGracefulCloseWhileSendingDeliversAll) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(2 * 1024 * 1024);
  loop.fill(a, bytes);
  loop.backend->close(a, true);
  loop.backend->start_receive(b);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].eof; }));
  EXPECT_EQ(loop.log[b].received, bytes.size());
  EXPECT_FALSE(loop.log[b].wrong);
  EXPECT_EQ(loop.log[a].sent, bytes.size());
  loop.backend->close(b, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed && loop.log[b].closed; }));
}

TYPED_TEST(Contract, AHardCloseWhileSendingIsImmediate) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(4 * 1024 * 1024);
  loop.fill(a, bytes);
  loop.backend->close(a, false);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed; }));
  loop.backend->start_receive(b);
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].lost.has_value(); }));
}

TYPED_TEST(Contract, LostWhileASendIsInFlight) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(4 * 1024 * 1024);
  loop.fill(a, bytes);
  const std::size_t before = loop.log[a].send_dones;
  loop.backend->close(b, false);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].lost.has_value(); }));
  EXPECT_EQ(loop.log[a].send_dones, before);
  loop.send(a, bytes);  // too late, and not answered
  loop.backend->close(a, false);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed; }));
}

TYPED_TEST(Contract, APeerThatNeverReadsTakesBoundedMemoryAndTime) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  options.linger = 30ms;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->stop_receive(b);
  const auto bytes = pattern_bytes(4 * 1024 * 1024);
  loop.fill(a, bytes);
  EXPECT_LT(loop.log[a].sent, 1024u * 1024);
  const Instant asked = loop.backend->now();
  loop.backend->close(a, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed; }));
  EXPECT_GE(loop.backend->now() - asked, 30ms);
}

TYPED_TEST(Contract, APeerThatNeverClosesIsNotWaitedForLongerThanTheLinger) {
  BackendOptions options;
  options.linger = 30ms;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.backend->close(a, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[a].closed; }));
  EXPECT_TRUE(loop.log[b].eof);
}

TYPED_TEST(Contract, ClosedWhileConnecting) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, at);
  loop.backend->close(conn, true);
  ASSERT_TRUE(loop.drive([&] { return loop.log[conn].closed; }));
  const auto [a, b] = loop.pair(at);
  this->expect_working(loop, a, b);
  EXPECT_FALSE(loop.log[conn].connected);
}

TYPED_TEST(Contract, ADiscardedSocketIsGone) {
  auto loop = this->make();
  loop.decline = true;
  const SocketAddress at = loop.listen();
  const ConnId conn = loop.new_conn();
  loop.backend->connect(conn, at);
  ASSERT_TRUE(loop.drive([&] { return loop.log[conn].lost || loop.log[conn].eof; }));
  EXPECT_EQ(loop.declined, 1u);
}

TYPED_TEST(Contract, AWakeBeforeTheWaitIsNotLost) {
  auto loop = this->make();
  loop.backend->wake();
  loop.backend->wake();
  loop.turn(std::nullopt);
  EXPECT_EQ(loop.woken, 1u);
}

TYPED_TEST(Contract, WakesFromOtherThreads) {
  auto loop = this->make();
  std::atomic<int> seen = 0;
  std::thread other([&] {
    for (int i = 1; i <= 200; ++i) {
      loop.backend->wake();
      seen.wait(i - 1);
    }
  });
  for (int i = 1; i <= 200; ++i) {
    const std::size_t before = loop.woken;
    while (loop.woken == before) loop.turn(std::nullopt);
    seen = i;
    seen.notify_one();
  }
  other.join();
}

TYPED_TEST(Contract, ADeadlineInThePastDoesNotBlockAndIsServedFirst) {
  auto loop = this->make();
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(10);
  loop.send(a, bytes);  // what is ready still comes
  for (const Instant past : {Instant{}, Instant::min(), loop.backend->now()}) loop.turn(past);
  EXPECT_EQ(loop.log[b].received, 10u);
}

TYPED_TEST(Contract, ADeadlineIsNeverEarly) {
  auto loop = this->make();
  for (const Duration delay : {Duration(1), Duration(999), Duration(300us), Duration(2ms)}) {
    const Instant deadline = loop.backend->now() + delay;
    loop.turn(deadline);
    EXPECT_GE(loop.backend->now(), deadline);
  }
}

TYPED_TEST(Contract, AThousandConnections) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 2100) GTEST_SKIP() << "too few descriptors allowed";
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  std::vector<ConnId> conns;
  for (int i = 0; i < 1000; ++i) {
    conns.push_back(loop.new_conn());
    loop.backend->connect(conns.back(), at);
  }
  const auto count = [&](auto what) {
    std::size_t sum = 0;
    for (const auto& [conn, log] : loop.log) sum += what(log) ? 1 : 0;
    return sum;
  };
  ASSERT_TRUE(loop.drive([&] { return count([](auto& l) { return l.connected; }) == 2000; }));
  const auto bytes = pattern_bytes(1000);
  for (const auto& [conn, log] : loop.log) loop.send(conn, bytes);
  ASSERT_TRUE(
      loop.drive([&] { return count([](auto& l) { return l.received == 1000; }) == 2000; }));
  EXPECT_EQ(count([](auto& l) { return l.wrong; }), 0u);
  for (const ConnId conn : conns) loop.backend->close(conn, true);
  ASSERT_TRUE(loop.drive([&] { return count([](auto& l) { return l.eof; }) >= 1000; }));
  for (const ConnId conn : loop.accepted) loop.backend->close(conn, true);
  ASSERT_TRUE(loop.drive([&] { return count([](auto& l) { return l.closed; }) == 2000; }));
}

TYPED_TEST(Contract, AnEmptyPoolStopsReadingUntilSlabsAreBack) {
  BackendOptions options;
  options.slabs_max = 8;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(16 * 1024 * 1024);
  loop.keep = true;
  std::uint64_t rounds = 0;
  std::uint64_t offset = 0;
  const auto offer = [&, from = a] {
    if (loop.log[from].sent >= offset && offset < bytes.size()) {
      offset = loop.log[from].sent;
      loop.send(from, std::span(bytes).subspan(static_cast<std::size_t>(offset)));
      offset = loop.log[from].sent + 1;  // one in flight
    }
  };
  while (loop.log[b].received < bytes.size()) {
    offer();
    ASSERT_TRUE(loop.drive([&] {
      offer();
      return loop.backend->buffers().free_slabs() == 0 || loop.log[b].received == bytes.size();
    }));
    const std::uint64_t before = loop.log[b].received;
    loop.turn(loop.backend->now());
    loop.turn(loop.backend->now() + 1ms);
    EXPECT_LE(loop.log[b].received - before, 8u * 65536);
    loop.kept.clear();
    ++rounds;
  }
  EXPECT_GE(rounds, 16u * 1024 * 1024 / (9 * 65536));  // never more than the pool at a time
  EXPECT_FALSE(loop.log[b].wrong);
}

TYPED_TEST(Contract, AFirehoseDoesNotStarveOthers) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  const auto [hose, sink] = loop.pair(at);
  const auto [a, b] = loop.pair(at);
  const auto bytes = pattern_bytes(64 * 1024 * 1024);
  const auto offer = [&, from = hose] {
    loop.send(from, std::span(bytes).subspan(static_cast<std::size_t>(loop.log[from].sent)));
  };
  offer();
  std::size_t dones = 0;
  const auto turn = [&, from = hose] {
    loop.turn(loop.backend->now() + 1s);
    if (loop.log[from].send_dones > dones && loop.log[from].sent < bytes.size()) {
      dones = loop.log[from].send_dones;
      offer();
    }
  };
  while (loop.log[sink].received < 1024 * 1024) turn();
  ASSERT_LT(loop.log[hose].sent, bytes.size());
  const auto small = pattern_bytes(100);
  loop.send(a, small);
  for (int i = 0; i < 40 && loop.log[b].received < small.size(); ++i) turn();
  EXPECT_EQ(loop.log[b].received, small.size());
  EXPECT_LT(loop.log[hose].sent, bytes.size());
}

}  // namespace
}  // namespace msrp::backend
