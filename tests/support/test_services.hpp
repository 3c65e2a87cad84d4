// What an engine under test is handed: seeded or chosen randomness, a pool of fixed size, a crypto
// that has nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "msrp/buffer.hpp"
#include "msrp/crypto.hpp"
#include "msrp/random.hpp"

namespace msrp::test {

// splitmix64: small, seeded, good enough for tests.
class Splitmix {
 public:
  explicit Splitmix(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // 0 .. bound - 1; bound is not 0.
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() % bound); }
  bool one_in(std::size_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : source_(seed) {}
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& octet : out) octet = static_cast<std::byte>(source_.next() >> 56);
  }

 private:
  Splitmix source_;
};

// Plays its bytes back from a recorded position, so that the id that will be drawn next is known.
// Bytes that were drawn are kept; replay(from) makes the next fill() start there again.
class ChosenRandom final : public SeededRandom {
 public:
  explicit ChosenRandom(std::uint64_t seed) noexcept : SeededRandom(seed) {}
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& octet : out) {
      if (!chosen_.empty()) {
        octet = chosen_.front();
        chosen_.pop_front();
      } else {
        SeededRandom::fill({&octet, 1});
      }
      if (recording_) recorded_.push_back(octet);
    }
  }

  // The next octets to hand out, before the seeded ones go on.
  void choose(std::span<const std::byte> bytes) {
    chosen_.insert(chosen_.end(), bytes.begin(), bytes.end());
  }
  void record(bool on) { recording_ = on; }
  const std::vector<std::byte>& recorded() const noexcept { return recorded_; }

 private:
  std::deque<std::byte> chosen_;
  std::vector<std::byte> recorded_;
  bool recording_ = false;
};

class NoCrypto final : public Crypto {
 public:
  std::size_t digest(Hash, std::span<const std::span<const std::byte>>,
                     std::span<std::byte>) noexcept override {
    return 0;
  }
};

// N slabs, never more. Slabs that come back are overwritten, so that whoever still looks at one is
// found out by its contents (and by the address sanitizer only for memory that is gone).
class FixedPool final : public BufferPool {
 public:
  explicit FixedPool(std::size_t slabs, std::size_t slab_bytes = 16 * 1024)
      : slab_bytes_(slab_bytes), slabs_(slabs) {
    for (Slab& slab : slabs_) {
      memory_.push_back(std::make_unique_for_overwrite<std::byte[]>(slab_bytes));
      slab.pool = this;
      slab.storage = {memory_.back().get(), slab_bytes};
      free_.push_back(&slab);
    }
  }
  FixedPool(const FixedPool&) = delete;
  FixedPool& operator=(const FixedPool&) = delete;

  std::optional<BufferRef> acquire() override {
    if (free_.size() <= withheld_) {
      ++refused_;
      return std::nullopt;
    }
    Slab* slab = free_.front();
    free_.pop_front();
    most_used_ = std::max(most_used_, slabs_.size() - free_.size());
    return adopt(*slab);
  }
  std::size_t slab_bytes() const noexcept override { return slab_bytes_; }
  std::size_t free_slabs() const noexcept override {
    return free_.size() > withheld_ ? free_.size() - withheld_ : 0;
  }

  // Acts as if this many slabs were gone; 0 gives them back.
  void withhold(std::size_t slabs) { withheld_ = slabs; }
  std::size_t used() const noexcept { return slabs_.size() - free_.size(); }
  std::size_t most_used() const noexcept { return most_used_; }
  std::size_t refused() const noexcept { return refused_; }
  std::size_t size() const noexcept { return slabs_.size(); }

 protected:
  void recycle(Slab& slab) noexcept override {
    std::ranges::fill(slab.storage, std::byte{0xDD});
    free_.push_back(&slab);  // at the back: reused as late as possible
  }

 private:
  std::size_t slab_bytes_;
  std::vector<Slab> slabs_;
  std::vector<std::unique_ptr<std::byte[]>> memory_;
  std::deque<Slab*> free_;
  std::size_t withheld_ = 0;
  std::size_t most_used_ = 0;
  std::size_t refused_ = 0;
};

inline std::span<const std::byte> bytes_of(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace msrp::test
