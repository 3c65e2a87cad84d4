// Which media types may be sent: a=accept-types and a=accept-wrapped-types (RFC 4975 section 8.6).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace msrp {

// Which of several representations of one message to send as its root: the first that the peer
// lists explicitly, else the first that an entry "type/*" or "*" lets through. Candidates in the
// sender's order. nullopt: the peer takes none of them; what it lists in accept-wrapped-types alone
// is never a root.
std::optional<std::size_t> choose_type(std::span<const std::string_view> candidates,
                                       std::span<const std::string> accept_types);

// The same for what goes into a container: both lists count.
std::optional<std::size_t> choose_wrapped_type(std::span<const std::string_view> candidates,
                                               std::span<const std::string> accept_types,
                                               std::span<const std::string> accept_wrapped_types);

// Whether some type could match an entry of either list.
bool any_common_type(std::span<const std::string> a, std::span<const std::string> b);

// What an endpoint has to be able to receive, and so has to list: multipart/mixed and
// multipart/alternative (RFC 4975 section 7.3.1), message/cpim (section 13).
std::span<const std::string_view> mandatory_types() noexcept;

// Whether the list lets a type through that contains others: message/cpim, multipart/...
bool any_container(std::span<const std::string> accept_types);

struct AcceptLists {
  std::vector<std::string> types, wrapped_types;
};
// The lists as they are signalled: mandatory types that neither an entry nor "*" covers are added
// behind the others, if that is wanted, and wrapped types that are in the first list anyhow are
// left out.
AcceptLists complete_lists(AcceptLists lists, bool add_mandatory_types = true);

}  // namespace msrp
