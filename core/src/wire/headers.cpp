#include "msrp/headers.hpp"

#include <cstring>
#include <limits>

#include "msrp/status.hpp"
#include "wire/grammar.hpp"
#include "wire/parameters.hpp"

namespace msrp {
namespace {

std::unexpected<Error> bad(Errc code, std::size_t offset,
                           std::uint16_t status = status::bad_request) noexcept {
  return fail(code, status, static_cast<std::uint32_t>(offset));
}

// All eight octets are printable ASCII.
bool is_plain_word(const char* at) noexcept {
  constexpr std::uint64_t ones = ~std::uint64_t{0} / 255;
  constexpr std::uint64_t tops = ones * 0x80;
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  // A borrow or carry out of one octet comes only from an octet that fails the test itself.
  const std::uint64_t below_space = word - ones * 0x20;
  const std::uint64_t above_tilde = word + ones;
  return ((word | below_space | above_tilde) & tops) == 0;
}

// Where the utf8text that a text begins with ends.
std::size_t utf8text_octets(std::string_view text) noexcept {
  std::size_t at = 0;
  for (;;) {
    while (text.size() - at >= 8 && is_plain_word(text.data() + at)) at += 8;
    if (at == text.size()) return at;
    const std::size_t octets = grammar::character_octets(text.substr(at));
    if (octets == 0) return at;
    at += octets;
  }
}

// 3DIGIT at `at`, or nullopt.
std::optional<std::uint16_t> three_digits(std::string_view text, std::size_t at) noexcept {
  if (text.size() < at + 3 || !grammar::all(text.substr(at, 3), grammar::digit)) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>((text[at] - '0') * 100 + (text[at + 1] - '0') * 10 +
                                    (text[at + 2] - '0'));
}

// Checks what is behind a media type or a disposition, from `at` on, and keeps the parameters.
Result<void> read_parameters(std::string_view text, std::size_t at, Errc code,
                             std::string_view& parameters) noexcept {
  while (at < text.size() && grammar::is_blank(text[at])) ++at;
  if (at == text.size()) return {};
  if (text[at] != ';') return bad(code, at);
  parameters = text.substr(at + 1);
  ParameterReader reader(parameters, ParameterReader::List::semicolon);
  while (reader.next()) {
  }
  if (reader.failed()) return bad(code, at + 1 + reader.offset());
  return {};
}

}  // namespace

bool is_ident(std::string_view text) noexcept {
  return text.size() >= 4 && text.size() <= 32 &&
         grammar::is(text[0], grammar::alpha | grammar::digit) &&
         grammar::all(text, grammar::ident);
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && grammar::all(text, grammar::token);
}

bool is_utf8text(std::string_view text) noexcept {
  return utf8text_octets(text) == text.size();
}

Result<MediaTypeView> MediaTypeView::parse(std::string_view text) noexcept {
  Result<MediaTypeView> read(std::in_place);
  MediaTypeView& media = *read;
  const std::size_t slash = grammar::span(text, grammar::token);
  media.type = text.substr(0, slash);
  if (slash == 0 || slash == text.size() || text[slash] != '/') {
    return bad(Errc::bad_content_type, slash);
  }
  media.subtype = text.substr(slash + 1);
  media.subtype = media.subtype.substr(0, grammar::span(media.subtype, grammar::token));
  const std::size_t behind = slash + 1 + media.subtype.size();
  if (media.subtype.empty()) return bad(Errc::bad_content_type, behind);
  if (behind == text.size()) return read;
  MSRP_TRY_VOID(read_parameters(text, behind, Errc::bad_content_type, media.parameters));
  return read;
}

std::optional<ParameterView> MediaTypeView::parameter(std::string_view name) const noexcept {
  return find_parameter(parameters, name);
}

bool accepts(std::string_view entry, const MediaTypeView& type) noexcept {
  if (entry == "*") return true;
  const Result<MediaTypeView> wanted = MediaTypeView::parse(entry);
  return wanted && grammar::equal_without_case(wanted->type, type.type) &&
         (wanted->subtype == "*" || grammar::equal_without_case(wanted->subtype, type.subtype));
}

Result<ContentDispositionView> ContentDispositionView::parse(std::string_view text) noexcept {
  ContentDispositionView view;
  const std::size_t size = grammar::span(text, grammar::token);
  view.disposition = text.substr(0, size);
  if (size == 0) return bad(Errc::bad_header_value, 0);
  MSRP_TRY_VOID(read_parameters(text, size, Errc::bad_header_value, view.parameters));
  return view;
}

std::optional<ParameterView> ContentDispositionView::parameter(
    std::string_view name) const noexcept {
  return find_parameter(parameters, name);
}

Result<ContentDispositionView> disposition_of(const HeadView& head) noexcept {
  const HeaderField* field = head.find(HeaderId::content_disposition);
  if (field == nullptr) return ContentDispositionView{"render", {}};
  return ContentDispositionView::parse(field->value);
}

// "000 200 OK"
Result<StatusHeader> parse_status_header(std::string_view value) noexcept {
  constexpr std::size_t code_at = 4, comment_at = 8;
  const auto name_space = three_digits(value, 0);
  if (!name_space) return bad(Errc::bad_status_header, 0);
  if (value.size() < code_at || value[code_at - 1] != ' ') {
    return bad(Errc::bad_status_header, code_at - 1);
  }
  const auto code = three_digits(value, code_at);
  if (!code) return bad(Errc::bad_status_header, code_at);
  StatusHeader status{*name_space, *code, {}};
  if (value.size() < comment_at) return status;
  if (value[comment_at - 1] != ' ') return bad(Errc::bad_status_header, comment_at - 1);
  status.comment = value.substr(comment_at);
  const std::size_t valid = utf8text_octets(status.comment);
  if (valid != status.comment.size()) return bad(Errc::bad_status_header, comment_at + valid);
  return status;
}

Result<bool> parse_success_report(std::string_view value) noexcept {
  if (grammar::equal_without_case(value, "yes")) return true;
  if (grammar::equal_without_case(value, "no")) return false;
  return bad(Errc::bad_report_header, 0);
}

Result<FailureReport> parse_failure_report(std::string_view value) noexcept {
  if (grammar::equal_without_case(value, "yes")) return FailureReport::yes;
  if (grammar::equal_without_case(value, "no")) return FailureReport::no;
  if (grammar::equal_without_case(value, "partial")) return FailureReport::partial;
  return bad(Errc::bad_report_header, 0);
}

Result<std::uint32_t> parse_expires(std::string_view value) noexcept {
  std::uint64_t seconds = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!grammar::is(value[i], grammar::digit)) return bad(Errc::bad_header_value, i);
    seconds = seconds * 10 + static_cast<std::uint64_t>(value[i] - '0');
    if (seconds > std::numeric_limits<std::uint32_t>::max()) {
      return bad(Errc::bad_header_value, i);
    }
  }
  if (value.empty()) return bad(Errc::bad_header_value, 0);
  return static_cast<std::uint32_t>(seconds);
}

// A malformed nickname is answered with 424 (RFC 7701 section 7.1), and it is UTF-8 as RFC 3629 has
// it.
Result<std::string_view> parse_use_nickname(std::string_view value) noexcept {
  constexpr std::size_t nickname_bytes = 1023;
  const auto malformed = [](std::size_t offset) {
    return bad(Errc::bad_header_value, offset, status::nickname_malformed);
  };
  const QuotedScan scan = scan_quoted(value, false, true);
  if (!scan.valid || scan.octets != value.size()) return malformed(scan.octets);
  const std::string_view inside = value.substr(1, value.size() - 2);
  std::size_t octets = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\') ++i;  // the octet behind it is the one that counts
    if (++octets > nickname_bytes) return malformed(1 + i);
  }
  return inside;
}

}  // namespace msrp
