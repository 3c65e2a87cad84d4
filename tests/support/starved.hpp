// Two engines that run out of memory, with applications that keep account of every handle that they
// were given and of every event that it owes them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/engine.hpp"
#include "support/fail_alloc.hpp"
#include "support/test_services.hpp"

namespace msrp::test {

// Slabs whose coming and going takes no memory.
class QuietPool final : public BufferPool {
 public:
  explicit QuietPool(std::size_t slabs);
  std::optional<BufferRef> acquire() noexcept override;
  std::size_t slab_bytes() const noexcept override { return bytes_each; }
  std::size_t free_slabs() const noexcept override { return free_.size(); }
  std::size_t used() const noexcept { return slabs_.size() - free_.size(); }

 protected:
  void recycle(Slab& slab) noexcept override { free_.push_back(&slab); }

 private:
  static constexpr std::size_t bytes_each = 2048;
  std::vector<std::byte> memory_;
  std::vector<Slab> slabs_;
  std::vector<Slab*> free_;
};

// What the application knows of one handle.
struct Account {
  bool given_up = false;                                     // by itself: a ticket after cleanup()
  bool over = false;                                         // its last event came
  bool borrowed = false, released = false, settled = false;  // of a message
  SessionId session;                                         // of what came in
};

// One engine and its application.
struct Starved {
  Starved(std::string name, const EngineConfig& config, std::uint64_t seed, Logger* logger);

  std::string name;
  SeededRandom random;
  NoCrypto crypto;
  QuietPool pool{64};
  std::optional<Engine> engine;

  SessionId session_of(TicketId ticket) const {
    const auto found = bound.find(ticket.value());
    return found != bound.end() ? found->second : SessionId{};
  }

  std::map<std::uint64_t, Account> tickets, sessions, messages, incoming, requests, listeners;
  std::map<std::uint64_t, Path> paths;        // of tickets
  std::map<std::uint64_t, SessionId> bound;   // by ticket
  std::map<std::uint64_t, std::size_t> held;  // octets by session
  std::vector<MessageHandle> delivered;
  std::deque<IncomingHandle> started;
  std::deque<RequestHandle> asked;

  std::set<std::size_t> events_seen, commands_seen;  // by their place in the variant
  std::set<TimeoutReason> timeouts_seen;

  // ---- knobs
  bool polls_events = true;
  bool releases = true;
  std::uint16_t responds = 200;  // to requests of the chunk level; 0: does not
  std::uint16_t rejects = 0;     // messages as they start
  std::uint16_t reports = 0;     // says so by itself of what came whole
};

// One side of a connection.
struct Side {
  Starved* node = nullptr;
  ConnId conn;
  bool up = false, closed = false, paused = false, eof = false, lost = false;
  std::optional<DoClose> closing;
  std::string arriving;
};
struct Wire {
  std::array<Side, 2> sides;
  bool silent = false;  // what is sent gets lost
  bool stands = false;  // nothing is taken or handed over
};

class Famine {
 public:
  Famine(const EngineConfig& config, Logger* logger);
  ~Famine();

  struct Ends {
    TicketId ticket_a, ticket_b;
  };
  struct How {
    std::string host;  // to be resolved; empty: the address
    SessionOptions a{}, b{};
    bool complete_b = true;
    SessionId replaces{};
    std::uint16_t port = 2855;
    std::string identity{};
  };
  // Sets a session up as far as there is memory; does not drive.
  Ends begin(const How& how);
  Ends bind(const How& how);
  SessionId session_a(const Ends& ends) const { return a.session_of(ends.ticket_a); }
  SessionId session_b(const Ends& ends) const { return b.session_of(ends.ticket_b); }

  ListenerId listen(Starved& node, std::uint16_t port);
  TicketId prepare(Starved& node, const PrepareRequest& request);
  void cleanup(Starved& node, TicketId ticket);
  bool complete(Starved& node, TicketId ticket, const RemoteDescription& remote);
  MessageHandle send_first(Starved& node, TicketId ticket, const MessageSpec& spec, Body body);
  MessageHandle send(Starved& node, SessionId session, const MessageSpec& spec, Body body);
  MessageHandle send_chunk(Starved& node, SessionId session, const ChunkSpec& spec, Body body);

  // Calls an engine, watched. Nothing may come out of it but a value.
  template <class F>
  auto in(F&& call) {
    return inside(call);
  }

  bool turn();
  void turns(int count) {
    while (count-- > 0) turn();
  }
  void drive();
  void advance(Duration by);
  void lose(Side& side);

  // There is memory again.
  static void fed() { heap.refused_first = heap.refused_end = heap.one_in = 0; }
  // With memory again: everything is ended, and accounts are settled.
  void settle();
  // Whether a message gets through.
  bool works(const Ends& ends);

  Starved a, b;
  Instant now{std::chrono::seconds(1000)};
  ListenerId listener;
  std::deque<Wire> wires;
  std::size_t kept_wires = 0;  // of these, others than the scene's
  // The scene's last one; nobody's if there is none.
  Wire& newest() { return wires.size() > kept_wires ? wires.back() : nobodys_; }
  // ---- knobs of the world outside
  bool listening_fails = false, listening_waits = false, names_wait = false, connects_wait = false;
  std::size_t connects_refused = 0;  // the next ones
  std::vector<DnsRecord> names;

 private:
  bool commands(Starved& node);
  void execute(Starved& node, const Command& command);
  void connect(Starved& node, const DoConnect& command);
  Side* find(const Starved& node, ConnId conn);
  bool pump(Wire& wire, int from);
  bool deliver(Side& to);
  bool events(Starved& node);
  void note(Starved& node, const Event& event);
  static void note_outgoing(Starved& node, const Event& event);
  void answer(Starved& node, const Event& event);
  void timeouts();
  void check(Starved& node);

  Wire nobodys_;
  std::map<std::uint16_t, ListenerId> listeners_;  // of b, by port
};

}  // namespace msrp::test
