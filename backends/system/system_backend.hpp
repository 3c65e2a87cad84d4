// The system's own transports behind one door: which one is a matter of what works here.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "backends/common/any_backend.hpp"
#include "backends/common/socket_options.hpp"
#include "backends/resolve/cares_resolver.hpp"

namespace msrp::backend {

enum class BackendKind : std::uint8_t { uring, epoll };
std::string_view name_of(BackendKind kind) noexcept;
std::optional<BackendKind> backend_named(std::string_view name) noexcept;

struct SystemBackend {
  AnyBackend backend;
  BackendKind kind;
  // Why it is not a better one: "io_uring is not used: io_uring_setup: Operation not permitted".
  // Empty: it is the best, or the one that was asked for.
  std::string why;
};

// Without a kind the best that works: io_uring, otherwise epoll. To be called in the thread that
// uses it. The error says what failed: "epoll: Too many open files".
std::expected<SystemBackend, std::string> open_backend(std::optional<BackendKind> kind,
                                                       const SocketOptions& options,
                                                       const ResolverOptions& resolver = {});

}  // namespace msrp::backend
