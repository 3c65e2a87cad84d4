// The attributes that MSRP knows, read into the level that they stand at.
#pragma once

#include <string_view>

#include "msrp/sdp.hpp"
#include "sdp/sdp_values.hpp"

namespace msrp {

// What follows "a=", taken apart.
struct AttributeText {
  explicit AttributeText(std::string_view text) noexcept;
  std::string_view name;
  std::optional<std::string_view> value;  // octet for octet
};

// What is wrong with a line, and the name under which it is reported.
struct AttributeFault {
  SdpFault fault;
  std::string_view where;  // "a=setup"; static storage
};

// section: where the attributes of MSRP go; nullptr at the session level, where RFC 4975
// section 8.2 and RFC 6714 section 5.2 know none of them.
std::optional<AttributeFault> read_attribute(const AttributeText& text, const SdpLimits& limits,
                                             SdpCommon& common, MsrpMedia* section);

}  // namespace msrp
