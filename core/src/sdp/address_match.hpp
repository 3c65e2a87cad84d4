// Whether c= and m= name what a=path names (RFC 6714 section 4.4).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "msrp/negotiation.hpp"

namespace msrp {

struct LineAddress {
  std::optional<SdpAddress> connection;  // c=; absent: nothing that could disagree
  std::uint16_t port = 0;                // of m=
  // The author connects itself, so that port 9 stands for none in either place (RFC 4145
  // section 4.1).
  bool author_connects = false;
};

// With one URI of the path at least. Names that are the same need no addresses.
bool matches_path(const LineAddress& line, const PathView& path,
                  std::span<const ResolvedName> names);

// The names whose addresses decide about that; none: nothing hangs on them.
std::vector<std::string> undecided_names(const LineAddress& line, const PathView& path);

}  // namespace msrp
