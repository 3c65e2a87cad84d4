// Runs ours and its yardstick by turns and keeps what they measured.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/msrp/bench/spec.hpp"
#include "apps/msrp/options.hpp"

namespace msrp::app::bench {

// One server and its clients, from their start to their end.
struct Run {
  Figures server;
  Figures client;                        // several are added up
  std::optional<Figures> while_stalled;  // of one who asks while others are in mid-handshake

  double per_second() const noexcept {
    return client.seconds > 0 ? static_cast<double>(client.amount) / client.seconds : 0;
  }
};

struct Round {
  std::optional<Run> ours;  // absent with --raw
  Run raw;
};

class Rounds {
 public:
  // Throws std::runtime_error: what happened and what to do.
  explicit Rounds(const BenchOptions& options);

  // Ours first in every other one.
  Round next();

 private:
  Run run(const std::string& side);
  void run_idle_connections(const Spec& spec, class Part& server, Run& run);
  Figures run_while_stalled(const Spec& spec);
  nlohmann::json expect(class Part& part, const char* what) const;

  const BenchOptions& options_;
  Spec base_;
  unsigned round_ = 0;
};

}  // namespace msrp::app::bench
