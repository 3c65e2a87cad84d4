// A run of a simulated world as a page: a sequence diagram in time, with its faults.
#pragma once

#include <cstdio>
#include <string_view>

#include "apps/msrp/output.hpp"
#include "backends/sim/world/run.hpp"

namespace msrp::app {

// The page up to its records; html/run.* is what it is made of. See TraceHtml.
extern const std::string_view run_page;

class SimHtml final : public sim::RunObserver {
 public:
  // The file is the caller's.
  SimHtml(std::FILE* file, const sim::RunOptions& options);

  void note(Instant now, sim::HostId host, std::string_view kind, std::uint64_t detail) override;
  void ended(const sim::WireChunk& chunk) override;
  void stream(Instant now, std::string_view what, std::uint32_t stream, sim::HostId from,
              sim::HostId to) override;
  void fault(Instant now, std::string_view what, sim::HostId a, sim::HostId b) override;
  void verdict(const sim::Outcome& outcome);

 private:
  void write(const Json& record);

  std::FILE* file_;
  const sim::RunOptions& options_;
};

}  // namespace msrp::app
