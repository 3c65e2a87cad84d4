// Session descriptions (RFC 8866) as far as MSRP is concerned: RFC 4975 section 8, RFC 6135,
// RFC 6714 section 5, RFC 8122, RFC 5547.
//
// Of a description everything is kept, in the order that RFC 8866 section 5 asks for: what is not
// known here stays as the text that it is. Reading what was written gives an equal value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "msrp/error.hpp"
#include "msrp/fingerprint.hpp"
#include "msrp/path.hpp"

namespace msrp {

// Bounds of what is read. More is limit_exceeded, at the line that is too many.
struct SdpLimits {
  std::uint32_t text_bytes = 64 * 1024;
  std::uint32_t lines = 2048;
  std::uint32_t media = 64;               // m= lines
  std::uint32_t attributes = 256;         // unknown a= lines, a level
  std::uint32_t other_lines = 64;         // lines of other types, a level
  std::uint32_t format_entries = 256;     // of accept-types, of accept-wrapped-types
  std::uint32_t fingerprints = 16;        // a level
  std::uint32_t value_bytes = 16 * 1024;  // one line
};

// a=setup (RFC 4145, RFC 6135)
enum class Setup : std::uint8_t { active, passive, actpass, holdconn };
// a=connection (RFC 4145): read, and never said by a Negotiation (RFC 6135 section 4.4).
enum class ConnectionReuse : std::uint8_t { renew, existing };
// a=sendrecv and its like (RFC 4975 section 8.9)
enum class Direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };

// "IN IP4 192.0.2.1": of o= and c=. The address may be a name.
struct SdpAddress {
  bool v6 = false;  // what the line says; a name may follow either
  std::string host = "0.0.0.0";
  friend bool operator==(const SdpAddress&, const SdpAddress&) = default;
};

// o=. Both numbers fit 63 bits (RFC 3264 section 5).
struct SdpOrigin {
  std::string username = "-";
  std::uint64_t session_id = 0;
  std::uint64_t version = 0;
  SdpAddress address;
  friend bool operator==(const SdpOrigin&, const SdpOrigin&) = default;
};

// An attribute that nothing is known of.
struct SdpAttribute {
  std::string name;
  std::optional<std::string> value;  // what follows the colon, octet for octet
  friend bool operator==(const SdpAttribute&, const SdpAttribute&) = default;
};

// A line of another type, such as b= or t=.
struct SdpLine {
  char type;
  std::string value;
  friend bool operator==(const SdpLine&, const SdpLine&) = default;
};

// What may stand at either level: that of the media section counts, if there is one.
struct SdpCommon {
  std::optional<SdpAddress> connection;  // c=
  std::optional<Setup> setup;
  std::optional<ConnectionReuse> reuse;
  std::optional<Direction> direction;
  std::vector<Fingerprint> fingerprints;
  std::vector<SdpAttribute> attributes;  // unknown ones
  std::vector<SdpLine> lines;            // other types
  friend bool operator==(const SdpCommon&, const SdpCommon&) = default;
};

// The attributes of RFC 5547 section 6, as they came.
struct FileAttributes {
  std::optional<std::string> selector;  // empty: "a=file-selector" alone
  std::optional<std::string> transfer_id, disposition, date, icon, range;
  friend bool operator==(const FileAttributes&, const FileAttributes&) = default;
};

// "m=message PORT TCP/MSRP *" and what belongs to it.
struct MsrpMedia {
  std::uint16_t port = 9;                 // 0: refused
  bool secure = false;                    // TCP/TLS/MSRP
  std::optional<Path> path;               // absent only with port 0
  std::vector<std::string> accept_types;  // empty: no such attribute
  std::vector<std::string> accept_wrapped_types;
  std::optional<std::uint64_t> max_size_bytes;
  bool cema = false;  // a=msrp-cema (RFC 6714 section 5)
  FileAttributes file;
  SdpCommon common;
  friend bool operator==(const MsrpMedia& a, const MsrpMedia& b);
};

// Any other medium: its lines as they are, the first of them m=.
struct OtherMedia {
  std::vector<SdpLine> lines;
  friend bool operator==(const OtherMedia&, const OtherMedia&) = default;
};

using SdpMedia = std::variant<MsrpMedia, OtherMedia>;

struct SessionDescription {
  SdpOrigin origin;
  std::string name = "-";  // s=
  SdpCommon common;        // lines: at least t=
  std::vector<SdpMedia> media;
  friend bool operator==(const SessionDescription&, const SessionDescription&) = default;

  // The n-th MSRP section, and where in `media` it is; nullptr, nullopt: there are not so many.
  const MsrpMedia* msrp(std::size_t n = 0) const noexcept;
  std::optional<std::size_t> msrp_index(std::size_t n = 0) const noexcept;
  // The section at an index of `media`; nullptr: none there, or of another medium.
  const MsrpMedia* msrp_at(std::size_t index) const noexcept;

  // What counts for a section of this description (RFC 8866 section 5.7, RFC 4145 section 4,
  // RFC 8122 section 5).
  std::optional<SdpAddress> connection_of(const MsrpMedia& section) const;
  std::optional<Setup> setup_of(const MsrpMedia& section) const noexcept;
  Direction direction_of(const MsrpMedia& section) const noexcept;
  const std::vector<Fingerprint>& fingerprints_of(const MsrpMedia& section) const noexcept;
};

// Which line of a description is wrong, and in what way. Trivially copyable, static texts.
struct SdpProblem {
  Error error;             // offset: where the line begins
  std::uint32_t line = 0;  // from 1; 0: the description as a whole
  std::string_view where;  // "a=max-size", "m="; empty: the description as a whole
  std::string_view what;   // "not a number"

  // "line 7: a=max-size: not a number"
  std::string text() const;
};

// Reads a description. Lines may end in LF or CRLF; what is no "x=value" line, and types that are
// unknown, are passed over; blanks around the values of known attributes are not minded; v=0 has to
// come first, a missing o=, s= or t= is filled in. Everything about MSRP sections is checked, as
// are the session level's o=, c= and known attributes; other media are not looked into. Errors:
// bad_sdp, bad_path, bad_uri, too_many_uris, limit_exceeded.
std::expected<SessionDescription, SdpProblem> read_sdp(std::string_view text,
                                                       const SdpLimits& limits = {});
// The same, with the error alone.
Result<SessionDescription> parse_sdp(std::string_view text, const SdpLimits& limits = {});

// The description, with CRLF line ends. What cannot stand in its line (a line end inside, a format
// that is none) is left out, so that nothing breaks out of it.
std::string print_sdp(const SessionDescription& description);

// Makes `next` the description that follows `previous` (RFC 4975 section 8.4, RFC 3264 section 8):
// the same o= line when nothing else differs, otherwise a version that is higher by one.
void continue_origin(const SessionDescription& previous, SessionDescription& next);

}  // namespace msrp
