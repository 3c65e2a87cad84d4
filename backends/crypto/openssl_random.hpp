// Randomness from OpenSSL's generator.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "msrp/random.hpp"

namespace msrp::backend {

// Draws blocks of 4 KiB, so that an id costs no call. A process without randomness cannot go on:
// should the generator fail, it ends. Belongs to one thread; a forked child draws anew.
class OpensslRandom final : public Random {
 public:
  OpensslRandom();
  ~OpensslRandom() override;
  OpensslRandom(const OpensslRandom&) = delete;
  OpensslRandom& operator=(const OpensslRandom&) = delete;

  void fill(std::span<std::byte> out) noexcept override;

 private:
  void refill() noexcept;

  std::array<std::byte, 4096> block_;
  std::size_t used_ = sizeof block_;
  unsigned forks_ = 0;  // how often the process had forked when the block was drawn
};

}  // namespace msrp::backend
