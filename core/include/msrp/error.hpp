// What went wrong, in one trivially copyable value.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace msrp {

enum class Errc : std::uint8_t {
  // Wire: framing is lost, the stream cannot be read any further.
  garbage,         // bytes between chunks that begin no start line
  head_too_large,  // ParserLimits::head_bytes
  truncated,       // the stream ended inside a chunk
  // Wire: the chunk is well framed and breaks a rule (also used by the typed parsers).
  bad_start_line,
  bad_transaction_id,
  bad_method,
  bad_status_code,
  bad_comment,
  bad_header_line,
  bad_header_name,
  bad_header_value,
  header_order,  // To-Path first, From-Path second (RFC 4975 section 9)
  missing_header,
  duplicate_header,
  forbidden_header,
  too_many_headers,  // ParserLimits::headers
  bad_uri,
  bad_path,
  too_many_uris,  // ParserLimits::path_uris
  bad_message_id,
  bad_report_header,  // Success-Report or Failure-Report
  bad_byte_range,
  bad_status_header,
  bad_content_type,
  bad_continuation_flag,
  unexpected_body,  // a response with a body
  body_too_large,   // ParserLimits::non_send_body_bytes
  bad_sdp,
  // Use of the library.
  invalid_argument,
  bad_state,
  buffer_too_small,
  stale_handle,
  would_block,
  limit_exceeded,
  out_of_memory,
  // Life of connections, sessions and messages.
  resolve_failed,
  connect_failed,
  listen_failed,
  connection_lost,
  connection_closed,
  timed_out,
  no_such_session,    // 481
  session_elsewhere,  // 506
  unsupported_type,   // 415
  message_too_large,  // 413
  rejected_by_peer,   // any other status the peer answered with
  peer_mismatch,      // the peer that came is not the one described
  aborted,
  closed,
  tls_failed,     // the handshake, or octets that are no TLS of this connection
  tls_truncated,  // the stream ended without close_notify: something may be missing
};

// Trivially copyable, owns nothing.
struct Error {
  Errc code{};
  std::uint16_t status =
      0;  // MSRP status received, or to answer with (RFC 4975 section 10); 0: none
  std::uint32_t offset =
      0;  // where in the parsed text, in bytes from its start; 0 when not applicable
  friend constexpr bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

constexpr std::unexpected<Error> fail(Errc code, std::uint16_t status = 0,
                                      std::uint32_t offset = 0) noexcept {
  return std::unexpected(Error{code, status, offset});
}

// A short English phrase without a final stop, for example "bad Byte-Range". Static storage.
std::string_view describe(Errc code) noexcept;

}  // namespace msrp

// Early return for Result: libstdc++ 12 has no and_then.
#define MSRP_TRY_CONCAT_(a, b) a##b
#define MSRP_TRY_CONCAT(a, b) MSRP_TRY_CONCAT_(a, b)
#define MSRP_TRY(declaration, expression)                                 \
  auto MSRP_TRY_CONCAT(msrp_try_, __LINE__) = (expression);               \
  if (!MSRP_TRY_CONCAT(msrp_try_, __LINE__))                              \
    return std::unexpected(MSRP_TRY_CONCAT(msrp_try_, __LINE__).error()); \
  declaration = *std::move(MSRP_TRY_CONCAT(msrp_try_, __LINE__))
#define MSRP_TRY_VOID(expression)                        \
  if (auto msrp_try_void = (expression); !msrp_try_void) \
  return std::unexpected(msrp_try_void.error())
