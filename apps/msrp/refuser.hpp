// For sides that only send: whatever comes is refused, and its credit given back.
#pragma once

#include "msrp/engine.hpp"
#include "msrp/status.hpp"

namespace msrp::app {

inline void refuse(Engine& engine, const MessageStarted& event, Instant now) {
  static_cast<void>(engine.reject(event.message, status::stop_sending, now));
}
inline void refuse(Engine& engine, const MessageData& event, Instant now) {
  engine.release(event.session, event.slice.bytes.size(), now);
}

}  // namespace msrp::app
