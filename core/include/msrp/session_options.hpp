// What is agreed on for a session, and what is said of a message that is to be sent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/chunk.hpp"
#include "msrp/path.hpp"

namespace msrp {

// What this side of a session accepts; enforced with 415 and 413.
struct SessionOptions {
  std::vector<std::string> accept_types{"*"};   // as in a=accept-types (RFC 4975 section 8.6)
  std::optional<std::uint64_t> max_size_bytes;  // as in a=max-size
  // Success REPORTs as soon as a message is complete; otherwise the application calls
  // send_report() once the message is safe.
  bool automatic_reports = true;
};

// What the peer's session description says.
struct RemoteDescription {
  std::optional<Path> path;   // required when active; absent: any peer that knows our path
  bool enforce_path = false;  // refuse requests whose From-Path is another
  std::vector<std::string> accept_types{"*"};
  std::optional<std::uint64_t> max_size_bytes;
};

struct MessageSpec {
  std::string_view content_type;  // required with a body
  std::string_view message_id;    // empty: generated
  bool success_report = false;
  FailureReport failure_report = FailureReport::yes;
  std::span<const HeaderField> extra;  // further MIME and extension headers, on every chunk
};

}  // namespace msrp
