#include "backends/sim/world/wire_judge.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace msrp::sim {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::uint64_t interruptible_bytes = 2048;

// Takes what stands before the mark off the text, and the mark.
std::optional<std::string_view> take(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return part;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_ident(std::string_view text) {
  const auto is_letter_or_digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return text.size() >= 4 && text.size() <= 32 && is_letter_or_digit(text[0]) &&
         std::ranges::all_of(text, [&](char c) {
           return is_letter_or_digit(c) || std::string_view(".-+%=").contains(c);
         });
}

}  // namespace

bool WireJudge::complain(std::string_view what, std::string_view transaction_id) {
  if (wrong_.empty()) wrong_.append(what).append(", transaction ").append(transaction_id);
  return false;
}

void WireJudge::wrote(std::uint32_t side, std::string_view octets) {
  if (only_.value_or(side) != side) return;
  Direction& way = directions_[side];
  way.text.append(octets);
  while (wrong_.empty() && (way.head ? read_body(side) : read_head(side))) {
  }
}

// Up to the empty line, or to the end-line where there is no body.
bool WireJudge::read_head(std::uint32_t side) {
  Direction& way = directions_[side];
  const std::size_t first_line = way.text.find(line_end);
  if (first_line == std::string::npos) return false;
  std::string_view start_line = std::string_view(way.text).substr(0, first_line);
  if (take(start_line, " ") != "MSRP") return complain("no start line", start_line);
  const std::string transaction_id(start_line.substr(0, start_line.find(' ')));
  if (!only_ && !is_ident(transaction_id)) return complain("no transaction id", transaction_id);
  const std::size_t end_line = way.text.find("\r\n-------" + transaction_id);
  const std::size_t empty_line = way.text.find("\r\n\r\n");
  if (end_line == std::string::npos && empty_line == std::string::npos) return false;
  const bool has_body = empty_line < end_line;
  const std::size_t end = std::min(end_line, empty_line) + line_end.size();
  auto head = parse(side, std::string_view(way.text).substr(0, end));
  if (!head) return false;
  head->has_body = has_body;
  way.head = std::move(head);
  // The line end before the end-line belongs to it.
  way.text.erase(0, has_body ? end + line_end.size() : end - line_end.size());
  way.looked = 0;
  return true;
}

std::optional<WireJudge::Head> WireJudge::parse(std::uint32_t side, std::string_view text) {
  Head head;
  std::string_view start_line = *take(text, line_end);
  (void)take(start_line, " ");
  head.transaction_id = *take(start_line, " ");
  head.is_request = start_line[0] < '0' || start_line[0] > '9';
  head.method = start_line;
  std::string_view failure_report = "yes";
  for (int line_number = 0; !text.empty(); ++line_number) {
    std::string_view value = *take(text, line_end);
    const auto name = take(value, ": ");
    if (!name) return complain("no header", head.transaction_id), std::nullopt;
    if ((line_number == 0 && *name != "To-Path") || (line_number == 1 && *name != "From-Path")) {
      return complain("the paths are not first", head.transaction_id), std::nullopt;
    }
    if (*name == "Failure-Report") failure_report = value;
    if (*name == "Content-Type") head.has_type = true;
    if (*name == "Message-ID") head.message_id = value;
    if (*name == "Success-Report") head.success_report = value == "yes";
    if (*name == "Status") head.status = value;
    if (*name != "Byte-Range") continue;
    head.has_range = true;
    const auto start = take(value, "-"), end = take(value, "/");
    if (!start || !end || !number(*start)) {
      return complain("no range", head.transaction_id), std::nullopt;
    }
    head.start = *number(*start);
    if (*end != "*") head.end = number(*end);
    if (value != "*") head.total = number(value);
  }
  if (head.is_request) {
    request(side, head, failure_report);
  } else {
    response(side, head, start_line.substr(0, 3));
  }
  if (!wrong_.empty()) return std::nullopt;
  return head;
}

void WireJudge::request(std::uint32_t side, Head& head, std::string_view failure_report) {
  Request made;
  made.answerable = head.method != "REPORT";
  if (failure_report == "no") made.failure = Reports::no;
  if (failure_report == "partial") made.failure = Reports::partial;
  if (!directions_[side].requests.emplace(head.transaction_id, made).second) {
    complain("a transaction id that is open", head.transaction_id);
  }
  if (head.method == "REPORT") return report(side, head);
  if (head.method != "SEND") return;
  Message& message = directions_[side].messages[head.message_id];
  if (message.is_over) complain("more of a message after its \"#\"", head.transaction_id);
  message.success_report = head.success_report;
  message.failure = made.failure;
}

// Of what the other side has sent, and as it asked for it (RFC 4975 sections 7.1.2 and 7.2).
void WireJudge::report(std::uint32_t side, const Head& head) {
  if (only_) return;
  const auto& messages = directions_[1 - side].messages;
  const auto about = messages.find(head.message_id);
  if (about == messages.end()) {
    complain("a REPORT about nothing", head.transaction_id);
    return;
  }
  const bool is_success = head.status.starts_with("000 2");
  if (is_success && !about->second.success_report) {
    complain("a success REPORT that nobody asked for", head.transaction_id);
  }
  if (!is_success && about->second.failure == Reports::no) {
    complain("a failure REPORT that nobody asked for", head.transaction_id);
  }
}

void WireJudge::response(std::uint32_t side, const Head& head, std::string_view status) {
  if (only_) return;
  auto& requests = directions_[1 - side].requests;
  const auto asked = requests.find(head.transaction_id);
  if (asked == requests.end()) {
    complain("an answer to nothing, or a second one", head.transaction_id);
    return;
  }
  const Request request = asked->second;
  requests.erase(asked);
  if (!request.answerable) complain("an answer to a REPORT", head.transaction_id);
  if (request.failure == Reports::no) complain("an unwanted answer", head.transaction_id);
  if (request.failure == Reports::partial && status.starts_with('2')) {
    complain("an unwanted 200", head.transaction_id);
  }
}

bool WireJudge::read_body(std::uint32_t side) {
  Direction& way = directions_[side];
  const std::string mark = "\r\n-------" + way.head->transaction_id;
  const std::size_t at = way.text.find(mark, way.looked);
  if (at == std::string::npos) {
    way.looked = way.text.size() - std::min(way.text.size(), mark.size());
    return false;
  }
  const std::size_t whole = at + mark.size() + 1 + line_end.size();
  way.looked = at;
  if (way.text.size() < whole) return false;
  const char flag = way.text[at + mark.size()];
  const bool ends = std::string_view("$+#").contains(flag) &&
                    std::string_view(way.text).substr(whole - 2, 2) == line_end;
  if (!ends) return complain("an end-line in the body, or a bad one", way.head->transaction_id);
  chunk(side, *way.head, at, flag);
  way.text.erase(0, whole);
  way.looked = 0;
  way.head.reset();
  ++chunks_;
  return wrong_.empty();
}

void WireJudge::chunk(std::uint32_t side, const Head& head, std::uint64_t body_bytes, char flag) {
  const std::string& id = head.transaction_id;
  if (flag == '#' && head.method == "SEND") {
    directions_[side].messages[head.message_id].is_over = true;
  }
  if (!head.is_request || head.method != "SEND") {
    if (flag != '$') complain("a flag that only a SEND may have", id);
    if (!head.is_request && head.has_body) complain("a body in an answer", id);
    return;
  }
  if (!head.has_body) return;
  if (!head.has_type) complain("a body without a type", id);
  if (!head.has_range) return;
  if (body_bytes > interruptible_bytes && head.end) complain("it cannot be interrupted", id);
  const std::uint64_t end = head.start - 1 + body_bytes;
  if (flag == '#') return;
  if (head.end && *head.end != end) complain("another size than its range has", id);
  if (!head.total) return;
  if (flag == '$' && end != *head.total) complain("\"$\" before the total", id);
  if (flag == '+' && end >= *head.total) complain("\"+\" at the total", id);
}

}  // namespace msrp::sim
