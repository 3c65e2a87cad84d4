#include "backends/sim/world/run_options.hpp"

#include <algorithm>
#include <array>

#include "backends/sim/random.hpp"

namespace msrp::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Nothing, half of the time.
unsigned maybe(Chance& chance, unsigned most) {
  return chance.one_of(1, 2) ? 0 : static_cast<unsigned>(1 + chance.below(most));
}

Link some_link(Chance& chance) {
  Link link;
  link.latency = microseconds(chance.log_uniform(200'000));
  link.jitter = chance.one_of(1, 2) ? Duration{} : microseconds(chance.log_uniform(500'000));
  link.bytes_per_second = chance.one_of(1, 2) ? 0 : 20'000 + chance.log_uniform(50'000'000);
  link.window_bytes = 500 + chance.log_uniform(500'000);
  link.fragments = chance.one_of(1, 2);
  return link;
}

// Down to the least that works.
Limits some_limits(Chance& chance) {
  Limits limits;
  if (chance.one_of(1, 2)) return limits;
  const auto between = [&chance](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::uint32_t>(least + chance.log_uniform(most - least));
  };
  limits.transactions = between(1, 1024);
  limits.sessions_per_connection = between(1, 16);
  limits.intervals = between(2, 64);
  limits.events = between(16, 1024);
  limits.held_bytes = between(4096, 256 * 1024);
  limits.transmit_bytes = between(32 * 1024, 256 * 1024);
  limits.control_bytes = between(32 * 1024, 256 * 1024);
  limits.write_window_bytes = between(4096, 256 * 1024);
  limits.quantum_bytes = between(2048, 32 * 1024);
  limits.remembered_message_ids = between(0, 128);
  return limits;
}

Timeouts some_timeouts(Chance& chance) {
  Timeouts timeouts;
  if (chance.one_of(1, 3)) timeouts.keep_alive = seconds(chance.between(1, 40));
  if (chance.one_of(1, 3)) timeouts.idle = seconds(chance.between(1, 40));
  if (chance.one_of(1, 3)) timeouts.message = seconds(chance.between(35, 60));
  if (chance.one_of(1, 3)) timeouts.behind = seconds(chance.between(1, 20));
  return timeouts;
}

}  // namespace

RunOptions options_of_seed(std::uint64_t seed) {
  Chance chance = Chance(seed).fork(1);
  RunOptions made;
  made.seed = seed;
  made.hosts = static_cast<unsigned>(chance.between(2, 6));
  made.sessions = static_cast<unsigned>(chance.between(1, 12));
  made.messages = static_cast<unsigned>(1 + chance.log_uniform(100));
  made.message_bytes_max = chance.log_uniform(chance.one_of(1, 8) ? 4'000'000 : 100'000);
  made.streams = maybe(chance, 100);
  made.aborts = maybe(chance, 40);
  made.rejects = maybe(chance, 30);
  made.success_reports = maybe(chance, 100);
  made.failure_partial = maybe(chance, 50);
  made.failure_no = maybe(chance, 50);
  made.cuts = maybe(chance, 6);
  made.crashes = chance.one_of(1, 2) ? 0 : maybe(chance, 3);
  made.droughts = maybe(chance, 4);
  made.hang_ups = maybe(chance, 4);
  made.link = some_link(chance);
  made.lateness = chance.one_of(1, 2) ? Duration{} : milliseconds(chance.log_uniform(500));
  made.limits = some_limits(chance);
  made.timeouts = some_timeouts(chance);
  made.slab_bytes = std::size_t{1024} << chance.below(7);
  made.slabs = 8 + chance.below(64);
  return made;
}

std::string describe(const RunOptions& options) {
  const auto nanoseconds = [](Duration time) { return static_cast<std::uint64_t>(time.count()); };
  const Limits& limits = options.limits;
  const Timeouts& timeouts = options.timeouts;
  const std::pair<const char*, std::uint64_t> lines[] = {
      {"seed", options.seed},
      {"hosts", options.hosts},
      {"sessions", options.sessions},
      {"messages", options.messages},
      {"message_bytes_max", options.message_bytes_max},
      {"streams_percent", options.streams},
      {"aborts_percent", options.aborts},
      {"rejects_percent", options.rejects},
      {"success_reports_percent", options.success_reports},
      {"failure_partial_percent", options.failure_partial},
      {"failure_no_percent", options.failure_no},
      {"cuts", options.cuts},
      {"crashes", options.crashes},
      {"droughts", options.droughts},
      {"hang_ups", options.hang_ups},
      {"latency_ns", nanoseconds(options.link.latency)},
      {"jitter_ns", nanoseconds(options.link.jitter)},
      {"bytes_per_second", options.link.bytes_per_second},
      {"window_bytes", options.link.window_bytes},
      {"fragments", options.link.fragments ? 1 : 0},
      {"lateness_ns", nanoseconds(options.lateness)},
      {"slabs", options.slabs},
      {"slab_bytes", options.slab_bytes},
      {"limit_transactions", limits.transactions},
      {"limit_sessions_per_connection", limits.sessions_per_connection},
      {"limit_intervals", limits.intervals},
      {"limit_events", limits.events},
      {"limit_held_bytes", limits.held_bytes},
      {"limit_transmit_bytes", limits.transmit_bytes},
      {"limit_control_bytes", limits.control_bytes},
      {"limit_write_window_bytes", limits.write_window_bytes},
      {"limit_quantum_bytes", limits.quantum_bytes},
      {"limit_remembered_message_ids", limits.remembered_message_ids},
      {"timeout_keep_alive_ns", nanoseconds(timeouts.keep_alive)},
      {"timeout_idle_ns", nanoseconds(timeouts.idle)},
      {"timeout_message_ns", nanoseconds(timeouts.message)},
      {"timeout_behind_ns", nanoseconds(timeouts.behind)},
  };
  std::string text;
  for (const auto& [name, value] : lines) {
    text.append(name).append(" ").append(std::to_string(value)).append("\n");
  }
  return text;
}

}  // namespace msrp::sim
