// Byte-Range (RFC 4975 section 7.1.1) in checked 64-bit arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "msrp/error.hpp"

namespace msrp {

// Positions are 1-based octets of the whole message; nullopt is "*".
struct ByteRange {
  std::uint64_t start = 1;
  std::optional<std::uint64_t> end;
  std::optional<std::uint64_t> total;
  friend constexpr bool operator==(const ByteRange&, const ByteRange&) = default;

  // Parses "start-end/total". Numbers of any digit count are read; one that does not fit 64 bits
  // is an error, never a wrapped value. Checks syntax alone, see consistent().
  // Errors: bad_byte_range with status 400 and the offset of the offending octet.
  static Result<ByteRange> parse(std::string_view text) noexcept;

  // Whether the three numbers can describe a chunk: start >= 1 (0 only as "0-0/0"), end >= start -
  // 1, end <= total, start <= total + 1, no position past 2^64 - 1.
  bool consistent() const noexcept;

  // Octets that start..end announces; nullopt when end is "*" or the range is inconsistent.
  std::optional<std::uint64_t> announced_bytes() const noexcept;

  static constexpr std::size_t text_bytes_max = 62;  // three 20-digit numbers, "-" and "/"
  // Writes the canonical text; returns its length. Precondition: out has text_bytes_max octets.
  std::size_t print(std::span<char> out) const noexcept;
};

}  // namespace msrp
