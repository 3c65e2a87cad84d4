// The way to a peer: resolving, connecting, and the connection that sessions then share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "endpoint/ticket_state.hpp"
#include "msrp/address.hpp"
#include "msrp/error.hpp"
#include "msrp/ids.hpp"
#include "stream/connection.hpp"
#include "stream/timers.hpp"

namespace msrp {

// What has to be equal for sessions to share a connection (RFC 4975 section 5.4).
struct DialKey {
  bool secure = false;
  std::string host;  // in lower case, an address in its canonical form
  std::uint16_t port = 0;
  std::string identity;
  friend bool operator==(const DialKey&, const DialKey&) = default;
};

struct DialKeyHash {
  std::size_t operator()(const DialKey& key) const noexcept {
    const std::hash<std::string> hash;
    return hash(key.host) ^ (hash(key.identity) * 31) ^ (std::size_t{key.port} << 1) ^
           static_cast<std::size_t>(key.secure);
  }
};

// It goes with its connection, or when every address failed, or with the last ticket that waits.
struct Dial {
  using Stage = DialState;
  using Input = DialInput;
  void move(Input input) noexcept { stage = next(dial_states, stage, input); }

  DialId id;
  DialKey key;
  Stage stage = Stage::resolving;
  bool shared = true;  // other sessions may join
  std::vector<TicketId> waiting;
  Timer timer;  // resolving
  ResolveId query;
  std::vector<SocketAddress> addresses;
  std::size_t addresses_tried = 0;
  ConnId conn;  // since connecting
  Error last_error{Errc::connect_failed};
};

// Those that may be joined; of several to one peer the newest.
using DialIndex = std::unordered_map<DialKey, DialId, DialKeyHash>;

}  // namespace msrp
