#include "apps/msrp/bench/raw/talker.hpp"

#include <algorithm>
#include <cstdint>

namespace msrp::app::bench::raw {
namespace {

// Always the same octets, as MSRP's body has, so that both come from a warm cache.
Octets block() {
  static const std::vector<std::byte> octets(block_bytes, std::byte{'x'});
  return octets;
}

}  // namespace

Octets Debtor::next() {
  return block().first(static_cast<std::size_t>(std::min<std::uint64_t>(owed_bytes_, block_bytes)));
}

void Answerer::received(Octets octets) {
  partial_bytes_ += octets.size();
  const std::uint64_t whole = partial_bytes_ / request_bytes_;
  if (whole == 0) return;
  partial_bytes_ %= request_bytes_;
  owe(whole * response_bytes_);
  for (std::uint64_t i = 0; i < whole; ++i) whole_();
}

Octets Asker::next() {
  if (!begun_) {
    begun_ = true;
    open_ = options_.window;
    owe(open_ * options_.request_bytes);
    asked_.begin = asked_.end = std::chrono::steady_clock::now();
  }
  return Debtor::next();
}

void Asker::received(Octets octets) {
  partial_bytes_ += octets.size();
  const std::uint64_t whole = std::min(open_, partial_bytes_ / options_.response_bytes);
  if (whole == 0) return;
  partial_bytes_ %= options_.response_bytes;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (options_.keeps_round_trips) {
    const auto took =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - asked_.end).count();
    asked_.round_trips_ns.push_back(static_cast<std::uint32_t>(std::min<long>(took, UINT32_MAX)));
  }
  asked_.answers += whole;
  asked_.end = now;
  if (now - asked_.begin < options_.time) return owe(whole * options_.request_bytes);
  open_ -= whole;
  if (open_ == 0) on_answered_();
}

}  // namespace msrp::app::bench::raw
