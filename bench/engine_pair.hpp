// Two engines in memory with byte pipes between them and nothing else: no sockets, no clock but a
// number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "msrp/engine.hpp"

namespace msrp::bench {

// One engine and what it is handed. `heap_bytes` is what it has taken from the heap, by the
// difference of live_bytes() around every call.
struct Side {
  Side(const EngineConfig& config, std::uint64_t seed, std::size_t slabs);
  ~Side();
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  template <class F>
  decltype(auto) inside(F&& call);

  struct Services;
  std::unique_ptr<Services> services;
  std::optional<Engine> engine;
  std::int64_t heap_bytes = 0;
  std::uint64_t heap_calls = 0;

  std::vector<SessionId> sessions;  // in order of Bound
  std::vector<Path> prepared;       // in order of Prepared
  std::vector<TicketId> tickets;
  std::uint64_t messages_complete = 0, messages_delivered = 0, octets = 0;
  std::uint64_t failures = 0;
};

class EnginePair {
 public:
  struct Options {
    EngineConfig config;
    std::size_t slabs = 256;
    // Every so many sessions share a connection.
    std::size_t sessions_per_connection = 100;
  };
  explicit EnginePair(const Options& options);

  // Binds so many more sessions; true when every one came up.
  bool add_sessions(std::size_t count);
  // A message of that size on every session, both ways or one way; drives until all is answered.
  void exchange(std::string_view body, bool both_ways = true);
  void send(Side& side, SessionId session, std::string_view body);
  void drive();

  Side& a() { return *a_; }
  Side& b() { return *b_; }
  std::size_t connections() const { return peers_.size() / 2; }
  Instant now{std::chrono::seconds(1)};

 private:
  bool step(Side& from, Side& to);
  void drain_commands(Side& side, Side& other);
  void drain_events(Side& side);

  Options options_;
  std::unique_ptr<Side> a_, b_;
  ListenerId listener_;
  std::size_t bound_ = 0;
  // The other side's connection, by side and connection.
  std::unordered_map<std::uint64_t, ConnId> peers_;
};

}  // namespace msrp::bench
