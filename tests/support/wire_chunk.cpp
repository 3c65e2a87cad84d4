#include "support/wire_chunk.hpp"

#include <gtest/gtest.h>

namespace msrp::test {

std::string WireChunk::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

bool WireChunk::has(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return true;
  return false;
}

std::string WireChunk::text() const {
  std::string out = "MSRP " + transaction_id + " " + word;
  if (!comment.empty()) out += " " + comment;
  out += "\r\n";
  for (const auto& [key, value] : headers) out.append(key).append(": ").append(value) += "\r\n";
  if (body) out.append("\r\n").append(*body) += "\r\n";
  return out + "-------" + transaction_id + flag + "\r\n";
}

namespace {

// Where "-------tid" + flag + CRLF stands at a line start, from `from` on.
std::size_t find_end_line(const std::string& text, const std::string& id, std::size_t from) {
  const std::string needle = "-------" + id;
  for (std::size_t at = text.find(needle, from); at != std::string::npos;
       at = text.find(needle, at + 1)) {
    if (at < 2 || text.compare(at - 2, 2, "\r\n") != 0) continue;
    const std::size_t flag = at + needle.size();
    if (flag + 3 > text.size()) return std::string::npos;
    if (std::string_view("$+#").find(text[flag]) == std::string_view::npos) continue;
    if (text.compare(flag + 1, 2, "\r\n") == 0) return at;
  }
  return std::string::npos;
}

bool read_head(WireChunk& chunk, std::string_view head) {
  for (std::size_t line = 0; line < head.size();) {
    const std::size_t end = head.find("\r\n", line);
    const std::size_t colon = head.find(": ", line);
    if (end == std::string_view::npos || colon == std::string_view::npos || colon > end)
      return false;
    chunk.headers.emplace_back(head.substr(line, colon - line),
                               head.substr(colon + 2, end - colon - 2));
    line = end + 2;
  }
  return true;
}

}  // namespace

std::optional<WireChunk> take_chunk(std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t start_end = text.find("\r\n");
  if (start_end == std::string::npos) return std::nullopt;
  WireChunk chunk;
  const std::size_t id_end = text.find(' ', 5);
  if (text.compare(0, 5, "MSRP ") != 0 || id_end == std::string::npos || id_end > start_end) {
    ADD_FAILURE() << "not a chunk: " << text.substr(0, 80);
    text.clear();
    return std::nullopt;
  }
  chunk.transaction_id = text.substr(5, id_end - 5);
  const std::string rest = text.substr(id_end + 1, start_end - id_end - 1);
  const std::size_t space = rest.find(' ');
  chunk.word = rest.substr(0, space);
  if (space != std::string::npos) chunk.comment = rest.substr(space + 1);
  // The search begins on the start line's CRLF, so a chunk without headers works too.
  const std::size_t end_line = find_end_line(text, chunk.transaction_id, start_end);
  if (end_line == std::string::npos) return std::nullopt;
  const std::size_t headers = start_end + 2;
  std::size_t blank = text.find("\r\n\r\n", start_end);
  if (blank != std::string::npos && blank + 2 < end_line) {
    if (!read_head(chunk, std::string_view(text).substr(headers, blank + 2 - headers)))
      ADD_FAILURE() << "bad header lines in: " << text.substr(0, end_line);
    // An empty body has its own CRLF before the end-line (RFC 4975 section 7.1).
    const std::size_t body = blank + 4;
    if (end_line < body + 2) {
      ADD_FAILURE() << "a blank line and no CRLF before the end-line: " << text.substr(0, end_line);
    } else {
      chunk.body = text.substr(body, end_line - 2 - body);
    }
  } else if (!read_head(chunk, std::string_view(text).substr(headers, end_line - headers))) {
    ADD_FAILURE() << "bad header lines in: " << text.substr(0, end_line);
  }
  const std::size_t flag = end_line + 7 + chunk.transaction_id.size();
  chunk.flag = text[flag];
  text.erase(0, flag + 3);
  return chunk;
}

std::vector<WireChunk> take_chunks(std::string& text) {
  std::vector<WireChunk> chunks;
  while (auto chunk = take_chunk(text)) chunks.push_back(std::move(*chunk));
  return chunks;
}

std::string wire_send(const SendParts& parts) {
  WireChunk chunk;
  chunk.transaction_id = parts.transaction_id;
  chunk.word = parts.method;
  chunk.headers = {{"To-Path", parts.to}, {"From-Path", parts.from}};
  if (!parts.message_id.empty()) chunk.headers.emplace_back("Message-ID", parts.message_id);
  if (!parts.byte_range.empty()) chunk.headers.emplace_back("Byte-Range", parts.byte_range);
  if (!parts.success_report.empty())
    chunk.headers.emplace_back("Success-Report", parts.success_report);
  if (!parts.failure_report.empty())
    chunk.headers.emplace_back("Failure-Report", parts.failure_report);
  chunk.headers.insert(chunk.headers.end(), parts.extra.begin(), parts.extra.end());
  if (parts.body) chunk.headers.emplace_back("Content-Type", parts.content_type);
  chunk.body = parts.body;
  chunk.flag = parts.flag;
  return chunk.text();
}

std::string wire_response(const WireChunk& request, int status, std::string_view comment) {
  WireChunk chunk;
  chunk.transaction_id = request.transaction_id;
  chunk.word = std::to_string(status);
  chunk.comment = comment;
  chunk.headers = {{"To-Path", request.header("From-Path")},
                   {"From-Path", request.header("To-Path")}};
  return chunk.text();
}

std::string wire_report(const WireChunk& request, std::string_view byte_range,
                        std::string_view status, std::string_view transaction_id) {
  WireChunk chunk;
  chunk.transaction_id = transaction_id;
  chunk.word = "REPORT";
  chunk.headers = {{"To-Path", request.header("From-Path")},
                   {"From-Path", request.header("To-Path")},
                   {"Message-ID", request.header("Message-ID")}};
  if (!byte_range.empty()) chunk.headers.emplace_back("Byte-Range", byte_range);
  if (!status.empty()) chunk.headers.emplace_back("Status", status);
  return chunk.text();
}

}  // namespace msrp::test
