#include "apps/msrp/sim_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "apps/msrp/text.hpp"

namespace msrp::app {
namespace {

void print_line(Instant now, std::string_view what) {
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  fmt::print("{} us  {}\n", since, what);
}

}  // namespace

void SimTrace::note(std::uint32_t host, std::string_view kind, std::uint64_t detail, Instant now) {
  last_ = now;
  print_line(now, fmt::format("host-{}  {} {}", host, kind, detail));
}

void SimTrace::phase(std::string_view name, Instant now) {
  last_ = now;
  if (full_) print_line(now, fmt::format("run  {}", name));
}

void SimTrace::fault(std::string_view what, sim::HostId a, sim::HostId b, Instant now) {
  if (!full_) return;
  print_line(now, a == b ? fmt::format("network  {} host-{}", what, a)
                         : fmt::format("network  {} host-{} -> host-{}", what, a, b));
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
  print_line(now, fmt::format("host-{} -> host-{}  stream {}  {}", by,
                              stream.hosts[stream.hosts[0] == by ? 1 : 0], stream.number, what));
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
      fmt::format("host-{} -> host-{}  stream {}  {}", chunk.from, chunk.to, chunk.stream, what);
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
