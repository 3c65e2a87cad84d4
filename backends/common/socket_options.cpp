#include "backends/common/socket_options.hpp"

#include <sys/socket.h>

#include <utility>

#include "backends/common/socket.hpp"

namespace msrp::backend {

void tune(int descriptor, const SocketOptions& options) noexcept {
  for (const auto& [option, bytes] : {std::pair{SO_SNDBUF, options.send_buffer_bytes},
                                      std::pair{SO_RCVBUF, options.receive_buffer_bytes}}) {
    if (bytes > 0)
      static_cast<void>(setsockopt(descriptor, SOL_SOCKET, option, &bytes, sizeof bytes));
  }
}

void choose_congestion_control(int descriptor, const SocketOptions& options) noexcept {
  if (!options.congestion_control.empty())
    static_cast<void>(set_congestion_control(descriptor, options.congestion_control));
}

}  // namespace msrp::backend
