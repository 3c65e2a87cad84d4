#include "apps/msrp/trace.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "apps/msrp/base64.hpp"
#include "apps/msrp/chunk_json.hpp"
#include "apps/msrp/text.hpp"
#include "msrp/path.hpp"
#include "msrp/status.hpp"

namespace msrp::app {
namespace {

std::string_view method_name(Method method, std::string_view text) {
  switch (method) {
    case Method::send:
      return "SEND";
    case Method::report:
      return "REPORT";
    case Method::auth:
      return "AUTH";
    case Method::nickname:
      return "NICKNAME";
    case Method::other:
      break;
  }
  return text;
}

// What is no path is a secret as well: who knows what it would have been.
std::string redacted_path(std::string_view text) {
  const auto path = PathView::parse(text);
  if (!path) return "***";
  std::string out;
  for (const UriView uri : *path) {
    if (!out.empty()) out += ' ';
    out += redacted(uri);
  }
  return out;
}

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

}  // namespace

std::unique_ptr<TraceFile> TraceFile::create(const std::string& name, TraceOptions options,
                                             Instant start) {
  std::FILE* file = std::fopen(name.c_str(), "wbe");
  if (file == nullptr) return nullptr;
  return std::unique_ptr<TraceFile>(new TraceFile(file, options, start));
}

bool TraceFile::close() noexcept {
  if (file_ == nullptr) return !failed_;
  return std::fclose(file_.release()) == 0 && !failed_;
}

void TraceFile::write(Json object, Instant now) {
  if (file_ == nullptr) return;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  Json line = Json::object();
  line["t"] = std::round(seconds * 1e6) / 1e6;
  line.update(object);
  const std::string text = line.dump() + "\n";
  failed_ |= std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size();
}

Tracer::Connection& Tracer::at(ConnId conn) {
  Connection& connection = connections_[conn];
  if (connection.number == 0) connection.number = ++connections_seen_;
  return connection;
}

Json Tracer::base(std::string_view direction, ConnId conn) {
  const Connection& connection = at(conn);
  Json object = Json::object();
  if (!name_.empty()) object["endpoint"] = name_;
  object["direction"] = direction;
  object["conn"] = connection.number;
  object["local"] = connection.info.local.text();
  object["remote"] = connection.info.peer.text();
  return object;
}

void Tracer::connected(ConnId conn, const TransportInfo& info, Instant now) {
  at(conn).info = info;
  Json object = base("none", conn);
  object["kind"] = "connected";
  file_.write(std::move(object), now);
}

Json Tracer::header(HeaderId id, std::string_view name, std::string_view value) const {
  if (!file_.options().secrets) {
    switch (id) {
      case HeaderId::to_path:
      case HeaderId::from_path:
      case HeaderId::use_path:
        return Json::array({json_text(name), redacted_path(value)});
      case HeaderId::www_authenticate:
      case HeaderId::authorization:
      case HeaderId::authentication_info:
        return Json::array({json_text(name), "***"});
      default:
        break;
    }
  }
  return Json::array({json_text(name), json_text(value)});
}

void Tracer::chunk_received_head(ConnId conn, const HeadView& head, Instant now) {
  Json object = base("received", conn);
  add_start_line(object, head);
  Json headers = Json::array();
  for (const HeaderField& field : head.headers) {
    headers.push_back(header(field.id, field.name, field.value));
  }
  object["headers"] = std::move(headers);
  object["has_body"] = head.has_body;
  if (head.invalid) object["invalid"] = describe(head.invalid->code);
  at(conn).received = OpenChunk{std::move(object), now, 0, {}, true};
}

void Tracer::chunk_sent_head(ConnId conn, const HeadSpec& head, Instant now) {
  Json object = base("sent", conn);
  object["kind"] = head.status == 0 ? "request" : "response";
  object["tid"] = json_text(head.transaction_id);
  if (head.status == 0) {
    object["method"] = json_text(method_name(head.method, head.method_text));
  } else {
    object["status"] = head.status;
    object["comment"] =
        json_text(head.comment.empty() ? status::phrase(head.status) : head.comment);
  }
  Json headers = Json::array();
  const auto add = [&](HeaderId id, std::string_view value) {
    if (!value.empty()) headers.push_back(header(id, name_of(id), value));
  };
  add(HeaderId::to_path, head.to_path);
  add(HeaderId::from_path, head.from_path);
  add(HeaderId::message_id, head.message_id);
  if (head.byte_range) {
    std::array<char, ByteRange::text_bytes_max> text;
    add(HeaderId::byte_range, std::string_view(text.data(), head.byte_range->print(text)));
  }
  if (head.success_report) add(HeaderId::success_report, *head.success_report ? "yes" : "no");
  if (head.failure_report) {
    add(HeaderId::failure_report, *head.failure_report == FailureReport::no        ? "no"
                                  : *head.failure_report == FailureReport::partial ? "partial"
                                                                                   : "yes");
  }
  if (head.status_header) {
    const StatusHeader& status = *head.status_header;
    std::string text = std::to_string(1000 + status.name_space).substr(1) + " " +
                       std::to_string(1000 + status.code).substr(1);
    if (!status.comment.empty()) text.append(" ").append(status.comment);
    add(HeaderId::status, text);
  }
  for (const HeaderField& field : head.extra) {
    const std::string_view name = field.name.empty() ? name_of(field.id) : field.name;
    headers.push_back(header(header_id(name), name, field.value));
  }
  add(HeaderId::content_type, head.content_type);
  object["headers"] = std::move(headers);
  object["has_body"] = head.has_body;
  at(conn).sent = OpenChunk{std::move(object), now, 0, {}, true};
}

void Tracer::data(OpenChunk& chunk, std::span<const std::byte> bytes) {
  chunk.body_bytes += bytes.size();
  const std::size_t wanted = file_.options().body_bytes_max - chunk.body.size();
  chunk.body.append(reinterpret_cast<const char*>(bytes.data()), std::min(wanted, bytes.size()));
}

void Tracer::end(OpenChunk& chunk, Flag flag) {
  if (!chunk.open) return;
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
  object["flag"] = std::string(1, static_cast<char>(flag));
  file_.write(std::move(object), chunk.begun);
  chunk = OpenChunk{};
}

void Tracer::chunk_received_data(ConnId conn, std::span<const std::byte> bytes, Instant) {
  data(at(conn).received, bytes);
}
void Tracer::chunk_received_end(ConnId conn, Flag flag, Instant) {
  end(at(conn).received, flag);
}
void Tracer::chunk_sent_data(ConnId conn, std::span<const std::byte> bytes, Instant) {
  data(at(conn).sent, bytes);
}
void Tracer::chunk_sent_end(ConnId conn, Flag flag, Instant) {
  end(at(conn).sent, flag);
}

void Tracer::illegal_data(ConnId conn, const Error& error, Instant now) {
  Json object = base("received", conn);
  object["kind"] = "illegal";
  object["error"] = describe(error.code);
  object["offset"] = error.offset;
  file_.write(std::move(object), now);
}

void Tracer::message(LogLevel level, std::string_view text, Instant now) {
  Json object = Json::object();
  if (!name_.empty()) object["endpoint"] = name_;
  object["kind"] = "log";
  object["level"] = level_name(level);
  object["text"] = json_text(text);
  file_.write(std::move(object), now);
}

}  // namespace msrp::app
