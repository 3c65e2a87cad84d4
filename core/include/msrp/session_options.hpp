// What is agreed on for a session, and what is said of a message that is to be sent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/chunk.hpp"
#include "msrp/fingerprint.hpp"
#include "msrp/path.hpp"

namespace msrp {

// How a request's To-Path finds this session.
enum class SessionMatch : std::uint8_t {
  full_uri,    // the comparison of RFC 4975 section 6.1
  session_id,  // the session-id alone, behind border elements that rewrite host and port
};

// What the engine makes of requests for this session.
enum class Handling : std::uint8_t {
  messages,           // SENDs become messages, REPORTs speak of ours, other methods get 501
  messages_and_more,  // as above; NICKNAME and unknown methods go to the application as chunks
  chunks,             // every request goes to the application as a chunk, which it answers
};

// What happens when the peer of a shared connection sends more than the application releases.
enum class WhenBehind : std::uint8_t {
  pause,   // reading stops; after Timeouts::behind, when others share the connection, as `refuse`
  refuse,  // 413 for the messages of the session that holds most, whose octets are dropped
};

// What this side of a session accepts; enforced with 415 and 413.
struct SessionOptions {
  std::vector<std::string> accept_types{"*"};   // as in a=accept-types (RFC 4975 section 8.6)
  std::optional<std::uint64_t> max_size_bytes;  // as in a=max-size
  // Success REPORTs as soon as a message is complete; otherwise the application calls
  // send_report() once the message is safe.
  bool automatic_reports = true;
  SessionMatch match = SessionMatch::full_uri;
  Handling handling = Handling::messages;
  WhenBehind when_behind = WhenBehind::pause;
  // A message that came whole before is answered and reported as the first one was, and the
  // application does not see it. Otherwise it does, with MessageStarted::duplicate.
  bool drop_duplicates = false;
  // Active: sessions to the same scheme, host and port with the same identity go over one
  // connection (RFC 4975 section 5.4). `identity` names who is authenticated on it, in the
  // application's terms: with TLS, the own certificate and what is demanded of the peer's.
  bool share_connection = true;
  std::string identity;
};

// Where to connect instead of the first URI of the peer's path (CEMA, RFC 6714 section 4.2).
struct ConnectTarget {
  std::string host;
  std::uint16_t port = 0;
};

// What the peer's session description says.
struct RemoteDescription {
  std::optional<Path> path;   // required when active; absent: any peer that knows our path
  bool enforce_path = false;  // refuse requests whose From-Path is another
  std::vector<std::string> accept_types{"*"};
  std::optional<std::uint64_t> max_size_bytes;
  std::optional<ConnectTarget> connect_to;  // active; absent: the path says it
  // What the peer's certificate has to match (RFC 8122); without TLS nothing does. Empty: it is
  // for the transport alone to know who the peer is.
  std::vector<Fingerprint> fingerprints;
};

struct MessageSpec {
  std::string_view content_type;  // required with a body
  std::string_view message_id;    // empty: generated
  bool success_report = false;
  FailureReport failure_report = FailureReport::yes;
  std::span<const HeaderField> extra;  // further MIME and extension headers, on every chunk
};

// One chunk as the application wants it; messages are made of these by the engine itself.
struct ChunkSpec {
  Method method = Method::send;  // send, nickname or other; answers and REPORTs have own members
  std::string_view method_text;  // for Method::other
  std::string_view content_type;
  std::string_view message_id;  // empty: generated
  // SEND with a body: where the chunk's first octet stands in the message, 1-based, and the size of
  // the message if it is known. The range-end on the wire is the engine's business, since a long
  // chunk can be interrupted and goes on as a further one.
  std::uint64_t start = 1;
  std::optional<std::uint64_t> total_bytes;
  Flag flag = Flag::end;
  bool success_report = false;                        // SEND
  FailureReport failure_report = FailureReport::yes;  // SEND
  std::span<const HeaderField> extra;
};

// A REPORT (RFC 4975 section 7.1.2).
struct ReportSpec {
  std::string_view message_id;
  ByteRange byte_range{1, std::nullopt, std::nullopt};
  std::uint16_t status = 200;
  std::string_view comment;  // empty: status::phrase()
};

}  // namespace msrp
