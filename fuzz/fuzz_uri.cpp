// URIs and paths against the naive reading of RFC 4975 section 6. The input is two URIs with an LF
// between them (without one, the same URI twice); the whole of it is read as a path as well.
#include <array>
#include <utility>

#include "fuzz_target.hpp"
#include "msrp/path.hpp"
#include "support/reference_uri.hpp"

namespace {

using namespace msrp;
using namespace msrp::fuzz;
using test::ReferenceUri;

void check_fields(const UriView& uri, const ReferenceUri& wanted, std::string_view text) {
  demand(uri.text == text, "text is the whole URI");
  demand(uri.secure == wanted.secure, "the scheme is the reference's", text);
  demand(uri.userinfo == wanted.userinfo, "userinfo is the reference's", text);
  demand(uri.host == wanted.host, "the host is the reference's", text);
  demand(uri.host_is_ipv6 == wanted.in_brackets, "the brackets are the reference's", text);
  demand(uri.port == wanted.port, "the port is the reference's", text);
  demand(uri.session_id == wanted.session_id, "the session-id is the reference's", text);
  demand(uri.transport == wanted.transport, "the transport is the reference's", text);
  demand(uri.parameters == wanted.parameters, "the parameters are the reference's", text);
}

// nullopt: both refuse it.
std::optional<ReferenceUri> check_uri(std::string_view text) {
  const Result<UriView> uri = UriView::parse(text);
  const auto wanted = test::reference_parse_uri(std::string(text));
  demand(uri.has_value() == wanted.has_value(), "parse() accepts what the reference accepts", text);
  const Result<Uri> owned = Uri::parse(text);
  demand(owned.has_value() == uri.has_value(), "Uri accepts what UriView accepts", text);
  if (!uri) {
    demand(uri.error().code == Errc::bad_uri, "an error of parse() is bad_uri", text);
    demand(uri.error().offset <= text.size(), "the offset lies inside the text", text);
    return std::nullopt;
  }
  check_fields(*uri, *wanted, text);
  check_fields(owned->view(), *wanted, text);
  demand(equivalent(*uri, *uri), "equivalent() is reflexive", text);
  return wanted;
}

std::string other_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') {
      c = static_cast<char>(c - 'a' + 'A');
    } else if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return out;
}

// RFC 4975 section 6.1: scheme, host and transport compare without case; userinfo and what follows
// the transport take no part.
void check_variant(const UriView& uri) {
  std::string text = other_case(uri.secure ? "msrps" : "msrp") + "://other@";
  const std::string host = other_case(uri.host);
  text += uri.host_is_ipv6 ? "[" + host + "]" : host;
  if (uri.port) text += ":00" + std::to_string(*uri.port);
  if (!uri.session_id.empty()) text.append("/").append(uri.session_id);
  text += ";" + other_case(uri.transport) + ";more=x";
  const Result<UriView> variant = UriView::parse(text);
  demand(variant.has_value(), "the variant of a URI is a URI", text);
  demand(equivalent(uri, *variant) && equivalent(*variant, uri),
         "a URI is equivalent to its variant", text);
  demand(hash(uri) == hash(*variant), "a URI and its variant have one hash", text);
}

void check_made(const UriView& uri) {
  if (uri.host_is_ipv6 && uri.host.find(':') == std::string_view::npos) return;
  UriParts parts{.secure = uri.secure,
                 .host = uri.host,
                 .port = uri.port,
                 .session_id = uri.session_id,
                 .transport = uri.transport};
  const Result<Uri> made = Uri::make(parts);
  demand(made.has_value(), "the parts of a URI make a URI", uri.text);
  demand(equivalent(made->view(), uri), "a URI made of the parts of another is equivalent to it",
         made->text());
  // Logs tell a session-id and a user from no other.
  parts.session_id = uri.session_id.empty() ? std::string_view() : std::string_view("an+other");
  const Result<Uri> other = Uri::make(parts);
  demand(other.has_value(), "another session-id makes a URI", uri.text);
  demand(redacted(other->view()) == redacted(made->view()), "redacted() hides the session-id",
         redacted(made->view()));
}

void check_pair(std::string_view a_text, std::string_view b_text) {
  const auto a_wanted = check_uri(a_text);
  const auto b_wanted = check_uri(b_text);
  if (!a_wanted) return;
  const UriView a = *UriView::parse(a_text);
  check_variant(a);
  check_made(a);
  if (!b_wanted) return;
  const UriView b = *UriView::parse(b_text);
  const bool same = equivalent(a, b);
  demand(same == equivalent(b, a), "equivalent() is symmetric", a_text);
  demand(same == test::reference_equivalent(*a_wanted, *b_wanted),
         "equivalent() says what the reference says", a_text);
  demand(!same || hash(a) == hash(b), "equivalent URIs have one hash", a_text);
  demand((*Uri::parse(a_text) == *Uri::parse(b_text)) == same, "== is equivalent()", a_text);
}

void check_path(std::string_view text, std::uint16_t uris_max) {
  const Result<PathView> path = PathView::parse(text, uris_max);
  const test::ReferencePath wanted = test::reference_parse_path(std::string(text), uris_max);
  const Result<Path> owned = Path::parse(text, uris_max);
  demand(owned.has_value() == path.has_value(), "Path accepts what PathView accepts", text);
  demand(path.has_value() == !wanted.error, "the path is accepted as by the reference", text);
  if (!path) {
    demand(path.error().code == *wanted.error, "the error is the reference's", text);
    demand(path.error().offset <= text.size(), "the offset lies inside the text", text);
    return;
  }
  std::vector<std::string> uris;
  for (const UriView uri : *path) uris.emplace_back(uri.text);
  demand(uris == wanted.uris, "the URIs are the reference's", text);
  demand(path->size() == uris.size() && !path->empty(), "size() counts the URIs", text);
  demand(path->front().text == uris.front() && path->back().text == uris.back(),
         "front() and back() are the first and the last", text);
  demand(path->text() == text && owned->text() == text, "text() is the whole path", text);
  demand(equivalent(*path, owned->view()), "equivalent() is reflexive", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const std::size_t newline = text.find('\n');
  const std::string_view first = text.substr(0, newline);
  const std::string_view second =
      newline == std::string_view::npos ? first : text.substr(newline + 1);
  check_pair(first, second);
  check_path(text, 16);
  check_path(first, static_cast<std::uint16_t>(size % 4));
  check_path(std::string(first) + " " + std::string(second), 3);
  return 0;
}
