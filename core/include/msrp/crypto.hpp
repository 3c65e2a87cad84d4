// Hashes, handed in: no hash is written by hand in this project.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace msrp {

enum class Hash : std::uint8_t { md5, sha1, sha256, sha512_256 };

// Called synchronously; must not re-enter the engine or throw.
class Crypto {
 public:
  virtual ~Crypto() = default;
  // Hashes the concatenation of parts into out. Returns the digest's size in bytes, or 0 when the
  // hash is not available or out is too small.
  virtual std::size_t digest(Hash hash, std::span<const std::span<const std::byte>> parts,
                             std::span<std::byte> out) noexcept = 0;
};

}  // namespace msrp
