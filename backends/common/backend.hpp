// What every transport backend is: completion-shaped, so that readiness can emulate it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "msrp/buffer.hpp"
#include "msrp/command.hpp"
#include "msrp/error.hpp"
#include "msrp/fingerprint.hpp"
#include "msrp/ids.hpp"
#include "msrp/time.hpp"

namespace msrp::backend {

// A socket that was accepted and has no ConnId yet.
using SocketHandle = std::uint64_t;

struct Accepted {
  ListenerId listener;
  SocketHandle socket;
  TransportInfo info;
};
struct Connected {
  ConnId conn;
  TransportInfo info;
};
// The TLS handshake is done: before Connected, and of an accepted connection before the first
// Received.
struct Secured {
  ConnId conn;
  std::unique_ptr<PeerIdentity> peer;
};
struct Received {
  ConnId conn;
  Slice slice;
};
struct SendDone {
  ConnId conn;
  std::size_t bytes;
};
struct Eof {
  ConnId conn;
};
struct Lost {
  ConnId conn;
  Error error;
};
struct Closed {
  ConnId conn;
};
struct ListenDone {
  ListenerId listener;
  SocketAddress at;
};
struct ListenFault {
  ListenerId listener;
  Error error;
};
struct Resolved {
  ResolveId query;
  std::vector<DnsRecord> records;
};
struct ResolveFault {
  ResolveId query;
  Error error;
};
struct Woken {};

using Completion = std::variant<Woken, Accepted, Connected, Secured, Received, SendDone, Eof, Lost,
                                Closed, ListenDone, ListenFault, Resolved, ResolveFault>;

// One thread owns a backend; wake() alone may be called from others and from signal handlers.
// TLS is a layer between, see secure_backend.hpp.
// Slices of Received own their bytes. Received, Eof and Lost of a connection come in the order of
// its stream; Lost comes once.
//
// Every connect() ends in Connected or Lost; a connection that is up ends in Lost or by close().
// close() always completes with Closed, after which no completion names the handle again. Lost does
// not replace Closed. A graceful close sends out what send() was given, then the end of stream;
// until Closed the buffers stay lent.
//
// After abandon() nothing that was lent is read any more, and the backend is fit to be destroyed
// alone: who owns the octets may go first.
template <class B>
concept Backend =
    requires(B b, ConnId conn, ListenerId listener, ResolveId query, SocketHandle socket,
             const SocketAddress& at, std::span<const ConstBuffer> buffers,
             std::vector<Completion>& out, std::optional<Instant> deadline, std::string_view host) {
      { b.now() } -> std::same_as<Instant>;
      { b.buffers() } -> std::same_as<BufferPool&>;
      b.listen(listener, at);
      b.stop_listening(listener);
      b.adopt(socket, conn);  // the core took an accepted socket; receiving starts
      b.discard(socket);      // the core declined it
      b.connect(conn, at);    // receiving starts once it is up
      b.stop_receive(conn);   // bytes already taken from the socket may still come as Received
      b.start_receive(conn);
      b.send(conn, buffers);  // one in flight a connection; completes with SendDone or Lost
      b.close(conn, true);    // graceful or not
      b.resolve(query, host, Instant{});  // Resolved or ResolveFault, at the latest then
      b.wait(deadline, out);  // appends completions; blocks until one, the deadline or wake()
      b.wake();
      b.abandon();
    };

}  // namespace msrp::backend
