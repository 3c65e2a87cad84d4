#include "apps/msrp/sim_html.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "apps/msrp/data_block.hpp"
#include "apps/msrp/text.hpp"

namespace msrp::app {

std::unique_ptr<SimHtml> SimHtml::create(const std::string& file, const sim::RunOptions& options) {
  std::FILE* opened = std::fopen(file.c_str(), "wbe");
  if (opened == nullptr) return nullptr;
  return std::unique_ptr<SimHtml>(new SimHtml(opened, options));
}

SimHtml::~SimHtml() {
  if (file_ != nullptr) std::fclose(file_);
}

void SimHtml::put(std::string_view octets) noexcept {
  if (error_ == 0 && std::fwrite(octets.data(), 1, octets.size(), file_) != octets.size()) {
    error_ = errno;
  }
}

bool SimHtml::finish(const sim::Outcome& outcome) {
  ChunkWatch::finish();
  put(data_block({{"kind", "verdict"},
                  {"verdict", sim::describe(outcome.verdict)},
                  {"what", json_text(outcome.what)},
                  {"hash", fmt::format("{:016x}", outcome.hash)},
                  {"events", outcome.events},
                  {"octets", outcome.octets},
                  {"virtual_time", outcome.virtual_time.count()}}));
  if (std::fclose(std::exchange(file_, nullptr)) != 0 && error_ == 0) error_ = errno;
  errno = error_;
  return error_ == 0;
}

void SimHtml::begins(const sim::Network& network, Instant now) {
  ChunkWatch::begins(network, now);
  put(run_page);
  Json run{{"kind", "run"}, {"seed", std::to_string(options_.seed)}};
  for (sim::HostId host = 0; host < network.hosts(); ++host) {
    run["hosts"].push_back(json_text(network.name(host)));
  }
  const std::string described = sim::describe(options_);
  for (std::string_view rest = described; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const std::size_t blank = line.find(' ');
    run["options"].push_back(Json::array({line.substr(0, blank), line.substr(blank + 1)}));
  }
  put(data_block(run));
}

Json SimHtml::record(std::string_view kind, Instant now) const {
  return {{"kind", kind}, {"t", (now - start()).count()}};
}

void SimHtml::note(std::uint32_t host, std::string_view kind, std::uint64_t detail, Instant now) {
  Json event = record("event", now);
  event.update({{"host", host}, {"what", kind}, {"detail", detail}});
  put(data_block(event));
}

void SimHtml::phase(std::string_view name, Instant now) {
  Json phase = record("phase", now);
  phase["what"] = name;
  put(data_block(phase));
}

void SimHtml::fault(std::string_view what, sim::HostId a, sim::HostId b, Instant now) {
  Json fault = record("fault", now);
  fault.update({{"what", what}, {"a", a}, {"b", b}});
  put(data_block(fault));
}

void SimHtml::made(const sim::WatchedStream& stream, Instant now) {
  put_stream(stream, stream.hosts[0], "connected", now);
}

void SimHtml::ended(const sim::WatchedStream& stream, sim::HostId by, Instant now) {
  put_stream(stream, by, "ended", now);
}

void SimHtml::reset(const sim::WatchedStream& stream, sim::HostId by, Instant now) {
  put_stream(stream, by, "reset", now);
}

void SimHtml::put_stream(const sim::WatchedStream& stream, sim::HostId by, std::string_view what,
                         Instant now) {
  Json made = record("stream", now);
  made.update({{"what", what},
               {"stream", stream.number},
               {"by", by},
               {"to", stream.hosts[stream.hosts[0] == by ? 1 : 0]}});
  put(data_block(made));
}

void SimHtml::arrived(const sim::WatchedChunk& chunk, Instant) {
  put_chunk(chunk);
}

void SimHtml::lost(const sim::WatchedChunk& chunk) {
  put_chunk(chunk);
}

void SimHtml::put_chunk(const sim::WatchedChunk& chunk) {
  const auto time = [this](const std::optional<Instant>& when) {
    return when ? Json((*when - start()).count()) : Json();
  };
  Json made = record(chunk.is_msrp ? "chunk" : "octets", chunk.begun);
  made.update({{"written", time(chunk.written)},
               {"arrived", time(chunk.arrived)},
               {"lost", time(chunk.lost)},
               {"stream", chunk.stream},
               {"from", chunk.from},
               {"to", chunk.to},
               {"octets", chunk.octets}});
  if (chunk.is_msrp) {
    const bool is_whole = chunk.flag != sim::WatchedChunk::unfinished;
    made["body_bytes"] = chunk.body_bytes;
    made["flag"] = is_whole ? Json(json_text({&chunk.flag, 1})) : Json();
    made["head"] = json_text(chunk.head);
  }
  put(data_block(made));
}

}  // namespace msrp::app
