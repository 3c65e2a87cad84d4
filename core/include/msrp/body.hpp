// Where the octets of an outgoing message come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "msrp/buffer.hpp"

namespace msrp {

struct NoBody {};  // a bodiless SEND
struct OwnedBody {
  std::vector<std::byte> bytes;
};  // moved into the engine
struct SharedBody {
  std::vector<Slice> parts;
};  // each with an owner; dropped as sent
struct BorrowedBody {
  std::span<const std::byte> bytes;
};  // the caller keeps it until BodyReleased
struct StreamBody {
  std::optional<std::uint64_t> total_bytes;
};  // fed with Engine::write()

using Body = std::variant<NoBody, OwnedBody, SharedBody, BorrowedBody, StreamBody>;

}  // namespace msrp
