#include "apps/msrp/sim_html.hpp"

#include <chrono>
#include <set>
#include <string>

#include "apps/msrp/html_data.hpp"
#include "apps/msrp/sim_trace.hpp"
#include "apps/msrp/text.hpp"

namespace msrp::app {
namespace {

double seconds(Instant now) {
  return std::chrono::duration<double>(now - sim::run_start).count();
}

}  // namespace

SimHtml::SimHtml(std::FILE* file, const sim::RunOptions& options) : file_(file), options_(options) {
  std::fwrite(run_page.data(), 1, run_page.size(), file_);
  Json shown = Json::object();
  for (const sim::RunOption& option : sim::run_options()) {
    shown[std::string(option.name)] = option.get(options);
  }
  Json hosts = Json::array();
  for (sim::HostId host = 0; host < options.hosts + sim::strangers_in_a_run; ++host) {
    hosts.push_back(host_name(options, host));
  }
  write({{"kind", "run"}, {"options", std::move(shown)}, {"hosts", std::move(hosts)}});
}

void SimHtml::write(const Json& record) {
  const std::string block = html_data(record);
  std::fwrite(block.data(), 1, block.size(), file_);
}

void SimHtml::note(Instant now, sim::HostId host, std::string_view kind, std::uint64_t detail) {
  if (kind == "data") return;  // one for each piece of a body says too little
  write(
      {{"kind", "note"}, {"t", seconds(now)}, {"host", host}, {"what", kind}, {"detail", detail}});
}

void SimHtml::ended(const sim::WireChunk& chunk) {
  Json record = {{"kind", "chunk"},
                 {"t", seconds(chunk.begun)},
                 {"written", seconds(chunk.written)},
                 {"from", chunk.from},
                 {"to", chunk.to},
                 {"stream", chunk.stream},
                 {"secure", chunk.secure},
                 {"name", json_text(chunk_name(chunk))},
                 {"head", json_text(chunk.head)},
                 {"bytes", chunk.bytes},
                 {"flag", json_text(std::string_view(&chunk.flag, 1))}};
  if (chunk.arrived) record["arrived"] = seconds(*chunk.arrived);
  write(record);
}

void SimHtml::stream(Instant now, std::string_view what, std::uint32_t stream, sim::HostId from,
                     sim::HostId to) {
  write({{"kind", "stream"},
         {"t", seconds(now)},
         {"what", what},
         {"stream", stream},
         {"from", from},
         {"to", to}});
}

void SimHtml::fault(Instant now, std::string_view what, sim::HostId a, sim::HostId b) {
  write({{"kind", "fault"}, {"t", seconds(now)}, {"what", what}, {"from", a}, {"to", b}});
}

void SimHtml::verdict(const sim::Outcome& outcome) {
  write({{"kind", "verdict"},
         {"verdict", sim::describe(outcome.verdict)},
         {"what", outcome.what},
         {"events", outcome.events},
         {"octets", outcome.octets},
         {"seconds", std::chrono::duration<double>(outcome.virtual_time).count()}});
}

}  // namespace msrp::app
