#include "apps/msrp/text.hpp"

#include <fmt/format.h>

#include <array>

namespace msrp::app {
namespace {

unsigned octet(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

bool is_control(std::string_view sequence) noexcept {
  const unsigned first = octet(sequence, 0);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  // C1 controls, and the marks that turn the direction of writing.
  if (sequence.size() == 2) return first == 0xC2 && octet(sequence, 1) < 0xA0;
  if (sequence.size() != 3 || first != 0xE2) return false;
  const unsigned second = octet(sequence, 1);
  const unsigned third = octet(sequence, 2);
  return (second == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xA8 && third <= 0xAE))) ||
         (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

}  // namespace

std::size_t utf8_sequence_bytes(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const unsigned first = octet(text, 0);
  if (first < 0x80) return 1;
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((octet(text, i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = octet(text, 1);
  if (first == 0xE0 && second < 0xA0) return 0;  // longer than need be
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;  // past U+10FFFF
  return bytes;
}

std::string json_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto escape = [&out](unsigned value) {  // U+EF80 + (value - 0x80) in UTF-8
    out.push_back(static_cast<char>(0xEE));
    out.push_back(static_cast<char>(0xBC | (value >> 6 & 0x03)));
    out.push_back(static_cast<char>(0x80 | (value & 0x3F)));
  };
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    const bool reserved = bytes == 3 && octet(text, 0) == 0xEE && octet(text, 1) >= 0xBE;
    if (bytes == 0 || reserved) {
      const std::size_t count = reserved ? 3 : 1;
      for (std::size_t i = 0; i < count; ++i) escape(octet(text, i));
      text.remove_prefix(count);
    } else {
      out.append(text.substr(0, bytes));
      text.remove_prefix(bytes);
    }
  }
  return out;
}

std::string printable(std::string_view text, bool multi_line) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    const std::string_view sequence = text.substr(0, bytes == 0 ? 1 : bytes);
    const bool kept = multi_line && (sequence == "\n" || sequence == "\t");
    if (!kept && (bytes == 0 || is_control(sequence))) {
      for (std::size_t i = 0; i < sequence.size(); ++i) {
        fmt::format_to(std::back_inserter(out), "\\x{:02X}", octet(sequence, i));
      }
    } else {
      out.append(sequence);
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string rate_text(double bytes_per_second) {
  const double bounded = bytes_per_second < 0 ? 0 : bytes_per_second;
  return size_text(bounded < 1e18 ? static_cast<std::uint64_t>(bounded) : 0) + "/s";
}

std::string duration_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds < 1e15 ? seconds : 1e15);
  const std::uint64_t hours = whole / 3600;
  if (hours == 0) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", hours, whole / 60 % 60, whole % 60);
}

}  // namespace msrp::app
