// What the engine asks its driver to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "msrp/address.hpp"
#include "msrp/ids.hpp"
#include "msrp/time.hpp"

namespace msrp {

// Answer with on_listening() or on_listen_failed().
struct DoListen {
  ListenerId listener;
  SocketAddress at;
  bool secure = false;  // who connects is to speak TLS
};
struct DoStopListening {
  ListenerId listener;
};
// Answer with on_resolved() or on_resolve_failed(). The host is never a literal address.
struct DoResolve {
  ResolveId query;
  std::string host;
  Instant deadline;
};
// Answer with on_connected() or on_lost(). The deadline is kept by the engine too.
struct DoConnect {
  ConnId conn;
  SocketAddress to;
  bool secure;              // connected once the TLS handshake is done
  std::string server_name;  // whom the peer's certificate has to name
  std::string identity;  // as in SessionOptions: which own certificate, what is demanded of theirs
  Instant deadline;
};
// Stop and go on with on_received() of one connection. After a resume, first hand in again what
// on_received() did not take.
struct DoPauseRead {
  ConnId conn;
};
struct DoResumeRead {
  ConnId conn;
};
// Answer with on_closed(), which alone ends the handle. Graceful: what was lent by poll_transmit()
// still goes out and the end of stream is sent after it; otherwise the connection is reset.
struct DoClose {
  ConnId conn;
  bool graceful;
};

using Command = std::variant<DoListen, DoStopListening, DoResolve, DoConnect, DoPauseRead,
                             DoResumeRead, DoClose>;

// What a transport says about a connection that is up.
struct TransportInfo {
  SocketAddress local, peer;
  bool secure = false;
};

// One address or service record, as the resolver found it; the engine orders them.
struct AddressRecord {
  IpAddress ip;
};
struct SrvRecord {
  std::uint16_t priority, weight, port;
  std::string target;
};
using DnsRecord = std::variant<AddressRecord, SrvRecord>;

}  // namespace msrp
