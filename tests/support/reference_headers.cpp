#include "support/reference_headers.hpp"

#include <set>

#include "support/reference_uri.hpp"

namespace msrp::test {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_letter(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_ident(const std::string& text) {
  if (text.size() < 4 || text.size() > 32) return false;
  if (!is_letter(text[0]) && !is_digit(text[0])) return false;
  for (const char c : text) {
    if (!reference_is_ident_octet(c)) return false;
  }
  return true;
}

// The number of continuation octets that RFC 4975 section 9 asks for behind this one; -1: not a
// first octet.
int continuation_octets(unsigned char first) {
  if (first == 0x09 || (first >= 0x20 && first <= 0x7e)) return 0;
  if (first >= 0xc0 && first <= 0xdf) return 1;
  if (first >= 0xe0 && first <= 0xef) return 2;
  if (first >= 0xf0 && first <= 0xf7) return 3;
  if (first >= 0xf8 && first <= 0xfb) return 4;
  if (first >= 0xfc && first <= 0xfd) return 5;
  return -1;
}

bool is_utf8text(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int more = continuation_octets(static_cast<unsigned char>(text[i]));
    if (more < 0) return false;
    for (int k = 0; k < more; ++k) {
      ++i;
      if (i == text.size()) return false;
      const auto c = static_cast<unsigned char>(text[i]);
      if (c < 0x80 || c > 0xbf) return false;
    }
  }
  return true;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
  return text;
}

std::optional<std::uint16_t> three_digits(const std::string& text) {
  if (text.size() != 3) return std::nullopt;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
  }
  return static_cast<std::uint16_t>(std::stoi(text));
}

void mark(HeadRecord& head, Errc code) {
  if (!head.invalid) head.invalid = code;
}

void read_start(const std::string& start, HeadRecord& head) {
  if (!is_ident(head.transaction_id)) mark(head, Errc::bad_transaction_id);
  if (!start.empty() && is_digit(start[0])) {
    head.is_request = false;
    const std::size_t space = start.find(' ');
    const auto code = three_digits(start.substr(0, space));
    if (!code) return mark(head, Errc::bad_status_code);
    head.status = *code;
    if (space == std::string::npos) return;
    const std::string comment = start.substr(space + 1);
    if (!is_utf8text(comment)) return mark(head, Errc::bad_comment);
    head.comment = comment;
    return;
  }
  head.method_text = start;
  if (start == "SEND") head.method = Method::send;
  if (start == "REPORT") head.method = Method::report;
  if (start == "AUTH") head.method = Method::auth;
  if (start == "NICKNAME") head.method = Method::nickname;
  if (start.empty()) mark(head, Errc::bad_method);
  for (const char c : start) {
    if (!is_upper(c)) mark(head, Errc::bad_method);
  }
}

std::vector<std::string> read_path(const std::string& value, const ParserLimits& limits,
                                   HeadRecord& head) {
  const ReferencePath path = reference_parse_path(value, limits.path_uris);
  if (path.error) mark(head, *path.error);
  return path.uris;
}

// A number of 1 or more digits below 2^64.
std::optional<std::uint64_t> number(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<ByteRange> read_range(const std::string& value) {
  const std::size_t minus = value.find('-');
  const std::size_t slash = value.find('/');
  if (minus == std::string::npos || slash == std::string::npos || slash < minus)
    return std::nullopt;
  const std::string end = value.substr(minus + 1, slash - minus - 1);
  const std::string total = value.substr(slash + 1);
  ByteRange range;
  const auto start = number(value.substr(0, minus));
  if (!start) return std::nullopt;
  range.start = *start;
  if (end != "*") {
    range.end = number(end);
    if (!range.end) return std::nullopt;
  }
  if (total != "*") {
    range.total = number(total);
    if (!range.total) return std::nullopt;
  }
  return range;
}

std::optional<StatusRecord> read_status(const std::string& value) {
  if (value.size() < 7 || value[3] != ' ') return std::nullopt;
  const auto name_space = three_digits(value.substr(0, 3));
  const auto code = three_digits(value.substr(4, 3));
  if (!name_space || !code) return std::nullopt;
  StatusRecord status{*name_space, *code, ""};
  if (value.size() > 7) {
    if (value[7] != ' ') return std::nullopt;
    status.comment = value.substr(8);
  }
  return status;
}

// Takes a quoted-string off the front; false when there is none.
bool skip_quoted(std::string& text) {
  if (text.empty() || text[0] != '"') return false;
  std::string inside;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (i + 1 == text.size() || (text[i + 1] != '\\' && text[i + 1] != '"')) return false;
      ++i;
    } else if (text[i] == '"') {
      text.erase(0, i + 1);
      return true;
    }
  }
  return false;
}

std::string take_token(std::string& text) {
  std::size_t size = 0;
  while (size < text.size() && reference_is_token(text.substr(size, 1))) ++size;
  const std::string token = text.substr(0, size);
  text.erase(0, size);
  return token;
}

// type "/" subtype *( ";" pname [ "=" pval ] ), with blanks around ";".
bool is_media_type(std::string text) {
  if (take_token(text).empty()) return false;
  if (text.empty() || text[0] != '/') return false;
  text.erase(0, 1);
  if (take_token(text).empty()) return false;
  for (;;) {
    text = trimmed(text);
    if (text.empty()) return true;
    if (text[0] != ';') return false;
    text = trimmed(text.substr(1));
    if (take_token(text).empty()) return false;
    if (text.empty() || text[0] != '=') continue;
    text.erase(0, 1);
    if (!skip_quoted(text) && take_token(text).empty()) return false;
  }
}

void read_known(const std::string& name, const std::string& value, const ParserLimits& limits,
                HeadRecord& head) {
  const std::string word = lower_case(value);
  if (name == "to-path") {
    head.to_path = read_path(value, limits, head);
  } else if (name == "from-path") {
    head.from_path = read_path(value, limits, head);
  } else if (name == "message-id") {
    if (!is_ident(value)) return mark(head, Errc::bad_message_id);
    head.message_id = value;
  } else if (name == "success-report") {
    if (word != "yes" && word != "no") return mark(head, Errc::bad_report_header);
    head.success_report = word == "yes";
  } else if (name == "failure-report") {
    if (word == "yes") head.failure_report = FailureReport::yes;
    if (word == "no") head.failure_report = FailureReport::no;
    if (word == "partial") head.failure_report = FailureReport::partial;
    if (!head.failure_report) mark(head, Errc::bad_report_header);
  } else if (name == "byte-range") {
    head.byte_range = read_range(value);
    if (!head.byte_range) mark(head, Errc::bad_byte_range);
  } else if (name == "status") {
    head.status_header = read_status(value);
    if (!head.status_header) mark(head, Errc::bad_status_header);
  } else if (name == "content-type") {
    if (!is_media_type(value)) return mark(head, Errc::bad_content_type);
    head.content_type = value;
  }
}

// Headers that a chunk has once at most.
const std::set<std::string> single = {
    "to-path",      "from-path",           "message-id",   "success-report",
    "byte-range",   "failure-report",      "status",       "expires",
    "min-expires",  "max-expires",         "use-path",     "authorization",
    "content-id",   "authentication-info", "content-type", "content-description",
    "use-nickname", "content-disposition"};

std::optional<std::string> header_name(const std::string& line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return line.substr(0, colon);
}

}  // namespace

bool reference_is_ident_octet(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '+' || c == '%' || c == '=';
}

bool reference_has_content_type(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const auto name = header_name(line);
    if (name && lower_case(*name) == "content-type") return true;
  }
  return false;
}

void reference_read_head(const std::string& start, const std::vector<std::string>& lines,
                         const ParserLimits& limits, HeadRecord& head) {
  read_start(start, head);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (i == limits.headers) return mark(head, Errc::too_many_headers);
    if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) {  // no folding (R4975-9-21)
      mark(head, Errc::bad_header_line);
      continue;
    }
    const auto name = header_name(line);
    if (!name) {
      mark(head, Errc::bad_header_line);
      continue;
    }
    if (!reference_is_token(*name) || !is_letter((*name)[0])) {
      mark(head, Errc::bad_header_name);
      continue;
    }
    const std::string value = trimmed(line.substr(name->size() + 1));
    const std::string known = lower_case(*name);
    head.headers.emplace_back(*name, value);
    if (i == 0 && known != "to-path") mark(head, Errc::header_order);
    if (i == 1 && known != "from-path") mark(head, Errc::header_order);
    if (single.contains(known) && !seen.insert(known).second) {
      mark(head, Errc::duplicate_header);
      continue;
    }
    if (!is_utf8text(value)) {
      mark(head, Errc::bad_header_value);
      continue;
    }
    read_known(known, value, limits, head);
  }
}

void reference_check_missing(HeadRecord& head) {
  const auto has = [&](const std::string& wanted) {
    for (const auto& [name, value] : head.headers) {
      if (lower_case(name) == wanted) return true;
    }
    return false;
  };
  bool complete = has("to-path") && has("from-path");
  if (head.is_request) {
    if (head.method == Method::send || head.method == Method::report)
      complete = complete && has("message-id");
    if (head.method == Method::report) complete = complete && has("status");
    if (head.has_body) complete = complete && has("content-type");
  }
  if (!complete) mark(head, Errc::missing_header);
}

}  // namespace msrp::test
