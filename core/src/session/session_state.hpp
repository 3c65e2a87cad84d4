// Life of a session on its connection.
//
// One that we set up is binding until the peer takes our first SEND or speaks to us; one that the
// peer binds is open with its first request (RFC 4975 section 5.4). It is closing when the
// application or the peer ends it or its connection fails: no message is begun any more, and it
// goes when the last one is done.
#pragma once

#include <cstdint>

#include "base/state_table.hpp"

namespace msrp {

enum class SessionState : std::uint8_t { binding, open, closing };
enum class SessionInput : std::uint8_t { confirmed, close };

inline constexpr StateTable<SessionState, SessionInput, 3> session_states{{
    {SessionState::binding, SessionInput::confirmed, SessionState::open},
    {SessionState::binding, SessionInput::close, SessionState::closing},
    {SessionState::open, SessionInput::close, SessionState::closing},
}};

}  // namespace msrp
