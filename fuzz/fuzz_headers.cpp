// Values of headers: one octet that chooses a header, the rest is its value. Those that the
// reference parser reads are held against it; what is accepted survives being written again.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "fuzz_target.hpp"
#include "msrp/headers.hpp"
#include "support/reference_headers.hpp"
#include "support/reference_uri.hpp"

namespace {

using namespace msrp;
using namespace msrp::fuzz;
using test::HeadRecord;

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_offset(const Error& error, Errc code, std::string_view value) {
  demand(error.code == code, "the error names its header", value);
  demand(error.offset <= value.size(), "the offset lies inside the value", value);
}

// A head that holds the value, read by the reference. Values arrive there without blanks around.
HeadRecord reference(const char* name, std::string_view value) {
  HeadRecord head;
  head.transaction_id = "transaction";
  test::reference_read_head(
      "SEND",
      {"To-Path: msrp://a.example.com:1/to;tcp", "From-Path: msrp://b.example.com:1/from;tcp",
       std::string(name) + ": " + std::string(value)},
      ParserLimits{}, head);
  return head;
}

// The reference refuses octets outside of utf8text first; typed parsers need not.
bool refused(const HeadRecord& head) {
  return head.invalid.has_value() && head.invalid != Errc::bad_header_value;
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

void check_words(std::string_view value) {
  demand(is_token(value) == test::reference_is_token(std::string(value)),
         "is_token() says what the reference says", value);
  if (value == trimmed(value)) {
    demand(
        is_ident(value) == (!value.empty() && reference("Message-ID", value).message_id == value),
        "is_ident() says what the reference says", value);
  }
  demand(is_utf8text(value) == (reference("X-Other", value).invalid != Errc::bad_header_value),
         "is_utf8text() says what the reference says", value);
}

std::string inside_of(const std::string& text) {
  return text.substr(1, text.size() - 2);
}

void check_quoting(std::string_view value) {
  const std::string text = quoted(value);
  demand(text.size() >= 2 && text.front() == '"' && text.back() == '"',
         "quoted() puts quotes around", text);
  const auto is_control = [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; };
  demand(std::ranges::none_of(text, is_control), "control characters are dropped", text);
  const std::string back = unquote(inside_of(text));
  demand(quoted(back) == text, "what was quoted is quoted as the same", text);
  if (std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; }))
    demand(back == value, "unquote() undoes quoted()", text);
  const Result<std::string_view> nickname = parse_use_nickname(text);
  demand(nickname ? *nickname == inside_of(text) : back.size() > 1023,
         "what is quoted is a quoted-string", text);
  demand(unquote(value).size() <= value.size(), "unquote() adds nothing", value);
}

void check_byte_range(std::string_view value) {
  const Result<ByteRange> range = ByteRange::parse(value);
  const HeadRecord wanted = reference("Byte-Range", value);
  if (wanted.invalid != Errc::bad_header_value && value == trimmed(value)) {
    demand(range.has_value() == wanted.byte_range.has_value() &&
               (!range || *range == *wanted.byte_range),
           "Byte-Range is what the reference says", value);
  }
  if (!range) return check_offset(range.error(), Errc::bad_byte_range, value);
  std::array<char, ByteRange::text_bytes_max> out{};
  const std::size_t size = range->print(out);
  demand(size <= out.size(), "the text of a range is within text_bytes_max", value);
  const Result<ByteRange> again = ByteRange::parse({out.data(), size});
  demand(again && *again == *range, "a printed range is read as the same", value);
  const auto announced = range->announced_bytes();
  demand(!announced || (range->consistent() && range->end), "only consistent ranges announce",
         value);
  if (!range->consistent()) return;
  if (range->end) {
    demand(announced.has_value(), "a consistent range with an end announces", value);
    demand(range->start == 0 ? *announced == 0 : *announced == *range->end - range->start + 1,
           "a range announces end - start + 1", value);
    if (range->total) demand(*range->end <= *range->total, "the end is within the total", value);
  }
}

void check_reports(std::string_view value) {
  const Result<bool> success = parse_success_report(value);
  const Result<FailureReport> failure = parse_failure_report(value);
  if (!success) check_offset(success.error(), Errc::bad_report_header, value);
  if (!failure) check_offset(failure.error(), Errc::bad_report_header, value);
  if (value != trimmed(value)) return;
  const auto success_wanted = reference("Success-Report", value).success_report;
  const auto failure_wanted = reference("Failure-Report", value).failure_report;
  demand(success.has_value() == success_wanted.has_value() &&
             (!success || *success == *success_wanted),
         "Success-Report is what the reference says", value);
  demand(failure.has_value() == failure_wanted.has_value() &&
             (!failure || *failure == *failure_wanted),
         "Failure-Report is what the reference says", value);
}

std::string three_digits(std::uint16_t number) {
  std::string text = std::to_string(number);
  return std::string(3 - std::min<std::size_t>(text.size(), 3), '0') + text;
}

void check_status(std::string_view value) {
  const Result<StatusHeader> status = parse_status_header(value);
  const HeadRecord head = reference("Status", value);
  if (head.invalid != Errc::bad_header_value && value == trimmed(value)) {
    demand(status.has_value() == head.status_header.has_value(),
           "Status is accepted as by the reference", value);
    if (status) {
      demand(status->name_space == head.status_header->name_space &&
                 status->code == head.status_header->code &&
                 status->comment == head.status_header->comment,
             "Status is what the reference says", value);
    }
  }
  if (!status) return check_offset(status.error(), Errc::bad_status_header, value);
  demand(status->name_space <= 999 && status->code <= 999, "a status has three digits", value);
  demand(inside(status->comment, value), "the comment is a view into the value", value);
  std::string text = three_digits(status->name_space) + " " + three_digits(status->code);
  if (!status->comment.empty()) text.append(" ").append(status->comment);
  const Result<StatusHeader> again = parse_status_header(text);
  demand(again && again->name_space == status->name_space && again->code == status->code &&
             again->comment == status->comment,
         "a written status is read as the same", value);
}

void check_parameter(const std::optional<ParameterView>& found, std::string_view name,
                     std::string_view value) {
  if (!found) return;
  demand(inside(found->name, value) && inside(found->value, value),
         "a parameter is a view into the value", value);
  demand(found->name.size() == name.size(), "the parameter is the one asked for", value);
  if (!found->quoted) {
    demand(found->value.empty() || is_token(found->value), "a bare value is a token", value);
    return;
  }
  // What a quoted value means can be said again.
  const std::string text = "a/b;" + std::string(found->name) + "=" + quoted(unquote(found->value));
  const Result<MediaTypeView> again = MediaTypeView::parse(text);
  demand(again.has_value(), "a quoted parameter can be written again", text);
  const auto back = again->parameter(name);
  demand(back && back->quoted, "a parameter that was written is found", text);
}

// Every word of the value is asked for as a parameter.
template <class View>
void check_parameters(const View& view, std::string_view value) {
  std::size_t at = 0;
  for (int i = 0; i < 32 && at < value.size(); ++i) {
    const std::size_t end = std::min(value.find_first_of("=; \t\"", at), value.size());
    const std::string_view name = value.substr(at, end - at);
    if (!name.empty()) check_parameter(view.parameter(name), name, value);
    at = end + 1;
  }
  demand(!view.parameter("no-such-parameter-name-in-any-input-of-a-kind") ||
             value.find("no-such") != std::string_view::npos,
         "a parameter that is not there is not found", value);
}

void check_media_type(std::string_view value) {
  const Result<MediaTypeView> type = MediaTypeView::parse(value);
  const HeadRecord head = reference("Content-Type", value);
  if (head.invalid != Errc::bad_header_value && value == trimmed(value)) {
    demand(type.has_value() == !refused(head), "Content-Type is accepted as by the reference",
           value);
  }
  if (!type) return check_offset(type.error(), Errc::bad_content_type, value);
  demand(is_token(type->type) && is_token(type->subtype), "type and subtype are tokens", value);
  demand(
      inside(type->type, value) && inside(type->subtype, value) && inside(type->parameters, value),
      "the parts are views into the value", value);
  const std::string name = std::string(type->type) + "/";
  demand(accepts("*", *type) && accepts(name + "*", *type) &&
             accepts(name + std::string(type->subtype), *type),
         "a type is accepted by \"*\", by its family and by its name", value);
  demand(!accepts(name + std::string(type->subtype) + "x", *type) &&
             !accepts("x" + name + std::string(type->subtype), *type) && !accepts("", *type),
         "a type is not accepted by another name", value);
  check_parameters(*type, value);
}

void check_disposition(std::string_view value) {
  const Result<ContentDispositionView> disposition = ContentDispositionView::parse(value);
  if (!disposition) {
    demand(disposition.error().offset <= value.size(), "the offset lies inside the value", value);
    return;
  }
  demand(is_token(disposition->disposition), "a disposition is a token", value);
  demand(inside(disposition->disposition, value) && inside(disposition->parameters, value),
         "the parts are views into the value", value);
  check_parameters(*disposition, value);
}

void check_expires(std::string_view value) {
  const Result<std::uint32_t> expires = parse_expires(value);
  const bool has_digits =
      !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!expires) return check_offset(expires.error(), Errc::bad_header_value, value);
  demand(has_digits, "Expires has digits alone", value);
  const Result<std::uint32_t> again = parse_expires(std::to_string(*expires));
  demand(again && *again == *expires, "printed seconds are read as the same", value);
}

void check_nickname(std::string_view value) {
  const Result<std::string_view> nickname = parse_use_nickname(value);
  if (!nickname) {
    demand(nickname.error().offset <= value.size(), "the offset lies inside the value", value);
    return;
  }
  demand(inside(*nickname, value), "the nickname is a view into the value", value);
  const std::string text = quoted(unquote(*nickname));
  const Result<std::string_view> again = parse_use_nickname(text);
  demand(again && unquote(*again) == unquote(*nickname), "a nickname can be written again", text);
}

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

Fields fields_of(const ChallengeView& view) {
  return {{"realm", view.realm},   {"nonce", view.nonce},
          {"opaque", view.opaque}, {"algorithm", view.algorithm},
          {"qop", view.qop},       {"stale", view.stale ? "true" : ""}};
}
Fields fields_of(const CredentialsView& view) {
  return {{"username", view.username},
          {"realm", view.realm},
          {"nonce", view.nonce},
          {"response", view.response},
          {"cnonce", view.cnonce},
          {"nc", view.nc},
          {"qop", view.qop},
          {"opaque", view.opaque},
          {"algorithm", view.algorithm},
          {"uri", view.uri}};
}
Fields fields_of(const AuthenticationInfoView& view) {
  return {{"nextnonce", view.nextnonce},
          {"qop", view.qop},
          {"rspauth", view.rspauth},
          {"cnonce", view.cnonce},
          {"nc", view.nc}};
}

// A bare value may hold a backslash that means itself; in quotes it would not.
bool must_be_bare(std::string_view field) {
  return field.find('\\') != std::string_view::npos && std::ranges::all_of(field, [](char c) {
           return c > ' ' && c < 0x7f && c != '"' && c != ',';
         });
}

// What was read, written again, is read as the same.
template <class View>
void check_authentication(std::string_view value, std::string_view scheme) {
  const Result<View> view = View::parse(value);
  if (!view) return check_offset(view.error(), Errc::bad_header_value, value);
  std::string text(scheme);
  for (const auto& [name, field] : fields_of(*view)) {
    demand(name == "stale" || inside(field, value), "the fields are views into the value", value);
    if (field.empty() && (name == "nc" || name == "stale")) continue;
    if (text.size() > scheme.size()) text += ", ";
    const std::string_view quote = must_be_bare(field) ? "" : "\"";
    text.append(name).append("=").append(quote).append(field).append(quote);
  }
  const Result<View> again = View::parse(text);
  demand(again.has_value(), "what was read can be written again", text);
  demand(fields_of(*again) == fields_of(*view), "the fields survive", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view value = as_text(data + 1, size - 1);
  switch (data[0]) {
    case 'w':
      check_words(value);
      break;
    case 'q':
      check_quoting(value);
      break;
    case 'b':
      check_byte_range(value);
      break;
    case 'r':
      check_reports(value);
      break;
    case 's':
      check_status(value);
      break;
    case 't':
      check_media_type(value);
      break;
    case 'd':
      check_disposition(value);
      break;
    case 'e':
      check_expires(value);
      break;
    case 'n':
      check_nickname(value);
      break;
    case 'c':
      check_authentication<ChallengeView>(value, "Digest ");
      break;
    case 'a':
      check_authentication<CredentialsView>(value, "Digest ");
      break;
    case 'i':
      check_authentication<AuthenticationInfoView>(value, "");
      break;
    default:
      break;
  }
  return 0;
}
