// The peer's section as a Negotiation looks at it.
#pragma once

#include <optional>

#include "msrp/negotiation.hpp"
#include "sdp/address_match.hpp"

namespace msrp {

struct Negotiation::Remote {
  // said: the section's path.
  Remote(const SessionDescription& description, const MsrpMedia& section, const Path& said)
      : sdp(description), media(section), whole_path(said), path(said.view()) {
    setup = sdp.setup_of(media);
    if (setup == Setup::holdconn) setup.reset();  // as if it were not there (RFC 6135 section 4.2)
  }

  // More than one URI (RFC 6714 section 4.3).
  bool uses_relay() const noexcept { return path.size() > 1; }
  LineAddress line() const {
    return {sdp.connection_of(media), media.port, setup == Setup::active};
  }

  const SessionDescription& sdp;
  const MsrpMedia& media;
  const Path& whole_path;
  PathView path;
  std::optional<Setup> setup;
};

// What the own section says besides the capabilities.
struct Negotiation::Section {
  Setup setup;
  bool cema;
  Direction direction;
};

// The directions of two sides, as the one and as the other sees them.
constexpr bool sends(Direction direction) noexcept {
  return direction == Direction::sendrecv || direction == Direction::sendonly;
}
constexpr bool receives(Direction direction) noexcept {
  return direction == Direction::sendrecv || direction == Direction::recvonly;
}
constexpr Direction direction_of(bool sending, bool receiving) noexcept {
  if (sending) return receiving ? Direction::sendrecv : Direction::sendonly;
  return receiving ? Direction::recvonly : Direction::inactive;
}

}  // namespace msrp
