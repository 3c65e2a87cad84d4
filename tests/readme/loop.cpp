#include <sys/socket.h>

#include <cerrno>
#include <cstdio>

#include "msrp/engine.hpp"

// One turn of a connected socket: octets in, what is due, events, octets out. False: it is over.
bool turn(int fd, msrp::ConnId conn, msrp::Engine& engine, std::FILE* text, msrp::Instant now) {
  std::byte in[4096];
  ssize_t n = recv(fd, in, sizeof in, MSG_PEEK | MSG_DONTWAIT);  // what is not taken stays there
  if (n > 0) recv(fd, in, engine.on_received(conn, {{in, std::size_t(n)}, {}}, now), 0);
  if (n == 0) engine.on_eof(conn, now);
  if (n < 0 && errno != EAGAIN) engine.on_lost(conn, {msrp::Errc::connection_lost}, now);
  if (auto due = engine.next_timeout(); due && *due <= now) engine.handle_timeout(now);
  while (auto event = engine.poll_event())
    if (auto* data = std::get_if<msrp::MessageData>(&*event)) {
      std::fwrite(data->slice.bytes.data(), 1, data->slice.bytes.size(), text);
      engine.release(data->session, data->slice.bytes.size(), now);
    }
  for (msrp::ConstBuffer out[1]; engine.poll_transmit(conn, out, now) > 0;) {
    n = send(fd, out[0].data(), out[0].size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) break;  // no room: the rest goes in a later turn
    engine.transmitted(conn, std::size_t(n), now);
  }
  while (auto command = engine.poll_command())
    if (std::holds_alternative<msrp::DoClose>(*command)) return engine.on_closed(conn, now), false;
  return true;
}
