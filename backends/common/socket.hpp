// Sockets for every backend of a POSIX system: descriptors that close themselves, addresses, and
// the options that all connections get.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "msrp/address.hpp"
#include "msrp/command.hpp"
#include "msrp/error.hpp"

namespace msrp::backend {

class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  void reset() noexcept;
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_ = -1;
};

// The value of errno.
using SystemError = int;

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

RawAddress to_raw(const SocketAddress& address) noexcept;
// IPv4 mapped into IPv6 comes out as IPv4; nullopt for other families.
std::optional<SocketAddress> from_raw(const RawAddress& raw) noexcept;

SocketAddress local_address(int descriptor) noexcept;  // all zero when the system does not say
SocketAddress peer_address(int descriptor) noexcept;

// Whether calls on a socket wait in the system, or return with EAGAIN.
enum class SocketCalls : std::uint8_t { return_at_once, wait };

// Close-on-exec. An IPv6 listener takes IPv6 alone, so that both families can listen on one port
// and [::] means the same on every system.
std::expected<Descriptor, SystemError> open_listener(
    const SocketAddress& at, SocketCalls calls = SocketCalls::return_at_once);
// Close-on-exec, without Nagle's delay. Not connected yet.
std::expected<Descriptor, SystemError> open_socket(bool v6,
                                                   SocketCalls calls = SocketCalls::return_at_once);
void set_no_delay(int descriptor) noexcept;
// By Linux's name for it; 0, or why not: ENOENT for a name that is not there.
SystemError set_congestion_control(int descriptor, const std::string& name) noexcept;
// The one in force; empty when the descriptor is no TCP socket.
std::string congestion_control(int descriptor);
// close() sends a reset, and what is queued is gone.
void set_reset_on_close(int descriptor) noexcept;
// The error kept by the socket, which it then forgets; 0: none.
SystemError take_error(int descriptor) noexcept;
// A loopback connect() to a port in the ephemeral range can meet itself.
bool connected_to_itself(int descriptor) noexcept;

// What a system error of a connection that was up, or was to come up, means to the core.
Error lost_error(SystemError error) noexcept;
Error connect_error(SystemError error) noexcept;
// Out of descriptors or memory: it may work later.
bool is_shortage(SystemError error) noexcept;

}  // namespace msrp::backend
