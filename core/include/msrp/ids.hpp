// Generational handles: distinct types, never pointers; a stale one is recognised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace msrp {

template <class Tag>
struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // 0: no object
  friend constexpr bool operator==(Handle, Handle) = default;
  explicit constexpr operator bool() const noexcept { return generation != 0; }
  constexpr std::uint64_t value() const noexcept {
    return (std::uint64_t{generation} << 32) | index;
  }
};

using ConnId = Handle<struct ConnTag>;
using ListenerId = Handle<struct ListenerTag>;
using SessionId = Handle<struct SessionTag>;
using TicketId = Handle<struct TicketTag>;
using MessageHandle = Handle<struct MessageTag>;    // outgoing
using IncomingHandle = Handle<struct IncomingTag>;  // incoming
using RequestHandle = Handle<struct RequestTag>;    // incoming, of one chunk
using ResolveId = Handle<struct ResolveTag>;

}  // namespace msrp

template <class Tag>
struct std::hash<msrp::Handle<Tag>> {
  std::size_t operator()(msrp::Handle<Tag> handle) const noexcept {
    return static_cast<std::size_t>(handle.value() * 0x9E3779B97F4A7C15ULL);
  }
};
