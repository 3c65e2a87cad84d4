#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msrp/sdp.hpp"
#include "sdp/format_list.hpp"

namespace msrp {
namespace {

constexpr std::size_t format_entries_max = 256;

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool equals_without_case(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Decimal digits; a number that does not fit is the largest there is, never a wrapped one.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return value;
}

struct Line {
  char type;
  std::string_view value;
  std::uint32_t offset;
};

// Takes lines off a text one by one; what is no "x=..." line is passed over.
class Lines {
 public:
  explicit Lines(std::string_view text) noexcept : text_(text) {}

  std::optional<Line> next() noexcept {
    while (position_ < text_.size()) {
      const std::size_t begin = position_;
      const std::size_t newline = text_.find('\n', begin);
      const std::size_t end = newline == std::string_view::npos ? text_.size() : newline;
      position_ = end + 1;
      std::string_view line = text_.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.size() < 2 || line[1] != '=') continue;
      const std::size_t offset_max = std::numeric_limits<std::uint32_t>::max();
      return Line{line[0], line.substr(2), static_cast<std::uint32_t>(std::min(begin, offset_max))};
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

struct Media {
  std::uint16_t port = 0;
  bool secure = false;
};

// "message PORT TCP/MSRP *". nullopt: another medium. Port errors are the section's errors.
Result<std::optional<Media>> parse_media(const Line& line) noexcept {
  std::string_view rest = line.value;
  const auto field = [&rest] {
    rest = trimmed(rest);
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end);
    return taken;
  };
  const std::string_view medium = field();
  const std::string_view port = field();
  const std::string_view protocol = field();
  const bool secure = equals_without_case(protocol, "TCP/TLS/MSRP");
  if (medium != "message" || (!secure && !equals_without_case(protocol, "TCP/MSRP"))) {
    return std::nullopt;
  }
  const auto number = parse_number(port);
  if (!number || *number > 65535) return fail(Errc::bad_sdp, 0, line.offset);
  if (trimmed(rest) != "*") return fail(Errc::bad_sdp, 0, line.offset);
  return Media{static_cast<std::uint16_t>(*number), secure};
}

Result<std::vector<std::string>> parse_formats(const Line& line, std::string_view list) {
  std::vector<std::string> entries;
  while (!trimmed(list).empty()) {
    const std::string_view entry = take_format_entry(list);
    if (!is_format_entry(entry) || entries.size() == format_entries_max) {
      return fail(Errc::bad_sdp, 0, line.offset);
    }
    entries.emplace_back(entry);
  }
  if (entries.empty()) return fail(Errc::bad_sdp, 0, line.offset);
  return entries;
}

std::optional<Setup> parse_setup(std::string_view value) noexcept {
  constexpr std::pair<std::string_view, Setup> names[] = {{"active", Setup::active},
                                                          {"passive", Setup::passive},
                                                          {"actpass", Setup::actpass},
                                                          {"holdconn", Setup::holdconn}};
  for (const auto& [name, setup] : names) {
    if (equals_without_case(value, name)) return setup;
  }
  return std::nullopt;
}

// What the attributes of one media section (and setup from the session level) said so far.
struct Collected {
  std::optional<Path> path;
  std::optional<std::vector<std::string>> accept_types, accept_wrapped_types;
  std::optional<std::uint64_t> max_size_bytes;
  std::optional<Setup> setup;
};

// Each attribute may be there once: taking the last, or the first, would let two readers of one
// description disagree.
template <class T>
Result<void> set_once(std::optional<T>& where, Result<T> what, const Line& line) {
  if (!what) return std::unexpected(what.error());
  if (where) return fail(Errc::bad_sdp, 0, line.offset);
  where = *std::move(what);
  return {};
}

template <class T>
Result<T> required(std::optional<T> value, const Line& line) {
  if (!value) return fail(Errc::bad_sdp, 0, line.offset);
  return *std::move(value);
}

Result<void> read_attribute(Collected& collected, const Line& line) {
  const std::size_t colon = line.value.find(':');
  if (colon == std::string_view::npos) return {};
  // Attribute names are case-sensitive (RFC 4566 section 5.13); blanks around values are not ours
  // to be strict about.
  const std::string_view name = line.value.substr(0, colon);
  const std::string_view value = trimmed(line.value.substr(colon + 1));
  if (name == "path") {
    Result<Path> path = Path::parse(value);
    if (!path) return fail(path.error().code, 0, line.offset);
    return set_once(collected.path, std::move(path), line);
  }
  if (name == "accept-types") {
    return set_once(collected.accept_types, parse_formats(line, value), line);
  }
  if (name == "accept-wrapped-types") {
    return set_once(collected.accept_wrapped_types, parse_formats(line, value), line);
  }
  if (name == "max-size") {
    return set_once(collected.max_size_bytes, required(parse_number(value), line), line);
  }
  if (name == "setup") return set_once(collected.setup, required(parse_setup(value), line), line);
  return {};
}

}  // namespace

Result<SessionDescription> parse_sdp(std::string_view text) {
  Lines lines(text);
  Collected session_level;
  std::optional<Line> line = lines.next();
  for (; line && line->type != 'm'; line = lines.next()) {
    // Of the session level only setup counts; a path belongs to a medium (RFC 4975 section 8.2).
    if (line->type != 'a' || !line->value.starts_with("setup:")) continue;
    if (Result<void> read = read_attribute(session_level, *line); !read) {
      return std::unexpected(read.error());
    }
  }
  for (; line; line = lines.next()) {
    if (line->type != 'm') continue;
    MSRP_TRY(const std::optional<Media> media, parse_media(*line));
    if (!media) continue;
    const std::uint32_t media_offset = line->offset;
    Collected collected;
    for (line = lines.next(); line && line->type != 'm'; line = lines.next()) {
      if (line->type != 'a') continue;
      if (Result<void> read = read_attribute(collected, *line); !read) {
        return std::unexpected(read.error());
      }
    }
    if (!collected.path) return fail(Errc::bad_sdp, 0, media_offset);
    SessionDescription description{
        .path = *std::move(collected.path),
        .port = media->port,
        .secure = media->secure,
        .accept_wrapped_types = {},
        .max_size_bytes = collected.max_size_bytes,
        .setup = collected.setup ? collected.setup : session_level.setup};
    if (collected.accept_types) description.accept_types = *std::move(collected.accept_types);
    if (collected.accept_wrapped_types) {
      description.accept_wrapped_types = *std::move(collected.accept_wrapped_types);
    }
    return description;
  }
  return fail(Errc::bad_sdp);
}

}  // namespace msrp
