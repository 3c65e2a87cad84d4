// Finding patterns and line ends in bodies and heads at memory speed, whatever the octets are.
//
// memchr-style searches for one octet of the pattern fall to a few hundred MB/s when a peer sends
// nothing but that octet, and memmem to little more on bodies made of near misses. Comparing two
// positions of the pattern at a time leaves no such body.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace msrp::scan {

inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

// The first position from which `prefix`, a continuation flag and CRLF stand in text, in full or as
// far as the text goes; text.size() when there is none. So what is in front of the result is body
// for certain. Precondition: prefix is CRLF "-------" transaction-id.
std::size_t find_end_line(std::string_view text, std::string_view prefix) noexcept;

// The first position from which "-------" transaction-id and a continuation flag stand in full;
// npos when there is none. Precondition: prefix is "-------" transaction-id with an id of at least
// 4 octets.
std::size_t find_collision(std::string_view text, std::string_view prefix) noexcept;

// The line feeds of a text, one after the other; lines are short, so a mask of 64 octets is kept.
class LineFeeds {
 public:
  LineFeeds(std::string_view text, std::size_t from) noexcept : text_(text), at_(from) {}

  // npos when there is none any more.
  std::size_t next() noexcept {
    while (mask_ == 0) {
      if (at_ + step > text_.size()) return next_of_few();
      block_ = at_;
      mask_ = mask_of(text_.data() + at_);
      at_ += step;
    }
    const std::size_t found = block_ + static_cast<std::size_t>(std::countr_zero(mask_));
    mask_ &= mask_ - 1;
    return found;
  }

 private:
  static constexpr std::size_t step = 64;

#if defined(__SSE2__)
  static std::uint64_t mask_of_16(const char* p) noexcept {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8('\n'))));
  }
  static std::uint64_t mask_of(const char* p) noexcept {
    return mask_of_16(p) | mask_of_16(p + 16) << 16 | mask_of_16(p + 32) << 32 |
           mask_of_16(p + 48) << 48;
  }
#else
  static std::uint64_t mask_of(const char* p) noexcept {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < step; ++i) mask |= std::uint64_t{p[i] == '\n'} << i;
    return mask;
  }
#endif

  std::size_t next_of_few() noexcept {
    while (at_ < text_.size()) {
      if (text_[at_++] == '\n') return at_ - 1;
    }
    return npos;
  }

  std::string_view text_;
  std::size_t at_;  // what is in front of it is in the mask or was
  std::size_t block_ = 0;
  std::uint64_t mask_ = 0;
};

constexpr bool is_flag(char c) noexcept {
  return c == '$' || c == '+' || c == '#';
}

}  // namespace msrp::scan
