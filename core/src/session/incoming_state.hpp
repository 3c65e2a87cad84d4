// Life of an incoming message, from the head of its first chunk on.
//
// It is started until every octet has come, or its sender or the application gives it up. A refused
// one draws the same status for every chunk that still comes, and drops it. A complete one is
// forgotten, or stays reportable for an application that sends its REPORTs itself.
#pragma once

#include <cstdint>

#include "base/state_table.hpp"

namespace msrp {

enum class IncomingState : std::uint8_t { started, refused, reportable };
enum class IncomingInput : std::uint8_t { refuse, complete };

inline constexpr StateTable<IncomingState, IncomingInput, 2> incoming_states{{
    {IncomingState::started, IncomingInput::refuse, IncomingState::refused},
    {IncomingState::started, IncomingInput::complete, IncomingState::reportable},
}};

}  // namespace msrp
