#include "sdp/sdp_values.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "msrp/address.hpp"
#include "sdp/format_list.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::array<std::string_view, 4> setup_names = {"active", "passive", "actpass",
                                                         "holdconn"};
constexpr std::array<std::string_view, 2> reuse_names = {"new", "existing"};
constexpr std::array<std::string_view, 4> direction_names = {"sendrecv", "sendonly", "recvonly",
                                                             "inactive"};

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<std::string_view, N>& names,
                                    std::string_view text) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (grammar::equal_without_case(names[i], text)) return i;
  }
  return std::nullopt;
}

// A name of letters, digits, "-", "_" and "."; what looks like an IPv4 address and is none is not
// a name.
bool is_host_name(std::string_view text) noexcept {
  bool any_letter = false;
  for (const char c : text) {
    if (!grammar::is(c, grammar::alpha | grammar::digit) && c != '.' && c != '-' && c != '_') {
      return false;
    }
    any_letter = any_letter || !(grammar::is(c, grammar::digit) || c == '.');
  }
  return any_letter;
}

// RFC 3264 section 5: what fits a signed integer of 64 bits.
SdpValue<std::uint64_t> read_origin_number(std::string_view text) noexcept {
  SdpValue<std::uint64_t> number = read_number(text);
  if (number && *number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return sdp_fault("a number that is too large");
  }
  return number;
}

}  // namespace

bool has_line_breaker(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

SdpValue<std::uint64_t> read_number(std::string_view text) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty() || !grammar::all(text, grammar::digit)) return sdp_fault("not a number");
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return value;
}

SdpValue<SdpAddress> read_address(std::string_view text) {
  if (take_word(text) != "IN") return sdp_fault("not an internet address");
  const std::string_view family = take_word(text);
  if (family != "IP4" && family != "IP6") return sdp_fault("neither IP4 nor IP6");
  const std::string_view host = take_word(text);
  const std::optional<IpAddress> literal = IpAddress::parse(host);
  if (!literal && !is_host_name(host)) return sdp_fault("not an address");
  if (!grammar::trimmed(text).empty()) return sdp_fault("too many words");
  return SdpAddress{literal ? literal->v6 : family == "IP6", std::string(host)};
}

SdpValue<SdpOrigin> read_origin(std::string_view text) {
  SdpOrigin origin;
  const std::string_view username = take_word(text);
  if (username.empty()) return sdp_fault("no user name");
  origin.username = username;
  for (std::uint64_t* const number : {&origin.session_id, &origin.version}) {
    const SdpValue<std::uint64_t> value = read_origin_number(take_word(text));
    if (!value) return std::unexpected(value.error());
    *number = *value;
  }
  SdpValue<SdpAddress> address = read_address(text);
  if (!address) return std::unexpected(address.error());
  origin.address = *std::move(address);
  return origin;
}

SdpValue<Setup> read_setup(std::string_view text) noexcept {
  const auto index = index_of(setup_names, text);
  if (!index) return sdp_fault("not active, passive, actpass or holdconn");
  return static_cast<Setup>(*index);
}

SdpValue<ConnectionReuse> read_reuse(std::string_view text) noexcept {
  const auto index = index_of(reuse_names, text);
  if (!index) return sdp_fault("neither new nor existing");
  return static_cast<ConnectionReuse>(*index);
}

SdpValue<Fingerprint> read_fingerprint(std::string_view text) {
  auto read = Fingerprint::parse(text);
  if (!read) return sdp_fault(read.error());
  return *std::move(read);
}

SdpValue<std::vector<std::string>> read_formats(std::string_view text, std::uint32_t entries_max) {
  std::vector<std::string> entries;
  while (!grammar::trimmed(text).empty()) {
    const std::string_view entry = take_format_entry(text);
    if (!is_format_entry(entry)) return sdp_fault("not a media type");
    if (entries.size() == entries_max) return sdp_fault("too many types", Errc::limit_exceeded);
    entries.emplace_back(entry);
  }
  if (entries.empty()) return sdp_fault("no media type");
  return entries;
}

SdpValue<Path> read_path(std::string_view text) {
  Result<Path> path = Path::parse(text);
  if (path) return *std::move(path);
  switch (path.error().code) {
    case Errc::too_many_uris:
      return sdp_fault("too many URIs", Errc::too_many_uris);
    case Errc::bad_uri:
      return sdp_fault("not an MSRP URI", Errc::bad_uri);
    default:
      return sdp_fault("not a path", Errc::bad_path);
  }
}

std::string_view setup_name(Setup setup) noexcept {
  return setup_names[static_cast<std::size_t>(setup)];
}

std::string_view reuse_name(ConnectionReuse reuse) noexcept {
  return reuse_names[static_cast<std::size_t>(reuse)];
}

std::string_view direction_name(Direction direction) noexcept {
  return direction_names[static_cast<std::size_t>(direction)];
}

std::optional<Direction> direction_of_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < direction_names.size(); ++i) {
    if (direction_names[i] == name) return static_cast<Direction>(i);
  }
  return std::nullopt;
}

}  // namespace msrp
