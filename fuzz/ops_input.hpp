// What fuzz_engine_ops makes of its first octets: numbers, and two engines with small limits.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "support/pair.hpp"

namespace msrp::fuzz {

class OpsInput {
 public:
  OpsInput(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t octet() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  // Small numbers often, large ones sometimes.
  std::size_t size() {
    const std::uint8_t value = octet();
    return value < 200 ? value : std::size_t{1} << (value % 17);
  }
  std::string text(std::size_t n) {
    n = std::min(n, bytes_.size());
    std::string out(reinterpret_cast<const char*>(bytes_.data()), n);
    bytes_ = bytes_.subspan(n);
    return out;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

inline void limit(Limits& limits, std::uint8_t small) {
  limits.quantum_bytes = 2048 + 64U * (small % 16);
  limits.transmit_bytes = small % 2 ? 8 * 1024 : 64 * 1024;
  limits.held_bytes = small % 3 ? 16 * 1024 : 64 * 1024;
  limits.transactions = 1 + small % 5;
  limits.events = 8 + small % 20;
  limits.incoming_messages = 2 + small % 4;
  limits.intervals = 2 + small % 7;
  limits.write_window_bytes = 1000 + 100U * small;
  limits.outgoing_messages = 16;
  limits.sessions_per_connection = 3;
  limits.connections = 4;
  limits.requests = 1 + small % 6;
  limits.path_bytes = small % 2 ? 300 : 64 * 1024;
  limits.remembered_message_ids = small % 8;
  limits.remembered_sessions = small % 3;
}

// Each of those that are ours on or off, all shorter than what calming down takes.
inline void hurry(Timeouts& timeouts, std::uint8_t which) {
  using std::chrono::seconds;
  if (which & 1U) timeouts.keep_alive = seconds(5);
  if (which & 2U) timeouts.idle = seconds(3);
  if (which & 4U) timeouts.message = seconds(10);
  timeouts.behind = which & 8U ? seconds(2) : seconds(0);
  if (which & 16U) timeouts.transaction = seconds(4);
}

// What one side of a session wants.
inline SessionOptions wishes(std::uint8_t octet) {
  SessionOptions made;
  made.handling = static_cast<Handling>(octet % 3);
  made.when_behind = octet & 4U ? WhenBehind::refuse : WhenBehind::pause;
  made.automatic_reports = octet & 8U;
  made.drop_duplicates = octet & 16U;
  made.share_connection = octet & 32U;
  made.match = octet & 64U ? SessionMatch::session_id : SessionMatch::full_uri;
  if (octet & 128U) made.max_size_bytes = 30'000;
  return made;
}

inline test::PairOptions pair_options(OpsInput& input) {
  test::PairOptions made;
  for (test::NodeOptions* node : {&made.a, &made.b}) {
    node->seed = input.octet();
    node->slab_bytes = 1024U << (input.octet() % 4);
    node->slabs = 1024 * 1024 / node->slab_bytes;
    limit(node->config.limits, input.octet());
    hurry(node->config.timeouts, input.octet());
  }
  made.a_accepts = wishes(input.octet());
  made.b_accepts = wishes(input.octet());
  // The stage is set without an application that answers the first request.
  if (made.b_accepts.handling == Handling::chunks) {
    made.b_accepts.handling = Handling::messages_and_more;
  }
  return made;
}

}  // namespace msrp::fuzz
