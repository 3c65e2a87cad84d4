// What an idle session and an idle connection take in one engine: differences of what is in use on
// the heap between runs that differ in one number. Prints a table; --check fails above the budgets.
#include <cstdio>
#include <string_view>

#include "engine_pair.hpp"

namespace {

using namespace msrp;
using bench::EnginePair;
using bench::Side;

constexpr double session_bytes_max = 1536;
constexpr double connection_bytes_max_idle = 4096;
constexpr std::size_t messages_each_way = 100;

struct Sizes {
  double active_bytes = 0, passive_bytes = 0;
};

Sizes operator-(const Sizes& a, const Sizes& b) {
  return {a.active_bytes - b.active_bytes, a.passive_bytes - b.passive_bytes};
}
Sizes operator/(const Sizes& a, double n) {
  return {a.active_bytes / n, a.passive_bytes / n};
}

struct Run {
  std::size_t sessions;
  std::size_t per_connection;
  std::size_t messages = 0;
  std::uint32_t remembered = Limits{}.remembered_message_ids;
};

bool ok = true;

Sizes measure(const Run& run) {
  EnginePair::Options options;
  options.sessions_per_connection = run.per_connection;
  options.config.limits.remembered_message_ids = run.remembered;
  EnginePair pair(options);
  ok = pair.add_sessions(run.sessions) && ok;
  for (std::size_t i = 0; i < run.messages; ++i) pair.exchange("hello, hello");
  // Its result first: everything arrived, and as many connections as were meant.
  const std::size_t messages = run.messages * run.sessions;
  ok = ok && pair.a().messages_complete == messages && pair.b().messages_complete == messages &&
       pair.a().messages_delivered == messages && pair.a().failures + pair.b().failures == 0 &&
       pair.connections() == (run.sessions + run.per_connection - 1) / run.per_connection;
  return {static_cast<double>(pair.a().heap_bytes), static_cast<double>(pair.b().heap_bytes)};
}

void check(const char* what, const Sizes& each, double budget) {
  std::printf("%-58s %8.0f %8.0f", what, each.active_bytes, each.passive_bytes);
  if (budget > 0) std::printf("  of %.0f", budget);
  std::printf("\n");
  if (budget > 0 && (each.active_bytes > budget || each.passive_bytes > budget)) ok = false;
}

}  // namespace

int main(int argc, char** argv) {
  const bool small = argc > 1 && std::string_view(argv[1]) == "--check";
  const std::size_t few = small ? 1000 : 5000;
  const std::size_t many = 2 * few;
  std::printf("%-58s %8s %8s\n", "bytes each, in the engine that", "connects", "listens");

  const Sizes fresh =
      (measure({many, 100}) - measure({few, many / 100 > 0 ? few / (many / 100) : 100})) /
      static_cast<double>(many - few);
  check("idle session, fresh", fresh, session_bytes_max);

  const Sizes used = (measure({many, 100, messages_each_way, 0}) -
                      measure({few, few / (many / 100), messages_each_way, 0})) /
                     static_cast<double>(many - few);
  check("idle session, after 100 messages each way", used, session_bytes_max);

  const Sizes ids =
      (measure({few, 100, messages_each_way}) - measure({few, 100, messages_each_way, 0})) /
      static_cast<double>(few);
  check("  and the Message-IDs that it remembers of them", ids, 0);

  const Sizes connection =
      (measure({few, 10}) - measure({few, 100})) / static_cast<double>(few / 10 - few / 100);
  check("idle connection, fresh, beyond its sessions", connection, connection_bytes_max_idle);
  const Sizes used_connection =
      (measure({few, 10, messages_each_way, 0}) - measure({few, 100, messages_each_way, 0})) /
      static_cast<double>(few / 10 - few / 100);
  check("idle connection, after 100 messages each way", used_connection, connection_bytes_max_idle);
  if (!ok) std::printf("bench_memory: a result is wrong or a budget is exceeded\n");
  return ok ? 0 : 1;
}
