// Writing chunks.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "msrp/chunk.hpp"
#include "msrp/error.hpp"

namespace msrp {

// A head to write. Order on the wire: start line, To-Path, From-Path, Message-ID, Byte-Range,
// Success-Report, Failure-Report, Status, extra, Content-Type, then an empty line when a body
// follows.
struct HeadSpec {
  std::string_view transaction_id;
  Method method = Method::send;
  std::string_view method_text;  // for Method::other
  std::uint16_t status = 0;      // not 0: a response
  std::string_view comment;      // empty: status::phrase()
  std::string_view to_path, from_path;
  std::string_view message_id;
  std::string_view content_type;
  std::optional<ByteRange> byte_range;
  std::optional<bool> success_report;
  std::optional<FailureReport> failure_report;
  std::optional<StatusHeader> status_header;
  std::span<const HeaderField> extra;  // written as they are, in order, before Content-Type
  bool has_body = false;
};

// Exact size of what encode_head() writes.
std::size_t encoded_size(const HeadSpec& head) noexcept;

// Checks what a peer's parser would check and writes the head. Returns the octets written.
// Errors: buffer_too_small (nothing written; call encoded_size), bad_* naming the field: a CR, LF
// or NUL can never get into the wire through a field; missing_header for a body without
// Content-Type; forbidden_header for Content-* headers without a body and for
// Content-Transfer-Encoding (RFC 4975 section 7.1.1).
Result<std::size_t> encode_head(const HeadSpec& head, std::span<std::byte> out) noexcept;

inline constexpr std::size_t end_line_bytes_max = 2 + 7 + 32 + 1 + 2;

// Writes "[CRLF]-------tid flag CRLF"; the leading CRLF belongs to a body, also to an empty one.
// Returns the octets written. Precondition: out has end_line_bytes_max octets, the id is an ident.
std::size_t encode_end_line(std::string_view transaction_id, Flag flag, bool has_body,
                            std::span<std::byte> out) noexcept;

}  // namespace msrp
