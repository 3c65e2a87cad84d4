// A network of byte streams between named hosts, in virtual time: what TCP may do to a program and
// nothing that it may not. Octets of a direction stay in order and none is lost but with the whole
// connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/sim/random.hpp"
#include "backends/sim/scheduler.hpp"
#include "msrp/buffer.hpp"
#include "msrp/command.hpp"
#include "msrp/error.hpp"
#include "msrp/ids.hpp"

namespace msrp::sim {

// In the order of add_host(), from 0.
using HostId = std::uint32_t;

// How octets get from one host to another.
struct Link {
  Duration latency{};                     // at least
  Duration jitter{};                      // at most so much more; it delays, it does not reorder
  std::uint64_t bytes_per_second = 0;     // of each stream; 0: at once
  std::size_t window_bytes = 256 * 1024;  // of each stream, sent and not read by the other side
  bool fragments = false;                 // sends are taken, and arrive, in pieces of any size
};

// One side of a stream.
struct End {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  std::uint32_t stream = none;
  std::uint32_t side = 0;  // 0 connected, 1 accepted
  friend auto operator<=>(const End&, const End&) = default;
  explicit operator bool() const noexcept { return stream != none; }
  End other() const noexcept { return {stream, 1 - side}; }
};

// What a program hears of its network; SimBackend is one. Called from the scheduler.
class Port {
 public:
  virtual ~Port() = default;
  virtual void accepted(ListenerId listener, End end) = 0;
  virtual void connected(End end) = 0;
  virtual void refused(End end) = 0;
  // There is something to read(): octets, the end, or that the stream is broken.
  virtual void readable(End end) = 0;
  virtual void writable(End end) = 0;  // after a write() that was not taken whole
};

// Sees everything on every stream: a judge, a trace, a hash. It must not call the network.
class NetworkObserver {
 public:
  virtual ~NetworkObserver() = default;
  virtual void connected(End, const TransportInfo&, Instant) {}    // the accepted side: it exists
  virtual void wrote(End, std::span<const std::byte>, Instant) {}  // octets entered the stream
  virtual void read(End, std::span<const std::byte>, Instant) {}
  virtual void wrote_end(End, Instant) {}
  virtual void broke(End, Instant) {}  // this side reset the stream, or vanished
  virtual void fault(std::string_view, HostId, HostId, Instant) {}
};

class Network {
 public:
  Network(Scheduler& scheduler, std::uint64_t seed);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // ---- hosts, and what befalls them -----------------------------------------------------------
  enum class Reach : std::uint8_t { anyone, dials_only };  // behind a NAT nobody connects to it
  HostId add_host(std::string name, const IpAddress& ip, Reach reach = Reach::anyone);
  const std::string& name(HostId host) const { return hosts_.at(host).name; }
  void add_address(HostId host, const IpAddress& ip) { hosts_.at(host).addresses.push_back(ip); }
  // The first one.
  const IpAddress& address(HostId host) const { return hosts_.at(host).addresses.front(); }
  std::size_t hosts() const noexcept { return hosts_.size(); }
  std::optional<HostId> host_at(const IpAddress& ip) const;

  void set_link(HostId from, HostId to, const Link& link);
  void set_links(const Link& link);  // all, also of hosts to come
  const Link& link(HostId from, HostId to) const;

  // Nothing gets from one to the other until mended; what is sent meanwhile comes then.
  void cut(HostId from, HostId to);
  void mend(HostId from, HostId to);
  void mend_all();
  bool is_cut(HostId from, HostId to) const { return cuts_.contains({from, to}); }

  // Its streams and listeners are gone. silent: those at the other sides hear of it once the host
  // is back, if they live so long; otherwise at once.
  void crash(HostId host, bool silent);
  void restart(HostId host);
  bool is_up(HostId host) const { return hosts_.at(host).up; }

  void observe(NetworkObserver* observer) noexcept { observer_ = observer; }

  // ---- for ports ------------------------------------------------------------------------------
  struct ListenOptions {
    std::size_t backlog = 128;  // accepted, and not taken yet; more are not answered
    bool shared = false;        // several may listen there, if all say so
  };
  // Port 0: any. Errors: listen_failed.
  Result<SocketAddress> listen(Port& port, HostId host, ListenerId listener,
                               const SocketAddress& at, const ListenOptions& options);
  void stop_listening(Port& port, ListenerId listener);
  void stop_listening(Port& port);  // all of it

  // connected() or refused() follows. Without an answer the network knocks again after 1, 2, 4, 8,
  // 16 and 32 seconds; as long again after the last time it is refused.
  End connect(Port& port, HostId host, const SocketAddress& to);
  // The program has taken an accepted stream, which frees a place of the backlog.
  void take(End end);
  const TransportInfo& info(End end) const;

  // How many octets were taken: up to the window. writable() follows when it was not all, once half
  // of the window is free.
  std::size_t write(End end, std::span<const std::byte> octets);
  void write_end(End end);
  // Octets that arrived, up to the size of `out`.
  std::size_t read(End end, std::span<std::byte> out);
  std::size_t readable_bytes(End end) const;
  bool at_end(End end) const;     // the other side wrote its end, and all before it is read
  bool is_broken(End end) const;  // the other side has reset it; what arrived before can be read
  // This side is done with it. broken: the other side hears so, and what still flies is lost.
  void release(End end, bool broken);

 private:
  struct Host {
    std::string name;
    std::vector<IpAddress> addresses;
    Reach reach;
    bool up = true;
    std::uint16_t next_port = 40000;
  };
  struct Listener {
    Port* port;
    HostId host;
    ListenerId id;
    SocketAddress at;
    ListenOptions options;
    std::size_t waiting = 0;
  };
  enum class What : std::uint8_t { octets, end, reset };
  struct Segment {
    What what;
    std::vector<std::byte> octets;
  };
  // One direction: what its side writes.
  struct Direction {
    std::deque<Segment> flying;
    std::deque<std::vector<std::byte>> arrived;
    std::size_t read_of_first = 0;
    std::size_t flying_bytes = 0, arrived_bytes = 0;
    Instant line_free{}, last_arrival{};
    std::uint32_t held_back = 0;  // arrivals that a cut stopped
    bool wants_room = false;      // a write was not taken whole
    bool end_written = false, end_arrived = false, reset_arrived = false;
  };
  struct Side {
    Port* port = nullptr;  // null: this side is gone
    HostId host = 0;
    TransportInfo info;
    Direction writes;
  };
  struct Stream {
    Side sides[2];
    std::size_t listener = ~std::size_t{0};  // whose backlog it counts in
    bool established = false;
  };

  Stream* find(End end) const;
  Side& side(End end) const;
  Instant departure(Side& from, const Link& link, std::size_t bytes);
  void fly(End from, Segment segment);
  void arrive(End from);
  void arrive_at_last(End from, Segment segment);
  void knock(End client, unsigned times);
  void reach_listener(End client);
  void answer(End client);
  void lose_flying(Direction& direction);
  void reset_from(End end);
  void forget(End end);
  Listener* listener_at(const SocketAddress& at);
  void tell(std::string_view what, HostId a, HostId b);

  Scheduler& scheduler_;
  Chance chance_;
  std::vector<Host> hosts_;
  Link default_link_;
  std::map<std::pair<HostId, HostId>, Link> links_;
  std::map<std::pair<HostId, HostId>, bool> cuts_;
  std::deque<Listener> listeners_;
  std::deque<std::unique_ptr<Stream>> streams_;
  NetworkObserver* observer_ = nullptr;
};

}  // namespace msrp::sim
