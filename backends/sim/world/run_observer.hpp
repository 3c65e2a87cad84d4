// Looks at a run while it happens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/sim/network.hpp"
#include "msrp/time.hpp"

namespace msrp::sim {

// A chunk on its way from one host to another; or octets that are none.
struct WireChunk {
  std::uint32_t stream = 0;
  HostId from = 0, to = 0;
  bool secure = false;
  Instant begun{}, written{};      // its first octets, its last
  std::optional<Instant> arrived;  // its last octet was read; nullopt: not yet, or never
  std::string head;         // start line and headers, cut off when it is long; empty: no MSRP
  std::uint64_t bytes = 0;  // of the body, or of what is no MSRP
  char flag = ' ';
};

// Hosts from 0: first those with engines, then strangers. Looking changes nothing.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // What an application does or hears; detail: a message's or a session's number mostly.
  virtual void note(Instant, HostId, std::string_view, std::uint64_t) {}
  virtual void written(const WireChunk&) {}
  // It has arrived, or the run is over and it has not.
  virtual void ended(const WireChunk&) {}
  // "connected", "ended" (no more comes from there) or "broke".
  virtual void stream(Instant, std::string_view, std::uint32_t, HostId, HostId) {}
  // See NetworkObserver::fault().
  virtual void fault(Instant, std::string_view, HostId, HostId) {}
};

}  // namespace msrp::sim
