#include "support/wire_text.hpp"

#include <stdexcept>

namespace msrp::test {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw std::invalid_argument("\\x wants two hexadecimal digits");
}

// Decodes the escape behind the backslash at line[at]; moves at behind it.
std::string escape(std::string_view line, std::size_t& at, bool may_repeat);

std::string unescape(std::string_view line, bool may_repeat) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] != '\\') {
      out += line[at++];
    } else {
      out += escape(line, at, may_repeat);
    }
  }
  return out;
}

std::string repetition(std::string_view line, std::size_t& at) {
  const std::size_t colon = line.find(':', at);
  const std::size_t close = line.find('}', at);
  if (colon == std::string_view::npos || close == std::string_view::npos || colon > close)
    throw std::invalid_argument("\\{N:text} is not closed");
  const std::size_t times = std::stoul(std::string(line.substr(at, colon - at)));
  const std::string piece = unescape(line.substr(colon + 1, close - colon - 1), false);
  at = close + 1;
  std::string out;
  out.reserve(times * piece.size());
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

std::string escape(std::string_view line, std::size_t& at, bool may_repeat) {
  if (at + 1 >= line.size()) throw std::invalid_argument("a lone backslash");
  const char what = line[at + 1];
  at += 2;
  switch (what) {
    case 'r':
      return "\r";
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '\\':
      return "\\";
    case 'x': {
      if (at + 2 > line.size()) throw std::invalid_argument("\\x wants two hexadecimal digits");
      const int value = hex_digit(line[at]) * 16 + hex_digit(line[at + 1]);
      at += 2;
      return std::string(1, static_cast<char>(value));
    }
    case '{':
      if (may_repeat) return repetition(line, at);
      [[fallthrough]];
    default:
      throw std::invalid_argument(std::string("unknown escape \\") + what);
  }
}

// The backslash at the end of the line is no part of an escape.
bool ends_open(std::string_view line) {
  std::size_t backslashes = 0;
  while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

}  // namespace

std::string wire_from_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool open = ends_open(line);
    if (open) line.remove_suffix(1);
    out += unescape(line, true);
    if (!open) out += "\r\n";
  }
  return out;
}

std::string printable(std::string_view octets) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : octets) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (value < 0x20 || value > 0x7e) {
      out += "\\x";
      out += hex[value >> 4U];
      out += hex[value & 15U];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace msrp::test
