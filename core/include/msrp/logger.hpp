// Hooks that see every chunk; absent, they cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/chunk.hpp"
#include "msrp/encoder.hpp"
#include "msrp/ids.hpp"
#include "msrp/time.hpp"

namespace msrp {

enum class LogLevel : std::uint8_t { debug, info, warning, error, fatal };

// Whether session-ids and credentials may be seen.
enum class Secrets : std::uint8_t { hidden, shown };

// Makes copies of heads in which every octet of a secret is an "x": session-ids and userinfo in
// To-Path, From-Path and Use-Path (whoever knows a session URI can use it, RFC 4975 section 3), and
// the values of WWW-Authenticate, Authorization and Authentication-Info. A path that cannot be read
// is a secret as a whole. Lengths stay, and paths that could be read still can: "*" would be none
// of a session-id's characters.
class Redaction {
 public:
  // The copies' views are valid until the next call.
  HeadView of(const HeadView& head);
  HeadSpec of(const HeadSpec& head);

 private:
  std::string_view keep(HeaderId id, std::string_view value);

  std::string text_;
  std::vector<HeaderField> headers_;
};

// What an application derives from and hands to the engine. Its hooks get heads without their
// secrets, whatever becomes of what they write, unless it was made with Secrets::shown. They are
// called synchronously and must not re-enter the engine or throw. Views are valid during the call.
class Logger {
 public:
  explicit Logger(Secrets secrets = Secrets::hidden) noexcept : secrets_(secrets) {}
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  virtual ~Logger() = default;

  // For the engine: they hand redacted heads to received_head() and sent_head(). Where there is no
  // memory for a copy, message() says so instead.
  void chunk_received_head(ConnId conn, const HeadView& head, Instant now) noexcept;
  void chunk_sent_head(ConnId conn, const HeadSpec& head, Instant now) noexcept;

  virtual void chunk_received_data(ConnId, std::span<const std::byte>, Instant) {}
  virtual void chunk_received_end(ConnId, Flag, Instant) {}
  virtual void chunk_sent_data(ConnId, std::span<const std::byte>, Instant) {}
  virtual void chunk_sent_end(ConnId, Flag, Instant) {}
  virtual void illegal_data(ConnId, const Error&, Instant) {}
  virtual void message(LogLevel, std::string_view, Instant) {}

 protected:
  virtual void received_head(ConnId, const HeadView&, Instant) {}
  // Sent: entered the transmit order, not yet taken by the transport.
  virtual void sent_head(ConnId, const HeadSpec&, Instant) {}

 private:
  const Secrets secrets_;
  Redaction redaction_;
};

}  // namespace msrp
