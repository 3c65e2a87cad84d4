// msrp sim --html: a run as one page with a diagram that can be zoomed, which loads nothing.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "apps/msrp/output.hpp"
#include "backends/sim/world/chunk_watch.hpp"
#include "backends/sim/world/run.hpp"

namespace msrp::app {

// The page up to its records; html/ is what it is made of.
extern const std::string_view run_page;

// Behind the page each record is a data block of JSON: the run, what happened in the order in which
// it is known, and last the verdict. Times are nanoseconds since the run began.
class SimHtml final : public sim::ChunkWatch {
 public:
  // nullptr: see errno.
  static std::unique_ptr<SimHtml> create(const std::string& file, const sim::RunOptions& options);
  ~SimHtml() override;
  SimHtml(const SimHtml&) = delete;
  SimHtml& operator=(const SimHtml&) = delete;

  // False when something could not be written: see errno.
  bool finish(const sim::Outcome& outcome);

  void begins(const sim::Network& network, Instant now) override;
  void note(std::uint32_t host, std::string_view kind, std::uint64_t detail, Instant now) override;
  void phase(std::string_view name, Instant now) override;
  void fault(std::string_view what, sim::HostId a, sim::HostId b, Instant now) override;

 private:
  SimHtml(std::FILE* file, const sim::RunOptions& options) : file_(file), options_(options) {}
  void made(const sim::WatchedStream& stream, Instant now) override;
  void ended(const sim::WatchedStream& stream, sim::HostId by, Instant now) override;
  void reset(const sim::WatchedStream& stream, sim::HostId by, Instant now) override;
  void arrived(const sim::WatchedChunk& chunk, Instant now) override;
  void lost(const sim::WatchedChunk& chunk) override;
  void put(std::string_view octets) noexcept;
  void put_stream(const sim::WatchedStream& stream, sim::HostId by, std::string_view what,
                  Instant now);
  void put_chunk(const sim::WatchedChunk& chunk);
  Json record(std::string_view kind, Instant now) const;

  std::FILE* file_;
  const sim::RunOptions options_;
  int error_ = 0;
};

}  // namespace msrp::app
