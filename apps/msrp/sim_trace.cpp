#include "apps/msrp/sim_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "apps/msrp/text.hpp"

namespace msrp::app {

void SimTrace::begins(const sim::Network& network, Instant now) {
  ChunkWatch::begins(network, now);
  for (sim::HostId host = 0; host < network.hosts(); ++host) {
    names_.push_back(network.name(host));
  }
}

// Times count from the beginning of the run.
void SimTrace::print_line(Instant now, std::string_view what) const {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - start()).count();
  fmt::print("{} us  {}\n", since, what);
}

std::string SimTrace::way(sim::HostId from, sim::HostId to) const {
  return fmt::format("{} -> {}", names_.at(from), names_.at(to));
}

void SimTrace::note(std::uint32_t host, std::string_view kind, std::uint64_t detail, Instant now) {
  last_ = now;
  print_line(now, fmt::format("{}  {} {}", names_.at(host), kind, detail));
}

void SimTrace::phase(std::string_view name, Instant now) {
  last_ = now;
  if (full_) print_line(now, fmt::format("run  {}", name));
}

void SimTrace::fault(std::string_view what, sim::HostId a, sim::HostId b, Instant now) {
  if (!full_) return;
  print_line(now, fmt::format("network  {} {}", what, a == b ? names_.at(a) : way(a, b)));
}

void SimTrace::made(const sim::WatchedStream& stream, Instant now) {
  print_stream(stream, stream.hosts[0], "connected", now);
}

void SimTrace::ended(const sim::WatchedStream& stream, sim::HostId by, Instant now) {
  print_stream(stream, by, "ended", now);
}

void SimTrace::reset(const sim::WatchedStream& stream, sim::HostId by, Instant now) {
  print_stream(stream, by, "reset", now);
}

void SimTrace::print_stream(const sim::WatchedStream& stream, sim::HostId by, std::string_view what,
                            Instant now) {
  if (!full_) return;
  const sim::HostId other = stream.hosts[stream.hosts[0] == by ? 1 : 0];
  print_line(now, fmt::format("{}  stream {}  {}", way(by, other), stream.number, what));
}

void SimTrace::written(const sim::WatchedChunk& chunk, Instant now) {
  print_chunk(chunk, "wrote", now);
}

void SimTrace::arrived(const sim::WatchedChunk& chunk, Instant now) {
  print_chunk(chunk, "arrived", now);
}

// The time is that of the news.
void SimTrace::lost(const sim::WatchedChunk& chunk) {
  print_chunk(chunk, "lost", std::max(last_, chunk.lost.value_or(last_)));
}

void SimTrace::print_chunk(const sim::WatchedChunk& chunk, std::string_view what, Instant now) {
  last_ = std::max(last_, now);
  if (!full_) return;
  std::string text =
      fmt::format("{}  stream {}  {}", way(chunk.from, chunk.to), chunk.stream, what);
  if (chunk.is_msrp) {
    text += fmt::format("  {}", printable(chunk.first_line()));
    for (const std::string_view name : {"Message-ID", "Byte-Range"}) {
      if (const auto value = chunk.header(name); !value.empty()) text += "  " + printable(value);
    }
  }
  text += fmt::format("  {} octets", chunk.octets);
  if (chunk.is_msrp) {
    const bool is_whole = chunk.flag != sim::WatchedChunk::unfinished;
    text += is_whole ? fmt::format(" {}", printable({&chunk.flag, 1})) : " unfinished";
  }
  print_line(now, text);
}

}  // namespace msrp::app
