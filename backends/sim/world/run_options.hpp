// What one run of the world is like, drawn from its seed.
#pragma once

#include <cstdint>
#include <string>

#include "backends/sim/network.hpp"
#include "msrp/limits.hpp"

namespace msrp::sim {

// Every seed has some kinds of trouble and not others, so that each gets its turn undisturbed.
struct RunOptions {
  std::uint64_t seed = 0;

  unsigned hosts = 2;
  unsigned sessions = 1;
  unsigned messages = 10;
  std::uint64_t message_bytes_max = 1000;
  Duration chaos = std::chrono::seconds(60);  // in which everything is begun and broken

  // Of a hundred messages so many
  unsigned streams = 0;          // are written piece by piece
  unsigned aborts = 0;           // are given up by their sender after a while
  unsigned rejects = 0;          // by their receiver
  unsigned success_reports = 0;  // ask for one
  unsigned failure_partial = 0;  // say Failure-Report: partial
  unsigned failure_no = 0;       // say Failure-Report: no

  unsigned cuts = 0;      // of one direction between two hosts, for a while
  unsigned crashes = 0;   // of a host, which comes back
  unsigned droughts = 0;  // of a host's pool, for a while
  unsigned hang_ups = 0;  // of a session, by one side

  Link link;
  Duration lateness{};  // of programs after their deadlines
  Limits limits;
  Timeouts timeouts;
  std::size_t slabs = 64;
  std::size_t slab_bytes = 64 * 1024;
};

RunOptions options_of_seed(std::uint64_t seed);
// One option a line, "name value".
std::string describe(const RunOptions& options);

}  // namespace msrp::sim
