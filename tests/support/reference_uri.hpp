// A second, plain reading of RFC 4975 section 6, to hold the production one against. Shares no code
// with it: strings, one step at a time, nothing clever.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "msrp/error.hpp"

namespace msrp::test {

struct ReferenceUri {
  bool secure = false;
  std::string userinfo;
  std::string host;  // without brackets
  bool in_brackets = false;
  std::optional<std::uint16_t> port;
  std::string session_id;
  std::string transport;
  std::string parameters;
};

std::optional<ReferenceUri> reference_parse_uri(const std::string& text);
bool reference_equivalent(const ReferenceUri& a, const ReferenceUri& b);

struct ReferencePath {
  std::vector<std::string> uris;  // empty when there is an error
  std::optional<Errc> error;
};
ReferencePath reference_parse_path(const std::string& text, std::size_t uris_max);

// RFC 4975 section 9.
bool reference_is_token(const std::string& text);

}  // namespace msrp::test
