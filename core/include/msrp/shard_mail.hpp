// How cores of one process that run in different threads speak with each other: mail, an output and
// an input like any other, so that a simulator can decide when it comes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "msrp/assert.hpp"
#include "msrp/buffer.hpp"
#include "msrp/time.hpp"

namespace msrp {

using ShardIndex = std::uint32_t;

// Control mail gives back what data mail took, so it has a way of its own: data that waits never
// stands in front of it.
enum class MailLane : std::uint8_t { control, data };

// Octets in a slab of another shard. References to slabs are counted without atomics, so this
// holds none: the octets stay until the token has gone back, by control mail.
struct RemoteSlice {
  std::span<const std::byte> bytes;
  std::uint64_t token = 0;
};

// What a shard has lent to others. It keeps the references. Belongs to the shard's thread.
class LentSlices {
 public:
  // Precondition: the slice owns its octets.
  RemoteSlice lend(Slice slice) {
    MSRP_ASSERT(static_cast<bool>(slice.owner));
    if (free_.empty()) {
      free_.reserve(places_.size() + 1);
      places_.emplace_back();
      free_.push_back(static_cast<std::uint32_t>(places_.size() - 1));
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Place& place = places_[index];
    bytes_ += slice.bytes.size();
    place.slice = std::move(slice);
    return {place.slice.bytes, (std::uint64_t{place.generation} << 32U) | index};
  }
  // Precondition: it is lent, and has not come back before.
  void give_back(std::uint64_t token) {
    const auto index = static_cast<std::uint32_t>(token);
    MSRP_ASSERT(index < places_.size());
    Place& place = places_[index];
    MSRP_ASSERT(place.generation == token >> 32U && static_cast<bool>(place.slice.owner));
    bytes_ -= place.slice.bytes.size();
    place.slice = Slice{};
    ++place.generation;
    free_.push_back(index);
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Place {
    Slice slice;
    std::uint32_t generation = 0;
  };

  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;  // has room for every place
  std::size_t bytes_ = 0;
};

// A core with mail. poll_mail() is asked only when there is room on that way; what does not go
// stays with the core. on_mail() takes everything: how much of it may be under way is for the
// cores to agree on, with credits. A mail holds no BufferRef.
template <class C>
concept MailingCore = std::is_nothrow_move_constructible_v<typename C::Mail> &&
                      std::is_nothrow_destructible_v<typename C::Mail> &&
                      requires(C core, const C& seen, typename C::Mail mail, ShardIndex shard,
                               MailLane lane, Instant now) {
                        { seen.has_mail() } -> std::same_as<bool>;
                        {
                          core.poll_mail(shard, lane)
                        } -> std::same_as<std::optional<typename C::Mail>>;
                        core.on_mail(shard, std::move(mail), now);
                      };

}  // namespace msrp
