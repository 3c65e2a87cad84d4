#include "apps/msrp/trace.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <utility>

#include "apps/msrp/chunk_json.hpp"
#include "apps/msrp/trace_html.hpp"
#include "apps/msrp/trace_pcapng.hpp"
#include "apps/msrp/trace_records.hpp"
#include "msrp/path.hpp"

namespace msrp::app {
namespace {

// What is remembered of sessions so as to number them; a peer can make up many.
constexpr std::size_t sessions_max = 64 * 1024;

}  // namespace

// ---- TraceFile

bool TraceFile::knows_format(std::string_view name) noexcept {
  return name.ends_with(".jsonl") || name.ends_with(".pcapng") || name.ends_with(".html");
}

std::unique_ptr<TraceFile> TraceFile::create(const std::string& name, TraceOptions options,
                                             Instant start, OnFailure on_failure) {
  std::FILE* file = std::fopen(name.c_str(), "wbe");
  if (file == nullptr) return nullptr;
  if (name.ends_with(".pcapng")) {
    return std::make_unique<TracePcapng>(file, options, start, std::move(on_failure));
  }
  if (name.ends_with(".html")) {
    return std::make_unique<TraceHtml>(file, options, start, std::move(on_failure));
  }
  return std::make_unique<TraceJsonl>(file, options, start, std::move(on_failure));
}

TraceFile::~TraceFile() {
  if (file_ != nullptr) std::fclose(file_);
}

bool TraceFile::close() {
  if (file_ != nullptr) finish();
  std::FILE* file = std::exchange(file_, nullptr);
  if (file != nullptr && std::fclose(file) != 0) fail(errno);
  return !failed_;
}

void TraceFile::put(std::string_view octets) noexcept {
  if (file_ == nullptr) return;
  if (std::fwrite(octets.data(), 1, octets.size(), file_) == octets.size() &&
      std::fflush(file_) == 0) {
    return;
  }
  const int error = errno;
  std::fclose(std::exchange(file_, nullptr));
  fail(error);
}

void TraceFile::fail(int error) noexcept {
  if (!std::exchange(failed_, true) && on_failure_) on_failure_(error);
}

double TraceFile::seconds(Instant now) const noexcept {
  return std::round(std::chrono::duration<double>(now - start_).count() * 1e6) / 1e6;
}

std::uint32_t TraceFile::session_number(std::string_view one, std::string_view other) {
  if (other < one) std::swap(one, other);
  std::string key(one);
  key.append(" ").append(other);
  if (const auto at = sessions_.find(key); at != sessions_.end()) return at->second;
  if (sessions_.size() == sessions_max) return 0;
  const auto number = static_cast<std::uint32_t>(sessions_.size() + 1);
  sessions_.emplace(std::move(key), number);
  return number;
}

// ---- Tracer

// It sees secrets, so as to tell sessions apart, and hides them itself.
Tracer::Tracer(TraceFile& file, std::string name)
    : Logger(Secrets::shown), file_(file), name_(std::move(name)) {}

Tracer::Connection& Tracer::at(ConnId conn) {
  Connection& connection = connections_[conn];
  if (connection.facts.number == 0) {
    connection.facts.number = ++connections_seen_;
    connection.facts.endpoint = name_;
  }
  return connection;
}

void Tracer::end_open(Connection& connection, Instant now) {
  if (std::exchange(connection.receiving, false)) file_.end(connection.facts, false, {}, now);
  if (std::exchange(connection.sending, false)) file_.end(connection.facts, true, {}, now);
}

void Tracer::connected(ConnId conn, const TransportInfo& info, bool accepted, Instant now) {
  Connection& connection = at(conn);
  connection.facts.info = info;
  connection.facts.accepted = accepted;
  file_.connected(connection.facts, now);
}

void Tracer::closed(ConnId conn, Instant now) {
  const auto found = connections_.find(conn);
  if (found == connections_.end()) return;
  end_open(found->second, now);
  file_.closed(found->second.facts, now);
  connections_.erase(found);
}

std::uint32_t Tracer::session_of(const PathView& to, const PathView& from) {
  if (to.empty() || from.empty()) return 0;
  return file_.session_number(to.back().session_id, from.back().session_id);
}

void Tracer::received_head(ConnId conn, const HeadView& head, Instant now) {
  Connection& connection = at(conn);
  TraceHead shown{.is_request = head.is_request, .has_body = head.has_body};
  shown.text = file_.options().secrets ? head.text : redaction_.of(head).text;
  if (head.invalid) shown.invalid = describe_invalid(head);
  shown.session = session_of(head.to_path, head.from_path);
  connection.receiving = true;
  file_.head(connection.facts, false, shown, now);
}

void Tracer::sent_head(ConnId conn, const HeadSpec& head, Instant now) {
  Connection& connection = at(conn);
  TraceHead shown{.is_request = head.status == 0, .has_body = head.has_body};
  const HeadSpec visible = file_.options().secrets ? head : redaction_.of(head);
  shown.text.resize(encoded_size(visible));
  const auto written = encode_head(visible, std::as_writable_bytes(std::span(shown.text)));
  // The empty line before a body is no part of it here.
  const std::size_t surplus = head.has_body ? 2 : 0;
  shown.text.resize(written ? *written - surplus : 0);
  const auto to = PathView::parse(head.to_path);
  const auto from = PathView::parse(head.from_path);
  if (to && from) shown.session = session_of(*to, *from);
  connection.sending = true;
  file_.head(connection.facts, true, shown, now);
}

void Tracer::chunk_received_data(ConnId conn, std::span<const std::byte> bytes, Instant now) {
  file_.data(at(conn).facts, false, bytes, now);
}

void Tracer::chunk_received_end(ConnId conn, Flag flag, Instant now) {
  Connection& connection = at(conn);
  if (std::exchange(connection.receiving, false)) file_.end(connection.facts, false, flag, now);
}

void Tracer::chunk_sent_data(ConnId conn, std::span<const std::byte> bytes, Instant now) {
  file_.data(at(conn).facts, true, bytes, now);
}

void Tracer::chunk_sent_end(ConnId conn, Flag flag, Instant now) {
  Connection& connection = at(conn);
  if (std::exchange(connection.sending, false)) file_.end(connection.facts, true, flag, now);
}

void Tracer::illegal_data(ConnId conn, const Error& error, Instant now) {
  file_.illegal(at(conn).facts, error, now);
}

void Tracer::message(LogLevel level, std::string_view text, Instant now) {
  file_.message(name_, level, text, now);
}

}  // namespace msrp::app
