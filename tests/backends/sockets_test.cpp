// What backends with sockets do beyond the contract: descriptors, embedding, memory.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <span>

#include "backend_fixture.hpp"
#include "socket_backends.hpp"

namespace msrp::backend {
namespace {

using namespace std::chrono_literals;

template <class Factory>
class Sockets : public BackendTest<Factory> {
 protected:
  using Loop = Harness<typename Factory::Type>;
  static Loop make(const BackendOptions& options = {}) { return Loop(Factory::make(options)); }
  // Stops accepting, which is no completion.
  static bool pauses(Loop& loop) {
    for (int i = 0; i < 10000 && loop.backend->stats().accept_pauses == 0; ++i) {
      loop.turn(loop.backend->now() + 1ms);
    }
    return loop.backend->stats().accept_pauses > 0;
  }
};

using Factories = testing::Types<Epoll, Uring, OldUring>;
TYPED_TEST_SUITE(Sockets, Factories);

Duration cpu_time() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

class DescriptorLimit {
 public:
  DescriptorLimit() { getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  // Leaves so many numbers for new descriptors.
  void leave(rlim_t count) {
    const Descriptor probe(dup(0));
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(probe.get()) + count;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  void lift() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TYPED_TEST(Sockets, WithoutDescriptorsItGoesOnServingAndAcceptsLater) {
  BackendOptions options;
  options.accept_retry = 1h;  // a closed connection must be enough
  auto loop = this->make(options);
  std::vector<Descriptor> peers;
  for (int i = 0; i < 20; ++i) peers.emplace_back(socket(AF_INET, SOCK_STREAM, 0));
  DescriptorLimit limit;  // before the listener: io_uring goes by the limit of when it was asked
  limit.leave(8);         // a listener, a pair, five more
  const SocketAddress at = loop.listen();
  const auto [a, b] = loop.pair(at);
  const RawAddress raw = to_raw(at);
  for (const Descriptor& peer : peers) ASSERT_EQ(connect(peer.get(), raw.get(), raw.size), 0);
  ASSERT_TRUE(this->pauses(loop));
  EXPECT_EQ(loop.accepted.size(), 6u);

  const auto bytes = pattern_bytes(200000);  // the connection that is there works on
  ASSERT_TRUE(loop.send_all(a, bytes));
  ASSERT_TRUE(loop.drive([&] { return loop.log[b].received == bytes.size(); }));

  const Duration before = cpu_time();  // and nothing spins
  const std::size_t events = loop.events;
  loop.turn(loop.backend->now() + 50ms);
  EXPECT_EQ(loop.events, events);
  EXPECT_LT(cpu_time() - before, 25ms);

  const ConnId failing = loop.new_conn();  // connecting needs one as well
  loop.backend->connect(failing, at);
  ASSERT_TRUE(loop.drive([&] { return loop.log[failing].lost.has_value(); }));
  EXPECT_EQ(loop.log[failing].lost->code, Errc::limit_exceeded);
  EXPECT_EQ(loop.backend->last_error(), EMFILE);

  loop.backend->close(loop.accepted[3], false);
  loop.backend->close(loop.accepted[4], false);
  ASSERT_TRUE(loop.drive([&] { return loop.accepted.size() == 8; }));
  limit.lift();
  loop.backend->close(loop.accepted[5], false);
  ASSERT_TRUE(loop.drive([&] { return loop.accepted.size() == 21; }));
}

TYPED_TEST(Sockets, AcceptingIsTriedAgainAfterAWhileWhenOthersFreeDescriptors) {
  BackendOptions options;
  options.accept_retry = 10ms;
  auto loop = this->make(options);
  const Descriptor peer(socket(AF_INET, SOCK_STREAM, 0));
  DescriptorLimit limit;
  limit.leave(1);
  const SocketAddress at = loop.listen();
  const RawAddress raw = to_raw(at);
  ASSERT_EQ(connect(peer.get(), raw.get(), raw.size), 0);
  ASSERT_TRUE(this->pauses(loop));
  EXPECT_TRUE(loop.accepted.empty());
  limit.lift();
  ASSERT_TRUE(loop.drive([&] { return loop.accepted.size() == 1; }));
}

TYPED_TEST(Sockets, ItsDescriptorIsReadableWhenThereIsSomethingToDo) {
  auto loop = this->make();
  const auto readable = [&] {
    pollfd one{loop.backend->descriptor(), POLLIN, 0};
    return poll(&one, 1, 0) == 1;
  };
  const auto [a, b] = loop.pair(loop.listen());
  while (loop.backend->next_deadline() || readable()) loop.turn(loop.backend->now());
  const auto bytes = pattern_bytes(10);
  loop.send(a, bytes);
  const auto due = loop.backend->next_deadline();  // the send is done, or with the system
  EXPECT_TRUE(!due || *due <= loop.backend->now());
  EXPECT_TRUE(readable());  // the other end has bytes
  while (loop.backend->next_deadline() || readable()) loop.turn(loop.backend->now());
  EXPECT_EQ(loop.log[b].received, 10u);
  loop.backend->wake();
  EXPECT_TRUE(readable());
  loop.backend->close(a, true);
  const auto end = loop.backend->next_deadline();  // of the linger
  ASSERT_TRUE(end);
  EXPECT_GT(*end, loop.backend->now());
}

TYPED_TEST(Sockets, ItsDescriptorTellsOfWhatOthersDo) {
  auto loop = this->make();
  const SocketAddress at = loop.listen();
  const auto readable = [&](int milliseconds) {
    pollfd one{loop.backend->descriptor(), POLLIN, 0};
    return poll(&one, 1, milliseconds) == 1;
  };
  const auto settle = [&] {
    do loop.turn(loop.backend->now());
    while (loop.backend->next_deadline() || readable(0));
  };
  settle();
  const Descriptor peer(socket(AF_INET, SOCK_STREAM, 0));
  const RawAddress raw = to_raw(at);
  ASSERT_EQ(connect(peer.get(), raw.get(), raw.size), 0);
  ASSERT_TRUE(readable(30000));
  settle();
  ASSERT_EQ(loop.accepted.size(), 1u);
  const auto bytes = pattern_bytes(10);
  ASSERT_EQ(::send(peer.get(), bytes.data(), bytes.size(), 0), 10);
  ASSERT_TRUE(readable(30000));
  settle();
  EXPECT_EQ(loop.log[loop.accepted[0]].received, 10u);
}

TYPED_TEST(Sockets, ManySmallReadsPinFewSlabs) {
  BackendOptions options;
  options.slabs_max = 4;
  auto loop = this->make(options);
  const auto [a, b] = loop.pair(loop.listen());
  loop.keep = true;
  const auto bytes = pattern_bytes(2000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_TRUE(loop.send_all(a, std::span(bytes).subspan(i, 1)));
    ASSERT_TRUE(loop.drive([&, to = b] { return loop.log[to].received == i + 1; }));
  }
  EXPECT_EQ(loop.kept.size(), 2000u);
  EXPECT_GE(loop.backend->buffers().free_slabs(), 2u);
  EXPECT_FALSE(loop.log[b].wrong);
}

TYPED_TEST(Sockets, ReadersThatStarvedTogetherAreAllServedAgain) {
  BackendOptions options;
  options.slabs_max = 2;
  auto loop = this->make(options);
  const SocketAddress at = loop.listen();
  std::vector<std::pair<ConnId, ConnId>> pairs;
  for (int i = 0; i < 20; ++i) pairs.push_back(loop.pair(at));
  const auto bytes = pattern_bytes(60000);
  loop.keep = true;
  for (const auto& [from, to] : pairs) loop.send(from, bytes);
  ASSERT_TRUE(loop.drive([&] {
    return loop.backend->stats().starved > 0 && loop.backend->buffers().free_slabs() == 0;
  }));
  ASSERT_TRUE(loop.drive([&] {
    loop.kept.clear();
    for (const auto& [from, to] : pairs)
      if (loop.log[to].received < bytes.size()) return false;
    return true;
  }));
  for (const auto& [from, to] : pairs) EXPECT_FALSE(loop.log[to].wrong);
}

TYPED_TEST(Sockets, OfWhatIsAbandonedNothingIsRead) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  auto loop = this->make(options);
  const RawAddress raw = to_raw(loop.listen());
  const Descriptor peer(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(connect(peer.get(), raw.get(), raw.size), 0);
  ASSERT_TRUE(loop.drive([&] { return loop.accepted.size() == 1; }));
  std::vector<std::byte> bytes(std::size_t{8} << 20U, std::byte{'a'});
  loop.send(loop.accepted[0], bytes);
  loop.turn(loop.backend->now());
  loop.backend->abandon();
  std::ranges::fill(bytes, std::byte{'b'});
  std::size_t came = 0;
  std::vector<char> read(65536);
  for (ssize_t got = 1; got > 0; came += static_cast<std::size_t>(std::max<ssize_t>(got, 0))) {
    // Without waiting: the system has all that it will get of it.
    got = recv(peer.get(), read.data(), read.size(), MSG_DONTWAIT);
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    ASSERT_EQ(std::ranges::count(std::span(read).first(size), 'b'), 0);
  }
  EXPECT_LT(came, bytes.size());
}

TYPED_TEST(Sockets, SocketsAreNotInheritedAndDoNotDelay) {
  auto loop = this->make();
  const int before = dup(0);
  ::close(before);
  loop.pair(loop.listen());
  int sockets = 0;
  for (int number = 3; number < before + 8; ++number) {
    int type = 0, no_delay = 0, listening = 0;
    socklen_t size = sizeof type;
    if (getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) continue;
    size = sizeof listening;
    getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
    EXPECT_NE(fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
    if (listening != 0) continue;
    size = sizeof no_delay;
    ASSERT_EQ(getsockopt(number, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_NE(no_delay, 0);
    ++sockets;
  }
  EXPECT_EQ(sockets, 2);
}

TYPED_TEST(Sockets, EverySocketHasTheCongestionControlThatWasAskedFor) {
  const Descriptor probe(socket(AF_INET, SOCK_STREAM, 0));
  const std::string usual = congestion_control(probe.get());
  std::string other;
  for (const char* name : {"reno", "cubic", "bbr"})
    if (name != usual && set_congestion_control(probe.get(), name) == 0) other = name;
  if (other.empty()) GTEST_SKIP() << "there is none but " << usual;
  EXPECT_EQ(congestion_control(probe.get()), other);
  EXPECT_EQ(set_congestion_control(probe.get(), "nonsense"), ENOENT);
  const Descriptor no_tcp(socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_EQ(congestion_control(no_tcp.get()), "");

  BackendOptions options;
  options.congestion_control = other;
  auto loop = this->make(options);
  const int first = dup(0);
  ::close(first);
  loop.pair(loop.listen());
  int sockets = 0;
  for (int number = first; number < first + 8; ++number) {
    const std::string name = congestion_control(number);
    if (name.empty()) continue;
    EXPECT_EQ(name, other);
    ++sockets;
  }
  EXPECT_EQ(sockets, 3);  // the listener, and both ends
}

}  // namespace
}  // namespace msrp::backend
