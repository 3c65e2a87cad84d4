#include "stream/collision_guard.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "msrp/assert.hpp"
#include "wire/scan.hpp"

namespace msrp {
namespace {

std::string_view text_of(std::span<const std::byte> octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

std::size_t CollisionGuard::safe_prefix(std::span<const std::byte> segment) const noexcept {
  std::array<char, pattern_bytes_max> prefix;
  constexpr std::string_view dashes = "-------";
  std::copy(dashes.begin(), dashes.end(), prefix.begin());
  std::ranges::copy(id_.text(), prefix.begin() + dashes.size());
  const std::string_view pattern(prefix.data(), dashes.size() + id_.text().size());

  // Across the join: what was passed last and as much of the segment as completes a pattern that
  // begins there.
  std::array<char, 2 * pattern_bytes_max> join;
  const std::size_t ahead = std::min(segment.size(), pattern_bytes() - 1);
  std::memcpy(join.data(), tail_.data(), tail_bytes_);
  if (ahead > 0) std::memcpy(join.data() + tail_bytes_, segment.data(), ahead);
  // The last octet of the pattern is the one that must not follow.
  std::size_t at = scan::find_collision({join.data(), tail_bytes_ + ahead}, pattern);
  if (at != scan::npos) return at + pattern_bytes() - 1 - tail_bytes_;
  at = scan::find_collision(text_of(segment), pattern);
  return at == scan::npos ? segment.size() : at + pattern_bytes() - 1;
}

void CollisionGuard::pass(std::span<const std::byte> segment) noexcept {
  const std::size_t kept_max = pattern_bytes() - 1;
  const std::size_t from_segment = std::min(segment.size(), kept_max);
  const std::size_t from_tail = std::min(tail_bytes_, kept_max - from_segment);
  std::memmove(tail_.data(), tail_.data() + (tail_bytes_ - from_tail), from_tail);
  if (from_segment > 0) {
    std::memcpy(tail_.data() + from_tail, segment.data() + (segment.size() - from_segment),
                from_segment);
  }
  tail_bytes_ = from_tail + from_segment;
}

}  // namespace msrp
