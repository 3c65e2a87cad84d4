// Randomness, handed in.
#pragma once

#include <cstddef>
#include <span>

namespace msrp {

// Called synchronously; must not re-enter the engine or throw. Production: a CSPRNG. Simulation:
// a generator seeded from one number.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) noexcept = 0;
};

}  // namespace msrp
