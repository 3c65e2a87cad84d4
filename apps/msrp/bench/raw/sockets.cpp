#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "apps/msrp/bench/raw/loop.hpp"

namespace msrp::app::bench::raw {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

Socket make_socket(const SocketOptions& options) {
  Socket made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (made.get() < 0) fail("socket");
  const std::string& name = options.congestion_control;
  if (!name.empty() && setsockopt(made.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(),
                                  static_cast<socklen_t>(name.size())) != 0) {
    fail("congestion control");
  }
  return made;
}

}  // namespace

Socket::~Socket() {
  if (number_ >= 0) close(number_);
}

void set_no_delay(int socket) {
  const int on = 1;
  if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
}

Socket listen_here(const SocketOptions& options) {
  Socket made = make_socket(options);
  sockaddr_in address = loopback(0);
  if (bind(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (::listen(made.get(), SOMAXCONN) != 0) fail("listen");
  return made;
}

std::uint16_t port_of(const Socket& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("name");
  return ntohs(address.sin_port);
}

Socket connect_here(std::uint16_t port, const SocketOptions& options) {
  Socket made = make_socket(options);
  set_no_delay(made.get());
  sockaddr_in address = loopback(port);
  while (connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINTR) fail("connect");
  }
  return made;
}

}  // namespace msrp::app::bench::raw
