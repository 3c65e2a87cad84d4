// Which messages came whole, by their Message-IDs, as far back as memory goes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string_view>
#include <vector>

namespace msrp {

// Keeps 64 bits of each id and forgets the oldest, also when there is no memory for more. An id
// that is taken for another, once in 2^57 messages of an honest peer, is called a duplicate; a peer
// that arranges for it harms itself.
class IdHistory {
 public:
  void add(std::string_view id, std::size_t ids_max) noexcept {
    if (ids_max == 0) return;
    if (ids_.size() < ids_max) {
      try {
        ids_.push_back(digest(id));
        return;
      } catch (const std::bad_alloc&) {
        if (ids_.empty()) return;
      }
    }
    if (next_ >= ids_.size()) next_ = 0;
    ids_[next_++] = digest(id);
  }
  bool contains(std::string_view id) const noexcept {
    return std::ranges::find(ids_, digest(id)) != ids_.end();
  }
  bool empty() const noexcept { return ids_.empty(); }

 private:
  static std::uint64_t digest(std::string_view id) noexcept {
    return std::hash<std::string_view>{}(id);
  }
  std::vector<std::uint64_t> ids_;
  std::size_t next_ = 0;  // the oldest, once there is no room for more
};

}  // namespace msrp
