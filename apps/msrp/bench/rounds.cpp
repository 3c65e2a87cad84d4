#include "apps/msrp/bench/rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include "apps/msrp/bench/channel.hpp"
#include "apps/msrp/bench/meter.hpp"
#include "backends/tls/certificate.hpp"

namespace msrp::app::bench {
namespace {

// Far below half the range of ephemeral ports, from where on connect() takes long to find one.
constexpr unsigned connections_per_port = 8000;
constexpr unsigned descriptors_besides = 64;

void merge(std::vector<std::string>& into, const std::vector<std::string>& from) {
  for (const std::string& name : from) {
    if (!std::ranges::count(into, name)) into.push_back(name);
  }
}

void add(Figures& sum, const Figures& part) {
  sum.cpu_seconds += part.cpu_seconds;
  sum.seconds = std::max(sum.seconds, part.seconds);
  sum.amount += part.amount;
  sum.refused += part.refused;
  sum.octets_sent += part.octets_sent;
  sum.octets_received += part.octets_received;
  merge(sum.congestion_control, part.congestion_control);
}

}  // namespace

Rounds::Rounds(const BenchOptions& options) : options_(options) {
  const std::uint64_t needed =
      std::uint64_t{options.connections} + options.stalled + descriptors_besides;
  if (const std::uint64_t files = raise_open_files(); needed > files) {
    throw std::runtime_error(
        fmt::format("so many connections take {} open files and {} are allowed: raise the hard "
                    "limit of open files, or take fewer",
                    needed, files));
  }
  base_.kind = options.kind;
  base_.backend = options.backend;
  base_.congestion_control = options.congestion_control;
  base_.size_bytes = options.size_bytes;
  base_.window = options.kind == "messages" ? options.window : 1;
  base_.connections = options.connections;
  base_.stalled = options.stalled;
  base_.seconds = options.seconds;
  base_.request_bytes = request_bytes_aim;
  base_.response_bytes = response_bytes_aim;
  if (options.kind == "connections") {
    base_.ports_wanted = (options.connections + options.stalled) / connections_per_port + 1;
  }
  if (!options.tls) return;
  const std::array<std::string, 2> names{"127.0.0.1", "s"};
  auto certificate = backend::make_certificate(names);
  if (!certificate) throw std::runtime_error("no certificate could be made: look at OpenSSL here");
  base_.chain_pem = certificate->chain_pem;
  base_.key_pem = certificate->key_pem;
}

Round Rounds::next() {
  Round round;
  const bool ours_first = round_++ % 2 == 0;
  if (options_.raw_alone) {
    round.raw = run("raw");
    return round;
  }
  if (!ours_first) round.raw = run("raw");
  round.ours = run("ours");
  if (const Figures& client = round.ours->client; base_.kind != "bulk" && client.amount > 0) {
    base_.request_bytes = client.octets_sent / client.amount;
    base_.response_bytes = client.octets_received / client.amount;
  }
  if (ours_first) round.raw = run("raw");
  return round;
}

nlohmann::json Rounds::expect(Part& part, const char* what) const {
  // Only what hangs takes as long.
  const double seconds = 60 + options_.seconds + static_cast<double>(options_.size_bytes) / 20e6 +
                         static_cast<double>(options_.connections) / 100;
  auto message = part.channel().read(std::chrono::milliseconds(static_cast<long>(seconds * 1e3)));
  if (!message) {
    throw std::runtime_error(
        "a process of the benchmark has ended or hangs: look at the memory of this machine");
  }
  if (message->contains("error")) throw std::runtime_error(message->at("error").get<std::string>());
  if (!message->contains(what)) throw std::runtime_error("a process says nonsense: report this");
  return message->at(what);
}

Run Rounds::run(const std::string& side) {
  Spec spec = base_;
  spec.side = side;
  spec.role = "server";
  Run run;
  Part server(spec);
  spec.ports = expect(server, "ports").get<std::vector<std::uint16_t>>();
  spec.role = "client";
  if (spec.kind == "connections") {
    run_idle_connections(spec, server, run);
  } else {
    Part client(spec);
    run.client = expect(client, "figures").get<Figures>();
  }
  server.channel().write({{"stop", true}});
  run.server = expect(server, "figures").get<Figures>();
  if (spec.kind != "connections" && run.server.amount != run.client.amount) {
    throw std::runtime_error(fmt::format("{} were answered and {} have come ({}): report this",
                                         run.client.amount, run.server.amount, side));
  }
  return run;
}

void Rounds::run_idle_connections(const Spec& spec, Part& server, Run& run) {
  std::vector<std::unique_ptr<Part>> clients;
  const unsigned processes = std::min(2U, spec.connections);
  for (unsigned i = 0; i < processes; ++i) {
    Spec own = spec;
    own.first_session = spec.connections * i / processes;
    own.connections = spec.connections * (i + 1) / processes - own.first_session;
    clients.push_back(std::make_unique<Part>(own));
  }
  for (const auto& client : clients) expect(*client, "settled");
  expect(server, "settled");
  if (spec.stalled > 0) run.while_stalled = run_while_stalled(spec);
  for (const auto& client : clients) {
    client->channel().write({{"stop", true}});
    add(run.client, expect(*client, "figures").get<Figures>());
  }
}

Figures Rounds::run_while_stalled(const Spec& spec) {
  Spec staller_spec = spec;
  staller_spec.role = "staller";
  staller_spec.side = "raw";
  Part staller(staller_spec);
  expect(staller, "settled");
  Spec asker = spec;
  asker.kind = "latency";
  asker.first_session = spec.connections;
  asker.connections = 1;
  Part client(asker);
  return expect(client, "figures").get<Figures>();
}

}  // namespace msrp::app::bench
