// The loop that the README shows, at work: two engines, a pair of real sockets, nothing else.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "msrp/engine.hpp"
#include "support/test_services.hpp"

bool turn(int fd, msrp::ConnId conn, msrp::Engine& engine, std::FILE* text, msrp::Instant now);

namespace msrp::test {
namespace {

// An engine, its socket and what its loop wrote.
struct Side {
  Side(std::uint64_t seed, int socket) : fd(socket), random(seed) {}
  ~Side() {
    std::fclose(text);
    std::free(written);
    if (fd >= 0) ::close(fd);
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  template <class T>
  T command() {
    auto polled = engine.poll_command();
    return polled ? std::get<T>(*polled) : T{};
  }
  template <class T>
  std::optional<T> event() {
    auto polled = engine.poll_event();
    return polled ? std::optional(std::get<T>(*polled)) : std::nullopt;
  }
  bool turn(Instant now) { return ::turn(fd, conn, engine, text, now); }
  std::string output() {
    std::fflush(text);
    return {written, written_bytes};
  }

  int fd;
  SeededRandom random;
  NoCrypto crypto;
  FixedPool pool{64};
  Engine engine = *Engine::create({}, {random, crypto, pool}, Instant{});
  ConnId conn;
  char* written = nullptr;
  std::size_t written_bytes = 0;
  std::FILE* text = open_memstream(&written, &written_bytes);
};

class Loop : public ::testing::Test {
 protected:
  Loop() {
    int sockets[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    sender = std::make_unique<Side>(1, sockets[0]);
    receiver = std::make_unique<Side>(2, sockets[1]);
  }

  // What a program does around the loop: it listens, accepts and connects as it is asked to.
  void connect(std::string_view body) {
    Engine& from = sender->engine;
    Engine& to = receiver->engine;
    const SocketAddress address{*IpAddress::parse("192.0.2.2"), 2855};
    const ListenerId listener = *to.listen({.at = address}, now);
    to.on_listening(receiver->command<DoListen>().listener, address, now);
    ASSERT_TRUE(receiver->event<Listening>());
    const TicketId passive = *to.prepare({.active = false, .listener = listener}, now);
    const Path path = receiver->event<Prepared>()->local_path;
    ASSERT_TRUE(to.complete(passive, {}, now));

    const TicketId active = *from.prepare({.active = true, .host = "192.0.2.1"}, now);
    ASSERT_TRUE(sender->event<Prepared>());
    const auto octets = bytes_of(body);
    ASSERT_TRUE(from.send_first(active, {.content_type = "text/plain"},
                                OwnedBody{{octets.begin(), octets.end()}}, now));
    ASSERT_TRUE(from.complete(active, {.path = path}, now));
    sender->conn = sender->command<DoConnect>().conn;
    from.on_connected(sender->conn, {}, now);
    receiver->conn = *to.on_accepted(listener, {}, now);
  }

  Instant now{};
  std::unique_ptr<Side> sender, receiver;
};

// More than the sockets, a slab or the receive window hold at a time.
TEST_F(Loop, CarriesAMessageOfManyTurns) {
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i) + "\r\n-------";
  ASSERT_NO_FATAL_FAILURE(connect(body));
  for (int turns = 0; sender->engine.stats().outgoing_messages > 0; ++turns) {
    ASSERT_LT(turns, 100'000) << "gets nowhere";
    ASSERT_TRUE(sender->turn(now));
    ASSERT_TRUE(receiver->turn(now));
    now += std::chrono::microseconds(10);
  }
  EXPECT_TRUE(receiver->output() == body);
  EXPECT_EQ(receiver->engine.stats().held_bytes, 0U);
}

TEST_F(Loop, EndsWhenThePeerIsGone) {
  ASSERT_NO_FATAL_FAILURE(connect("hello"));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(sender->turn(now));
    ASSERT_TRUE(receiver->turn(now));
  }
  EXPECT_EQ(receiver->output(), "hello");
  ::close(std::exchange(sender->fd, -1));
  bool going = true;
  for (int i = 0; going && i < 10; ++i) going = receiver->turn(now);
  EXPECT_FALSE(going);
  EXPECT_EQ(receiver->engine.stats().connections, 0U);
  EXPECT_EQ(receiver->engine.stats().sessions, 0U);
}

// A peer that is silent is noticed by the time that is handed in.
TEST_F(Loop, HandlesWhatIsDue) {
  ASSERT_NO_FATAL_FAILURE(connect("hello"));
  ASSERT_TRUE(sender->turn(now));
  ASSERT_EQ(sender->engine.next_timeout_reason(), TimeoutReason::transaction);
  now = *sender->engine.next_timeout();
  bool going = true;
  for (int i = 0; going && i < 10; ++i) going = sender->turn(now);
  EXPECT_EQ(sender->engine.stats().outgoing_messages, 0U);
  EXPECT_EQ(sender->engine.stats().tickets, 0U);
}

}  // namespace
}  // namespace msrp::test
