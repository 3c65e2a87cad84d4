// What one run of the world is like, drawn from its seed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/sim/network.hpp"
#include "msrp/limits.hpp"

namespace msrp::sim {

// Where hosts listen: in the clear, and for TLS.
constexpr std::uint16_t plain_port = 2855, secure_port = 2856;

// Every seed has some kinds of trouble and not others, so that each gets its turn undisturbed.
struct RunOptions {
  std::uint64_t seed = 0;

  unsigned hosts = 2;
  unsigned nat_hosts = 0;  // of these, behind a NAT: they call and are not called
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
  unsigned requests = 0;         // are other methods, that the application answers

  // Of a hundred sessions so many
  unsigned secure = 0;          // are over TLS
  unsigned alone = 0;           // have a connection of their own
  unsigned other_methods = 0;   // take other methods than SEND
  unsigned own_reports = 0;     // leave REPORTs to the application
  unsigned refuse_behind = 0;   // refuse what comes while the application is behind
  unsigned with_strangers = 0;  // are with a peer that does what it likes

  unsigned cuts = 0;         // of one direction between two hosts, for a while
  unsigned crashes = 0;      // of a host, which comes back
  unsigned droughts = 0;     // of a host's pool, for a while
  unsigned hang_ups = 0;     // of a session, by one side
  unsigned visits = 0;       // of a stranger who says what must not be said
  unsigned name_faults = 0;  // of a host's name, for a while
  unsigned named = 0;        // 1: hosts are called by their names

  Duration slowness{};  // until an application gives credit back, at most
  unsigned handshake_failures = 0, missing_notifies = 0;  // see ToyTlsOptions
  unsigned damaged_records = 0, key_updates = 0;
  unsigned record_bytes = 2048;

  Link link;
  Duration lateness{};  // of programs after their deadlines
  Limits limits;
  Timeouts timeouts;
  std::size_t slabs = 64;
  std::size_t slab_bytes = 64 * 1024;
};

RunOptions options_of_seed(std::uint64_t seed);

// An option by name, as a number; units are in the names.
struct RunOption {
  std::string_view name;
  std::uint64_t neutral = 0;  // without trouble and without much going on
  std::function<std::uint64_t(const RunOptions&)> get;
  std::function<void(RunOptions&, std::uint64_t)> set;
};
const std::vector<RunOption>& run_options();
// Sets one by "name=value". What is wrong; empty: nothing.
std::string set_option(RunOptions& options, std::string_view assignment);
// Why there is no such world; empty: there is.
std::string check(const RunOptions& options);
// One option a line, "name value".
std::string describe(const RunOptions& options);

}  // namespace msrp::sim
