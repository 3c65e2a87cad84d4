// The part of a session description that MSRP is about (RFC 4975 section 8, RFC 6135).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/error.hpp"
#include "msrp/path.hpp"

namespace msrp {

// a=setup (RFC 4145, RFC 6135)
enum class Setup : std::uint8_t { active, passive, actpass, holdconn };

struct SessionDescription {
  Path path;                                   // a=path
  std::uint16_t port = 9;                      // of the m= line; 0: media refused
  bool secure = false;                         // TCP/TLS/MSRP
  std::vector<std::string> accept_types{"*"};  // a=accept-types
  std::vector<std::string> accept_wrapped_types;
  std::optional<std::uint64_t> max_size_bytes;  // a=max-size
  std::optional<Setup> setup;  // a=setup; absent: the offerer is active (RFC 4975 section 5.4)
};

// Reads the first MSRP media section. Lines may end in LF or CRLF; unknown lines are skipped.
// Errors: bad_sdp, bad_path, bad_uri; offset is that of the offending line.
Result<SessionDescription> parse_sdp(std::string_view text);

// A complete description, from v=0 on, with CRLF line ends. session_number goes into o=.
std::string print_sdp(const SessionDescription& description, std::uint64_t session_number);

}  // namespace msrp
