// Text forms of addresses: strict RFC 4291 / dotted quad in, RFC 5952 out.
#include "msrp/address.hpp"

#include <charconv>
#include <span>

namespace msrp {
namespace {

// Exactly four decimal octets without leading zeros.
bool parse_v4(std::string_view text, std::span<std::uint8_t, 4> out) noexcept {
  for (std::size_t part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      value = value * 10 + static_cast<unsigned>(text[digits] - '0');
      if (++digits > 3) return false;
    }
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    out[part] = static_cast<std::uint8_t>(value);
    text.remove_prefix(digits);
    if (part == 3) break;
    if (text.empty() || text[0] != '.') return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

std::optional<std::uint16_t> parse_group(std::string_view text) noexcept {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The groups between "::" or the ends; a dotted quad may stand last. Returns the octets written.
std::optional<std::size_t> parse_groups(std::string_view text, bool quad_allowed,
                                        std::span<std::uint8_t, 16> out) noexcept {
  std::size_t filled = 0;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && quad_allowed && group.find('.') != std::string_view::npos) {
      if (filled > 12 || !parse_v4(group, std::span<std::uint8_t, 4>(&out[filled], 4)))
        return std::nullopt;
      return filled + 4;
    }
    const auto value = parse_group(group);
    if (!value || filled > 14) return std::nullopt;
    out[filled++] = static_cast<std::uint8_t>(*value >> 8);
    out[filled++] = static_cast<std::uint8_t>(*value & 0xff);
    if (last) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;  // a single colon at the end
  }
  return filled;
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
  std::array<std::uint8_t, 16> octets{};
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto filled = parse_groups(text, true, octets);
    if (!filled || *filled != 16) return false;
    out = octets;
    return true;
  }
  std::array<std::uint8_t, 16> tail{};
  const auto front = parse_groups(text.substr(0, gap), false, octets);
  const auto back = parse_groups(text.substr(gap + 2), true, tail);
  if (!front || !back || *front + *back > 14) return false;  // "::" stands for one group or more
  for (std::size_t i = 0; i < *back; ++i) octets[16 - *back + i] = tail[i];
  out = octets;
  return true;
}

void append_number(std::string& out, unsigned value, int base) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

void append_v4(std::string& out, std::span<const std::uint8_t> octets) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    append_number(out, octets[i], 10);
  }
}

unsigned group_at(const IpAddress& ip, std::size_t index) {
  return static_cast<unsigned>(ip.octets[2 * index] << 8) | ip.octets[2 * index + 1];
}

// The longest run of at least two zero groups, the first of equal ones (RFC 5952 section 4.2).
struct Run {
  std::size_t first = 8, size = 0;
};
Run longest_zero_run(const IpAddress& ip) {
  Run best;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && group_at(ip, end) == 0) ++end;
    if (end - i >= 2 && end - i > best.size) best = {i, end - i};
    i = end + 1;
  }
  return best;
}

bool is_v4_mapped(const IpAddress& ip) {
  for (std::size_t i = 0; i < 5; ++i)
    if (group_at(ip, i) != 0) return false;
  return group_at(ip, 5) == 0xffff;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  IpAddress ip;
  if (text.find(':') != std::string_view::npos) {
    ip.v6 = true;
    if (!parse_v6(text, ip.octets)) return std::nullopt;
    return ip;
  }
  if (!parse_v4(text, std::span<std::uint8_t, 4>(ip.octets.data(), 4))) return std::nullopt;
  return ip;
}

std::string IpAddress::text() const {
  std::string out;
  if (!v6) {
    append_v4(out, octets);
    return out;
  }
  if (is_v4_mapped(*this)) {  // RFC 5952 section 5
    out = "::ffff:";
    append_v4(out, std::span(octets).subspan(12));
    return out;
  }
  const Run gap = longest_zero_run(*this);
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap.first) {
      out += "::";
      i += gap.size - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_number(out, group_at(*this, i), 16);
  }
  return out;
}

std::string SocketAddress::text() const {
  std::string out = ip.v6 ? '[' + ip.text() + ']' : ip.text();
  out += ':';
  append_number(out, port, 10);
  return out;
}

}  // namespace msrp
