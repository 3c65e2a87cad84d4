// What happens in a simulated world, as lines of text.
#pragma once

#include <string>
#include <string_view>

#include "backends/sim/world/run.hpp"

namespace msrp::app {

// "host-3"; strangers come behind the hosts.
std::string host_name(const sim::RunOptions& options, sim::HostId host);
// What a chunk's head begins with: "SEND abcd1234", "200 OK abcd1234"; of other octets "octets".
std::string chunk_name(const sim::WireChunk& chunk);

class SimTrace final : public sim::RunObserver {
 public:
  // full: chunks and connections too, not only what applications do and hear.
  SimTrace(const sim::RunOptions& options, bool full) : options_(options), full_(full) {}

  void note(Instant now, sim::HostId host, std::string_view kind, std::uint64_t detail) override;
  void written(const sim::WireChunk& chunk) override;
  void ended(const sim::WireChunk& chunk) override;
  void stream(Instant now, std::string_view what, std::uint32_t stream, sim::HostId from,
              sim::HostId to) override;

 private:
  void line(Instant now, std::string_view text) const;
  std::string way(sim::HostId from, sim::HostId to, std::uint32_t stream) const;

  const sim::RunOptions& options_;
  const bool full_;
};

}  // namespace msrp::app
