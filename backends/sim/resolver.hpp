// Simulated name resolution: records that change, fail and come late.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/sim/random.hpp"
#include "backends/sim/scheduler.hpp"
#include "msrp/command.hpp"
#include "msrp/error.hpp"

namespace msrp::sim {

// One for all hosts, as the names are. Names compare without case.
class Resolver {
 public:
  struct Answer {
    std::vector<DnsRecord> records;  // empty: the name does not exist
    bool silent = false;             // no answer ever comes
    Duration delay{};                // at least
    Duration jitter{};               // at most so much more
  };

  Resolver(Scheduler& scheduler, std::uint64_t seed) : scheduler_(scheduler), chance_(seed) {}

  // From now on; queries under way get what was there when they were asked.
  void set(std::string_view host, Answer answer) { answers_[lower(host)] = std::move(answer); }
  void erase(std::string_view host) { answers_.erase(lower(host)); }

  using OnAnswer = std::move_only_function<void(Result<std::vector<DnsRecord>>)>;
  // on_answer comes once, at the deadline at the latest. Errors: resolve_failed, timed_out.
  void ask(std::string_view host, Instant deadline, OnAnswer on_answer);

 private:
  static std::string lower(std::string_view text);

  Scheduler& scheduler_;
  Chance chance_;
  std::map<std::string, Answer> answers_;
};

}  // namespace msrp::sim
