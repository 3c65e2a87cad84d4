// Which messages came whole, by their Message-IDs, as far back as memory goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/undo.hpp"

namespace msrp {

// Keeps 64 bits of each id and forgets the oldest, also when there is no memory for more. An id
// that is taken for another, once in 2^57 messages of an honest peer, is called a duplicate; a peer
// that arranges for it harms itself.
class IdHistory {
 public:
  void add(std::string_view id, std::size_t ids_max) noexcept {
    if (ids_max == 0) return;
    const std::uint64_t digest = digest_of(id);
    if (ids_.size() < ids_max) {
      try {
        tags_.push_back(tag_of(digest));
        Undo undo([&] { tags_.pop_back(); });
        ids_.push_back(digest);
        return undo.dismiss();
      } catch (const std::bad_alloc&) {
        if (ids_.empty()) return;
      }
    }
    if (next_ >= ids_.size()) next_ = 0;
    tags_[next_] = tag_of(digest);
    ids_[next_++] = digest;
  }
  bool contains(std::string_view id) const noexcept {
    const std::uint64_t digest = digest_of(id);
    for (std::size_t i = tags_.find(tag_of(digest)); i != std::string::npos;
         i = tags_.find(tag_of(digest), i + 1)) {
      if (ids_[i] == digest) return true;
    }
    return false;
  }
  bool empty() const noexcept { return ids_.empty(); }

 private:
  static std::uint64_t digest_of(std::string_view id) noexcept {
    return std::hash<std::string_view>{}(id);
  }
  static char tag_of(std::uint64_t digest) noexcept { return static_cast<char>(digest); }

  std::vector<std::uint64_t> ids_;
  std::string tags_;      // an octet of each: searched as text, since it is done for every message
  std::size_t next_ = 0;  // the oldest, once there is no room for more
};

}  // namespace msrp
