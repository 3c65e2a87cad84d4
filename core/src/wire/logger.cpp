#include "msrp/logger.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "msrp/path.hpp"

namespace msrp {
namespace {

constexpr std::string_view no_memory = "a head is left out: out of memory";

bool is_path(HeaderId id) noexcept {
  return id == HeaderId::to_path || id == HeaderId::from_path || id == HeaderId::use_path;
}

bool is_credential(HeaderId id) noexcept {
  return id == HeaderId::www_authenticate || id == HeaderId::authorization ||
         id == HeaderId::authentication_info;
}

void mask(std::string& text, std::string_view part) {
  if (part.empty()) return;
  std::fill_n(text.begin() + (part.data() - text.data()), part.size(), 'x');
}

// value is a part of text.
void mask_value(std::string& text, HeaderId id, std::string_view value) {
  if (is_credential(id)) return mask(text, value);
  if (!is_path(id)) return;
  const auto path = PathView::parse(value, std::numeric_limits<std::uint16_t>::max());
  if (!path) return mask(text, value);  // who knows what it would have been
  for (const UriView uri : *path) {
    mask(text, uri.session_id);
    mask(text, uri.userinfo);
  }
}

}  // namespace

HeadView Redaction::of(const HeadView& head) {
  text_.assign(head.text);
  headers_.assign(head.headers.begin(), head.headers.end());
  HeadView copy = head;
  copy.rebase(text_.data(), headers_);
  for (const HeaderField& field : headers_) mask_value(text_, field.id, field.value);
  return copy;
}

HeadSpec Redaction::of(const HeadSpec& head) {
  std::size_t bytes = head.to_path.size() + head.from_path.size();
  for (const HeaderField& field : head.extra) bytes += field.value.size();
  text_.clear();
  text_.reserve(bytes);  // what keep() gives out stays where it is
  headers_.clear();
  HeadSpec copy = head;
  copy.to_path = keep(HeaderId::to_path, head.to_path);
  copy.from_path = keep(HeaderId::from_path, head.from_path);
  for (HeaderField field : head.extra) {
    const HeaderId id = field.name.empty() ? field.id : header_id(field.name);
    field.value = keep(id, field.value);
    headers_.push_back(field);
  }
  copy.extra = headers_;
  return copy;
}

std::string_view Redaction::keep(HeaderId id, std::string_view value) {
  const std::size_t at = text_.size();
  text_.append(value);
  const std::string_view kept = std::string_view(text_).substr(at);
  mask_value(text_, id, kept);
  return kept;
}

void Logger::chunk_received_head(ConnId conn, const HeadView& head, Instant now) noexcept {
  if (secrets_ == Secrets::shown) return received_head(conn, head, now);
  try {
    received_head(conn, redaction_.of(head), now);
  } catch (const std::bad_alloc&) {
    message(LogLevel::warning, no_memory, now);
  }
}

void Logger::chunk_sent_head(ConnId conn, const HeadSpec& head, Instant now) noexcept {
  if (secrets_ == Secrets::shown) return sent_head(conn, head, now);
  try {
    sent_head(conn, redaction_.of(head), now);
  } catch (const std::bad_alloc&) {
    message(LogLevel::warning, no_memory, now);
  }
}

}  // namespace msrp
