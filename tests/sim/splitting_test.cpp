// However streams are cut into pieces: without faults, what applications see is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/sim/sim_world.hpp"

namespace msrp::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t sessions = 3;

// Everything that is not the same for all.
struct Network {
  std::uint64_t seed = 1;
  Link link;
  std::size_t slab_bytes = 64 * 1024;
  std::uint32_t quantum_bytes = 32 * 1024;
  bool secure = false;
  std::size_t record_bytes = 2048;
};

// What an application sees of its sessions, by number of session, in no order of time: that is the
// network's.
using Story = std::vector<std::string>;

class Party {
 public:
  Party(SimWorld& world, std::string name, std::string_view ip, const Network& network)
      : world_(world),
        host(
            world, std::move(name), *IpAddress::parse(ip),
            [this](const Event& event) {
              std::visit([this](const auto& what) { on(what); }, event);
            },
            options(network)) {}

  Story story() {
    Story sorted = story_;
    std::ranges::sort(sorted);
    return sorted;
  }
  std::string number_of(SessionId session) const {
    const auto at = std::ranges::find(bound, session);
    return "session " + std::to_string(at - bound.begin());
  }
  void send(std::size_t session, const MessageSpec& spec, std::size_t size, char letter) {
    OwnedBody body;
    body.bytes.assign(size, static_cast<std::byte>(letter));
    for (std::size_t i = 0; i < size; i += 7) body.bytes[i] = static_cast<std::byte>(i);
    const auto sent = host.call([&](Engine& engine) {
      return engine.send(bound[session], spec, std::move(body), world_.now());
    });
    if (sent) {
      ids_[sent->value()] = std::string(spec.message_id);
    } else {
      story_.push_back(std::string(spec.message_id) + " cannot be sent");
    }
  }

  SimWorld& world_;
  std::vector<ListenerId> listeners;
  std::vector<Path> paths;
  std::vector<SessionId> bound;  // in the order of their tickets
  std::vector<TicketId> tickets;
  SimHost host;

 private:
  static SimHostOptions options(const Network& network) {
    SimHostOptions made;
    made.backend.slab_bytes = network.slab_bytes;
    made.engine.limits.quantum_bytes = network.quantum_bytes;
    made.tls.record_bytes = network.record_bytes;
    return made;
  }
  void tell(const std::string& what) { story_.push_back(what); }

  void on(const Listening& event) { listeners.push_back(event.listener); }
  void on(const Prepared& event) { paths.push_back(event.local_path); }
  void on(const Bound& event) {
    const auto at = std::ranges::find(tickets, event.ticket) - tickets.begin();
    bound.resize(sessions);
    bound[static_cast<std::size_t>(at)] = event.session;
  }
  void on(const MessageStarted& event) {
    started_[event.message.value()] =
        std::string(event.head.message_id) + " of " + std::string(event.head.content_type);
    tell(number_of(event.session) + " started " + started_[event.message.value()]);
  }
  void on(const MessageData& event) {
    std::string& body = bodies_[event.message.value()];
    body.resize(std::max(body.size(), event.offset + event.slice.bytes.size()));
    std::ranges::transform(event.slice.bytes,
                           body.begin() + static_cast<std::ptrdiff_t>(event.offset),
                           [](std::byte octet) { return static_cast<char>(octet); });
    host.engine().release(event.session, event.slice.bytes.size(), world_.now());
  }
  void on(const MessageEnded& event) {
    const std::string& body = bodies_[event.message.value()];
    EXPECT_EQ(body.size(), event.bytes);
    tell(number_of(event.session) + (event.error ? " ended " : " whole ") +
         started_[event.message.value()] + ": " + std::to_string(event.bytes) + " octets " +
         std::to_string(std::hash<std::string>{}(body)));
  }
  void on(const Delivered& event) { tell(ids_[event.message.value()] + " delivered"); }
  void on(const Reported& event) {
    // A REPORT may be of a part; the last one is of all.
    if (!event.complete) return;
    tell(ids_[event.message.value()] + " reported " + std::to_string(event.status));
  }
  void on(const MessageFailed& event) {
    tell(ids_[event.message.value()] + " failed " + std::to_string(event.error.status));
  }
  void on(const MessageDone& event) { tell(ids_[event.message.value()] + " done"); }
  void on(const SessionClosed& event) {
    tell(number_of(event.session) + " closed: " + std::string(describe(event.reason.code)));
  }
  void on(const auto&) {}

  Story story_;
  std::map<std::uint64_t, std::string> started_, bodies_, ids_;
};

// A workload from its seed, over a network.
class Play {
 public:
  Play(std::uint64_t workload, const Network& network)
      : chance_(workload),
        world_(network.seed),
        a_(world_, "a", "192.0.2.1", network),
        b_(world_, "b", "192.0.2.2", network),
        secure_(network.secure) {
    world_.network.set_links(network.link);
  }

  std::pair<Story, Story> go() {
    bind();
    for (int i = 0; i < 30; ++i) say(i);
    world_.simulation.run_for(seconds(120));
    for (Party* party : {&a_, &b_}) {
      for (const SessionId session : party->bound) {
        party->host.call([&](Engine& engine) { engine.close(session, world_.now()); });
      }
      world_.simulation.run_for(seconds(60));
    }
    return {a_.story(), b_.story()};
  }

 private:
  void bind() {
    (void)b_.host.call([&](Engine& engine) {
      return engine.listen({.at = {b_.host.address(), 2855}, .secure = secure_}, world_.now());
    });
    world_.simulation.run_for(seconds(1));
    for (std::size_t i = 0; i < sessions; ++i) {
      const SessionOptions picky{.accept_types = {"text/plain"}};
      const SessionOptions options = i == 2 ? picky : SessionOptions{};
      b_.tickets.push_back(*b_.host.call([&](Engine& engine) {
        return engine.prepare({.active = false, .listener = b_.listeners.at(0), .options = options},
                              world_.now());
      }));
      a_.tickets.push_back(*a_.host.call([&](Engine& engine) {
        return engine.prepare({.active = true, .host = "192.0.2.1", .secure = secure_},
                              world_.now());
      }));
    }
    world_.simulation.run_for(seconds(1));
    for (std::size_t i = 0; i < sessions; ++i) {
      (void)b_.host.call([&](Engine& engine) {
        return engine.complete(b_.tickets[i], {.path = a_.paths.at(i)}, world_.now());
      });
      (void)a_.host.call([&](Engine& engine) {
        return engine.complete(a_.tickets[i], {.path = b_.paths.at(i)}, world_.now());
      });
    }
    world_.simulation.run_for(seconds(30));
    EXPECT_EQ(a_.bound.size(), sessions);
    EXPECT_EQ(b_.bound.size(), sessions);
  }

  // Draws the same for every network.
  void say(int number) {
    constexpr std::size_t favourites[] = {0, 1, 511, 512, 2047, 2048, 2049, 65535, 65536, 65537};
    Party& from = chance_.one_of(1, 2) ? a_ : b_;
    const std::size_t session = chance_.below(sessions);
    const std::size_t size = chance_.one_of(1, 2) ? favourites[chance_.below(std::size(favourites))]
                                                  : chance_.log_uniform(100'000);
    const std::string id = "message-" + std::to_string(number);
    const FailureReport reports[] = {FailureReport::yes, FailureReport::partial, FailureReport::no};
    const MessageSpec spec{.content_type = chance_.one_of(1, 6) ? "image/png" : "text/plain",
                           .message_id = id,
                           .success_report = chance_.one_of(1, 2),
                           .failure_report = reports[chance_.below(3)]};
    // One that is refused and reports nothing would be waited for until the end of the session.
    from.send(session, spec, size, static_cast<char>('a' + number % 26));
    world_.simulation.run_for(chance_.duration(seconds(2)));
  }

  Chance chance_;
  SimWorld world_;
  Party a_, b_;
  const bool secure_;
};

// What is in one and not in the other.
std::string difference(const Story& one, const Story& other) {
  Story apart;
  std::ranges::set_symmetric_difference(one, other, std::back_inserter(apart));
  std::string text;
  for (const std::string& line : apart) text += line + "; ";
  return text;
}

TEST(Splitting, WithoutFaultsItMakesNoDifference) {
  const Network networks[] = {
      {.seed = 2, .link = {.latency = milliseconds(5)}},
      {.seed = 3, .link = {.latency = milliseconds(1), .fragments = true}},
      {.seed = 4, .link = {.jitter = milliseconds(20), .window_bytes = 3000, .fragments = true}},
      {.seed = 5, .link = {.window_bytes = 70'000}, .slab_bytes = 1024, .quantum_bytes = 2048},
      {.seed = 6,
       .link = {.latency = milliseconds(2), .window_bytes = 20'000, .fragments = true},
       .slab_bytes = 4096,
       .quantum_bytes = 5000},
      {.seed = 7, .link = {.bytes_per_second = 1'000'000}, .quantum_bytes = 100'000},
  };
  for (std::uint64_t workload = 1; workload <= 25; ++workload) {
    const auto plain = Play(workload, {}).go();
    EXPECT_GT(plain.first.size() + plain.second.size(), 60U);
    for (const Network& network : networks) {
      const auto other = Play(workload, network).go();
      const std::string apart =
          difference(other.first, plain.first) + difference(other.second, plain.second);
      ASSERT_EQ(apart, "") << "workload " << workload << ", seed " << network.seed;
    }
  }
}

// Nor whether it is sealed, in records of whatever size.
TEST(Splitting, TlsMakesNoDifference) {
  for (std::uint64_t workload = 1; workload <= 10; ++workload) {
    const auto plain = Play(workload, {}).go();
    for (const std::size_t record_bytes : {100U, 2048U}) {
      Network network{.seed = 8, .link = {.window_bytes = 30'000, .fragments = true}};
      network.secure = true;
      network.record_bytes = record_bytes;
      const auto sealed = Play(workload, network).go();
      ASSERT_EQ(difference(sealed.first, plain.first), "") << "workload " << workload;
      ASSERT_EQ(difference(sealed.second, plain.second), "") << "workload " << workload;
    }
  }
}

}  // namespace
}  // namespace msrp::sim
