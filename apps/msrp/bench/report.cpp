#include "apps/msrp/bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "apps/msrp/text.hpp"

namespace msrp::app::bench {
namespace {

using Get = std::function<double(const Run&)>;

// One figure of a run, its unit in the name.
struct Column {
  std::string name;
  Get get;
};

std::string rate_name(const std::string& kind) {
  if (kind == "bulk") return "bytes_per_second";
  if (kind == "messages") return "messages_per_second";
  if (kind == "latency") return "round_trips_per_second";
  return "connections_per_second";
}

std::vector<Column> columns_of(const BenchOptions& options) {
  std::vector<Column> columns{
      {rate_name(options.kind), [](const Run& run) { return run.per_second(); }},
      {"server_cpu_seconds", [](const Run& run) { return run.server.cpu_seconds; }},
      {"client_cpu_seconds", [](const Run& run) { return run.client.cpu_seconds; }},
  };
  const auto round_trips = [&columns](Get of_p50, Get of_p99, Get of_max) {
    columns.push_back({"p50_us", std::move(of_p50)});
    columns.push_back({"p99_us", std::move(of_p99)});
    columns.push_back({"max_us", std::move(of_max)});
  };
  if (options.kind == "latency") {
    round_trips([](const Run& run) { return run.client.p50_us; },
                [](const Run& run) { return run.client.p99_us; },
                [](const Run& run) { return run.client.max_us; });
  }
  if (options.kind != "connections") return columns;
  const double count = options.connections;
  columns.push_back(
      {"refused", [](const Run& run) { return static_cast<double>(run.client.refused); }});
  columns.push_back({"server_heap_bytes_per_connection",
                     [count](const Run& run) { return run.server.heap_bytes / count; }});
  columns.push_back({"server_resident_bytes_per_connection",
                     [count](const Run& run) { return run.server.resident_bytes / count; }});
  if (options.stalled > 0) {
    round_trips([](const Run& run) { return run.while_stalled->p50_us; },
                [](const Run& run) { return run.while_stalled->p99_us; },
                [](const Run& run) { return run.while_stalled->max_us; });
  }
  return columns;
}

struct Spread {
  double min = 0, median = 0, max = 0;
};

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {values.front(), median, values.back()};
}

Json json_of(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

std::vector<double> all_of(const std::vector<Round>& rounds, bool ours, const Get& get) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(get(ours ? *round.ours : round.raw));
  return values;
}

double ratio(const Round& round) {
  const double raw = round.raw.per_second();
  return raw > 0 ? round.ours->per_second() / raw : 0;
}

Spread ratios(const std::vector<Round>& rounds) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(ratio(round));
  return spread_of(std::move(values));
}

// What getsockopt() said of every socket of both: one name, if all is as it should be.
std::string congestion_control(const std::vector<Round>& rounds) {
  std::vector<std::string> names;
  const auto take = [&names](const Run& run) {
    for (const Figures* figures : {&run.server, &run.client}) {
      for (const std::string& name : figures->congestion_control) {
        if (!std::ranges::count(names, name)) names.push_back(name);
      }
    }
  };
  for (const Round& round : rounds) {
    if (round.ours) take(*round.ours);
    take(round.raw);
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

// Octets of a whole request and of its answer.
std::pair<std::uint64_t, std::uint64_t> sizes_of(const Run& run) {
  const std::uint64_t count = std::max<std::uint64_t>(run.client.amount, 1);
  return {run.client.octets_sent / count, run.client.octets_received / count};
}

std::string shown(const std::string& name, double value) {
  if (name == "bytes_per_second") return rate_text(value);
  if (name.ends_with("_seconds")) return fmt::format("{:.3f}", value);
  if (name.ends_with("_us")) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

}  // namespace

Json round_json(const BenchOptions& options, const Round& round, unsigned number) {
  Json json{{"round", number}};
  for (const Run* run : {round.ours ? &*round.ours : nullptr, &round.raw}) {
    if (run == nullptr) continue;
    Json side = Json::object();
    for (const Column& column : columns_of(options)) side[column.name] = column.get(*run);
    side["amount"] = run->client.amount;
    side["seconds"] = run->client.seconds;
    json[run == &round.raw ? "raw" : "ours"] = std::move(side);
  }
  if (round.ours) json["ratio_to_raw"] = ratio(round);
  return json;
}

Json result_json(const BenchOptions& options, const std::vector<Round>& rounds) {
  Json json{{"kind", options.kind},
            {"backend", options.backend},
            {"tls", options.tls},
            {"shards", options.shards},
            {"connections", options.connections},
            {"rounds", rounds.size()},
            {"congestion_control", congestion_control(rounds)}};
  if (options.tls) json["cipher_suite"] = tls_suite;
  if (options.kind == "bulk") json["size_bytes"] = options.size_bytes;
  if (options.kind == "messages") json["window"] = options.window;
  if (options.stalled > 0) json["stalled"] = options.stalled;
  if (options.kind != "bulk") {
    const auto [request, response] =
        sizes_of(rounds.back().ours ? *rounds.back().ours : rounds.back().raw);
    json["request_bytes"] = request;
    json["response_bytes"] = response;
  }
  if (!options.raw_alone) json["ratio_to_raw"] = json_of(ratios(rounds));
  for (const bool ours : {true, false}) {
    if (ours && options.raw_alone) continue;
    Json side = Json::object();
    for (const Column& column : columns_of(options)) {
      side[column.name] = json_of(spread_of(all_of(rounds, ours, column.get)));
    }
    json[ours ? "ours" : "raw"] = std::move(side);
  }
  return json;
}

void print_result(Output& output, const BenchOptions& options, const std::vector<Round>& rounds) {
  std::string about = fmt::format("{} over {}{}, {} connection{}", options.kind, options.backend,
                                  options.tls ? fmt::format(" with {}", tls_suite) : "",
                                  options.connections, options.connections == 1 ? "" : "s");
  if (options.kind == "bulk") about += fmt::format(", {}", size_text(options.size_bytes));
  if (options.kind == "messages") about += fmt::format(", window {}", options.window);
  if (options.stalled > 0) about += fmt::format(", {} stalled in mid-handshake", options.stalled);
  if (options.kind != "bulk") {
    const auto [request, response] =
        sizes_of(rounds.back().ours ? *rounds.back().ours : rounds.back().raw);
    about += fmt::format(", {} octets asked and {} answered", request, response);
  }
  output.line(fmt::format("{}; congestion control {}", about, congestion_control(rounds)));
  constexpr std::string_view row = "{:<38}{:<5}{:>14}{:>14}{:>14}";
  output.line(
      fmt::format(row, fmt::format("{} rounds", rounds.size()), "", "min", "median", "max"));
  for (const Column& column : columns_of(options)) {
    for (const bool ours : {true, false}) {
      if (ours && options.raw_alone) continue;
      const Spread spread = spread_of(all_of(rounds, ours, column.get));
      output.line(fmt::format(row, column.name, ours ? "ours" : "raw",
                              shown(column.name, spread.min), shown(column.name, spread.median),
                              shown(column.name, spread.max)));
    }
  }
  if (options.raw_alone) return;
  const Spread spread = ratios(rounds);
  output.line(fmt::format(row, "ratio to raw", "", fmt::format("{:.3f}", spread.min),
                          fmt::format("{:.3f}", spread.median), fmt::format("{:.3f}", spread.max)));
}

}  // namespace msrp::app::bench
