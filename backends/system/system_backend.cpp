#include "backends/system/system_backend.hpp"

#include <array>
#include <system_error>
#include <utility>

#include "backends/epoll/epoll_backend.hpp"
#include "backends/uring/uring_backend.hpp"

namespace msrp::backend {
namespace {

constexpr std::array<std::pair<BackendKind, std::string_view>, 2> names = {{
    {BackendKind::uring, "uring"},
    {BackendKind::epoll, "epoll"},
}};

std::string text_of(std::string_view what, SystemError error) {
  return std::string(what) + ": " + std::generic_category().message(error);
}

using Opened = std::expected<AnyBackend, std::string>;

Opened open_uring(const SocketOptions& options, const ResolverOptions& resolver) {
  UringOptions own{options};
  own.resolver = resolver;
  auto made = UringBackend::create(own);
  if (!made) return std::unexpected(text_of(made.error().step, made.error().error));
  return AnyBackend(*std::move(made));
}

Opened open_epoll(const SocketOptions& options, const ResolverOptions& resolver) {
  EpollOptions own{options};
  own.resolver = resolver;
  auto made = EpollBackend::create(own);
  if (!made) return std::unexpected(text_of("epoll", made.error()));
  return AnyBackend(*std::move(made));
}

}  // namespace

std::string_view name_of(BackendKind kind) noexcept {
  for (const auto& [one, name] : names)
    if (one == kind) return name;
  return {};
}

std::optional<BackendKind> backend_named(std::string_view name) noexcept {
  for (const auto& [kind, one] : names)
    if (one == name) return kind;
  return std::nullopt;
}

std::expected<SystemBackend, std::string> open_backend(std::optional<BackendKind> kind,
                                                       const SocketOptions& options,
                                                       const ResolverOptions& resolver) {
  std::string why;
  if (kind != BackendKind::epoll) {
    Opened opened = open_uring(options, resolver);
    if (opened) return SystemBackend{*std::move(opened), BackendKind::uring, {}};
    if (kind) return std::unexpected(opened.error());
    why = "io_uring is not used: " + opened.error();
  }
  Opened opened = open_epoll(options, resolver);
  if (!opened) return std::unexpected(opened.error());
  return SystemBackend{*std::move(opened), BackendKind::epoll, std::move(why)};
}

}  // namespace msrp::backend
