// Hooks that see every chunk; absent, they cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "msrp/chunk.hpp"
#include "msrp/encoder.hpp"
#include "msrp/ids.hpp"
#include "msrp/time.hpp"

namespace msrp {

enum class LogLevel : std::uint8_t { debug, info, warning, error, fatal };

// Called synchronously; must not re-enter the engine or throw. Views are valid during the call.
// Heads are handed over as they are, with their session-ids: whoever writes them somewhere redacts
// (see redacted() in uri.hpp).
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void chunk_received_head(ConnId, const HeadView&, Instant) {}
  virtual void chunk_received_data(ConnId, std::span<const std::byte>, Instant) {}
  virtual void chunk_received_end(ConnId, Flag, Instant) {}
  // Sent: entered the transmit order, not yet taken by the transport.
  virtual void chunk_sent_head(ConnId, const HeadSpec&, Instant) {}
  virtual void chunk_sent_data(ConnId, std::span<const std::byte>, Instant) {}
  virtual void chunk_sent_end(ConnId, Flag, Instant) {}
  virtual void illegal_data(ConnId, const Error&, Instant) {}
  virtual void message(LogLevel, std::string_view, Instant) {}
};

}  // namespace msrp
