#include "wire/head_scanner.hpp"

#include <algorithm>
#include <span>

#include "wire/grammar.hpp"
#include "wire/scan.hpp"

namespace msrp {
namespace {

constexpr std::string_view protocol = "MSRP ";
constexpr std::string_view dashes = "-------";

// How much of an end-line stands at the front of the text.
enum class EndLine : std::uint8_t { no, begun, whole };

EndLine end_line_at(std::string_view text, std::string_view transaction_id) noexcept {
  for (const std::string_view part : {dashes, transaction_id}) {
    const std::string_view front = text.substr(0, part.size());
    if (!part.starts_with(front)) return EndLine::no;
    if (front.size() < part.size()) return EndLine::begun;
    text.remove_prefix(part.size());
  }
  if (text.empty()) return EndLine::begun;
  if (!scan::is_flag(text[0])) return EndLine::no;
  constexpr std::string_view crlf = "\r\n";
  text = text.substr(1, crlf.size());
  if (!crlf.starts_with(text)) return EndLine::no;
  return text.size() == crlf.size() ? EndLine::whole : EndLine::begun;
}

}  // namespace

HeadScanner::Step HeadScanner::lose(Errc code, std::size_t at) noexcept {
  error_ = code;
  searched_ = at;
  return Step::lost;
}

std::optional<HeadScanner::Step> HeadScanner::scan_start(std::string_view text) noexcept {
  for (; searched_ < protocol.size(); ++searched_) {
    if (searched_ == text.size()) return Step::more;
    if (text[searched_] != protocol[searched_]) return lose(Errc::garbage, searched_);
  }
  const std::string_view id = text.substr(id_begin, ParserLimits::transaction_id_bytes);
  searched_ = id_begin + grammar::span(id, grammar::ident);
  if (searched_ == text.size()) return Step::more;
  if (text[searched_] != ' ' || searched_ == id_begin) {
    return lose(Errc::bad_transaction_id, searched_);
  }
  id_bytes_ = searched_ - id_begin;
  start_ = line_start_ = ++searched_;
  return std::nullopt;
}

std::optional<HeadScanner::Step> HeadScanner::look_at_line(std::string_view text) const noexcept {
  const std::string_view rest = text.substr(line_start_);
  if (rest.empty()) return Step::more;
  if (rest[0] == '\r') {
    if (rest.size() == 1) return Step::more;
    if (rest[1] == '\n') return Step::blank_line;
    return std::nullopt;
  }
  if (rest[0] != '-') return std::nullopt;
  switch (end_line_at(rest, transaction_id(text))) {
    case EndLine::whole:
      return Step::end_line;
    case EndLine::begun:
      return Step::more;
    case EndLine::no:
      break;
  }
  return std::nullopt;
}

void HeadScanner::note_beyond_table(std::string_view line) noexcept {
  constexpr std::string_view name = "content-type";
  if (line.find(':') == name.size() &&
      grammar::equal_without_case(line.substr(0, name.size()), name)) {
    content_type_beyond_table_ = true;
  }
}

HeadScanner::Step HeadScanner::scan(std::string_view text, const ParserLimits& limits,
                                    HeaderTable& table) noexcept {
  if (start_ == 0) {
    if (const std::optional<Step> step = scan_start(text)) return *step;
  }
  const std::span<HeaderField> all = table.fields();
  const std::span<HeaderField> room = all.first(std::min<std::size_t>(limits.headers, all.size()));
  scan::LineFeeds feeds(text, searched_);
  for (;;) {
    // Letters come behind "-" and CR: most lines need no second look.
    const bool may_end_head = line_start_ >= text.size() || text[line_start_] <= '-';
    if (start_line_done_ && may_end_head) {
      if (const std::optional<Step> step = look_at_line(text)) return *step;
    }
    std::size_t feed = feeds.next();
    while (feed != scan::npos && (feed == line_start_ || text[feed - 1] != '\r')) {
      feed = feeds.next();
    }
    if (feed == scan::npos) {
      if (text.size() > limits.head_bytes) return lose(Errc::head_too_large, limits.head_bytes);
      searched_ = text.size();
      return Step::more;
    }
    if (feed + 1 > limits.head_bytes) return lose(Errc::head_too_large, limits.head_bytes);
    const std::string_view line(text.data() + line_start_, feed - 1 - line_start_);
    if (!start_line_done_) {
      start_bytes_ = line.size();
      start_line_done_ = true;
    } else if (lines_ < room.size()) {
      room[lines_++].name = line;
    } else {
      ++lines_;
      note_beyond_table(line);
    }
    line_start_ = searched_ = feed + 1;
  }
}

}  // namespace msrp
