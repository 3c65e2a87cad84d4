// What the parts of a benchmark, each a process of its own, tell each other.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace msrp::app::bench {

// One part's task. Nothing in it is secret: the key is for this one run.
struct Spec {
  std::string role;  // server, client, staller
  std::string side;  // ours, raw
  std::string kind;  // bulk, messages, latency, connections
  std::string backend;
  std::string congestion_control;
  std::uint64_t size_bytes = 0;
  unsigned window = 1;
  unsigned connections = 1;    // of this process; of a server, of all its clients
  unsigned first_session = 0;  // the number that this client's first connection has
  unsigned stalled = 0;
  double seconds = 0;
  std::uint64_t request_bytes = 0, response_bytes = 0;  // of the yardstick
  std::vector<std::uint16_t> ports;                     // of the server
  unsigned ports_wanted = 1;                            // by the server
  std::string chain_pem, key_pem;                       // TLS when not empty

  bool tls() const noexcept { return !chain_pem.empty(); }

  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Spec, role, side, kind, backend, congestion_control, size_bytes,
                                 window, connections, first_session, stalled, seconds,
                                 request_bytes, response_bytes, ports, ports_wanted, chain_pem,
                                 key_pem)
};

// What a part measured. Rates are the parent's business.
struct Figures {
  double cpu_seconds = 0;  // user and system, without starting up
  double seconds = 0;      // of a client: from the first octet to the last answer
  // Body octets (bulk), whole messages (messages, latency) or connections (connections): sent and
  // answered by a client, come whole to a server.
  std::uint64_t amount = 0;
  std::uint64_t refused = 0;  // connections
  std::uint64_t octets_sent = 0, octets_received = 0;
  std::vector<std::string> congestion_control;  // in force on the sockets: each once
  double p50_us = 0, p99_us = 0, max_us = 0;    // of round trips, where they are measured
  double heap_bytes = 0, resident_bytes = 0;    // of a server: what all connections have added

  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Figures, cpu_seconds, seconds, amount, refused, octets_sent,
                                 octets_received, congestion_control, p50_us, p99_us, max_us,
                                 heap_bytes, resident_bytes)
};

// The cipher suite of both sides: the fastest on hardware that has AES.
inline constexpr const char* tls_suite = "TLS_AES_128_GCM_SHA256";

// Whole messages, as near to 200 and 120 octets as MSRP's heads allow; the yardstick takes the
// sizes that MSRP's run has had.
inline constexpr std::uint64_t request_bytes_aim = 200, response_bytes_aim = 120;

}  // namespace msrp::app::bench
