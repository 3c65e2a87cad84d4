// --trace: every chunk of every connection, in the format that the file's name asks for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "msrp/command.hpp"
#include "msrp/logger.hpp"
#include "msrp/time.hpp"

namespace msrp::app {

struct TraceOptions {
  std::size_t body_bytes_max = 0;  // of each chunk
  bool secrets = false;            // session-ids and credentials as they are
};

struct TraceConnection {
  std::uint32_t number = 0;  // from 1, within its endpoint
  std::string endpoint;      // tells two endpoints of one file apart; empty: there is one
  TransportInfo info;
  bool accepted = false;  // the peer connected
};

// A chunk's beginning, without secrets unless they are wanted.
struct TraceHead {
  std::string text;  // the octets up to the last header line's CRLF
  bool is_request = true;
  bool has_body = false;
  std::string invalid;        // the rule that it breaks, if any
  std::uint32_t session = 0;  // tells sessions apart; 0: it names none
};

// A trace being written. It never stops what it looks at: when it cannot go on it says so once and
// writes no more. Every record is flushed, so that the file can be read whatever ends the process.
class TraceFile {
 public:
  // Called once, with an errno.
  using OnFailure = std::function<void(int)>;

  static bool knows_format(std::string_view name) noexcept;
  // nullptr: see errno. Precondition: the format is known.
  static std::unique_ptr<TraceFile> create(const std::string& name, TraceOptions options,
                                           Instant start, OnFailure on_failure);
  virtual ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  virtual void connected(const TraceConnection& conn, Instant now) = 0;
  virtual void closed(const TraceConnection& conn, Instant now) = 0;
  // A chunk goes by as head, data, end. sent: by us.
  virtual void head(const TraceConnection& conn, bool sent, const TraceHead& head, Instant now) = 0;
  virtual void data(const TraceConnection& conn, bool sent, std::span<const std::byte> bytes,
                    Instant now) = 0;
  // No flag: its end never came.
  virtual void end(const TraceConnection& conn, bool sent, std::optional<Flag> flag,
                   Instant now) = 0;
  virtual void illegal(const TraceConnection& conn, const Error& error, Instant now) = 0;
  virtual void message(std::string_view endpoint, LogLevel level, std::string_view text,
                       Instant now) = 0;

  // False when the file could not be written whole.
  bool close();
  const TraceOptions& options() const noexcept { return options_; }
  // The number of a session, from 1, by the session-ids of both ends; 0: there are too many.
  std::uint32_t session_number(std::string_view one, std::string_view other);

 protected:
  TraceFile(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure)
      : file_(file), options_(options), start_(start), on_failure_(std::move(on_failure)) {}

  // Writes what is known of chunks that are still open; the last call before the end.
  virtual void finish() = 0;
  void put(std::string_view octets) noexcept;
  double seconds(Instant now) const noexcept;  // since the start, to the microsecond
  Instant start() const noexcept { return start_; }

 private:
  void fail(int error) noexcept;

  std::FILE* file_;
  TraceOptions options_;
  Instant start_;
  OnFailure on_failure_;
  bool failed_ = false;
  std::unordered_map<std::string, std::uint32_t> sessions_;
};

// The engine's eyes of one endpoint. The file outlives it.
class Tracer final : public Logger {
 public:
  // name tells endpoints of one file apart; empty: not said.
  Tracer(TraceFile& file, std::string name);

  void connected(ConnId conn, const TransportInfo& info, bool accepted, Instant now);
  void closed(ConnId conn, Instant now);

  void chunk_received_data(ConnId conn, std::span<const std::byte> bytes, Instant now) override;
  void chunk_received_end(ConnId conn, Flag flag, Instant now) override;
  void chunk_sent_data(ConnId conn, std::span<const std::byte> bytes, Instant now) override;
  void chunk_sent_end(ConnId conn, Flag flag, Instant now) override;
  void illegal_data(ConnId conn, const Error& error, Instant now) override;
  void message(LogLevel level, std::string_view text, Instant now) override;

 private:
  struct Connection {
    TraceConnection facts;
    bool receiving = false;  // within a chunk
    bool sending = false;
  };

  void received_head(ConnId conn, const HeadView& head, Instant now) override;
  void sent_head(ConnId conn, const HeadSpec& head, Instant now) override;
  Connection& at(ConnId conn);
  void end_open(Connection& connection, Instant now);
  std::uint32_t session_of(const PathView& to, const PathView& from);

  TraceFile& file_;
  std::string name_;
  Redaction redaction_;
  std::unordered_map<ConnId, Connection> connections_;
  std::uint32_t connections_seen_ = 0;
};

}  // namespace msrp::app
