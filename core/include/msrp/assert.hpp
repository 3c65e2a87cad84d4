// Assertions about our own code. Peer input never reaches one: it becomes an Error.
#pragma once

namespace msrp::detail {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;
}  // namespace msrp::detail

// On in every build type; -DMSRP_NO_ASSERT removes them.
#ifdef MSRP_NO_ASSERT
#define MSRP_ASSERT(condition) static_cast<void>(sizeof(!(condition)))
#else
#define MSRP_ASSERT(condition)  \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::msrp::detail::assertion_failed(#condition, __FILE__, __LINE__))
#endif
