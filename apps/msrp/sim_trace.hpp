// msrp sim --trace: a line for each thing that happens in a run, on standard output.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/sim/world/chunk_watch.hpp"

namespace msrp::app {

class SimTrace final : public sim::ChunkWatch {
 public:
  // full: streams, chunks and the network's faults too.
  explicit SimTrace(bool full) noexcept : full_(full) {}

  void begins(const sim::Network& network, Instant now) override;
  void note(std::uint32_t host, std::string_view kind, std::uint64_t detail, Instant now) override;
  void phase(std::string_view name, Instant now) override;
  void fault(std::string_view what, sim::HostId a, sim::HostId b, Instant now) override;

 private:
  void made(const sim::WatchedStream& stream, Instant now) override;
  void ended(const sim::WatchedStream& stream, sim::HostId by, Instant now) override;
  void reset(const sim::WatchedStream& stream, sim::HostId by, Instant now) override;
  void written(const sim::WatchedChunk& chunk, Instant now) override;
  void arrived(const sim::WatchedChunk& chunk, Instant now) override;
  void lost(const sim::WatchedChunk& chunk) override;
  void print_stream(const sim::WatchedStream& stream, sim::HostId by, std::string_view what,
                    Instant now);
  void print_chunk(const sim::WatchedChunk& chunk, std::string_view what, Instant now);

  void print_line(Instant now, std::string_view what) const;
  std::string way(sim::HostId from, sim::HostId to) const;

  const bool full_;
  std::vector<std::string> names_;  // by host
  Instant last_{};
};

}  // namespace msrp::app
