#include "backends/common/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace msrp::backend {
namespace {

void set_flag(int descriptor, int level, int option) noexcept {
  const int on = 1;
  static_cast<void>(setsockopt(descriptor, level, option, &on, sizeof on));
}

std::expected<Descriptor, SystemError> open_stream(bool v6, SocketCalls calls) {
  const int wait = calls == SocketCalls::return_at_once ? SOCK_NONBLOCK : 0;
  Descriptor opened(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | wait, 0));
  if (!opened) return std::unexpected(errno);
  return opened;
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);
SocketAddress name_of(NameCall call, int descriptor) noexcept {
  RawAddress raw;
  raw.size = sizeof raw.storage;
  if (call(descriptor, raw.get(), &raw.size) != 0) return {};
  return from_raw(raw).value_or(SocketAddress{});
}

}  // namespace

void Descriptor::reset() noexcept {
  // Not again after EINTR: Linux has let go of the number by then.
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

RawAddress to_raw(const SocketAddress& address) noexcept {
  RawAddress raw;
  if (address.ip.v6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, address.ip.octets.data(), 16);
    std::memcpy(&raw.storage, &in, sizeof in);
    raw.size = sizeof in;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.ip.octets.data(), 4);
    std::memcpy(&raw.storage, &in, sizeof in);
    raw.size = sizeof in;
  }
  return raw;
}

std::optional<SocketAddress> from_raw(const RawAddress& raw) noexcept {
  SocketAddress address;
  if (raw.storage.ss_family == AF_INET && raw.size >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, &raw.storage, sizeof in);
    std::memcpy(address.ip.octets.data(), &in.sin_addr, 4);
    address.port = ntohs(in.sin_port);
    return address;
  }
  if (raw.storage.ss_family != AF_INET6 || raw.size < sizeof(sockaddr_in6)) return std::nullopt;
  sockaddr_in6 in{};
  std::memcpy(&in, &raw.storage, sizeof in);
  address.port = ntohs(in.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
    std::memcpy(address.ip.octets.data(), in.sin6_addr.s6_addr + 12, 4);
  } else {
    address.ip.v6 = true;
    std::memcpy(address.ip.octets.data(), in.sin6_addr.s6_addr, 16);
  }
  return address;
}

SocketAddress local_address(int descriptor) noexcept {
  return name_of(getsockname, descriptor);
}
SocketAddress peer_address(int descriptor) noexcept {
  return name_of(getpeername, descriptor);
}

std::expected<Descriptor, SystemError> open_listener(const SocketAddress& at, SocketCalls calls) {
  auto listener = open_stream(at.ip.v6, calls);
  if (!listener) return listener;
  set_flag(listener->get(), SOL_SOCKET, SO_REUSEADDR);
  if (at.ip.v6) set_flag(listener->get(), IPPROTO_IPV6, IPV6_V6ONLY);
  const RawAddress raw = to_raw(at);
  if (bind(listener->get(), raw.get(), raw.size) != 0) return std::unexpected(errno);
  if (listen(listener->get(), SOMAXCONN) != 0) return std::unexpected(errno);
  return listener;
}

std::expected<Descriptor, SystemError> open_socket(bool v6, SocketCalls calls) {
  auto opened = open_stream(v6, calls);
  if (opened) set_no_delay(opened->get());
  return opened;
}

void set_no_delay(int descriptor) noexcept {
  set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY);
}

SystemError set_congestion_control(int descriptor, const std::string& name) noexcept {
  const auto size = static_cast<socklen_t>(name.size());
  return setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0 ? 0 : errno;
}

std::string congestion_control(int descriptor) {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t size = name.size();
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
  return {name.data(), strnlen(name.data(), size)};
}

void set_reset_on_close(int descriptor) noexcept {
  const linger now{1, 0};
  static_cast<void>(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

SystemError take_error(int descriptor) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool connected_to_itself(int descriptor) noexcept {
  const SocketAddress local = local_address(descriptor);
  return local.port != 0 && local == peer_address(descriptor);
}

bool is_shortage(SystemError error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

Error lost_error(SystemError error) noexcept {
  if (error == ETIMEDOUT) return Error{Errc::timed_out};
  if (is_shortage(error)) return Error{Errc::limit_exceeded};
  return Error{Errc::connection_lost};
}

Error connect_error(SystemError error) noexcept {
  if (error == ETIMEDOUT) return Error{Errc::timed_out};
  if (is_shortage(error)) return Error{Errc::limit_exceeded};
  return Error{Errc::connect_failed};
}

}  // namespace msrp::backend
