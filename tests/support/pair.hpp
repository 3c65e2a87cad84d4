// The two usual stages of a scenario: two engines with a session between them, or one engine with a
// session to a scripted peer.
#pragma once

#include <string>
#include <string_view>

#include "support/node.hpp"
#include "support/wire_chunk.hpp"
#include "support/world.hpp"

namespace msrp::test {

struct PairOptions {
  NodeOptions a, b;
  SessionOptions a_accepts, b_accepts;
  std::uint64_t seed = 1;
  bool bind = true;
};

// a connects to b.
struct Pair : World {
  explicit Pair(PairOptions options = {});

  struct Ends {
    SessionId a, b;
  };
  // A further session over the same two engines, bound.
  Ends add_session();
  MessageHandle send_a(SessionId session, std::string_view type, std::string_view body,
                       MessageSpec spec = {});

  PairOptions options;
  Node& a;
  Node& b;
  ListenerId listener;
  TicketId ticket_a, ticket_b;
  SessionId session_a, session_b;
};

enum class Role { active, passive };

struct SoloOptions {
  Role role = Role::active;  // of the engine
  NodeOptions node;
  SessionOptions accepts;
  std::vector<std::string> peer_accepts{"*"};
  std::optional<std::uint64_t> peer_max_size;
  std::uint64_t seed = 1;
};

// One engine with a bound session to a scripted peer.
struct Solo : World {
  explicit Solo(SoloOptions options = {});

  struct Another {
    SessionId session;
    std::string local, remote;
  };
  // A further session over the same connection, bound by the peer (passive role).
  Another add_session();

  // What the peer says: a SEND with these parts, addressed as it should be; and drives.
  void peer_sends(SendParts parts);
  SendParts parts(std::string_view body) const;
  void respond(const WireChunk& request, int status = 200);
  void report(const WireChunk& request, std::string_view range,
              std::string_view status = "000 200 OK");
  // Everything of the engine's that came to the peer so far, driven.
  std::vector<WireChunk> sent();
  // The same, with every SEND answered until the engine has nothing more.
  std::vector<WireChunk> sent_and_answered(int status = 200);

  Node& node;
  WirePeer peer;
  ListenerId listener;
  SessionId session;
  std::string local, remote;  // paths: the engine's, the peer's
  int next_transaction = 1;
};

// Every octet of the message's chunks, in order of the wire, checked for gapless ranges.
std::string joined_body(const std::vector<WireChunk>& chunks, std::string_view message_id);

}  // namespace msrp::test
