// Contract rule 9: nothing comes out of the engine but values, whichever allocation fails, and no
// handle, connection or slab is forgotten over it. Every scene is played again and again: each time
// another one of its allocations fails, alone or with those behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "session/starved_scenes.hpp"

namespace msrp::test {
namespace {

using Ends = Famine::Ends;

std::vector<Scene> scenes() {
  std::vector<Scene> all = setting_up_scenes();
  std::ranges::move(message_scenes(), std::back_inserter(all));
  return all;
}

// What has happened in a scene.
struct Seen {
  std::set<std::size_t> events, commands;
  std::set<TimeoutReason> timeouts;
};

// Plays it with the allocations refused that `refusals` says. Returns how many there were. A
// bystander has a session of its own, over a connection of its own, in the same two engines.
std::size_t play(const Scene& scene, const Heap& refusals, bool bystander, Seen* seen = nullptr) {
  EngineConfig config;
  scene.configure(config);
  static Logger logger;
  heap = {};
  Famine famine(config, scene.logged ? &logger : nullptr);
  Ends theirs;
  if (bystander) {
    theirs = famine.bind({.a = {.identity = "somebody else"}, .port = 2900});
    EXPECT_TRUE(famine.works(theirs));
    famine.kept_wires = famine.wires.size();
  }
  heap = refusals;
  scene.play(famine);
  const std::size_t taken = heap.taken;
  heap = {};
  famine.a.releases = famine.b.releases = true;
  famine.a.polls_events = famine.b.polls_events = true;
  if (bystander) {
    EXPECT_TRUE(famine.works(theirs) || scene.all_speak) << "somebody else's session";
  }
  famine.settle();
  for (const Starved* node : {&famine.a, &famine.b}) {
    if (seen == nullptr) break;
    seen->events.insert(node->events_seen.begin(), node->events_seen.end());
    seen->commands.insert(node->commands_seen.begin(), node->commands_seen.end());
    seen->timeouts.insert(node->timeouts_seen.begin(), node->timeouts_seen.end());
  }
  return taken;
}

// With enough memory the scenes come to every kind of event, command and time-out there is.
TEST(OutOfMemoryScenes, ShowEverything) {
  Seen seen;
  for (const Scene& scene : scenes()) {
    SCOPED_TRACE(scene.name);
    play(scene, {}, true, &seen);
  }
  for (std::size_t i = 0; i < std::variant_size_v<Event>; ++i) {
    EXPECT_TRUE(seen.events.contains(i)) << "event " << i;
  }
  for (std::size_t i = 0; i < std::variant_size_v<Command>; ++i) {
    EXPECT_TRUE(seen.commands.contains(i)) << "command " << i;
  }
  for (auto i = int(TimeoutReason::transaction); i <= int(TimeoutReason::behind); ++i) {
    EXPECT_TRUE(seen.timeouts.contains(TimeoutReason(i))) << "time-out " << i;
  }
}

class OutOfMemory : public testing::TestWithParam<Scene> {};

TEST_P(OutOfMemory, OneAllocationFails) {
  for (const bool bystander : {false, true}) {
    const std::size_t all = play(GetParam(), {}, bystander);
    ASSERT_GT(all, 5U);
    for (std::size_t i = 1; i <= all && !HasFailure(); ++i) {
      SCOPED_TRACE("allocation " + std::to_string(i) + " of " + std::to_string(all));
      play(GetParam(), {.refused_first = i, .refused_end = i + 1}, bystander);
    }
  }
}

TEST_P(OutOfMemory, AllFailForAWhile) {
  const std::size_t all = play(GetParam(), {}, false);
  for (std::size_t i = 1; i <= all && !HasFailure(); ++i) {
    SCOPED_TRACE("allocations from " + std::to_string(i) + " of " + std::to_string(all));
    play(GetParam(), {.refused_first = i, .refused_end = i + 1 + i % 40}, i % 2 == 0);
  }
}

TEST_P(OutOfMemory, AnyMayFail) {
  for (std::size_t i = 1; i <= 150 && !HasFailure(); ++i) {
    SCOPED_TRACE("seed " + std::to_string(i));
    play(GetParam(), {.one_in = 2 + i % 30, .chance = i}, i % 2 == 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Scenes, OutOfMemory, testing::ValuesIn(scenes()),
                         [](const auto& scene) { return scene.param.name; });

}  // namespace
}  // namespace msrp::test
