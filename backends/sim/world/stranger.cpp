#include "backends/sim/world/stranger.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace msrp::sim {
namespace {

constexpr std::uint16_t port = 2855;
constexpr std::size_t heard_bytes_max = 64 * 1024;

std::string_view header(std::string_view chunk, std::string_view name) {
  const std::size_t at = chunk.find("\r\n" + std::string(name) + ": ");
  if (at == std::string_view::npos) return {};
  const std::string_view value = chunk.substr(at + 4 + name.size());
  return value.substr(0, value.find("\r\n"));
}

}  // namespace

Stranger::Stranger(SimWorld& world, std::string name, const IpAddress& ip)
    : world_(world),
      host_(world.network.add_host(std::move(name), ip)),
      chance_(world.chance.fork(1000 + host_)) {
  (void)world_.network.listen(*this, host_, ListenerId{0, 1}, {ip, port}, {});
}

Stranger::~Stranger() {
  leave();
}

std::string Stranger::path(std::uint32_t session) const {
  return "msrp://" + world_.network.address(host_).text() + ":" + std::to_string(port) +
         "/strange" + std::to_string(session) + ";tcp";
}

void Stranger::visit(const SocketAddress& at, const NastyTarget& target) {
  const End end = world_.network.connect(*this, host_, at);
  Talk& talk = talks_[end];
  talk.script = nasty_script(chance_, target);
  talk.reads = chance_.one_of(3, 4);
  talk.is_visit = true;
}

void Stranger::leave() {
  world_.network.stop_listening(*this);
  while (!talks_.empty()) end_of(talks_.begin()->first, true);
}

void Stranger::accepted(ListenerId, End end) {
  world_.network.take(end);
  talks_[end].reads = true;
  readable(end);
}

void Stranger::refused(End end) {
  world_.network.release(end, false);
  talks_.erase(end);
}

void Stranger::end_of(End end, bool broken) {
  const auto at = talks_.find(end);
  if (at == talks_.end()) return;
  check(at->second);
  talks_.erase(at);
  world_.network.release(end, broken);
}

void Stranger::say(End end) {
  const auto at = talks_.find(end);
  if (at == talks_.end() || world_.network.is_broken(end)) return;
  Talk& talk = at->second;
  const std::string& octets = talk.script.octets;
  while (talk.said < octets.size()) {
    const std::size_t most = talk.script.is_slow ? 1 + chance_.below(4) : octets.size();
    const auto rest = std::as_bytes(std::span(octets).subspan(talk.said));
    const std::size_t taken = world_.network.write(end, rest.first(std::min(rest.size(), most)));
    talk.said += taken;
    if (taken == 0) return;  // writable() goes on
    if (!talk.script.is_slow) continue;
    return world_.scheduler.after(std::chrono::milliseconds(chance_.between(1, 500)),
                                  [this, end] { say(end); });
  }
  if (talk.script.resets) return end_of(end, true);
  if (talk.script.ends) world_.network.write_end(end);
}

void Stranger::readable(End end) {
  const auto at = talks_.find(end);
  if (at == talks_.end()) return;
  Talk& talk = at->second;
  std::byte octets[4096];
  while (talk.reads && world_.network.readable_bytes(end) > 0) {
    const std::size_t bytes = world_.network.read(end, octets);
    if (talk.heard.size() > heard_bytes_max) talk.heard.erase(0, heard_bytes_max / 2);
    talk.heard.append(reinterpret_cast<const char*>(octets), bytes);
  }
  if (!talk.is_visit) listen_to(end, talk);
  if (world_.network.is_broken(end) || world_.network.at_end(end)) end_of(end, false);
}

// A session's peer: each request that it has heard whole gets some answer.
void Stranger::listen_to(End end, Talk& talk) {
  for (;;) {
    const std::string_view heard = talk.heard;
    const std::size_t start = heard.find("MSRP ");
    if (start == std::string_view::npos) return;
    const std::string_view id = heard.substr(start + 5, heard.find(' ', start + 5) - start - 5);
    const std::size_t mark = heard.find("\r\n-------" + std::string(id), start);
    if (mark == std::string_view::npos || heard.size() < mark + 12 + id.size()) return;
    const std::string_view chunk = heard.substr(start, mark + 2 - start);
    const std::string_view word = chunk.substr(6 + id.size());
    const bool asks = !word.starts_with("REPORT") && !(word.front() >= '0' && word.front() <= '9');
    if (asks) {
      talk.script.octets += nasty_answer(chance_, id, header(chunk, "To-Path"),
                                         header(chunk, "From-Path"), header(chunk, "Message-ID"));
    }
    talk.heard.erase(0, mark + 12 + id.size());
    if (chance_.one_of(1, 40)) talk.script.octets += "\r\n";
    if (chance_.one_of(1, 200)) talk.script.resets = true;
    say(end);
    if (!talks_.contains(end)) return;
  }
}

// Nothing that a visitor says is fine: it has no session.
void Stranger::check(const Talk& talk) {
  if (!talk.is_visit || !wrong_.empty()) return;
  const std::string_view heard = talk.heard;
  for (std::size_t at = heard.find("MSRP "); at != std::string_view::npos;
       at = heard.find("MSRP ", at + 1)) {
    const std::string_view line = heard.substr(at, heard.find("\r\n", at) - at);
    const std::size_t first = line.find(' ', 5);
    if (first != std::string_view::npos && line.substr(first + 1).starts_with('2')) {
      wrong_ = "a stranger was answered " + std::string(line.substr(first + 1));
    }
  }
}

}  // namespace msrp::sim
