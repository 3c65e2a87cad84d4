#include "apps/msrp/sim_trace.hpp"

#include <fmt/format.h>

#include <chrono>

#include "apps/msrp/text.hpp"

namespace msrp::app {

std::string host_name(const sim::RunOptions& options, sim::HostId host) {
  return host < options.hosts ? fmt::format("host-{}", host)
                              : fmt::format("stranger-{}", host - options.hosts);
}

std::string chunk_name(const sim::WireChunk& chunk) {
  if (chunk.head.empty()) return "octets";
  constexpr std::size_t magic = 5;  // "MSRP "
  const std::string_view line = std::string_view(chunk.head).substr(0, chunk.head.find("\r\n"));
  const std::size_t blank = std::min(line.find(' ', magic), line.size() - 1);
  return printable(fmt::format("{} {}", line.substr(blank + 1), line.substr(magic, blank - magic)));
}

void SimTrace::line(Instant now, std::string_view text) const {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - sim::run_start);
  fmt::print("{} us  {}\n", since.count(), text);
}

std::string SimTrace::way(sim::HostId from, sim::HostId to, std::uint32_t stream) const {
  return fmt::format("{} -> {} ({})", host_name(options_, from), host_name(options_, to), stream);
}

void SimTrace::note(Instant now, sim::HostId host, std::string_view kind, std::uint64_t detail) {
  line(now, fmt::format("{}  {} {}", host_name(options_, host), kind, detail));
}

void SimTrace::written(const sim::WireChunk& chunk) {
  if (!full_) return;
  line(chunk.written, fmt::format("{}  {}, {} octets{}{}", way(chunk.from, chunk.to, chunk.stream),
                                  chunk_name(chunk), chunk.bytes, chunk.head.empty() ? "" : ", ",
                                  chunk.head.empty() ? "" : std::string(1, chunk.flag)));
}

void SimTrace::ended(const sim::WireChunk& chunk) {
  if (!full_) return;
  const std::string name = way(chunk.from, chunk.to, chunk.stream) + "  " + chunk_name(chunk);
  if (chunk.arrived) return line(*chunk.arrived, name + " has arrived");
  line(chunk.written, name + " never arrived");
}

void SimTrace::stream(Instant now, std::string_view what, std::uint32_t stream, sim::HostId from,
                      sim::HostId to) {
  if (full_) line(now, fmt::format("{}  {}", way(from, to, stream), what));
}

}  // namespace msrp::app
