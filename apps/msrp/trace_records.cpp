#include "apps/msrp/trace_records.hpp"

#include <algorithm>
#include <charconv>

#include "apps/msrp/base64.hpp"
#include "apps/msrp/text.hpp"

namespace msrp::app {
namespace {

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::fatal:
      return "fatal";
  }
  return "";
}

// Takes what stands before the mark off the text, and the mark; all of it without one.
std::string_view take(std::string_view& text, std::string_view mark) {
  const std::size_t at = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + mark.size(), text.size()));
  return part;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// A head that was parsed or made here: its lines are what they should be.
void add_head(Json& object, const TraceHead& head) {
  std::string_view rest = head.text;
  std::string_view line = take(rest, "\r\n");
  take(line, " ");
  object["kind"] = head.is_request ? "request" : "response";
  object["tid"] = json_text(take(line, " "));
  if (head.is_request) {
    object["method"] = json_text(line);
  } else {
    const std::string_view code = take(line, " ");
    unsigned status = 0;
    std::from_chars(code.data(), code.data() + code.size(), status);
    object["status"] = status;
    object["comment"] = json_text(line);
  }
  Json headers = Json::array();
  while (!rest.empty()) {
    std::string_view value = take(rest, "\r\n");
    const std::string_view name = take(value, ":");
    headers.push_back(Json::array({json_text(name), json_text(without_blanks(value))}));
  }
  object["headers"] = std::move(headers);
  object["has_body"] = head.has_body;
  if (!head.invalid.empty()) object["invalid"] = head.invalid;
}

}  // namespace

Json TraceRecords::base(std::string_view direction, const TraceConnection& conn, Instant now) {
  Json object = Json::object();
  object["n"] = ++begun_;
  object["t"] = seconds(now);
  if (!conn.endpoint.empty()) object["endpoint"] = conn.endpoint;
  object["direction"] = direction;
  object["conn"] = conn.number;
  object["local"] = conn.info.local.text();
  object["remote"] = conn.info.peer.text();
  return object;
}

void TraceRecords::connected(const TraceConnection& conn, Instant now) {
  Json object = base("none", conn, now);
  object["kind"] = "connected";
  object["accepted"] = conn.accepted;
  write(object);
}

void TraceRecords::closed(const TraceConnection& conn, Instant now) {
  Json object = base("none", conn, now);
  object["kind"] = "closed";
  write(object);
}

void TraceRecords::head(const TraceConnection& conn, bool sent, const TraceHead& head,
                        Instant now) {
  Json object = base(sent ? "sent" : "received", conn, now);
  if (head.session != 0) object["session"] = head.session;
  add_head(object, head);
  open_[key(conn, sent)] = OpenChunk{std::move(object), 0, {}};
}

void TraceRecords::data(const TraceConnection& conn, bool sent, std::span<const std::byte> bytes,
                        Instant) {
  const auto at = open_.find(key(conn, sent));
  if (at == open_.end()) return;
  OpenChunk& chunk = at->second;
  chunk.body_bytes += bytes.size();
  const std::size_t wanted = options().body_bytes_max - chunk.body.size();
  chunk.body.append(reinterpret_cast<const char*>(bytes.data()), std::min(wanted, bytes.size()));
}

void TraceRecords::end(const TraceConnection& conn, bool sent, std::optional<Flag> flag,
                       Instant now) {
  const auto at = open_.find(key(conn, sent));
  if (at == open_.end()) return;
  OpenChunk chunk = std::move(at->second);
  open_.erase(at);
  write_chunk(std::move(chunk), flag, now);
}

void TraceRecords::finish() {
  for (auto& [key, chunk] : open_) write_chunk(std::move(chunk), {}, {});
  open_.clear();
}

void TraceRecords::write_chunk(OpenChunk chunk, std::optional<Flag> flag,
                               std::optional<Instant> now) {
  Json object = std::move(chunk.object);
  object["body_bytes"] = chunk.body_bytes;
  if (!chunk.body.empty()) {
    if (is_valid_utf8(chunk.body)) {
      object["body"] = chunk.body;
    } else {
      object["body_base64"] = base64(chunk.body);
    }
    object["body_cut"] = chunk.body.size() < chunk.body_bytes;
  }
  object["flag"] = flag ? Json(std::string(1, static_cast<char>(*flag))) : Json();
  object["t_end"] = now ? Json(seconds(*now)) : Json();
  write(object);
}

void TraceRecords::illegal(const TraceConnection& conn, const Error& error, Instant now) {
  Json object = base("received", conn, now);
  object["kind"] = "illegal";
  object["error"] = describe(error.code);
  object["offset"] = error.offset;
  write(object);
}

void TraceRecords::message(std::string_view endpoint, LogLevel level, std::string_view text,
                           Instant now) {
  Json object = Json::object();
  object["n"] = ++begun_;
  object["t"] = seconds(now);
  if (!endpoint.empty()) object["endpoint"] = endpoint;
  object["kind"] = "log";
  object["level"] = level_name(level);
  object["text"] = json_text(text);
  write(object);
}

void TraceJsonl::write(const Json& object) {
  put(object.dump() + "\n");
}

}  // namespace msrp::app
