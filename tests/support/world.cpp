#include "support/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace msrp::test {

SocketAddress at(std::string_view ip, std::uint16_t port) {
  const auto address = IpAddress::parse(ip);
  EXPECT_TRUE(address) << ip;
  return {address.value_or(IpAddress{}), port};
}

WireChunk WirePeer::next() const {
  auto chunk = take_chunk(self().got);
  if (!chunk) ADD_FAILURE() << "the engine sent no further chunk; there is: " << self().got;
  return chunk.value_or(WireChunk{});
}

Node& World::add(std::string name, const NodeOptions& options) {
  return *nodes_.emplace_back(std::make_unique<Node>(std::move(name), options, now));
}

std::size_t World::some(std::size_t most) {
  return random_sizes && most > 1 ? 1 + chance_.below(most) : most;
}

End* World::find(Node& node, ConnId conn) {
  for (Link& link : links_)
    for (End& end : link.ends)
      if (end.node == &node && end.conn == conn && !end.closed) return &end;
  return nullptr;
}

End& World::end_of(Node& node, std::size_t i) {
  for (Link& link : links_)
    for (End& end : link.ends)
      if (end.node == &node && i-- == 0) return end;
  ADD_FAILURE() << node.name << " has no such connection";
  return links_.emplace_back().ends[0];
}

std::size_t World::connections_of(const Node& node) const {
  std::size_t sum = 0;
  for (const Link& link : links_)
    for (const End& end : link.ends) sum += end.node == &node && !end.closed ? 1U : 0U;
  return sum;
}

// ---- commands -----------------------------------------------------------------------------------

void World::execute(Node& node, const DoListen& command) {
  listens.push_back(command);
  SocketAddress actual = command.at;
  if (actual.port == 0) actual.port = next_port_++;
  const bool taken =
      std::ranges::any_of(listeners_, [&](const Listener& other) { return other.at == actual; });
  if (taken) {
    node.engine().on_listen_failed(command.listener, Error{Errc::listen_failed}, now);
    return;
  }
  listeners_.push_back({&node, command.listener, actual});
  node.engine().on_listening(command.listener, actual, now);
}

void World::execute(Node& node, const DoStopListening& command) {
  stops.push_back(command);
  std::erase_if(listeners_, [&](const Listener& listener) {
    return listener.node == &node && listener.id == command.listener;
  });
}

void World::execute(Node& node, const DoResolve& command) {
  resolves.push_back(command);
  if (dns_silent) return;
  if (const auto found = dns.find(command.host); found != dns.end())
    node.engine().on_resolved(command.query, found->second, now);
  else
    node.engine().on_resolve_failed(command.query, Error{Errc::resolve_failed}, now);
}

bool World::connect_nodes(Node& from, const DoConnect& command) {
  const TransportInfo ours{at("192.0.2.200", next_port_++), command.to, command.secure};
  const TransportInfo theirs{command.to, ours.local, command.secure};
  if (peer_listeners_.contains(command.to.text())) {
    Link& link = links_.emplace_back();
    link.ends[0].node = &from;
    link.ends[0].conn = command.conn;
    link.ends[0].up = link.ends[1].up = true;
    accepted_peers.emplace_back(link, 1);
    if (identity) from.engine().on_secured(command.conn, *identity, now);
    from.engine().on_connected(command.conn, ours, now);
    return true;
  }
  for (const Listener& listener : listeners_) {
    if (listener.at != command.to) continue;
    const auto accepted = listener.node->engine().on_accepted(listener.id, theirs, now);
    Link& link = links_.emplace_back();
    link.ends[0].node = &from;
    link.ends[0].conn = command.conn;
    link.ends[0].up = link.ends[1].up = true;
    if (accepted) {
      link.ends[1].node = listener.node;
      link.ends[1].conn = *accepted;
    } else {
      link.ends[0].lost_arriving = true;
      link.ends[1].closed = true;
    }
    from.engine().on_connected(command.conn, ours, now);
    return true;
  }
  return false;
}

void World::execute(Node& node, const DoConnect& command) {
  connects.push_back(command);
  const std::string to = command.to.text();
  if (!refused.contains(to) && !black_holes.contains(to) && connect_nodes(node, command)) return;
  Link& link = links_.emplace_back();
  link.ends[0].node = &node;
  link.ends[0].conn = command.conn;
  link.ends[1].closed = true;
  if (!black_holes.contains(to)) {
    node.engine().on_lost(command.conn, Error{Errc::connect_failed}, now);
  }
}

void World::execute(Node& node, const DoPauseRead& command) {
  End* end = find(node, command.conn);
  ASSERT_NE(end, nullptr) << node.name << ": DoPauseRead for a connection that is not";
  EXPECT_FALSE(end->paused) << node.name << ": paused twice";
  end->paused = true;
  ++end->pauses;
}

void World::execute(Node& node, const DoResumeRead& command) {
  End* end = find(node, command.conn);
  ASSERT_NE(end, nullptr) << node.name << ": DoResumeRead for a connection that is not";
  EXPECT_TRUE(end->paused) << node.name << ": resumed without a pause";
  end->paused = false;
  ++end->resumes;
}

void World::execute(Node& node, const DoClose& command) {
  closes.push_back(command);
  End* end = find(node, command.conn);
  ASSERT_NE(end, nullptr) << node.name << ": DoClose for a connection that is not";
  // A graceful close may turn into a reset, never the other way; nothing is asked twice.
  EXPECT_TRUE(!end->closing || (end->closing->graceful && !command.graceful))
      << node.name << ": closed twice";
  end->closing = command;
}

bool World::drain_commands(Node& node) {
  bool any = false;
  while (auto command = node.engine().poll_command()) {
    any = true;
    std::visit([&](const auto& what) { execute(node, what); }, *command);
  }
  return any;
}

// ---- octets -------------------------------------------------------------------------------------

bool World::lend(Node& node, End& end) {
  std::vector<ConstBuffer> out(lend_spans);
  out.resize(node.engine().poll_transmit(end.conn, out, now));
  std::string copy;
  for (const ConstBuffer& buffer : out) {
    EXPECT_FALSE(buffer.empty()) << node.name << ": an empty buffer was lent";
    copy += text_of(buffer);
  }
  // What was lent before and is not transmitted stands in front of the new loan.
  const std::size_t common = std::min(copy.size(), end.lent_copy.size());
  EXPECT_TRUE(std::string_view(copy).substr(0, common) ==
              std::string_view(end.lent_copy).substr(0, common))
      << node.name << ": a later loan begins with other octets";
  if (copy.size() <= end.lent_copy.size()) return false;
  end.lent_most = std::max(end.lent_most, copy.size());
  end.lent = std::move(out);
  end.lent_copy = std::move(copy);
  return true;
}

// poll_sendable() is a hint for drivers; here it must not miss a connection: a connection that has
// something and is not named is never asked.
bool World::take_sendable(Node& node) {
  bool any = false;
  while (const auto conn = node.engine().poll_sendable()) {
    End* end = find(node, *conn);
    EXPECT_NE(end, nullptr) << node.name << ": poll_sendable() named a connection that is not";
    if (end == nullptr || !end->up || end->closing) continue;
    if (end->deaf && !end->lent.empty()) continue;  // one send is under way
    any |= lend(node, *end);
  }
  return any;
}

bool World::transmit(End& from, End& to) {
  if (from.lent.empty() || from.deaf || from.eof_sent) return false;
  std::size_t most = some(transmit_max);
  std::size_t moved = 0;
  while (!from.lent.empty() && most > 0) {
    ConstBuffer& front = from.lent.front();
    const std::size_t n = std::min(most, front.size());
    const std::string_view octets = text_of(front.first(n));
    // Contract rule 4: lent octets stay as they are until they are transmitted.
    EXPECT_EQ(octets, std::string_view(from.lent_copy).substr(moved, n))
        << from.node->name << ": lent octets have changed";
    if (from.record) from.recorded += octets;
    if (!to.closed) to.arriving += octets;
    moved += n;
    most -= n;
    front = front.subspan(n);
    if (front.empty()) from.lent.erase(from.lent.begin());
  }
  from.lent_copy.erase(0, moved);
  from.transmitted += moved;
  from.node->engine().transmitted(from.conn, moved, now);
  return true;
}

bool World::finish_close(End& from, End& to) {
  if (!from.closing || from.closed) return false;
  if (from.closing->graceful && from.up && !from.lent.empty() && !to.closed) return false;
  if (hold_closed) return false;
  const bool graceful = from.closing->graceful;
  from.closed = true;
  if (from.up && !to.closed) {
    if (graceful)
      to.eof_arriving = true;
    else
      to.lost_arriving = true;
  }
  from.lent.clear();
  from.lent_copy.clear();
  from.node->engine().on_closed(from.conn, now);
  return true;
}

bool World::deliver_to_engine(End& to) {
  Engine& engine = to.node->engine();
  const std::size_t want = std::min(some(deliver_max), to.arriving.size());
  const auto octets = bytes_of(std::string_view(to.arriving).substr(0, want));
  std::size_t taken = 0;
  std::size_t offered = octets.size();
  if (with_owner) {
    auto slab = to.node->pool.acquire();
    if (!slab) return false;
    offered = std::min(offered, slab->storage().size());
    std::ranges::copy(octets.first(offered), slab->storage().begin());
    const Slice slice{slab->storage().first(offered), *slab};
    slab.reset();
    taken = engine.on_received(to.conn, slice, now);
  } else {
    const std::vector<std::byte> scratch(octets.begin(), octets.end());
    taken = engine.on_received(to.conn, Slice{scratch, {}}, now);
  }
  EXPECT_LE(taken, offered);
  to.arriving.erase(0, taken);
  to.delivered += taken;
  if (taken < offered) {
    drain_commands(*to.node);
    EXPECT_TRUE(to.paused || to.closing || to.closed || to.resumes > 0)
        << to.node->name << ": input was left and no DoPauseRead followed";
  }
  return taken > 0;
}

bool World::deliver(End& to) {
  if (to.closed || !to.up) return false;
  if (to.node == nullptr) {
    if (to.stalled) return false;
    bool any = !to.arriving.empty();
    to.got_total += to.arriving.size();
    to.got += to.arriving;
    to.arriving.clear();
    if (to.eof_arriving && !to.got_eof) any = to.got_eof = true;
    if (to.lost_arriving && !to.got_reset) any = to.got_reset = true;
    return any;
  }
  if (to.stalled || to.closing) return false;
  if (!to.arriving.empty()) return !to.paused && deliver_to_engine(to);
  if (to.lost_arriving) {
    to.lost_arriving = false;
    to.up = false;
    to.node->engine().on_lost(to.conn, Error{Errc::connection_lost}, now);
    return true;
  }
  if (to.eof_arriving) {
    to.eof_arriving = false;
    to.node->engine().on_eof(to.conn, now);
    return true;
  }
  return false;
}

void World::lose(End& end, Errc code) {
  end.arriving.clear();
  end.up = false;
  for (Link& link : links_)
    for (int i : {0, 1})
      if (&link.ends[i] == &end && !link.ends[1 - i].closed) link.ends[1 - i].lost_arriving = true;
  end.node->engine().on_lost(end.conn, Error{code}, now);
}

bool World::pump(End& from, End& to) {
  bool any = false;
  if (from.node != nullptr && !from.closed) {
    any |= transmit(from, to);
    any |= finish_close(from, to);
  }
  return any | deliver(to);
}

bool World::step() {
  bool any = false;
  for (auto& node : nodes_) {
    any |= drain_commands(*node);
    any |= take_sendable(*node);
    any |= node->drain_events();
  }
  for (std::size_t i = 0; i < links_.size(); ++i) {
    any |= pump(links_[i].ends[0], links_[i].ends[1]);
    any |= pump(links_[i].ends[1], links_[i].ends[0]);
  }
  for (auto& node : nodes_) any |= node->drain_events();
  return any;
}

bool World::drive_bounded(std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i)
    if (!step()) return true;
  return false;
}

void World::drive() {
  ASSERT_TRUE(drive_bounded(20'000'000)) << "the world does not come to rest";
}

// ---- time ---------------------------------------------------------------------------------------

void World::check_timeouts(Node& node) {
  const auto due = node.engine().next_timeout();
  if (!due || *due > now) return;
  EXPECT_NE(node.engine().next_timeout_reason(), TimeoutReason::none) << node.name;
  node.engine().handle_timeout(now);
  const auto next = node.engine().next_timeout();
  // Contract rule 5: no spinning.
  EXPECT_TRUE(!next || *next > now) << node.name << ": still due after handle_timeout()";
}

void World::advance(Duration by) {
  drive();
  const Instant until = now + by;
  for (;;) {
    Instant next = until;
    for (auto& node : nodes_)
      if (const auto due = node->engine().next_timeout()) next = std::min(next, *due);
    now = std::max(now, next);
    for (auto& node : nodes_) check_timeouts(*node);
    drive();
    if (now >= until) return;
  }
}

WirePeer World::connect_peer(Node& node, ListenerId listener) {
  const auto found = std::ranges::find_if(listeners_, [&](const Listener& other) {
    return other.node == &node && other.id == listener;
  });
  if (found == listeners_.end()) {
    ADD_FAILURE() << "no such listener";
    return {};
  }
  const auto conn = node.engine().on_accepted(
      listener, TransportInfo{found->at, at("192.0.2.250", next_port_++), identity.has_value()},
      now);
  if (!conn) return {};
  if (identity) node.engine().on_secured(*conn, *identity, now);
  Link& link = links_.emplace_back();
  link.ends[0].node = &node;
  link.ends[0].conn = *conn;
  link.ends[0].up = link.ends[1].up = true;
  return WirePeer(link, 1);
}

}  // namespace msrp::test
