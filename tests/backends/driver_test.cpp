// The driver between a scripted core and a scripted backend; time stands still unless moved.
#include "backends/common/driver.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "backends/common/slab_pool.hpp"
#include "msrp/event.hpp"

namespace msrp::backend {
namespace {

using namespace std::chrono_literals;

constexpr ConnId conn_a{0, 1};
constexpr ListenerId listener_a{0, 1};

// Everything that passes between the two is written down here, in order.
using Script = std::vector<std::string>;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
ConstBuffer bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

struct FakeBackend {
  explicit FakeBackend(Script& told) : script(told) {}
  Script& script;
  SlabPool pool{16, 1024};
  Instant time{};
  std::deque<std::vector<Completion>> batches;
  std::vector<std::optional<Instant>> waits;
  int wakes = 0;
  bool abandoned = false;

  Slice slice(std::string_view text) {
    BufferRef slab = *pool.acquire();
    std::memcpy(slab.storage().data(), text.data(), text.size());
    const auto bytes = slab.storage().first(text.size());
    return {bytes, std::move(slab)};
  }

  Instant now() { return time; }
  BufferPool& buffers() { return pool; }
  void listen(ListenerId, const SocketAddress&) { script.push_back("listen"); }
  void stop_listening(ListenerId) { script.push_back("stop_listening"); }
  void adopt(SocketHandle, ConnId) { script.push_back("adopt"); }
  void discard(SocketHandle) { script.push_back("discard"); }
  void connect(ConnId, const SocketAddress&) { script.push_back("connect"); }
  void stop_receive(ConnId) { script.push_back("stop_receive"); }
  void start_receive(ConnId) { script.push_back("start_receive"); }
  void send(ConnId, std::span<const ConstBuffer> buffers) {
    std::string all;
    for (const auto& buffer : buffers) all += text_of(buffer);
    script.push_back("send " + (all.size() > 40 ? std::to_string(all.size()) : all));
  }
  void close(ConnId, bool graceful) { script.push_back(graceful ? "close" : "close hard"); }
  void resolve(ResolveId, std::string_view host, Instant) {
    script.push_back("resolve " + std::string(host));
  }
  void wait(std::optional<Instant> deadline, std::vector<Completion>& out) {
    waits.push_back(deadline);
    if (batches.empty()) return;
    out = std::move(batches.front());
    batches.pop_front();
  }
  void wake() { ++wakes; }
  void abandon() { abandoned = true; }
};
static_assert(Backend<FakeBackend>);

struct FakeCore {
  explicit FakeCore(Script& told) : script(told) {}
  Script& script;
  std::deque<Command> commands;
  std::deque<Event> events;
  std::deque<ConnId> sendable;
  std::map<std::uint64_t, std::deque<std::string>> transmit;
  std::optional<Instant> timeout;
  std::size_t appetite = 1000000;  // what on_received takes in all
  bool accepts = true;
  std::function<void()> on_feed;

  void queue(ConnId conn, std::string text) {
    transmit[conn.value()].push_back(std::move(text));
    sendable.push_back(conn);
  }

  std::optional<ConnId> on_accepted(ListenerId, const TransportInfo&, Instant) {
    if (!accepts) return std::nullopt;
    return conn_a;
  }
  void on_connected(ConnId, const TransportInfo&, Instant) { script.push_back("connected"); }
  void on_secured(ConnId, const PeerIdentity& peer, Instant) {
    script.push_back(peer.verified ? "secured, verified" : "secured");
  }
  std::size_t on_received(ConnId conn, const Slice& slice, Instant) {
    const std::size_t taken = std::min(appetite, slice.bytes.size());
    appetite -= taken;
    script.push_back("received " + text_of(slice.bytes.first(taken)));
    if (taken < slice.bytes.size()) commands.push_back(DoPauseRead{conn});
    if (on_feed) on_feed();
    return taken;
  }
  void on_eof(ConnId, Instant) { script.push_back("eof"); }
  void on_lost(ConnId, const Error&, Instant) { script.push_back("lost"); }
  void on_closed(ConnId, Instant) { script.push_back("closed"); }
  void on_listening(ListenerId, const SocketAddress&, Instant) { script.push_back("listening"); }
  void on_listen_failed(ListenerId, const Error&, Instant) { script.push_back("listen failed"); }
  void on_resolved(ResolveId, std::span<const DnsRecord> records, Instant) {
    script.push_back("resolved " + std::to_string(records.size()));
  }
  void on_resolve_failed(ResolveId, const Error&, Instant) { script.push_back("resolve failed"); }

  template <class T>
  static std::optional<T> take(std::deque<T>& queue) {
    if (queue.empty()) return std::nullopt;
    T front = std::move(queue.front());
    queue.pop_front();
    return front;
  }
  std::optional<Command> poll_command() { return take(commands); }
  std::optional<Event> poll_event() { return take(events); }
  std::optional<ConnId> poll_sendable() { return take(sendable); }
  std::size_t poll_transmit(ConnId conn, std::span<ConstBuffer> out, Instant) {
    std::size_t count = 0;
    for (const auto& text : transmit[conn.value()]) {
      if (count == out.size()) break;
      out[count++] = bytes_of(text);
    }
    return count;
  }
  void transmitted(ConnId conn, std::size_t bytes, Instant) {
    script.push_back("transmitted " + std::to_string(bytes));
    auto& queued = transmit[conn.value()];
    while (bytes > 0) {
      ASSERT_FALSE(queued.empty()) << "more transmitted than lent";
      const std::size_t size = std::min(bytes, queued.front().size());
      queued.front().erase(0, size);
      if (queued.front().empty()) queued.pop_front();
      bytes -= size;
    }
  }
  std::optional<Instant> next_timeout() const { return timeout; }
  void handle_timeout(Instant now) {
    script.push_back("timeout");
    EXPECT_TRUE(timeout && *timeout <= now);
    timeout.reset();
  }
};

class DriverTest : public testing::Test {
 protected:
  Script script_;
  FakeBackend backend_{script_};
  FakeCore core_{script_};
  Driver<FakeBackend, FakeCore> driver_{backend_, core_};
  std::size_t events_ = 0;

  void turn(std::vector<Completion> batch = {}, std::optional<Instant> deadline = std::nullopt) {
    backend_.batches.push_back(std::move(batch));
    driver_.turn([this](Event&) { ++events_; }, deadline);
  }
  template <class... C>
  void complete(C... completions) {
    std::vector<Completion> batch;
    (batch.emplace_back(std::move(completions)), ...);
    turn(std::move(batch));
  }
  void come_up() {
    core_.commands.push_back(DoConnect{conn_a, {}, false, {}, {}, {}});
    complete(Connected{conn_a, {}});
    script_.clear();
  }
  void expect(const Script& wanted) {
    EXPECT_EQ(script_, wanted);
    script_.clear();
  }
};

TEST_F(DriverTest, AcceptedIsAdoptedOrDiscarded) {
  complete(Accepted{listener_a, 7, {}});
  expect({"adopt"});
  core_.accepts = false;
  complete(Accepted{listener_a, 8, {}});
  expect({"discard"});
}

TEST_F(DriverTest, TheCoreHearsWhoThePeerIsBeforeAnythingOfIt) {
  const auto secured = [](bool verified) {
    return Secured{conn_a, std::make_unique<PeerIdentity>(PeerIdentity{.verified = verified})};
  };
  core_.commands.push_back(DoConnect{conn_a, {}, false, {}, {}, {}});
  complete(secured(true), Connected{conn_a, {}});
  expect({"connect", "secured, verified", "connected"});
  core_.commands.push_back(DoClose{conn_a, false});
  complete(secured(false));
  expect({"close hard"});
}

TEST_F(DriverTest, CommandsGoToTheBackendAndAnswersToTheCore) {
  core_.commands.push_back(DoListen{listener_a, {}});
  core_.commands.push_back(DoResolve{{0, 1}, "a.example", {}});
  core_.commands.push_back(DoStopListening{listener_a});
  complete(ListenDone{listener_a, {}}, ListenFault{listener_a, {}},
           Resolved{{0, 1}, {AddressRecord{}}}, ResolveFault{{0, 1}, {}});
  expect({"listen", "resolve a.example", "stop_listening", "listening", "listen failed",
          "resolved 1", "resolve failed"});
}

TEST_F(DriverTest, SecureConnectionsAreNeverMadeInTheClear) {
  core_.commands.push_back(DoConnect{conn_a, {}, true, "a.example", {}, {}});
  turn();
  expect({"lost"});
}

TEST_F(DriverTest, OneSendInFlightAndThePartThatWasNotTakenGoesAgain) {
  come_up();
  core_.queue(conn_a, "hello ");
  core_.queue(conn_a, "world");
  turn();
  expect({"send hello world"});
  core_.queue(conn_a, "!");
  turn();
  expect({});
  complete(SendDone{conn_a, 4});
  expect({"transmitted 4", "send o world!"});
  complete(SendDone{conn_a, 8});
  expect({"transmitted 8"});
}

TEST_F(DriverTest, OneSendGathersUpTo64BuffersAnd256KiB) {
  come_up();
  core_.queue(conn_a, std::string(200 * 1024, 'x'));
  core_.queue(conn_a, std::string(200 * 1024, 'x'));
  turn();
  expect({"send 262144"});
  complete(SendDone{conn_a, 262144});
  expect({"transmitted 262144", "send " + std::to_string(400 * 1024 - 262144)});
  complete(SendDone{conn_a, 400 * 1024 - 262144});
  script_.clear();
  for (int i = 0; i < 100; ++i) core_.queue(conn_a, "yy");
  turn();
  expect({"send 128"});
}

TEST_F(DriverTest, WhatIsQueuedBeforeTheConnectionIsUpGoesOutThen) {
  core_.commands.push_back(DoConnect{conn_a, {}, false, {}, {}, {}});
  core_.queue(conn_a, "early");
  turn();
  expect({"connect"});
  complete(Connected{conn_a, {}});
  expect({"connected", "send early"});
}

TEST_F(DriverTest, WhatTheCoreDidNotTakeIsFedAgainInOrderBeforeReceivingGoesOn) {
  come_up();
  core_.appetite = 4;
  complete(Received{conn_a, backend_.slice("abcdef")}, Received{conn_a, backend_.slice("ghi")},
           Received{conn_a, backend_.slice("jkl")});
  expect({"received abcd", "stop_receive"});
  complete(Received{conn_a, backend_.slice("mno")}, Eof{conn_a});  // was on its way
  expect({});
  EXPECT_EQ(driver_.held_bytes(), 11u);
  core_.appetite = 3;
  core_.commands.push_back(DoResumeRead{conn_a});
  turn();
  expect({"received ef", "received g", "stop_receive"});
  core_.appetite = 100;
  core_.commands.push_back(DoResumeRead{conn_a});
  turn();
  expect({"received hi", "received jkl", "received mno", "eof", "start_receive"});
  EXPECT_EQ(driver_.held_bytes(), 0u);
  EXPECT_EQ(backend_.pool.free_slabs(), 16u);
}

TEST_F(DriverTest, APauseWithoutALeftoverHoldsWhatStillComes) {
  come_up();
  core_.commands.push_back(DoPauseRead{conn_a});
  complete(Received{conn_a, backend_.slice("late")});
  expect({"stop_receive"});
  core_.commands.push_back(DoResumeRead{conn_a});
  turn();
  expect({"received late", "start_receive"});
}

TEST_F(DriverTest, ALossComesBehindTheBytesThatCameBeforeIt) {
  come_up();
  core_.appetite = 1;
  complete(Received{conn_a, backend_.slice("ab")}, Lost{conn_a, {}});
  expect({"received a"});
  core_.appetite = 100;
  core_.commands.push_back(DoResumeRead{conn_a});
  turn();
  expect({"received b", "lost"});
  core_.commands.push_back(DoClose{conn_a, true});
  complete(Closed{conn_a});
  expect({"close hard", "closed"});
}

TEST_F(DriverTest, AGracefulCloseWaitsForWhatWasLent) {
  come_up();
  core_.queue(conn_a, "last words");
  turn();
  core_.commands.push_back(DoClose{conn_a, true});
  turn();
  expect({"send last words"});
  complete(SendDone{conn_a, 5});
  expect({"transmitted 5", "send words"});
  complete(Received{conn_a, backend_.slice("nobody reads this")});
  expect({});
  complete(SendDone{conn_a, 5});
  expect({"transmitted 5", "close"});
  complete(Closed{conn_a});
  expect({"closed"});
  EXPECT_EQ(backend_.pool.free_slabs(), 16u);
}

TEST_F(DriverTest, AGracefulCloseOfAPausedConnectionReadsOnSoThatThePeerIsNotStuck) {
  come_up();
  core_.appetite = 0;
  complete(Received{conn_a, backend_.slice("ab")});
  core_.queue(conn_a, "bye");
  turn();
  expect({"received ", "stop_receive", "send bye"});
  core_.commands.push_back(DoClose{conn_a, true});
  turn();
  expect({"start_receive"});
  EXPECT_EQ(driver_.held_bytes(), 0u);
  complete(SendDone{conn_a, 3});
  expect({"transmitted 3", "close"});
}

TEST_F(DriverTest, AGracefulCloseThatGetsNowhereEndsInAReset) {
  come_up();
  core_.queue(conn_a, "stuck");
  core_.commands.push_back(DoClose{conn_a, true});
  turn();
  expect({"send stuck"});
  ASSERT_TRUE(backend_.waits.back());
  EXPECT_EQ(*backend_.waits.back(), backend_.time + 30s);
  backend_.time += 30s;
  turn();
  expect({"close hard"});
  complete(Closed{conn_a});
  expect({"closed"});
  turn();
  EXPECT_FALSE(backend_.waits.back());
}

TEST_F(DriverTest, AnImpatientCloseOvertakesAGracefulOne) {
  come_up();
  core_.queue(conn_a, "stuck");
  core_.commands.push_back(DoClose{conn_a, true});
  turn();
  core_.commands.push_back(DoClose{conn_a, false});
  core_.commands.push_back(DoClose{conn_a, false});
  turn();
  expect({"send stuck", "close hard"});
}

TEST_F(DriverTest, LostWhileSendingAndWhileClosing) {
  come_up();
  core_.queue(conn_a, "x");
  turn();
  complete(Lost{conn_a, {}});
  expect({"send x", "lost"});
  core_.queue(conn_a, "y");
  turn();
  expect({});
  core_.commands.push_back(DoClose{conn_a, true});
  complete(Closed{conn_a});
  expect({"close hard", "closed"});

  core_.transmit.clear();
  come_up();
  core_.queue(conn_a, "x");
  core_.commands.push_back(DoClose{conn_a, true});
  turn();
  complete(Lost{conn_a, {}});
  expect({"send x", "close hard"});
}

TEST_F(DriverTest, AConnectThatFails) {
  core_.commands.push_back(DoConnect{conn_a, {}, false, {}, {}, {}});
  complete(Lost{conn_a, {Errc::connect_failed}});
  expect({"connect", "lost"});
  core_.commands.push_back(DoClose{conn_a, false});
  complete(Closed{conn_a});
  expect({"close hard", "closed"});
}

TEST_F(DriverTest, ClosedWhileConnecting) {
  core_.commands.push_back(DoConnect{conn_a, {}, false, {}, {}, {}});
  turn();
  core_.commands.push_back(DoClose{conn_a, true});
  complete(Connected{conn_a, {}}, Closed{conn_a});
  expect({"connect", "close hard", "closed"});
}

TEST_F(DriverTest, StaleHandlesAreIgnored) {
  come_up();
  const ConnId stale{conn_a.index, conn_a.generation + 1};
  core_.commands.push_back(DoPauseRead{stale});
  core_.commands.push_back(DoResumeRead{stale});
  core_.commands.push_back(DoClose{{77, 1}, true});
  core_.sendable.push_back(stale);
  complete(Received{stale, backend_.slice("x")}, SendDone{stale, 1}, Eof{stale}, Lost{stale, {}},
           Closed{stale}, Connected{stale, {}});
  expect({});
}

TEST_F(DriverTest, CommandsThatAnEventGivesRiseToAreCarriedOutInTheSameTurn) {
  come_up();
  core_.events.push_back(SessionClosed{});
  backend_.batches.emplace_back();
  driver_.turn([this](Event&) {
    ++events_;
    core_.queue(conn_a, "answer");
    core_.commands.push_back(DoPauseRead{conn_a});
  });
  expect({"stop_receive", "send answer"});
  EXPECT_EQ(events_, 1u);
}

TEST_F(DriverTest, EventsOfABatchAreDeliveredInItsTurn) {
  come_up();
  core_.on_feed = [this] { core_.events.push_back(SessionClosed{}); };
  complete(Received{conn_a, backend_.slice("x")});
  EXPECT_EQ(events_, 1u);
}

TEST_F(DriverTest, DoesNotWaitWhenEventsWereDeliveredBefore) {
  core_.events.push_back(SessionClosed{});
  turn();
  ASSERT_TRUE(backend_.waits.back());
  EXPECT_EQ(*backend_.waits.back(), backend_.time);
  turn();
  EXPECT_FALSE(backend_.waits.back());
}

TEST_F(DriverTest, WaitsForTheEarlierOfTimeoutAndDeadline) {
  core_.timeout = backend_.time + 5s;
  turn({}, backend_.time + 9s);
  EXPECT_EQ(backend_.waits.back(), backend_.time + 5s);
  turn({}, backend_.time + 3s);
  EXPECT_EQ(backend_.waits.back(), backend_.time + 3s);
  expect({});
  backend_.time += 5s;
  turn();
  expect({"timeout"});
}

TEST_F(DriverTest, ItsEndMakesTheBackendLetGoOfWhatWasLent) {
  {
    Driver<FakeBackend, FakeCore> other(backend_, core_);
  }
  EXPECT_TRUE(backend_.abandoned);
}

TEST_F(DriverTest, StopEndsRunAndWakesTheBackend) {
  core_.events.push_back(SessionClosed{});
  driver_.run([this](Event&) { driver_.stop(); });
  EXPECT_TRUE(driver_.stopped());
  EXPECT_EQ(backend_.wakes, 1);
  EXPECT_EQ(backend_.waits.size(), 1u);
}

}  // namespace
}  // namespace msrp::backend
