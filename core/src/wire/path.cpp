// Paths: URIs with one space between them (RFC 4975 section 9).
#include "msrp/path.hpp"

#include "msrp/assert.hpp"
#include "wire/uri_reader.hpp"

namespace msrp {
namespace {

// Precondition: text is the front of a path that was checked.
std::string_view first_of(std::string_view text) noexcept {
  return text.substr(0, text.find(' '));
}

void move_view(std::string_view& view, const char* old_base, const char* new_base) noexcept {
  // An absent part has no place in the text.
  if (view.data() != nullptr) view = {new_base + (view.data() - old_base), view.size()};
}

}  // namespace

Result<PathView> PathView::parse(std::string_view text, std::uint16_t uris_max) noexcept {
  Result<PathView> path(std::in_place);
  if (const std::optional<Error> error = path->assign(text, uris_max)) {
    return std::unexpected(*error);
  }
  return path;
}

std::optional<Error> PathView::assign(std::string_view text, std::uint16_t uris_max) noexcept {
  if (const UriEnd end = read_uri(text, front_);
      end.good && end.at == text.size() && uris_max > 0) {  // between endpoints it is one URI
    size_ = 1;
    text_ = text;
    return std::nullopt;
  }
  front_ = {};
  return assign_many(text, uris_max);
}

std::optional<Error> PathView::assign_many(std::string_view text, std::uint16_t uris_max) noexcept {
  const auto wrong = [this](Errc code, std::size_t at) {
    *this = {};
    return Error{code, 0, static_cast<std::uint32_t>(at)};
  };
  for (std::size_t at = 0;;) {
    if (at == text.size() || text[at] == ' ') return wrong(Errc::bad_path, at);
    if (size_ == uris_max) return wrong(Errc::too_many_uris, at);
    UriView other;
    const UriEnd end = read_uri(text.substr(at), size_ == 0 ? front_ : other);
    at += end.at;
    if (!end.good || (at < text.size() && text[at] != ' ')) return wrong(Errc::bad_uri, at);
    ++size_;
    if (at == text.size()) break;
    ++at;
  }
  text_ = text;
  return std::nullopt;
}

UriView PathView::back() const noexcept {
  if (size_ <= 1) return front_;
  return *UriView::parse(text_.substr(text_.rfind(' ') + 1));
}

UriView PathView::iterator::operator*() const noexcept {
  return *UriView::parse(first_of(rest_));
}

PathView::iterator& PathView::iterator::operator++() noexcept {
  rest_.remove_prefix(first_of(rest_).size());
  if (!rest_.empty()) rest_.remove_prefix(1);
  return *this;
}

void PathView::rebase(const char* old_base, const char* new_base) noexcept {
  for (std::string_view* view : {&text_, &front_.text, &front_.userinfo, &front_.host,
                                 &front_.session_id, &front_.transport, &front_.parameters}) {
    move_view(*view, old_base, new_base);
  }
}

bool equivalent(const PathView& a, const PathView& b) noexcept {
  if (a.size() != b.size()) return false;
  auto other = b.begin();
  for (const UriView uri : a) {
    if (!equivalent(uri, *other)) return false;
    ++other;
  }
  return true;
}

Result<Path> Path::parse(std::string_view text, std::uint16_t uris_max) {
  MSRP_TRY_VOID(PathView::parse(text, uris_max));
  return Path(std::string(text));
}

PathView Path::view() const noexcept {
  // It was checked when it was made, under a limit that is not known here.
  Result<PathView> view = PathView::parse(text_, 0xffff);
  MSRP_ASSERT(view.has_value());
  return *view;
}

}  // namespace msrp
