// Keeps the end-line pattern of a chunk out of its own body (RFC 4975 section 7.1).
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/ident.hpp"

namespace msrp {

// The transaction id is drawn before the body is known. Every segment of a body passes here before
// it is queued; "-------" tid flag is found at every position, across segment joins too.
class CollisionGuard {
 public:
  CollisionGuard() noexcept = default;
  explicit CollisionGuard(const Ident& transaction_id) noexcept : id_(transaction_id) {}

  // How many octets from the front of the segment can follow what was passed before without
  // completing the pattern; fewer than all means that the chunk has to end there.
  std::size_t safe_prefix(std::span<const std::byte> segment) const noexcept;

  // The octets were queued. Precondition: they are a safe prefix.
  void pass(std::span<const std::byte> segment) noexcept;

 private:
  static constexpr std::size_t pattern_bytes_max = 7 + Ident::bytes_max + 1;
  std::size_t pattern_bytes() const noexcept { return 7 + id_.text().size() + 1; }

  Ident id_;
  std::array<std::byte, pattern_bytes_max> tail_{};  // the last octets passed
  std::size_t tail_bytes_ = 0;
};

}  // namespace msrp
