#include "support/reference_parser.hpp"

#include <algorithm>

#include "support/reference_headers.hpp"

namespace msrp::test {
namespace {

constexpr std::size_t npos = std::string::npos;

class Reader {
 public:
  Reader(const std::string& octets, const ParserLimits& limits)
      : octets_(octets), limits_(limits) {}

  StreamRecord read() {
    while (!ended_) read_chunk();
    return std::move(stream_);
  }

 private:
  bool at(std::size_t position, const std::string& what) const {
    return octets_.compare(position, what.size(), what) == 0;
  }
  // The stream ends at `position` at the latest, inside `what`.
  bool ends_inside(std::size_t position, const std::string& what) const {
    const std::string rest = octets_.substr(position);
    return rest.size() < what.size() && what.starts_with(rest);
  }

  void clean() { ended_ = true; }
  void truncated() {
    ended_ = true;
    stream_.end = StreamEnd::truncated;
    stream_.offset = start_;
  }
  void lost(Errc code, std::size_t offset) {
    ended_ = true;
    stream_.end = StreamEnd::lost;
    stream_.error = code;
    stream_.offset = offset;
  }

  std::vector<std::string> end_lines() const {
    const std::string line = "-------" + chunk_.head.transaction_id;
    return {line + "$\r\n", line + "+\r\n", line + "#\r\n"};
  }
  // An end-line begins here.
  bool end_line_at(std::size_t position) const {
    for (const std::string& line : end_lines()) {
      if (at(position, line)) return true;
    }
    return false;
  }
  bool ends_inside_end_line(std::size_t position) const {
    for (const std::string& line : end_lines()) {
      if (ends_inside(position, line)) return true;
    }
    return false;
  }

  void read_chunk() {
    chunk_ = {};
    if (!skip_blank_lines()) return;
    start_ = position_;
    chunk_.offset = start_;
    if (!read_transaction_id()) return;
    if (!read_head()) return;
    read_rest();
  }

  // False: the stream ends or goes on with something else.
  bool skip_blank_lines() {
    start_ = position_;
    for (std::size_t skipped = 0;; skipped += 2) {
      if (position_ == octets_.size()) return clean(), false;
      if (octets_[position_] != '\r') return true;
      if (skipped + 2 > limits_.blank_bytes) return lost(Errc::garbage, position_), false;
      if (position_ + 1 == octets_.size()) return truncated(), false;
      if (octets_[position_ + 1] != '\n') return lost(Errc::garbage, position_ + 1), false;
      position_ += 2;
    }
  }

  bool read_transaction_id() {
    for (const char wanted : std::string("MSRP ")) {
      if (position_ == octets_.size()) return truncated(), false;
      if (octets_[position_] != wanted) return lost(Errc::garbage, position_), false;
      ++position_;
    }
    std::string& id = chunk_.head.transaction_id;
    for (;; ++position_) {
      if (position_ == octets_.size()) return truncated(), false;
      const char c = octets_[position_];
      if (c == ' ' && !id.empty()) break;
      if (!reference_is_ident_octet(c) || id.size() == ParserLimits::transaction_id_bytes)
        return lost(Errc::bad_transaction_id, position_), false;
      id += c;
    }
    ++position_;
    return true;
  }

  // Takes one line that ends inside the head's limit.
  bool take_line(std::string& line) {
    const std::size_t limit = start_ + limits_.head_bytes;
    const std::size_t end = octets_.find("\r\n", position_);
    if ((end == npos ? octets_.size() : end + 2) > limit)
      return lost(Errc::head_too_large, limit), false;
    if (end == npos) return truncated(), false;
    line = octets_.substr(position_, end - position_);
    position_ = end + 2;
    return true;
  }

  bool read_head() {
    std::string start, line;
    if (!take_line(start)) return false;
    std::vector<std::string> lines;
    while (!at(position_, "\r\n") && !end_line_at(position_)) {
      if (ends_inside(position_, "\r\n") || ends_inside_end_line(position_))
        return truncated(), false;
      if (!take_line(line)) return false;
      lines.push_back(line);
    }
    HeadRecord& head = chunk_.head;
    head.text = octets_.substr(start_, position_ - start_);
    reference_read_head(start, lines, limits_, head);
    if (at(position_, "\r\n")) {
      position_ += 2;
      head.has_body = true;
      if (!reference_has_content_type(lines)) {
        // A blank line too many, when the end-line follows.
        if (end_line_at(position_)) head.has_body = false;
        if (ends_inside_end_line(position_)) return truncated(), false;
      }
    }
    reference_check_missing(head);
    return true;
  }

  void read_rest() {
    if (!chunk_.head.has_body || end_line_at(position_)) return read_end_line();
    const std::size_t body = position_;
    while (position_ < octets_.size() && !(at(position_, "\r\n") && end_line_at(position_ + 2)))
      ++position_;
    if (position_ < octets_.size()) {
      chunk_.body = octets_.substr(body, position_ - body);
      position_ += 2;
      return read_end_line();
    }
    // Truncated. What may be the beginning of the end-line is no body yet.
    std::size_t held = body;
    while (!(held == body && ends_inside_end_line(held)) && !ends_inside_crlf_end_line(held))
      ++held;
    chunk_.body = octets_.substr(body, held - body);
    stream_.chunks.push_back(chunk_);
    truncated();
  }

  bool ends_inside_crlf_end_line(std::size_t position) const {
    if (ends_inside(position, "\r\n")) return true;  // also the empty rest
    return at(position, "\r\n") && ends_inside_end_line(position + 2);
  }

  void read_end_line() {
    const std::size_t flag = position_ + 7 + chunk_.head.transaction_id.size();
    chunk_.flag = static_cast<Flag>(octets_[flag]);
    position_ = flag + 3;
    chunk_.body_bytes = chunk_.body.size();
    const HeadRecord& head = chunk_.head;
    if (head.is_request && head.method == Method::send) {
      // Any flag, any size.
    } else if (!head.is_request && head.has_body) {
      chunk_.invalid = Errc::unexpected_body;
    } else if (chunk_.body.size() > limits_.non_send_body_bytes) {
      chunk_.invalid = Errc::body_too_large;
    } else if (chunk_.flag != Flag::end) {
      chunk_.invalid = Errc::bad_continuation_flag;
    }
    stream_.chunks.push_back(chunk_);
  }

  const std::string& octets_;
  const ParserLimits& limits_;
  StreamRecord stream_;
  ChunkRecord chunk_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;
  bool ended_ = false;
};

}  // namespace

StreamRecord reference_read(const std::string& octets, const ParserLimits& limits) {
  return Reader(octets, limits).read();
}

}  // namespace msrp::test
