// Very many sessions over a hundred connections (RFC 4975 section 5.4): what is said on one arrives
// on that one, whole, and on no other.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/world.hpp"

namespace msrp::test {
namespace {

constexpr std::uint32_t sessions_per_connection = 100;
constexpr std::size_t connections = 100;
constexpr std::size_t sessions = sessions_per_connection * connections;

struct Many : World {
  Many() : a(add("a", options())), b(add("b", options())) {
    listener = b.engine().listen({.at = at("192.0.2.2", 2855)}, now).value();
    drive();
  }
  static NodeOptions options() {
    NodeOptions made;
    made.config.limits.sessions_per_connection = sessions_per_connection;
    return made;
  }
  // So many more sessions, bound.
  void add_sessions(std::size_t count) {
    std::vector<std::pair<TicketId, TicketId>> tickets;
    for (std::size_t i = 0; i < count; ++i) {
      tickets.emplace_back(a.prepare({.active = true, .host = "192.0.2.1"}),
                           b.prepare({.active = false, .listener = listener}));
    }
    drive();
    for (const auto& [of_a, of_b] : tickets) {
      const Path& path_a = a.local_paths.at(of_a.value());
      const Path& path_b = b.local_paths.at(of_b.value());
      EXPECT_TRUE(b.engine().complete(of_b, {.path = path_a, .enforce_path = true}, now));
      EXPECT_TRUE(a.engine().complete(of_a, {.path = path_b, .enforce_path = true}, now));
    }
    drive();
  }
  // What was said on each session, by the path of its speaker, and what was heard.
  void say(Node& from, std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      const Bound& bound = from.bounds.at(i);
      const std::string body = from.name + " says to " + std::string(bound.remote_path.text());
      const auto sent =
          from.engine().send(bound.session, {.content_type = "text/plain"}, owned(body), now);
      ASSERT_TRUE(sent);
      from.outgoing[sent->value()].session = bound.session;
    }
  }
  static std::size_t delivered(const Node& node) {
    return static_cast<std::size_t>(std::ranges::count_if(node.outgoing, [](const auto& entry) {
      return entry.second.delivered && entry.second.done;
    }));
  }
  // Every message that `to` heard came whole and over the session that it was said on.
  static void expect_heard(const Node& from, const Node& to) {
    std::map<std::uint64_t, std::string> expected;  // by the hearer's session
    for (const Bound& bound : to.bounds) {
      expected[bound.session.value()] =
          from.name + " says to " + std::string(bound.local_path.text());
    }
    ASSERT_EQ(expected.size(), sessions);
    std::size_t heard = 0;
    for (const Incoming& message : to.incoming) {
      if (!message.has_body) continue;  // a binding SEND
      ++heard;
      ASSERT_TRUE(message.complete());
      const auto at = expected.find(message.session.value());
      ASSERT_NE(at, expected.end()) << "heard twice, or on a session that does not exist";
      ASSERT_EQ(message.body, at->second);
      expected.erase(at);
    }
    EXPECT_EQ(heard, sessions);
  }

  Node& a;
  Node& b;
  ListenerId listener;
};

// R4975-5.4-1
TEST(ManySessions, EveryMessageArrives) {
  Many world;
  constexpr std::size_t batch = 1000;  // below Limits::events
  for (std::size_t i = 0; i < sessions; i += batch) world.add_sessions(batch);
  ASSERT_EQ(world.a.bounds.size(), sessions);
  ASSERT_EQ(world.b.bounds.size(), sessions);
  EXPECT_EQ(world.connections_of(world.a), connections);
  EXPECT_EQ(world.connections_of(world.b), connections);

  for (std::size_t i = 0; i < sessions; i += batch) {
    world.say(world.a, i, batch);
    world.say(world.b, i, batch);
    world.drive();
  }
  EXPECT_EQ(Many::delivered(world.a), sessions);
  EXPECT_EQ(Many::delivered(world.b), sessions);
  Many::expect_heard(world.a, world.b);
  Many::expect_heard(world.b, world.a);
  EXPECT_EQ(world.a.engine().stats().sessions, sessions);
  EXPECT_EQ(world.b.engine().stats().connections, connections);
}

}  // namespace
}  // namespace msrp::test
