// The format-list of a=accept-types and a=accept-wrapped-types (RFC 4975 section 8.6).
#pragma once

#include <string_view>

#include "msrp/headers.hpp"

namespace msrp {

// "*", "type/*" or "type/subtype", the latter two perhaps with parameters.
inline bool is_format_entry(std::string_view entry) noexcept {
  return entry == "*" || MediaTypeView::parse(entry).has_value();
}

// Takes the first entry off the list. A blank inside a quoted parameter value does not end it.
inline std::string_view take_format_entry(std::string_view& list) noexcept {
  const std::size_t begin = list.find_first_not_of(" \t");
  list.remove_prefix(begin == std::string_view::npos ? list.size() : begin);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size(); ++end) {
    const char c = list[end];
    if (quoted && c == '\\' && end + 1 < list.size()) {
      ++end;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ' ' || c == '\t')) {
      break;
    }
  }
  const std::string_view entry = list.substr(0, end);
  list.remove_prefix(end);
  return entry;
}

// Whether the entry can be written so that it is read again as itself.
inline bool is_writable_format_entry(std::string_view entry) noexcept {
  std::string_view rest = entry;
  return is_format_entry(entry) && take_format_entry(rest).size() == entry.size() &&
         entry.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace msrp
