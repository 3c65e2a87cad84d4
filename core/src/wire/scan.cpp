#include "wire/scan.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace msrp::scan {
namespace {

// What is looked for: `prefix`, whose octets at two positions are compared first, and the rule for
// what follows it.
struct Pattern {
  std::string_view prefix;
  std::size_t first, second;  // positions in prefix, first < second
  bool line_end;              // CRLF follows the flag; a text that ends before it matches as well
};

// Precondition: all of the prefix can stand there.
bool matches(std::string_view text, std::size_t at, const Pattern& pattern) noexcept {
  constexpr std::size_t in_id = 9;  // the first or third octet of the transaction id
  const std::size_t size = pattern.prefix.size();
  const char* const p = text.data() + at;
  const char* const prefix = pattern.prefix.data();
  // Near misses differ at one of the ends of the id more often than not.
  if (p[in_id] != prefix[in_id] || p[size - 1] != prefix[size - 1]) return false;
  const std::string_view rest(p + size, text.size() - at - size);
  if (rest.empty()) return pattern.line_end && std::memcmp(p, prefix, size) == 0;
  if (!is_flag(rest[0])) return false;
  if (pattern.line_end &&
      ((rest.size() > 1 && rest[1] != '\r') || (rest.size() > 2 && rest[2] != '\n'))) {
    return false;
  }
  return std::memcmp(p, prefix, size) == 0;
}

// Octet by octet, from `at` on; for what is too short for vectors.
std::size_t find_slowly(std::string_view text, std::size_t at, const Pattern& pattern) noexcept {
  const std::size_t size = pattern.prefix.size();
  for (; at + size <= text.size(); ++at) {
    if (text[at + pattern.first] == pattern.prefix[pattern.first] && matches(text, at, pattern)) {
      return at;
    }
  }
  return npos;
}

#if defined(__x86_64__)

// The first of the hits, one bit an octet from `at` on, that is a match.
std::size_t first_match(std::string_view text, std::size_t at, std::uint64_t hits,
                        const Pattern& pattern) noexcept {
  for (; hits != 0; hits &= hits - 1) {
    const std::size_t i = at + static_cast<std::size_t>(std::countr_zero(hits));
    if (i + pattern.prefix.size() > text.size()) return npos;
    if (matches(text, i, pattern)) return i;
  }
  return npos;
}

constexpr std::size_t step = 64;

// Part of a hit mask: where 16 octets are equal at both positions.
std::uint64_t equal_16(const char* a, __m128i first, const char* b, __m128i second) noexcept {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
  const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(x, first), _mm_cmpeq_epi8(y, second))));
}

std::size_t find_sse2(std::string_view text, const Pattern& pattern) noexcept {
  const __m128i first = _mm_set1_epi8(pattern.prefix[pattern.first]);
  const __m128i second = _mm_set1_epi8(pattern.prefix[pattern.second]);
  std::size_t at = 0;
  for (; at + pattern.second + step <= text.size(); at += step) {
    const char* const a = text.data() + at + pattern.first;
    const char* const b = text.data() + at + pattern.second;
    const std::uint64_t hits = equal_16(a, first, b, second) |
                               equal_16(a + 16, first, b + 16, second) << 16 |
                               equal_16(a + 32, first, b + 32, second) << 32 |
                               equal_16(a + 48, first, b + 48, second) << 48;
    if (hits == 0) continue;
    if (const std::size_t i = first_match(text, at, hits, pattern); i != npos) return i;
  }
  return find_slowly(text, at, pattern);
}

[[gnu::target("avx2")]] std::size_t find_avx2(std::string_view text,
                                              const Pattern& pattern) noexcept {
  const __m256i first = _mm256_set1_epi8(pattern.prefix[pattern.first]);
  const __m256i second = _mm256_set1_epi8(pattern.prefix[pattern.second]);
  std::size_t at = 0;
  for (; at + pattern.second + step <= text.size(); at += step) {
    const auto* const a = reinterpret_cast<const __m256i*>(text.data() + at + pattern.first);
    const auto* const b = reinterpret_cast<const __m256i*>(text.data() + at + pattern.second);
    const __m256i low = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_loadu_si256(a), first),
                                         _mm256_cmpeq_epi8(_mm256_loadu_si256(b), second));
    const __m256i high = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_loadu_si256(a + 1), first),
                                          _mm256_cmpeq_epi8(_mm256_loadu_si256(b + 1), second));
    const __m256i any = _mm256_or_si256(low, high);
    if (_mm256_testz_si256(any, any) != 0) continue;
    const std::uint64_t hits = std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))}
                                   << 32 |
                               static_cast<std::uint32_t>(_mm256_movemask_epi8(low));
    if (const std::size_t i = first_match(text, at, hits, pattern); i != npos) return i;
  }
  return find_slowly(text, at, pattern);
}

using Finder = std::size_t (*)(std::string_view, const Pattern&) noexcept;

// A function pointer, since an ifunc runs before a sanitizer is ready.
std::size_t find(std::string_view text, const Pattern& pattern) noexcept {
  static const Finder finder = __builtin_cpu_supports("avx2") ? find_avx2 : find_sse2;
  constexpr std::size_t worth_a_call_bytes = 128;
  return text.size() < worth_a_call_bytes ? find_slowly(text, 0, pattern) : finder(text, pattern);
}

#else

std::size_t find(std::string_view text, const Pattern& pattern) noexcept {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const void* const hit =
        memmem(text.data() + at, text.size() - at, pattern.prefix.data(), pattern.prefix.size());
    if (hit == nullptr) return npos;
    at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    if (matches(text, at, pattern)) return at;
  }
  return npos;
}

#endif

// From here on the text may end inside of the prefix.
std::size_t find_partial(std::string_view text, std::string_view prefix) noexcept {
  std::size_t at = text.size() - (text.size() < prefix.size() ? text.size() : prefix.size() - 1);
  for (; at < text.size(); ++at) {
    if (text[at] == prefix[0] && prefix.starts_with(text.substr(at))) return at;
  }
  return text.size();
}

}  // namespace

std::size_t find_end_line(std::string_view text, std::string_view prefix) noexcept {
  // LF and the last dash: runs of CR, of dashes or of CRLF hold no such pair.
  const std::size_t at = find(text, Pattern{prefix, 1, 8, true});
  return at != npos ? at : find_partial(text, prefix);
}

std::size_t find_collision(std::string_view text, std::string_view prefix) noexcept {
  // Two octets of the id, which was drawn at random after the body was made.
  return find(text, Pattern{prefix, 7, 10, false});
}

}  // namespace msrp::scan
