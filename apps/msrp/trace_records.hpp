// Traces that are one JSON object a chunk.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "apps/msrp/output.hpp"
#include "apps/msrp/trace.hpp"

namespace msrp::app {

// {"n":7,"t":0.012,"endpoint":"a","direction":"sent","conn":1,"local":"...","remote":"...",
//  "session":1,"kind":"request","tid":"...","method":"SEND","headers":[["To-Path","..."],...],
//  "has_body":true,"body_bytes":25,"body":"...","body_cut":true,"flag":"$","t_end":0.013}
// is made when a chunk ends; "t" is when its head was seen, and "n" counts what began. A body that
// is valid UTF-8 appears as "body", another as "body_base64". "flag" is null when the end never
// came.
class TraceRecords : public TraceFile {
 public:
  void connected(const TraceConnection& conn, Instant now) override;
  void closed(const TraceConnection& conn, Instant now) override;
  void head(const TraceConnection& conn, bool sent, const TraceHead& head, Instant now) override;
  void data(const TraceConnection& conn, bool sent, std::span<const std::byte> bytes,
            Instant now) override;
  void end(const TraceConnection& conn, bool sent, std::optional<Flag> flag, Instant now) override;
  void illegal(const TraceConnection& conn, const Error& error, Instant now) override;
  void message(std::string_view endpoint, LogLevel level, std::string_view text,
               Instant now) override;

 protected:
  using TraceFile::TraceFile;
  // The object as one line of valid UTF-8, without its end.
  virtual void write(const Json& object) = 0;
  void finish() override;

 private:
  struct OpenChunk {
    Json object;
    std::uint64_t body_bytes = 0;
    std::string body;
  };
  // Endpoint, number of its connection, direction.
  using Key = std::pair<std::pair<std::string, std::uint32_t>, bool>;

  void write_chunk(OpenChunk chunk, std::optional<Flag> flag, std::optional<Instant> now);
  Json base(std::string_view direction, const TraceConnection& conn, Instant now);
  static Key key(const TraceConnection& conn, bool sent) {
    return {{conn.endpoint, conn.number}, sent};
  }

  std::map<Key, OpenChunk> open_;
  std::uint64_t begun_ = 0;
};

class TraceJsonl final : public TraceRecords {
 public:
  TraceJsonl(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure)
      : TraceRecords(file, options, start, std::move(on_failure)) {}

 private:
  void write(const Json& object) override;
};

}  // namespace msrp::app
