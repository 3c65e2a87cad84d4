// To-Path and From-Path: one or more URIs separated by one space (RFC 4975 section 9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "msrp/error.hpp"
#include "msrp/uri.hpp"

namespace msrp {

// A path that has been checked, as a view into the caller's text. Iterates over UriView.
class PathView {
 public:
  PathView() noexcept = default;  // empty: no path

  // Errors: bad_path (empty, wrong separator), too_many_uris, bad_uri; with the offset.
  static Result<PathView> parse(std::string_view text, std::uint16_t uris_max = 16) noexcept;

  std::string_view text() const noexcept { return text_; }
  std::uint16_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const UriView& front() const noexcept { return front_; }
  UriView back() const noexcept;

  class iterator {
   public:
    using value_type = UriView;
    using difference_type = std::ptrdiff_t;
    iterator() noexcept = default;
    UriView operator*() const noexcept;
    iterator& operator++() noexcept;
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept {
      return a.rest_.data() == b.rest_.data() && a.rest_.size() == b.rest_.size();
    }

   private:
    friend class PathView;
    explicit iterator(std::string_view rest) noexcept : rest_(rest) {}
    std::string_view rest_;
  };
  iterator begin() const noexcept { return iterator(text_); }
  iterator end() const noexcept { return iterator(text_.substr(text_.size())); }

  // The same path after its text was copied: every view moves from old_base to new_base.
  void rebase(const char* old_base, const char* new_base) noexcept;

 private:
  friend class HeadParser;
  friend class UsualHeadReader;
  // parse() in place; precondition: a fresh one. It is empty when there is an error.
  std::optional<Error> assign(std::string_view text, std::uint16_t uris_max) noexcept;
  std::optional<Error> assign_many(std::string_view text, std::uint16_t uris_max) noexcept;

  std::string_view text_;
  UriView front_;
  std::uint16_t size_ = 0;
};

// The same number of URIs, equivalent one by one.
bool equivalent(const PathView& a, const PathView& b) noexcept;

// An owned, valid, non-empty path. Immutable.
class Path {
 public:
  static Result<Path> parse(std::string_view text, std::uint16_t uris_max = 16);
  explicit Path(const Uri& uri) : text_(uri.text()) {}

  PathView view() const noexcept;
  std::string_view text() const noexcept { return text_; }

 private:
  explicit Path(std::string text) noexcept : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace msrp
