#include "base/ident.hpp"

#include <span>

namespace msrp {
namespace {

constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";  // 32, no look-alikes
static_assert(alphabet.size() == 32);

constexpr std::size_t index_chars = 4;

}  // namespace

Ident IdentSource::indexed(std::uint32_t index) noexcept {
  MSRP_ASSERT(index < index_end);
  std::array<char, bytes> text;
  for (std::size_t i = 0; i < index_chars; ++i) {
    text[i] = alphabet[(index >> (5 * i)) & 31];
  }
  std::array<std::byte, bytes - index_chars> drawn;
  random_->fill(drawn);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    text[index_chars + i] = alphabet[std::to_integer<std::size_t>(drawn[i]) & 31];
  }
  return Ident({text.data(), text.size()});
}

Ident IdentSource::plain() noexcept {
  std::array<char, bytes> text;
  std::array<std::byte, bytes> drawn;
  random_->fill(drawn);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    text[i] = alphabet[std::to_integer<std::size_t>(drawn[i]) & 31];
  }
  return Ident({text.data(), text.size()});
}

std::optional<std::uint32_t> IdentSource::index_of(std::string_view ident) noexcept {
  if (ident.size() != bytes) return std::nullopt;
  std::uint32_t index = 0;
  for (std::size_t i = 0; i < index_chars; ++i) {
    const std::size_t digit = alphabet.find(ident[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    index |= static_cast<std::uint32_t>(digit) << (5 * i);
  }
  return index;
}

}  // namespace msrp
