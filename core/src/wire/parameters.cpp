#include "wire/parameters.hpp"

#include "wire/grammar.hpp"

namespace msrp {

QuotedScan scan_quoted(std::string_view text, bool any_escape, bool rfc3629) noexcept {
  if (text.empty() || text[0] != '"') return {0, false};
  std::size_t at = 1;
  while (at < text.size()) {
    if (text[at] == '"') return {at + 1, true};
    if (text[at] == '\\') {
      const char escaped = at + 1 < text.size() ? text[at + 1] : '\0';
      if (!any_escape && escaped != '\\' && escaped != '"') return {at, false};
      ++at;
    }
    const std::size_t octets = grammar::character_octets(text.substr(at), rfc3629);
    if (octets == 0) return {at, false};
    at += octets;
  }
  return {text.size(), false};
}

void ParameterReader::skip_blanks() noexcept {
  while (!at_end() && grammar::is_blank(text_[at_])) ++at_;
}

// Moves to the next element; false at the end of the list or where it goes wrong.
bool ParameterReader::read_separator() noexcept {
  skip_blanks();
  if (list_ == List::semicolon) {
    if (begun_) {
      if (at_end()) return false;
      if (text_[at_] != ';') {
        failed_ = true;
        return false;
      }
      ++at_;
      skip_blanks();
    }
  } else {
    const std::size_t before = at_;
    while (!at_end() && (text_[at_] == ',' || grammar::is_blank(text_[at_]))) ++at_;
    if (at_end()) return false;
    if (begun_ && at_ == before) {  // something behind a value that is no comma
      failed_ = true;
      return false;
    }
  }
  begun_ = true;
  return true;
}

bool ParameterReader::read_value(ParameterView& parameter) noexcept {
  const std::string_view rest = text_.substr(at_);
  const bool lenient = list_ == List::comma;
  if (!rest.empty() && rest[0] == '"') {
    const QuotedScan scan = scan_quoted(rest, lenient);
    at_ += scan.octets;
    if (!scan.valid) return false;
    parameter.value = rest.substr(1, scan.octets - 2);
    parameter.quoted = true;
    return true;
  }
  std::size_t size = grammar::span(rest, grammar::token);
  if (lenient) {
    size = 0;
    while (size < rest.size() && rest[size] > ' ' && rest[size] < 0x7f && rest[size] != '"' &&
           rest[size] != ',') {
      ++size;
    }
  }
  parameter.value = rest.substr(0, size);
  at_ += size;
  return size > 0;
}

std::optional<ParameterView> ParameterReader::next() noexcept {
  if (failed_ || !read_separator()) return std::nullopt;
  ParameterView parameter;
  const std::size_t size = grammar::span(text_.substr(at_), grammar::token);
  if (size == 0) return stop();
  parameter.name = text_.substr(at_, size);
  at_ += size;
  if (list_ == List::comma) skip_blanks();
  if (at_end() || text_[at_] != '=') {
    if (list_ == List::comma) return stop();
    return parameter;
  }
  ++at_;
  if (list_ == List::comma) skip_blanks();
  if (!read_value(parameter)) return stop();
  return parameter;
}

std::optional<ParameterView> find_parameter(std::string_view list, std::string_view name) noexcept {
  if (list.empty()) return std::nullopt;
  ParameterReader reader(list, ParameterReader::List::semicolon);
  while (const auto parameter = reader.next()) {
    if (grammar::equal_without_case(parameter->name, name)) return parameter;
  }
  return std::nullopt;
}

std::string unquote(std::string_view inside) {
  std::string text;
  text.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\' && i + 1 < inside.size()) ++i;
    text += inside[i];
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string out(1, '"');
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const std::size_t octets = grammar::character_octets(text, true);
    if (octets == 1 && (text[0] == '"' || text[0] == '\\')) out += '\\';
    out += text.substr(0, octets);
    text.remove_prefix(octets == 0 ? 1 : octets);
  }
  return out += '"';
}

}  // namespace msrp
