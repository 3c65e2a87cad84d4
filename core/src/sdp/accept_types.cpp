#include "msrp/accept_types.hpp"

#include <algorithm>
#include <array>

#include "msrp/headers.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

// "*", "type/*" and "type/subtype" without parameters, which take no part.
std::string_view bare(std::string_view entry) noexcept {
  return grammar::trimmed(entry.substr(0, entry.find(';')));
}

bool is_wildcard(std::string_view entry) noexcept {
  return bare(entry) == "*" || bare(entry).ends_with("/*");
}

bool same_entry(std::string_view a, std::string_view b) noexcept {
  return grammar::equal_without_case(bare(a), bare(b));
}

bool lets_through(std::span<const std::string> entries, std::string_view type, bool wildcards) {
  const Result<MediaTypeView> media_type = MediaTypeView::parse(type);
  if (!media_type) return false;
  return std::ranges::any_of(entries, [&](const std::string& entry) {
    return is_wildcard(entry) == wildcards && accepts(entry, *media_type);
  });
}

// Whether every type that `narrow` matches is matched by `wide` too.
bool covers(std::string_view wide, std::string_view narrow) noexcept {
  wide = bare(wide);
  narrow = bare(narrow);
  if (wide == "*" || same_entry(wide, narrow)) return true;
  if (!wide.ends_with("/*") || narrow == "*") return false;
  const std::string_view type = wide.substr(0, wide.size() - 1);  // "type/"
  return grammar::equal_without_case(type, narrow.substr(0, type.size()));
}

}  // namespace

std::optional<std::size_t> choose_wrapped_type(std::span<const std::string_view> candidates,
                                               std::span<const std::string> accept_types,
                                               std::span<const std::string> accept_wrapped_types) {
  for (const bool wildcards : {false, true}) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (lets_through(accept_types, candidates[i], wildcards) ||
          lets_through(accept_wrapped_types, candidates[i], wildcards)) {
        return i;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> choose_type(std::span<const std::string_view> candidates,
                                       std::span<const std::string> accept_types) {
  return choose_wrapped_type(candidates, accept_types, {});
}

bool any_common_type(std::span<const std::string> a, std::span<const std::string> b) {
  return std::ranges::any_of(a, [&](const std::string& one) {
    return std::ranges::any_of(
        b, [&](const std::string& other) { return covers(one, other) || covers(other, one); });
  });
}

std::span<const std::string_view> mandatory_types() noexcept {
  static constexpr std::array<std::string_view, 3> types = {"message/cpim", "multipart/mixed",
                                                            "multipart/alternative"};
  return types;
}

bool any_container(std::span<const std::string> accept_types) {
  return std::ranges::any_of(accept_types, [](const std::string& entry) {
    return bare(entry) == "*" || covers("message/*", entry) || covers("multipart/*", entry);
  });
}

AcceptLists complete_lists(AcceptLists lists, bool add_mandatory_types) {
  for (const std::string_view type : mandatory_types()) {
    const bool there = std::ranges::any_of(
        lists.types, [type](const std::string& entry) { return covers(entry, type); });
    if (!there && add_mandatory_types) lists.types.emplace_back(type);
  }
  std::erase_if(lists.wrapped_types, [&lists](const std::string& wrapped) {
    return std::ranges::any_of(
        lists.types, [&wrapped](const std::string& entry) { return same_entry(entry, wrapped); });
  });
  return lists;
}

}  // namespace msrp
