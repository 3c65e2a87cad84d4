// --trace: every chunk of every connection, one JSON object a line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

#include "apps/msrp/output.hpp"
#include "msrp/command.hpp"
#include "msrp/logger.hpp"

namespace msrp::app {

struct TraceOptions {
  std::size_t body_bytes_max = 0;  // of each chunk
  bool secrets = false;            // session-ids and credentials as they are
};

// {"t":0.012,"endpoint":"a","direction":"sent","conn":1,"local":"...","remote":"...",
//  "kind":"request", ..., "body_bytes":25,"body":"...","body_base64":"...","flag":"$"}
// is written when a chunk ends; "t" is when its head was seen. A body that is valid UTF-8 appears
// as "body", another as "body_base64"; a cut one has "body_cut":true.
class TraceFile {
 public:
  static std::unique_ptr<TraceFile> create(const std::string& name, TraceOptions options,
                                           Instant start);  // nullptr: see errno
  // False when the file could not be written whole.
  bool close() noexcept;

  void write(Json object, Instant now);
  const TraceOptions& options() const noexcept { return options_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  TraceFile(std::FILE* file, TraceOptions options, Instant start)
      : file_(file), options_(options), start_(start) {}

  std::unique_ptr<std::FILE, Close> file_;
  TraceOptions options_;
  Instant start_;
  bool failed_ = false;
};

// The engine's eyes of one endpoint. The file outlives it.
class Tracer final : public Logger {
 public:
  // name tells endpoints of one file apart; empty: not said.
  Tracer(TraceFile& file, std::string name) : file_(file), name_(std::move(name)) {}

  void connected(ConnId conn, const TransportInfo& info, Instant now);
  void closed(ConnId conn) { connections_.erase(conn); }

  void chunk_received_head(ConnId, const HeadView&, Instant) override;
  void chunk_received_data(ConnId, std::span<const std::byte>, Instant) override;
  void chunk_received_end(ConnId, Flag, Instant) override;
  void chunk_sent_head(ConnId, const HeadSpec&, Instant) override;
  void chunk_sent_data(ConnId, std::span<const std::byte>, Instant) override;
  void chunk_sent_end(ConnId, Flag, Instant) override;
  void illegal_data(ConnId, const Error&, Instant) override;
  void message(LogLevel, std::string_view, Instant) override;

 private:
  struct OpenChunk {
    Json object;
    Instant begun{};
    std::uint64_t body_bytes = 0;
    std::string body;
    bool open = false;
  };
  struct Connection {
    std::uint32_t number = 0;
    TransportInfo info;
    OpenChunk received, sent;
  };

  Connection& at(ConnId conn);
  Json base(std::string_view direction, ConnId conn);
  void data(OpenChunk& chunk, std::span<const std::byte> bytes);
  void end(OpenChunk& chunk, Flag flag);
  Json header(HeaderId id, std::string_view name, std::string_view value) const;

  TraceFile& file_;
  std::string name_;
  std::unordered_map<ConnId, Connection> connections_;
  std::uint32_t connections_seen_ = 0;
};

}  // namespace msrp::app
