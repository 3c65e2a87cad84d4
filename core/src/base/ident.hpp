// Identifiers: transaction ids, Message-IDs and session-ids that we make and compare.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "msrp/assert.hpp"
#include "msrp/random.hpp"

namespace msrp {

// An ident of RFC 4975 section 9 (at most 32 octets), in place.
class Ident {
 public:
  static constexpr std::size_t bytes_max = 32;
  Ident() noexcept = default;
  explicit Ident(std::string_view text) noexcept : size_(static_cast<std::uint8_t>(text.size())) {
    MSRP_ASSERT(text.size() <= bytes_max);
    std::memcpy(octets_.data(), text.data(), text.size());
  }
  std::string_view text() const noexcept { return {octets_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  friend bool operator==(const Ident& a, const Ident& b) noexcept { return a.text() == b.text(); }

 private:
  std::array<char, bytes_max> octets_{};
  std::uint8_t size_ = 0;
};

// Makes idents of 20 letters and digits. An indexed one begins with the number of the slot that it
// stands for, so that an answer is found without a table; the other 80 bits are random, which is
// more than the 64 of RFC 4975 section 7.1 and meets the 80 of section 14.1.
class IdentSource {
 public:
  explicit IdentSource(Random& random) noexcept : random_(&random) {}

  static constexpr std::uint32_t index_end = 1U << 20;
  static constexpr std::size_t bytes = 20;

  Ident indexed(std::uint32_t index) noexcept;  // precondition: index < index_end
  Ident plain() noexcept;                       // 100 random bits
  // The slot of an indexed ident; the caller compares the whole text with what is in the slot.
  static std::optional<std::uint32_t> index_of(std::string_view ident) noexcept;

 private:
  Random* random_;
};

}  // namespace msrp
