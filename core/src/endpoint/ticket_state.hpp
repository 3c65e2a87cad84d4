// Life of a ticket, which becomes a session or fails, and of the dial that an active one waits for.
//
// A ticket is preparing until it has a local path, which needs a listener's port. Then the
// application takes its time to exchange session descriptions. A passive one expects the peer's
// first request; an active one is dialling until there is a connection, and binding until its first
// SEND is answered. A connection that others had up before and that is gone by then sends it back
// to dialling, once. It can fail in every state.
//
// A dial resolves a name, or has an address at once; it is connecting to one address after the
// other, and up as long as sessions can join its connection.
#pragma once

#include <cstdint>

#include "base/state_table.hpp"

namespace msrp {

enum class TicketState : std::uint8_t { preparing, prepared, dialling, binding, expecting };
enum class TicketInput : std::uint8_t {
  path,
  complete_active,
  complete_passive,
  connected,
  redial
};

inline constexpr StateTable<TicketState, TicketInput, 5> ticket_states{{
    {TicketState::preparing, TicketInput::path, TicketState::prepared},
    {TicketState::prepared, TicketInput::complete_active, TicketState::dialling},
    {TicketState::prepared, TicketInput::complete_passive, TicketState::expecting},
    {TicketState::dialling, TicketInput::connected, TicketState::binding},
    {TicketState::binding, TicketInput::redial, TicketState::dialling},
}};

enum class DialState : std::uint8_t { resolving, connecting, up };
enum class DialInput : std::uint8_t { addresses, connected };

inline constexpr StateTable<DialState, DialInput, 3> dial_states{{
    {DialState::resolving, DialInput::addresses, DialState::connecting},
    {DialState::connecting, DialInput::addresses, DialState::connecting},
    {DialState::connecting, DialInput::connected, DialState::up},
}};

}  // namespace msrp
