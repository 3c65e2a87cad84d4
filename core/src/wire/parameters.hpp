// "name=value" lists: those with ";" behind media types and dispositions, those with "," of digest
// authentication.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "msrp/headers.hpp"

namespace msrp {

// A quoted-string at the front of a text.
struct QuotedScan {
  std::size_t octets = 0;  // its size, quotes included; when it is none, where it goes wrong
  bool valid = false;
};
// Inside are utf8text and the escapes \\ and \" of RFC 4975 section 9; with any_escape the
// backslash may stand before any character, as in RFC 7235.
QuotedScan scan_quoted(std::string_view text, bool any_escape = false,
                       bool rfc3629 = false) noexcept;

// Goes through a list one parameter at a time:
//   while (auto parameter = reader.next()) ...
//   if (reader.failed()) ... reader.offset()
class ParameterReader {
 public:
  enum class List : unsigned char {
    semicolon,  // RFC 4975 section 9: no blanks around "=", no empty element, "=value" may be
                // absent
    comma,      // RFC 7235: blanks around "=", empty elements, any escape, bare values of any octet
  };
  ParameterReader(std::string_view text, List list) noexcept : text_(text), list_(list) {}

  // nullopt at the end and at an error.
  std::optional<ParameterView> next() noexcept;
  bool failed() const noexcept { return failed_; }
  // Of the offending octet, from the text's start.
  std::size_t offset() const noexcept { return at_; }

 private:
  bool at_end() const noexcept { return at_ == text_.size(); }
  void skip_blanks() noexcept;
  std::optional<ParameterView> stop() noexcept {
    failed_ = true;
    return std::nullopt;
  }
  bool read_separator() noexcept;
  bool read_value(ParameterView& parameter) noexcept;

  std::string_view text_;
  List list_;
  std::size_t at_ = 0;
  bool begun_ = false;
  bool failed_ = false;
};

// The first parameter of that name in a ";" list that was checked before.
std::optional<ParameterView> find_parameter(std::string_view list, std::string_view name) noexcept;

}  // namespace msrp
