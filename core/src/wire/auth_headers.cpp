// The headers of digest authentication (RFC 4976 section 7).
#include <array>
#include <span>

#include "msrp/headers.hpp"
#include "msrp/status.hpp"
#include "wire/grammar.hpp"
#include "wire/parameters.hpp"

namespace msrp {
namespace {

std::unexpected<Error> bad(std::size_t offset) noexcept {
  return fail(Errc::bad_header_value, status::bad_request, static_cast<std::uint32_t>(offset));
}

using Check = bool (*)(std::string_view value) noexcept;

// A parameter that is wanted: where its value goes and whether it must be there.
struct Slot {
  std::string_view name;
  std::string_view* value;
  bool required = false;
  Check check = nullptr;
  bool seen = false;
};

bool is_lower_hex(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_nonce_count(std::string_view text) noexcept {
  return text.size() == 8 && is_lower_hex(text);
}

// An MD5 digest, or one of SHA-256 (RFC 7616).
bool is_digest(std::string_view text) noexcept {
  return (text.size() == 32 || text.size() == 64) && is_lower_hex(text);
}

Slot* find(std::span<Slot> slots, std::string_view name) noexcept {
  for (Slot& slot : slots) {
    if (grammar::equal_without_case(slot.name, name)) return &slot;
  }
  return nullptr;
}

// Unknown parameters are skipped. One that is known may stand once, so that two readers never take
// different values for it.
Result<void> read_list(std::string_view list, std::size_t list_offset,
                       std::span<Slot> slots) noexcept {
  ParameterReader reader(list, ParameterReader::List::comma);
  while (const auto parameter = reader.next()) {
    Slot* const slot = find(slots, parameter->name);
    if (slot == nullptr) continue;
    const auto offset = static_cast<std::size_t>(parameter->name.data() - list.data());
    if (slot->seen || (slot->check != nullptr && !slot->check(parameter->value))) {
      return bad(list_offset + offset);
    }
    slot->seen = true;
    *slot->value = parameter->value;
  }
  if (reader.failed()) return bad(list_offset + reader.offset());
  for (const Slot& slot : slots) {
    if (slot.required && !slot.seen) return bad(list_offset + list.size());
  }
  return {};
}

// The list behind "Digest SP".
Result<void> read_digest(std::string_view value, std::span<Slot> slots) noexcept {
  constexpr std::string_view scheme = "Digest";
  if (!grammar::equal_without_case(value.substr(0, scheme.size()), scheme)) return bad(0);
  if (value.size() == scheme.size() || !grammar::is_blank(value[scheme.size()])) {
    return bad(scheme.size());
  }
  return read_list(value.substr(scheme.size()), scheme.size(), slots);
}

}  // namespace

Result<ChallengeView> ChallengeView::parse(std::string_view value) noexcept {
  ChallengeView view;
  std::string_view stale;
  std::array slots{Slot{"realm", &view.realm, true}, Slot{"nonce", &view.nonce, true},
                   Slot{"opaque", &view.opaque},     Slot{"algorithm", &view.algorithm},
                   Slot{"qop", &view.qop, true},     Slot{"stale", &stale}};
  MSRP_TRY_VOID(read_digest(value, slots));
  view.stale = grammar::equal_without_case(stale, "true");
  return view;
}

Result<CredentialsView> CredentialsView::parse(std::string_view value) noexcept {
  CredentialsView view;
  std::array slots{
      Slot{"username", &view.username, true}, Slot{"realm", &view.realm, true},
      Slot{"nonce", &view.nonce, true},       Slot{"response", &view.response, true, is_digest},
      Slot{"cnonce", &view.cnonce, true},     Slot{"nc", &view.nc, true, is_nonce_count},
      Slot{"qop", &view.qop, true},           Slot{"opaque", &view.opaque},
      Slot{"algorithm", &view.algorithm},     Slot{"uri", &view.uri}};
  MSRP_TRY_VOID(read_digest(value, slots));
  return view;
}

Result<AuthenticationInfoView> AuthenticationInfoView::parse(std::string_view value) noexcept {
  AuthenticationInfoView view;
  std::array slots{Slot{"nextnonce", &view.nextnonce}, Slot{"qop", &view.qop},
                   Slot{"rspauth", &view.rspauth, false, is_lower_hex},
                   Slot{"cnonce", &view.cnonce}, Slot{"nc", &view.nc, false, is_nonce_count}};
  MSRP_TRY_VOID(read_list(value, 0, slots));
  return view;
}

}  // namespace msrp
