// Traces that packet analysers open: pcapng, with each connection as a TCP stream.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <string>

#include "apps/msrp/trace.hpp"

namespace msrp::app {

// The packets are made up, what they carry is not: addresses, ports, times and the octets of every
// chunk are those of the connection, only that TLS, retransmissions and the real division into
// segments are not to be seen and secrets are "x". What --trace-body cuts off is left out, since
// analysers look into no chunk that is not whole; the packet's comment says how much it was.
class TracePcapng final : public TraceFile {
 public:
  TracePcapng(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure);

  void connected(const TraceConnection& conn, Instant now) override;
  void closed(const TraceConnection& conn, Instant now) override;
  void head(const TraceConnection& conn, bool sent, const TraceHead& head, Instant now) override;
  void data(const TraceConnection& conn, bool sent, std::span<const std::byte> bytes,
            Instant now) override;
  void end(const TraceConnection& conn, bool sent, std::optional<Flag> flag, Instant now) override;
  void illegal(const TraceConnection& conn, const Error& error, Instant now) override;
  void message(std::string_view, LogLevel, std::string_view, Instant) override {}

 private:
  // One direction of a stream.
  struct Way {
    std::uint32_t sequence = 0;      // of the octet behind what was written
    std::uint32_t acknowledged = 0;  // by the other way's packets
    std::string segment;             // that is being filled
    std::string end_line;            // of the chunk, without its flag
    std::uint64_t body_bytes = 0;    // of the chunk so far
    std::uint64_t kept_bytes = 0;    // of these
    bool in_chunk = false;
    bool finished = false;  // FIN was written
    Instant last{};
  };
  struct Stream {
    std::array<SocketAddress, 2> ends;  // the one that connected comes first
    std::array<Way, 2> ways;            // from it, to it
    int endpoints = 0;                  // of this process: both write what they send
  };
  // Both ends as text, the one that connected first.
  using Key = std::pair<std::string, std::string>;

  static Key key(const TraceConnection& conn);
  // nullptr: the other end, which is in this process too, tells of it.
  Stream* find(const TraceConnection& conn, bool sent);
  // 0: from the end that connected.
  static std::size_t way_of(const TraceConnection& conn, bool sent) {
    return conn.accepted == sent ? 1 : 0;
  }

  void add(Stream& stream, std::size_t way, std::string_view octets, Instant now);
  void flush(Stream& stream, std::size_t way, Instant now, std::string_view comment = {});
  void packet(Stream& stream, std::size_t way, std::uint8_t flags, Instant now,
              std::string_view comment = {});
  void finish() override;

  std::map<Key, Stream> streams_;
  std::uint32_t streams_seen_ = 0;
  std::chrono::nanoseconds wall_start_;  // since 1970
};

}  // namespace msrp::app
