#include "loose_stream.hpp"

#include <algorithm>

#include "wire_input.hpp"

namespace msrp::fuzz {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view crlf = "\r\n";
constexpr std::string_view dashes = "-------";

bool is_ident_octet(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view(".-+%=").find(c) != npos;
}

// Takes a line without its CRLF off the front; nullopt when there is no CRLF.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find(crlf);
  if (end == npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + crlf.size());
  return line;
}

// "-------id" flag CRLF; false when it is none.
bool take_end_line(std::string_view& text, LooseChunk& chunk) {
  if (!text.starts_with(dashes)) return false;
  const std::size_t end = text.find(crlf);
  if (end == npos || end < dashes.size() + 1) return false;
  const std::string_view id = text.substr(dashes.size(), end - dashes.size() - 1);
  if (!std::ranges::all_of(id, is_ident_octet)) return false;
  if (id != chunk.transaction_id) chunk.end_id = id;
  chunk.end = text.substr(end - 1, 3);
  text.remove_prefix(end + crlf.size());
  return true;
}

void take_body(std::string_view& text, LooseChunk& chunk) {
  const std::string end_line = "\r\n-------" + chunk.transaction_id;
  for (std::size_t from = 0;;) {
    const std::size_t at = text.find(end_line, from);
    if (at == npos) break;
    std::string_view behind = text.substr(at + crlf.size());
    if (take_end_line(behind, chunk) && !chunk.end_id) {
      chunk.body = text.substr(0, at);
      text = behind;
      return;
    }
    chunk.end_id.reset();
    chunk.end.clear();
    from = at + 1;
  }
  chunk.body = text;
  text = {};
}

bool take_chunk(std::string_view& text, LooseStream& stream) {
  const std::size_t at = text.find("MSRP ");
  if (at == npos) return false;
  LooseChunk chunk;
  chunk.before = text.substr(0, at);
  std::string_view rest = text.substr(at + 5);
  const std::size_t id_end = std::min(
      static_cast<std::size_t>(std::ranges::find_if_not(rest, is_ident_octet) - rest.begin()),
      rest.size());
  chunk.transaction_id = rest.substr(0, id_end);
  rest.remove_prefix(id_end);
  const auto start = take_line(rest);
  if (!start) return false;
  chunk.start = *start;
  for (;;) {
    if (take_end_line(rest, chunk)) break;
    if (rest.starts_with(crlf)) {
      rest.remove_prefix(crlf.size());
      take_body(rest, chunk);
      break;
    }
    const auto line = take_line(rest);
    if (!line) break;
    chunk.lines.emplace_back(*line);
  }
  stream.chunks.push_back(std::move(chunk));
  text = rest;
  return true;
}

}  // namespace

LooseStream parse_loosely(std::string_view input) {
  LooseStream stream;
  if (input.size() >= limits_octets && input[0] == limits_mark) {
    stream.limits = input.substr(0, limits_octets);
    input.remove_prefix(limits_octets);
  }
  while (take_chunk(input, stream)) {
  }
  stream.rest = input;
  return stream;
}

std::string print(const LooseStream& stream) {
  std::string out = stream.limits;
  for (const LooseChunk& chunk : stream.chunks) {
    out += chunk.before + "MSRP " + chunk.transaction_id + chunk.start + "\r\n";
    for (const std::string& line : chunk.lines) out += line + "\r\n";
    if (chunk.body) out += "\r\n" + *chunk.body;
    if (chunk.end.empty()) continue;
    if (chunk.body) out += crlf;
    out += std::string(dashes) + chunk.end_id.value_or(chunk.transaction_id) + chunk.end;
  }
  return out + stream.rest;
}

}  // namespace msrp::fuzz
