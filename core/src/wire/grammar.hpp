// Character classes of RFC 4975 section 9 and RFC 3986, one table look-up an octet.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace msrp::grammar {

enum Class : std::uint16_t {
  digit = 1 << 0,
  alpha = 1 << 1,
  upper = 1 << 2,
  hex = 1 << 3,
  ident = 1 << 4,       // octets of an ident behind its first
  token = 1 << 5,       // RFC 4975 section 9
  unreserved = 1 << 6,  // RFC 3986 section 2.3
  session_id = 1 << 7,  // unreserved, "+", "=", "/"
  host_name = 1 << 8,   // unreserved and sub-delims without ";"; "%" is checked beside it
  userinfo = 1 << 9,    // unreserved, sub-delims, ":"; "%" is checked beside it
  text = 1 << 10,       // utf8text of one octet: HTAB and the printable ones
};

namespace detail {

constexpr bool one_of(std::string_view set, char c) noexcept {
  return set.find(c) != std::string_view::npos;
}

constexpr std::uint16_t classify(unsigned char octet) noexcept {
  const char c = static_cast<char>(octet);
  unsigned bits = 0;
  const bool is_digit = c >= '0' && c <= '9';
  const bool is_upper = c >= 'A' && c <= 'Z';
  const bool is_alpha = is_upper || (c >= 'a' && c <= 'z');
  const bool is_alnum = is_digit || is_alpha;
  const bool is_unreserved = is_alnum || one_of("-._~", c);
  if (is_digit) bits |= digit;
  if (is_alpha) bits |= alpha;
  if (is_upper) bits |= upper;
  if (is_digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= hex;
  if (is_alnum || one_of(".-+%=", c)) bits |= ident;
  if (is_alnum || one_of("!#$%&'*+-.^_`{|}~", c)) bits |= token;
  if (is_unreserved) bits |= unreserved;
  if (is_unreserved || one_of("+=/", c)) bits |= session_id;
  if (is_unreserved || one_of("!$&'()*+,=", c)) bits |= host_name;
  if (is_unreserved || one_of("!$&'()*+,;=:", c)) bits |= userinfo;
  if (octet == 0x09 || (octet >= 0x20 && octet <= 0x7e)) bits |= text;
  return static_cast<std::uint16_t>(bits);
}

constexpr std::array<std::uint16_t, 256> make_table() noexcept {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < table.size(); ++i) table[i] = classify(static_cast<unsigned char>(i));
  return table;
}

inline constexpr std::array<std::uint16_t, 256> table = make_table();

}  // namespace detail

constexpr bool is(char c, unsigned classes) noexcept {
  return (detail::table[static_cast<unsigned char>(c)] & classes) != 0;
}

#if defined(__SSE2__)
// One bit for each of 16 octets that is not a letter, a digit, "." or "-".
inline unsigned uncommon_of_16(const char* p) noexcept {
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const auto within = [](__m128i x, char first, char last) {
    const __m128i from_first = _mm_sub_epi8(x, _mm_set1_epi8(first));
    const __m128i width = _mm_set1_epi8(static_cast<char>(last - first));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_first, width), from_first);
  };
  const __m128i letters = within(_mm_or_si128(octets, _mm_set1_epi8(0x20)), 'a', 'z');
  const __m128i others =
      _mm_andnot_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('/')), within(octets, '-', '9'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letters, others))) ^ 0xffffU;
}
#endif

// How many octets from the front are of one of the classes.
constexpr std::size_t span(std::string_view text, unsigned classes) noexcept {
  std::size_t size = 0;
#if defined(__SSE2__)
  constexpr unsigned with_common = ident | token | unreserved | session_id | host_name | userinfo;
  if (!std::is_constant_evaluated() && (classes & with_common) != 0) {
    while (size + 16 <= text.size()) {
      const unsigned uncommon = uncommon_of_16(text.data() + size);
      if (uncommon == 0) {
        size += 16;
        continue;
      }
      size += static_cast<std::size_t>(std::countr_zero(uncommon));
      if (!is(text[size], classes)) return size;
      ++size;
    }
  }
#endif
  while (size < text.size() && is(text[size], classes)) ++size;
  return size;
}

constexpr bool all(std::string_view text, unsigned classes) noexcept {
  return span(text, classes) == text.size();
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Octets of the utf8text character (RFC 4975 section 9) that the text begins with; 0: none. With
// rfc3629 the five- and six-octet, overlong and surrogate forms that RFC 4975's grammar lets
// through are refused.
constexpr std::size_t character_octets(std::string_view rest, bool rfc3629 = false) noexcept {
  if (rest.empty()) return 0;
  const auto at = [rest](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  if (at(0) < 0x80) return is(rest[0], text) ? 1 : 0;
  const std::size_t size = at(0) < 0xc0   ? 0
                           : at(0) < 0xe0 ? 2
                           : at(0) < 0xf0 ? 3
                           : at(0) < 0xf8 ? 4
                           : at(0) < 0xfc ? 5
                           : at(0) < 0xfe ? 6
                                          : 0;
  if (size > rest.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if (!rfc3629 || size == 0) return size;
  const bool overlong =
      at(0) < 0xc2 || (at(0) == 0xe0 && at(1) < 0xa0) || (at(0) == 0xf0 && at(1) < 0x90);
  const bool surrogate = at(0) == 0xed && at(1) >= 0xa0;
  const bool too_large = at(0) > 0xf4 || (at(0) == 0xf4 && at(1) >= 0x90);
  return overlong || surrogate || too_large ? 0 : size;
}

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

constexpr std::string_view trimmed(std::string_view text) noexcept {
  if (text.size() > 1 && text[0] == ' ' && !is_blank(text[1]) && !is_blank(text.back())) {
    return text.substr(1);  // one space, as everybody writes it
  }
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the next word off; empty: there is none.
constexpr std::string_view take_word(std::string_view& rest) noexcept {
  const std::size_t begin = rest.find_first_not_of(" \t");
  rest.remove_prefix(begin == std::string_view::npos ? rest.size() : begin);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace msrp::grammar
