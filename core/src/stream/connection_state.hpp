// Life of a connection.
//
// One that we dial is connecting until the transport says that it is up; one that was accepted is
// up at once. When nobody has a session on it any more, or its octets cannot be read any further,
// it is drained: nothing is read or begun, and what is in the transmit order still goes out. Then,
// or at once when the transport fails, it is closing: DoClose was asked for. The octets that were
// lent stay valid until on_closed(), which alone ends the handle.
#pragma once

#include <cstdint>

#include "base/state_table.hpp"

namespace msrp {

enum class ConnectionState : std::uint8_t { connecting, up, draining, closing };
enum class ConnectionInput : std::uint8_t {
  connected,
  drain,
  close,  // drained, lost, timed out, or not wanted any more
};

inline constexpr StateTable<ConnectionState, ConnectionInput, 5> connection_states{{
    {ConnectionState::connecting, ConnectionInput::connected, ConnectionState::up},
    {ConnectionState::connecting, ConnectionInput::close, ConnectionState::closing},
    {ConnectionState::up, ConnectionInput::drain, ConnectionState::draining},
    {ConnectionState::up, ConnectionInput::close, ConnectionState::closing},
    {ConnectionState::draining, ConnectionInput::close, ConnectionState::closing},
}};

}  // namespace msrp
