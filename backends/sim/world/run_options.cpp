#include "backends/sim/world/run_options.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <type_traits>

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
  timeouts.report = seconds(chance.between(1, 100));  // less than the peace that follows
  return timeouts;
}

// One window a round trip, and no more than the line takes.
std::uint64_t bytes_per_second(const Link& link) {
  const auto round_trip = static_cast<std::uint64_t>(
      std::chrono::duration_cast<microseconds>(2 * (link.latency + link.jitter)).count() + 100);
  const std::uint64_t by_window = link.window_bytes * 1'000'000 / round_trip;
  return link.bytes_per_second == 0 ? by_window : std::min(by_window, link.bytes_per_second);
}

void some_tls(Chance& chance, RunOptions& made) {
  made.secure = maybe(chance, 100);
  made.handshake_failures = chance.one_of(1, 2) ? 0 : maybe(chance, 30);
  made.missing_notifies = maybe(chance, 100);
  made.damaged_records = chance.one_of(1, 2) ? 0 : maybe(chance, 20);
  made.key_updates = maybe(chance, 10);
  if (chance.one_of(1, 2)) made.record_bytes = static_cast<unsigned>(16 + chance.log_uniform(2032));
}

template <class T>
std::uint64_t number_of(const T& value) {
  if constexpr (std::is_same_v<T, Duration>) {
    return static_cast<std::uint64_t>(value.count());
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

// A field of RunOptions, found by what select returns of them.
template <class Select>
RunOption option(std::string_view name, std::uint64_t neutral, Select select) {
  RunOption made{.name = name, .neutral = neutral};
  made.get = [select](const RunOptions& options) {
    RunOptions copy = options;
    return number_of(select(copy));
  };
  made.set = [select](RunOptions& options, std::uint64_t value) {
    auto& field = select(options);
    using Field = std::remove_reference_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, Duration>) {
      field = Duration(static_cast<Duration::rep>(value));
    } else {
      field = static_cast<Field>(value);
    }
  };
  return made;
}

std::vector<RunOption> make_table() {
  std::vector<RunOption> table;
#define MSRP_OPTION(name, neutral, field) \
  table.push_back(option(name, neutral, [](RunOptions& o) -> auto& { return o.field; }))
  const RunOptions calm;
  const Limits limits;
  MSRP_OPTION("seed", 0, seed);
  MSRP_OPTION("hosts", 2, hosts);
  MSRP_OPTION("nat_hosts", 0, nat_hosts);
  MSRP_OPTION("sessions", 1, sessions);
  MSRP_OPTION("messages", 1, messages);
  MSRP_OPTION("message_bytes_max", 100, message_bytes_max);
  MSRP_OPTION("chaos_ns", number_of(Duration(seconds(10))), chaos);
  MSRP_OPTION("streams_percent", 0, streams);
  MSRP_OPTION("aborts_percent", 0, aborts);
  MSRP_OPTION("rejects_percent", 0, rejects);
  MSRP_OPTION("success_reports_percent", 0, success_reports);
  MSRP_OPTION("failure_partial_percent", 0, failure_partial);
  MSRP_OPTION("failure_no_percent", 0, failure_no);
  MSRP_OPTION("requests_percent", 0, requests);
  MSRP_OPTION("secure_percent", 0, secure);
  MSRP_OPTION("alone_percent", 0, alone);
  MSRP_OPTION("other_methods_percent", 0, other_methods);
  MSRP_OPTION("own_reports_percent", 0, own_reports);
  MSRP_OPTION("refuse_behind_percent", 0, refuse_behind);
  MSRP_OPTION("with_strangers_percent", 0, with_strangers);
  MSRP_OPTION("cuts", 0, cuts);
  MSRP_OPTION("crashes", 0, crashes);
  MSRP_OPTION("droughts", 0, droughts);
  MSRP_OPTION("hang_ups", 0, hang_ups);
  MSRP_OPTION("visits", 0, visits);
  MSRP_OPTION("name_faults", 0, name_faults);
  MSRP_OPTION("named", 0, named);
  MSRP_OPTION("slowness_ns", 0, slowness);
  MSRP_OPTION("handshake_failures_percent", 0, handshake_failures);
  MSRP_OPTION("missing_notifies_percent", 0, missing_notifies);
  MSRP_OPTION("damaged_records_per_10000", 0, damaged_records);
  MSRP_OPTION("key_updates_percent", 0, key_updates);
  MSRP_OPTION("record_bytes", calm.record_bytes, record_bytes);
  MSRP_OPTION("latency_ns", 0, link.latency);
  MSRP_OPTION("jitter_ns", 0, link.jitter);
  MSRP_OPTION("bytes_per_second", 0, link.bytes_per_second);
  MSRP_OPTION("window_bytes", calm.link.window_bytes, link.window_bytes);
  MSRP_OPTION("fragments", 0, link.fragments);
  MSRP_OPTION("lateness_ns", 0, lateness);
  MSRP_OPTION("slabs", calm.slabs, slabs);
  MSRP_OPTION("slab_bytes", calm.slab_bytes, slab_bytes);
  MSRP_OPTION("limit_transactions", limits.transactions, limits.transactions);
  MSRP_OPTION("limit_sessions_per_connection", limits.sessions_per_connection,
              limits.sessions_per_connection);
  MSRP_OPTION("limit_intervals", limits.intervals, limits.intervals);
  MSRP_OPTION("limit_events", limits.events, limits.events);
  MSRP_OPTION("limit_held_bytes", limits.held_bytes, limits.held_bytes);
  MSRP_OPTION("limit_transmit_bytes", limits.transmit_bytes, limits.transmit_bytes);
  MSRP_OPTION("limit_control_bytes", limits.control_bytes, limits.control_bytes);
  MSRP_OPTION("limit_write_window_bytes", limits.write_window_bytes, limits.write_window_bytes);
  MSRP_OPTION("limit_quantum_bytes", limits.quantum_bytes, limits.quantum_bytes);
  MSRP_OPTION("limit_remembered_message_ids", limits.remembered_message_ids,
              limits.remembered_message_ids);
  MSRP_OPTION("timeout_keep_alive_ns", 0, timeouts.keep_alive);
  MSRP_OPTION("timeout_idle_ns", 0, timeouts.idle);
  MSRP_OPTION("timeout_message_ns", 0, timeouts.message);
  MSRP_OPTION("timeout_report_ns", number_of(Duration(seconds(100))), timeouts.report);
  MSRP_OPTION("timeout_behind_ns", number_of(Duration(seconds(5))), timeouts.behind);
#undef MSRP_OPTION
  return table;
}

}  // namespace

RunOptions options_of_seed(std::uint64_t seed) {
  Chance chance = Chance(seed).fork(1);
  RunOptions made;
  made.seed = seed;
  made.hosts = static_cast<unsigned>(chance.between(2, 6));
  made.nat_hosts = chance.one_of(1, 4) ? static_cast<unsigned>(chance.below(made.hosts)) : 0;
  made.sessions = static_cast<unsigned>(chance.between(1, 12));
  made.messages = static_cast<unsigned>(1 + chance.below(chance.one_of(1, 2) ? 20 : 200));
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
  made.requests = maybe(chance, 50);
  made.alone = maybe(chance, 100);
  made.other_methods = maybe(chance, 100);
  made.own_reports = maybe(chance, 100);
  made.refuse_behind = maybe(chance, 100);
  made.with_strangers = chance.one_of(1, 2) ? 0 : maybe(chance, 60);
  made.visits = maybe(chance, 30);
  made.named = static_cast<unsigned>(chance.below(2));
  made.name_faults = maybe(chance, 5);
  if (chance.one_of(1, 3)) made.slowness = milliseconds(chance.log_uniform(3000));
  some_tls(chance, made);
  // What is said can get through within the time of peace.
  const std::uint64_t can = bytes_per_second(made.link) * 100 / made.messages;
  made.message_bytes_max = std::min(made.message_bytes_max, can);
  return made;
}

const std::vector<RunOption>& run_options() {
  static const std::vector<RunOption> table = make_table();
  return table;
}

std::string set_option(RunOptions& options, std::string_view assignment) {
  const std::size_t sign = assignment.find('=');
  const std::string_view name = assignment.substr(0, sign);
  if (sign == std::string_view::npos) return "no NAME=VALUE";
  const std::string_view text = assignment.substr(sign + 1);
  const auto option = std::ranges::find(run_options(), name, &RunOption::name);
  if (option == run_options().end() || name == "seed") return "no option of a run";
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return "the value is no number";
  }
  option->set(options, value);
  if (option->get(options) != value) return "the value is too large";
  return {};
}

std::string check(const RunOptions& options) {
  const std::tuple<const char*, std::uint64_t, std::uint64_t> ranges[] = {
      {"hosts", 2, 200},
      {"nat_hosts", 0, options.hosts - 1},
      {"named", 0, 1},
      {"fragments", 0, 1},
      {"record_bytes", 1, 2048},
      {"window_bytes", 1, std::uint64_t{1} << 40U},
      {"slabs", 2, 1 << 20},
      {"slab_bytes", 64, 1 << 24},
      {"message_bytes_max", 0, std::uint64_t{1} << 30U},
      {"chaos_ns", 1, number_of(Duration(std::chrono::hours(24)))},
      {"limit_quantum_bytes", 2048, 1 << 30},
      {"limit_transactions", 1, 1 << 30},
      {"limit_sessions_per_connection", 1, 1 << 30},
      {"limit_intervals", 1, 1 << 30},
      {"limit_events", 1, 1 << 30},
  };
  for (const auto& [name, least, most] : ranges) {
    const std::uint64_t value =
        std::ranges::find(run_options(), std::string_view(name), &RunOption::name)->get(options);
    if (value >= least && value <= most) continue;
    return std::string(name) + " is from " + std::to_string(least) + " to " + std::to_string(most);
  }
  return {};
}

std::string describe(const RunOptions& options) {
  std::string text;
  for (const RunOption& option : run_options()) {
    text.append(option.name).append(" ").append(std::to_string(option.get(options))).append("\n");
  }
  return text;
}

}  // namespace msrp::sim
