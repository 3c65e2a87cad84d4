// Numbers from one seed: the same on every compiler and machine. Integers only, no distributions of
// the standard library, whose results differ.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "msrp/assert.hpp"
#include "msrp/random.hpp"
#include "msrp/time.hpp"

namespace msrp::sim {

// SplitMix64 (Steele, Lea and Flood, 2014).
class Chance {
 public:
  explicit Chance(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  // Below n; the bias of at most n / 2^64 is nobody's concern. Precondition: n > 0.
  std::uint64_t below(std::uint64_t n) noexcept {
    MSRP_ASSERT(n > 0);
    return next() % n;
  }
  // Both included. Precondition: least <= most.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
    return most - least == ~std::uint64_t{0} ? next() : least + below(most - least + 1);
  }
  // True so many times out of so many.
  bool one_of(std::uint64_t times, std::uint64_t out_of) noexcept { return below(out_of) < times; }
  // Up to and including `most`, every order of magnitude alike: 4 to 15 as often as 4096 to 16383.
  std::uint64_t log_uniform(std::uint64_t most) noexcept {
    const auto magnitudes = static_cast<std::uint64_t>(std::bit_width(most) + 1) / 2;
    const std::uint64_t ceiling = most >> (2 * below(magnitudes + 1));
    return below(ceiling + 1);
  }
  Duration duration(Duration most) noexcept {
    return Duration(
        static_cast<Duration::rep>(below(static_cast<std::uint64_t>(most.count()) + 1)));
  }
  // A stream of its own, so that what one part draws does not move another.
  Chance fork(std::uint64_t which) noexcept {
    Chance mixed(state_ ^ (which * 0xD1342543DE82EF95U));
    return Chance(mixed.next());
  }

 private:
  std::uint64_t state_;
};

// What an engine is handed.
class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) noexcept : chance_(seed) {}
  void fill(std::span<std::byte> out) noexcept override {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) number = chance_.next();
      out[i] = static_cast<std::byte>(number >> (8 * (i % 8)));
    }
  }

 private:
  Chance chance_;
};

}  // namespace msrp::sim
