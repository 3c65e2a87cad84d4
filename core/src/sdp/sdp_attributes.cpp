#include "sdp/sdp_attributes.hpp"

#include <string>
#include <utility>

#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::string_view said_twice = "said twice";

std::optional<SdpFault> fault_of(const SdpFault& fault) noexcept {
  return fault;
}

// Each attribute may be there once: taking the last, or the first, would let two readers of one
// description disagree.
template <class T>
std::optional<SdpFault> set_once(std::optional<T>& where, SdpValue<T> value) {
  if (!value) return value.error();
  if (where) return fault_of({said_twice});
  where = *std::move(value);
  return std::nullopt;
}

std::optional<SdpFault> set_once(std::vector<std::string>& where,
                                 SdpValue<std::vector<std::string>> value) {
  if (!value) return value.error();
  if (!where.empty()) return fault_of({said_twice});
  where = *std::move(value);
  return std::nullopt;
}

struct Target {
  const SdpLimits& limits;
  SdpCommon& common;
  MsrpMedia* section;
};

using Reader = std::optional<SdpFault> (*)(Target&, std::string_view value);

std::optional<SdpFault> add_fingerprint(Target& to, std::string_view value) {
  SdpValue<Fingerprint> read = read_fingerprint(value);
  if (!read) return read.error();
  if (to.common.fingerprints.size() == to.limits.fingerprints) {
    return SdpFault{"too many fingerprints", Errc::limit_exceeded};
  }
  to.common.fingerprints.push_back(*std::move(read));
  return std::nullopt;
}

template <std::optional<std::string> FileAttributes::* member>
std::optional<SdpFault> set_file(Target& to, std::string_view value) {
  return set_once(to.section->file.*member, SdpValue<std::string>(std::string(value)));
}

enum class Takes : std::uint8_t { a_value, a_value_or_none, no_value };

struct Known {
  std::string_view where;  // "a=" and the name
  bool at_session_level;
  Takes takes;
  Reader read;
};

// The names are case-sensitive (RFC 8866 section 5.13).
constexpr Known known_attributes[] = {
    {"a=setup", true, Takes::a_value,
     [](Target& to, std::string_view value) {
       return set_once(to.common.setup, read_setup(value));
     }},
    {"a=connection", true, Takes::a_value,
     [](Target& to, std::string_view value) {
       return set_once(to.common.reuse, read_reuse(value));
     }},
    {"a=fingerprint", true, Takes::a_value, add_fingerprint},
    {"a=path", false, Takes::a_value,
     [](Target& to, std::string_view value) {
       return set_once(to.section->path, read_path(value));
     }},
    {"a=accept-types", false, Takes::a_value,
     [](Target& to, std::string_view value) {
       return set_once(to.section->accept_types, read_formats(value, to.limits.format_entries));
     }},
    {"a=accept-wrapped-types", false, Takes::a_value,
     [](Target& to, std::string_view value) {
       return set_once(to.section->accept_wrapped_types,
                       read_formats(value, to.limits.format_entries));
     }},
    {"a=max-size", false, Takes::a_value,
     [](Target& to, std::string_view value) {
       return set_once(to.section->max_size_bytes, read_number(value));
     }},
    {"a=msrp-cema", false, Takes::no_value,
     [](Target& to, std::string_view) {
       return std::exchange(to.section->cema, true) ? fault_of({said_twice}) : std::nullopt;
     }},
    {"a=file-selector", false, Takes::a_value_or_none, set_file<&FileAttributes::selector>},
    {"a=file-transfer-id", false, Takes::a_value, set_file<&FileAttributes::transfer_id>},
    {"a=file-disposition", false, Takes::a_value, set_file<&FileAttributes::disposition>},
    {"a=file-date", false, Takes::a_value, set_file<&FileAttributes::date>},
    {"a=file-icon", false, Takes::a_value, set_file<&FileAttributes::icon>},
    {"a=file-range", false, Takes::a_value, set_file<&FileAttributes::range>},
};

constexpr std::string_view direction_where[] = {"a=sendrecv", "a=sendonly", "a=recvonly",
                                                "a=inactive"};

std::optional<SdpFault> read_known(const Known& known, const AttributeText& text, Target& to) {
  const std::string_view value = grammar::trimmed(text.value.value_or(""));
  if (known.takes == Takes::a_value && value.empty()) return SdpFault{"no value"};
  if (known.takes == Takes::no_value && text.value) return SdpFault{"takes no value"};
  return known.read(to, value);
}

}  // namespace

AttributeText::AttributeText(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  name = text.substr(0, colon);
  if (colon != std::string_view::npos) value = text.substr(colon + 1);
}

std::optional<AttributeFault> read_attribute(const AttributeText& text, const SdpLimits& limits,
                                             SdpCommon& common, MsrpMedia* section) {
  Target to{limits, common, section};
  for (const Known& known : known_attributes) {
    if (known.where.substr(2) != text.name || !(section || known.at_session_level)) continue;
    const std::optional<SdpFault> fault = read_known(known, text, to);
    if (!fault) return std::nullopt;
    return AttributeFault{*fault, known.where};
  }
  if (const auto direction = direction_of_name(text.name)) {
    const std::string_view where = direction_where[static_cast<std::size_t>(*direction)];
    if (text.value) return AttributeFault{{"takes no value"}, where};
    if (common.direction) return AttributeFault{{"a second direction"}, where};
    common.direction = *direction;
    return std::nullopt;
  }
  if (common.attributes.size() == limits.attributes) {
    return AttributeFault{{"too many attributes", Errc::limit_exceeded}, "a="};
  }
  SdpAttribute unknown{std::string(text.name), std::nullopt};
  if (text.value) unknown.value = *text.value;
  common.attributes.push_back(std::move(unknown));
  return std::nullopt;
}

}  // namespace msrp
