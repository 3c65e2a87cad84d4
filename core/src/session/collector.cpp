#include "msrp/collector.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace msrp {

Result<void> Collector::add(std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
  if (offset > bytes_max_ || bytes.size() > bytes_max_ - offset) {
    return fail(Errc::limit_exceeded, 413);
  }
  const std::size_t begin = static_cast<std::size_t>(offset);
  try {
    if (begin + bytes.size() > bytes_.size()) bytes_.resize(begin + bytes.size());
  } catch (const std::bad_alloc&) {
    return fail(Errc::out_of_memory);
  }
  std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(begin));
  return {};
}

Result<std::vector<std::byte>> Collector::take(std::uint64_t bytes) noexcept {
  if (bytes > bytes_.size()) return fail(Errc::invalid_argument);
  bytes_.resize(static_cast<std::size_t>(bytes));
  return std::exchange(bytes_, {});
}

}  // namespace msrp
