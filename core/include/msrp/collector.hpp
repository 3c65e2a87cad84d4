// Puts an incoming message together in memory, for messages that are wanted whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "msrp/error.hpp"

namespace msrp {

// One per message: feed it every MessageData and take the octets at MessageEnded without error.
// What came twice keeps the octets that came last (RFC 4975 section 7.3.1).
class Collector {
 public:
  explicit Collector(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  // Errors: limit_exceeded (nothing was stored; Engine::reject() the message with 413),
  // out_of_memory.
  Result<void> add(std::uint64_t offset, std::span<const std::byte> bytes) noexcept;

  // The message, of the size that MessageEnded said. Errors: invalid_argument for a size that did
  // not come.
  Result<std::vector<std::byte>> take(std::uint64_t bytes) noexcept;

 private:
  std::size_t bytes_max_;
  std::vector<std::byte> bytes_;
};

}  // namespace msrp
