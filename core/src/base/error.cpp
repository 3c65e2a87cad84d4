#include "msrp/error.hpp"

namespace msrp {
namespace {

constexpr std::string_view describe_wire(Errc code) noexcept {
  switch (code) {
    case Errc::garbage:
      return "not the beginning of a chunk";
    case Errc::head_too_large:
      return "head too large";
    case Errc::truncated:
      return "truncated";
    case Errc::bad_start_line:
      return "bad start line";
    case Errc::bad_transaction_id:
      return "bad transaction id";
    case Errc::bad_method:
      return "bad method";
    case Errc::bad_status_code:
      return "bad status code";
    case Errc::bad_comment:
      return "bad comment";
    case Errc::bad_header_line:
      return "bad header line";
    case Errc::bad_header_name:
      return "bad header name";
    case Errc::bad_header_value:
      return "bad header value";
    case Errc::header_order:
      return "To-Path and From-Path are not the first headers";
    case Errc::missing_header:
      return "missing header";
    case Errc::duplicate_header:
      return "duplicate header";
    case Errc::forbidden_header:
      return "forbidden header";
    case Errc::too_many_headers:
      return "too many headers";
    case Errc::bad_uri:
      return "bad URI";
    case Errc::bad_path:
      return "bad path";
    case Errc::too_many_uris:
      return "too many URIs";
    case Errc::bad_message_id:
      return "bad Message-ID";
    case Errc::bad_report_header:
      return "bad Success-Report or Failure-Report";
    case Errc::bad_byte_range:
      return "bad Byte-Range";
    case Errc::bad_status_header:
      return "bad Status";
    case Errc::bad_content_type:
      return "bad Content-Type";
    case Errc::bad_continuation_flag:
      return "bad continuation flag";
    case Errc::unexpected_body:
      return "unexpected body";
    case Errc::body_too_large:
      return "body too large";
    case Errc::bad_sdp:
      return "bad session description";
    default:
      return {};
  }
}

constexpr std::string_view describe_use(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid argument";
    case Errc::bad_state:
      return "not possible in this state";
    case Errc::buffer_too_small:
      return "buffer too small";
    case Errc::stale_handle:
      return "stale handle";
    case Errc::would_block:
      return "would block";
    case Errc::limit_exceeded:
      return "limit exceeded";
    case Errc::out_of_memory:
      return "out of memory";
    case Errc::resolve_failed:
      return "host name not resolved";
    case Errc::connect_failed:
      return "connection refused or unreachable";
    case Errc::listen_failed:
      return "cannot listen";
    case Errc::connection_lost:
      return "connection lost";
    case Errc::connection_closed:
      return "connection closed by the peer";
    case Errc::timed_out:
      return "timed out";
    case Errc::no_such_session:
      return "no such session";
    case Errc::session_elsewhere:
      return "session bound to another connection";
    case Errc::unsupported_type:
      return "unsupported media type";
    case Errc::message_too_large:
      return "message too large";
    case Errc::rejected_by_peer:
      return "rejected by the peer";
    case Errc::peer_mismatch:
      return "not the peer that was described";
    case Errc::aborted:
      return "aborted";
    case Errc::closed:
      return "closed";
    case Errc::tls_failed:
      return "TLS failed";
    case Errc::tls_truncated:
      return "ended without TLS close_notify";
    default:
      return {};
  }
}

}  // namespace

std::string_view describe(Errc code) noexcept {
  if (const std::string_view wire = describe_wire(code); !wire.empty()) return wire;
  if (const std::string_view use = describe_use(code); !use.empty()) return use;
  return "unknown error";
}

}  // namespace msrp
