#include "apps/msrp/own_host.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "backends/common/socket.hpp"

namespace msrp::app {

std::string own_host_towards(const UriView& peer) {
  const auto address = IpAddress::parse(peer.host);
  if (address) {
    // Connecting a datagram socket sends nothing; it picks the address to send from.
    const backend::Descriptor socket_(
        ::socket(address->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const backend::RawAddress raw = backend::to_raw({*address, peer.port.value_or(9)});
    if (socket_ && connect(socket_.get(), raw.get(), raw.size) == 0) {
      const SocketAddress local = backend::local_address(socket_.get());
      if (local.ip.octets != IpAddress{}.octets) return local.ip.text();
    }
  }
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) {
    const UriParts parts{.host = name.data(), .port = std::uint16_t{9}, .session_id = "check"};
    if (Uri::make(parts)) return name.data();
  }
  return "anonymous.invalid";
}

std::string listen_error_text(const ListenAddress& at, const Error& error, int system_error) {
  return fmt::format(
      "cannot listen on {}, {}", at.at.text(),
      system_error != 0 ? std::string_view(std::strerror(system_error)) : describe(error.code));
}

}  // namespace msrp::app
