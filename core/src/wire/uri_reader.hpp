// Reads one URI off the front of a text; on the hot path, twice a chunk.
#pragma once

#include <cstddef>
#include <string_view>

#include "msrp/uri.hpp"

namespace msrp {

struct UriEnd {
  bool good;       // what is in front of `at` is a URI, and nothing that belongs to it follows
  std::size_t at;  // its end, or the offending octet
};

// Fills out, which is a fresh one. Whether anything may follow the URI is for the caller to say.
UriEnd read_uri(std::string_view text, UriView& out) noexcept;

}  // namespace msrp
