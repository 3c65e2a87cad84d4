#include "backends/sim/resolver.hpp"

#include <algorithm>
#include <utility>

namespace msrp::sim {

std::string Resolver::lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

void Resolver::ask(std::string_view host, Instant deadline, OnAnswer on_answer) {
  const Instant now = scheduler_.now();
  deadline = std::max(deadline, now);
  const auto known = answers_.find(lower(host));
  Result<std::vector<DnsRecord>> answer = std::unexpected(Error{Errc::resolve_failed});
  Instant when = now;
  if (known != answers_.end()) {
    const Answer& said = known->second;
    when = said.silent ? Instant::max() : now + said.delay + chance_.duration(said.jitter);
    if (!said.records.empty()) answer = said.records;
  }
  if (when > deadline) {
    when = deadline;
    answer = std::unexpected(Error{Errc::timed_out});
  }
  scheduler_.at(when, [on_answer = std::move(on_answer), answer = std::move(answer)]() mutable {
    on_answer(std::move(answer));
  });
}

}  // namespace msrp::sim
