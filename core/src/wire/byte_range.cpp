#include "msrp/byte_range.hpp"

#include <charconv>
#include <limits>

#include "msrp/assert.hpp"
#include "msrp/status.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

std::unexpected<Error> bad(std::size_t offset) noexcept {
  return fail(Errc::bad_byte_range, status::bad_request, static_cast<std::uint32_t>(offset));
}

// Reads 1*DIGIT at `at` and moves behind it. False: `at` is where it goes wrong.
bool take_number(std::string_view text, std::size_t& at, std::uint64_t& value) noexcept {
  constexpr std::size_t safe_digits = 19;  // any 19 digits fit 64 bits
  const std::size_t begin = at;
  value = 0;
  for (; at < text.size() && grammar::is(text[at], grammar::digit); ++at) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (at - begin >= safe_digits && value > (largest - digit) / 10) return false;
    value = value * 10 + digit;
  }
  return at > begin;
}

bool take_number_or_star(std::string_view text, std::size_t& at,
                         std::optional<std::uint64_t>& value) noexcept {
  if (at < text.size() && text[at] == '*') {
    ++at;
    value = std::nullopt;
    return true;
  }
  return take_number(text, at, value.emplace());
}

bool take(std::string_view text, std::size_t& at, char wanted) noexcept {
  if (at == text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

char* print_number(char* at, const std::optional<std::uint64_t>& value) noexcept {
  constexpr std::ptrdiff_t digits_max = 20;
  if (value) return std::to_chars(at, at + digits_max, *value).ptr;
  *at = '*';
  return at + 1;
}

}  // namespace

Result<ByteRange> ByteRange::parse(std::string_view text) noexcept {
  Result<ByteRange> read(std::in_place);
  ByteRange& range = *read;
  std::size_t at = 0;
  if (!take_number(text, at, range.start) || !take(text, at, '-') ||
      !take_number_or_star(text, at, range.end) || !take(text, at, '/') ||
      !take_number_or_star(text, at, range.total) || at != text.size()) {
    return bad(at);
  }
  return read;
}

bool ByteRange::consistent() const noexcept {
  if (start == 0) return end == 0 && total == 0;
  if (end && *end < start - 1) return false;
  if (end && total && *end > *total) return false;
  return !total || start - 1 <= *total;
}

std::optional<std::uint64_t> ByteRange::announced_bytes() const noexcept {
  if (!end || !consistent()) return std::nullopt;
  return start == 0 ? 0 : *end - (start - 1);
}

std::size_t ByteRange::print(std::span<char> out) const noexcept {
  MSRP_ASSERT(out.size() >= text_bytes_max);
  char* at = print_number(out.data(), start);
  *at++ = '-';
  at = print_number(at, end);
  *at++ = '/';
  at = print_number(at, total);
  return static_cast<std::size_t>(at - out.data());
}

}  // namespace msrp
