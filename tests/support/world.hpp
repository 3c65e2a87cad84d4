// Engines and scripted peers joined by in-memory byte pipes, in virtual time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/engine.hpp"
#include "support/node.hpp"
#include "support/wire_chunk.hpp"

namespace msrp::test {

inline constexpr Instant start_of_time{std::chrono::seconds(1000)};

// One side of a connection: an engine's, or a scripted peer's when node is null.
struct End {
  Node* node = nullptr;
  ConnId conn;
  bool up = false;      // on_connected or on_accepted was told
  bool closed = false;  // on_closed was told; of a peer: it closed or reset
  std::optional<DoClose> closing;

  std::string arriving;  // on the way to this end
  bool eof_arriving = false, lost_arriving = false;
  bool paused = false;  // the engine asked for it

  // What the engine has lent and is not transmitted yet, with a copy to compare.
  std::vector<ConstBuffer> lent;
  std::string lent_copy;
  bool eof_sent = false;
  std::uint64_t transmitted = 0, delivered = 0;
  std::size_t lent_most = 0;
  int pauses = 0, resumes = 0;

  // ---- knobs
  bool stalled = false;  // nothing is delivered to this end
  bool deaf = false;     // the transport takes nothing from this end
  bool record = false;   // keeps what this end sent
  std::string recorded;

  std::string got;  // scripted peer: what the engine sent and the script has not taken
  std::uint64_t got_total = 0;
  bool got_eof = false, got_reset = false;
};

struct Link {
  End ends[2];
};

// A peer that says literal octets. A view of one end; copies look at the same.
class WirePeer {
 public:
  WirePeer() = default;
  WirePeer(Link& link, int end) : link_(&link), end_(end) {}

  void send(std::string_view text) const { other().arriving += text; }
  void send_eof() const { other().eof_arriving = true; }
  void reset() const { other().lost_arriving = true; }

  std::string& got() const { return self().got; }  // not taken yet
  std::vector<WireChunk> take() const { return take_chunks(self().got); }
  // The next chunk; a test failure when there is none.
  WireChunk next() const;
  bool got_eof() const { return self().got_eof; }
  bool got_reset() const { return self().got_reset; }
  bool gone() const { return got_eof() || got_reset(); }

  End& self() const { return link_->ends[end_]; }
  End& other() const { return link_->ends[1 - end_]; }  // the engine's
  explicit operator bool() const { return link_ != nullptr; }

 private:
  Link* link_ = nullptr;
  int end_ = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed = 1) : chance_(seed) {}

  Node& add(std::string name, const NodeOptions& options = {});

  // Hands everything on until nothing moves. False when that took more than `steps` rounds.
  bool drive_bounded(std::size_t steps);
  void drive();
  // Time passes: every time-out on the way is handled when it is due, then everything moves.
  void advance(Duration by);

  // A scripted peer where engines connect to.
  void listen_peer(const SocketAddress& at) { peer_listeners_.insert(at.text()); }
  std::deque<WirePeer> accepted_peers;  // in order of their connections
  // A scripted peer connects to an engine's listener; empty when declined.
  WirePeer connect_peer(Node& node, ListenerId listener);

  // The engine's side of a connection of node: the i-th that came up.
  End& end_of(Node& node, std::size_t i = 0);
  std::size_t connections_of(const Node& node) const;
  Link& link(std::size_t i) { return links_.at(i); }
  std::size_t links() const { return links_.size(); }

  // The transport of one engine's connection fails.
  void lose(End& end, Errc code = Errc::connection_lost);

  Instant now = start_of_time;

  // ---- knobs ----------------------------------------------------------------------------------
  std::size_t deliver_max = 16 * 1024;   // octets in one on_received()
  std::size_t transmit_max = 64 * 1024;  // octets in one transmitted()
  std::size_t lend_spans = 16;
  bool random_sizes = false;          // both of the above are only the upper bound
  bool with_owner = true;             // input lies in slabs of the node's pool
  bool hold_closed = false;           // on_closed() waits until this is false again
  std::set<std::string> black_holes;  // addresses that never answer
  std::set<std::string> refused;      // addresses that refuse; so does every unknown one
  // Answers of the resolver by host; a host without one is refused.
  std::map<std::string, std::vector<DnsRecord>> dns;
  bool dns_silent = false;               // never answers
  std::optional<PeerIdentity> identity;  // of scripted peers, who speak TLS then

  // ---- what engines asked for ---------------------------------------------------------------
  std::vector<DoConnect> connects;
  std::vector<DoResolve> resolves;
  std::vector<DoListen> listens;
  std::vector<DoStopListening> stops;
  std::vector<DoClose> closes;

 private:
  bool step();
  bool drain_commands(Node& node);
  bool take_sendable(Node& node);
  bool lend(Node& node, End& end);
  void execute(Node& node, const DoListen& command);
  void execute(Node& node, const DoStopListening& command);
  void execute(Node& node, const DoResolve& command);
  void execute(Node& node, const DoConnect& command);
  void execute(Node& node, const DoPauseRead& command);
  void execute(Node& node, const DoResumeRead& command);
  void execute(Node& node, const DoClose& command);
  bool pump(End& from, End& to);
  bool transmit(End& from, End& to);
  bool deliver(End& to);
  bool deliver_to_engine(End& to);
  bool finish_close(End& from, End& to);
  bool connect_nodes(Node& from, const DoConnect& command);
  std::size_t some(std::size_t most);
  End* find(Node& node, ConnId conn);
  void check_timeouts(Node& node);

  struct Listener {
    Node* node;
    ListenerId id;
    SocketAddress at;
  };
  std::deque<std::unique_ptr<Node>> nodes_;
  std::deque<Link> links_;
  std::vector<Listener> listeners_;
  std::set<std::string> peer_listeners_;
  Splitmix chance_;
  std::uint16_t next_port_ = 40000;
};

SocketAddress at(std::string_view ip, std::uint16_t port);

}  // namespace msrp::test
