#include "support/starved.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace msrp::test {
namespace {

const IpAddress address_b = *IpAddress::parse("192.0.2.2");

}  // namespace

QuietPool::QuietPool(std::size_t slabs) : memory_(slabs * bytes_each), slabs_(slabs) {
  for (std::size_t i = 0; i < slabs; ++i) {
    slabs_[i].pool = this;
    slabs_[i].storage = std::span(memory_).subspan(i * bytes_each, bytes_each);
    free_.push_back(&slabs_[i]);
  }
}

std::optional<BufferRef> QuietPool::acquire() noexcept {
  if (free_.empty()) return std::nullopt;
  Slab& slab = *free_.back();
  free_.pop_back();
  return adopt(slab);
}

Starved::Starved(std::string called, const EngineConfig& config, std::uint64_t seed, Logger* logger)
    : name(std::move(called)), random(seed) {
  engine = *Engine::create(config, {random, crypto, pool, logger}, Instant{});
}

Famine::Famine(const EngineConfig& config, Logger* logger)
    : a("a", config, 1, logger), b("b", config, 2, logger) {}

Famine::~Famine() {
  heap = {};
}

// ---- what applications do

ListenerId Famine::listen(Starved& node, std::uint16_t port) {
  const ListenRequest request{.at = {address_b, port}};
  const auto made = in([&] { return node.engine->listen(request, now); });
  if (made) node.listeners[made->value()];
  return made.value_or(ListenerId{});
}

TicketId Famine::prepare(Starved& node, const PrepareRequest& request) {
  const auto made = in([&] { return node.engine->prepare(request, now); });
  if (made) node.tickets[made->value()];
  return made.value_or(TicketId{});
}

bool Famine::complete(Starved& node, TicketId ticket, const RemoteDescription& remote) {
  auto done = in([&] { return node.engine->complete(ticket, remote, now); });
  for (int i = 0; i < 3 && !done && done.error().code == Errc::out_of_memory; ++i) {
    done = in([&] { return node.engine->complete(ticket, remote, now); });
    EXPECT_TRUE(done || done.error().code == Errc::out_of_memory)
        << node.name << ": a ticket that could not be completed is not what it was";
  }
  return done.has_value();
}

void Famine::cleanup(Starved& node, TicketId ticket) {
  if (!ticket || node.tickets[ticket.value()].over) return;
  // Events that are under way still count.
  events(node);
  if (node.tickets[ticket.value()].over) return;
  node.tickets[ticket.value()].given_up = true;
  in([&] { node.engine->cleanup(ticket, now); });
}

MessageHandle Famine::send_first(Starved& node, TicketId ticket, const MessageSpec& spec,
                                 Body body) {
  const bool borrowed = std::holds_alternative<BorrowedBody>(body);
  const auto made = in([&] { return node.engine->send_first(ticket, spec, std::move(body), now); });
  if (made) node.messages[made->value()].borrowed = borrowed;
  return made.value_or(MessageHandle{});
}

MessageHandle Famine::send(Starved& node, SessionId session, const MessageSpec& spec, Body body) {
  const bool borrowed = std::holds_alternative<BorrowedBody>(body);
  const auto made = in([&] { return node.engine->send(session, spec, std::move(body), now); });
  if (made) node.messages[made->value()].borrowed = borrowed;
  return made.value_or(MessageHandle{});
}

MessageHandle Famine::send_chunk(Starved& node, SessionId session, const ChunkSpec& spec,
                                 Body body) {
  const bool borrowed = std::holds_alternative<BorrowedBody>(body);
  const auto made =
      in([&] { return node.engine->send_chunk(session, spec, std::move(body), now); });
  if (made) node.messages[made->value()].borrowed = borrowed;
  return made.value_or(MessageHandle{});
}

Famine::Ends Famine::begin(const How& how) {
  Ends ends;
  if (!listeners_.contains(how.port)) listener = listen(b, how.port);
  turns(2);
  const auto found = listeners_.find(how.port);
  if (found == listeners_.end()) return ends;
  PrepareRequest passive{.active = false, .listener = found->second, .options = how.b};
  ends.ticket_b = prepare(b, passive);
  PrepareRequest active{
      .active = true, .host = "192.0.2.1", .replaces = how.replaces, .options = how.a};
  ends.ticket_a = prepare(a, active);
  turns(2);
  const auto path_a = a.paths.find(ends.ticket_a.value());
  const auto path_b = b.paths.find(ends.ticket_b.value());
  if (path_a == a.paths.end() || path_b == b.paths.end()) return ends;
  if (how.complete_b && !complete(b, ends.ticket_b, {.path = path_a->second})) {
    cleanup(b, ends.ticket_b);  // or it would hold the connection up
  }
  RemoteDescription remote{.path = path_b->second};
  if (!how.host.empty()) remote.connect_to = ConnectTarget{how.host, how.port};
  complete(a, ends.ticket_a, remote);
  return ends;
}

Famine::Ends Famine::bind(const How& how) {
  const Ends ends = begin(how);
  drive();
  return ends;
}

// ---- what drivers do

bool Famine::commands(Starved& node) {
  bool any = false;
  while (auto command = in([&] { return node.engine->poll_command(); })) {
    node.commands_seen.insert(command->index());
    execute(node, *command);
    any = true;
  }
  return any;
}

Side* Famine::find(const Starved& node, ConnId conn) {
  for (Wire& wire : wires)
    for (Side& side : wire.sides)
      if (side.node == &node && side.conn == conn && !side.closed) return &side;
  return nullptr;
}

void Famine::connect(Starved& node, const DoConnect& command) {
  Wire& wire = wires.emplace_back();
  Side& from = wire.sides[0];
  Side& to = wire.sides[1];
  from.node = &node;
  from.conn = command.conn;
  to.closed = true;
  if (connects_wait) return;
  const auto found = listeners_.find(command.to.port);
  if (connects_refused > 0 || command.to.ip != address_b || found == listeners_.end()) {
    connects_refused -= connects_refused > 0;
    in([&] { node.engine->on_lost(command.conn, Error{Errc::connect_failed}, now); });
    return;
  }
  const auto accepted = in([&] { return b.engine->on_accepted(found->second, {}, now); });
  from.up = true;
  from.lost = !accepted;
  if (accepted) to = Side{.node = &b, .conn = *accepted, .up = true};
  if (accepted) in([&] { b.engine->on_secured(*accepted, PeerIdentity{}, now); });
  in([&] { node.engine->on_secured(command.conn, PeerIdentity{}, now); });
  in([&] { node.engine->on_connected(command.conn, {}, now); });
}

void Famine::execute(Starved& node, const Command& command) {
  if (const auto* asked = std::get_if<DoListen>(&command)) {
    if (listening_waits) return;
    if (listening_fails) {
      in([&] { node.engine->on_listen_failed(asked->listener, {Errc::listen_failed}, now); });
    } else {
      listeners_[asked->at.port] = asked->listener;
      in([&] { node.engine->on_listening(asked->listener, asked->at, now); });
    }
  } else if (const auto* stop = std::get_if<DoStopListening>(&command)) {
    std::erase_if(listeners_, [&](const auto& entry) { return entry.second == stop->listener; });
  } else if (const auto* resolve = std::get_if<DoResolve>(&command)) {
    if (names_wait) return;
    in([&] { node.engine->on_resolved(resolve->query, names, now); });
  } else if (const auto* to = std::get_if<DoConnect>(&command)) {
    connect(node, *to);
  } else if (const auto* pause = std::get_if<DoPauseRead>(&command)) {
    if (Side* side = find(node, pause->conn)) side->paused = true;
  } else if (const auto* resume = std::get_if<DoResumeRead>(&command)) {
    if (Side* side = find(node, resume->conn)) side->paused = false;
  } else if (const auto* close = std::get_if<DoClose>(&command)) {
    Side* side = find(node, close->conn);
    ASSERT_NE(side, nullptr) << node.name << ": DoClose for a connection that is not";
    EXPECT_FALSE(side->closing) << node.name << ": DoClose twice";
    side->closing = *close;
  }
}

bool Famine::deliver(Side& to) {
  if (!to.up || to.closed || to.closing) return false;
  Engine& engine = *to.node->engine;
  if (!to.arriving.empty()) {
    if (to.paused) return false;
    const std::string_view piece = std::string_view(to.arriving).substr(0, 4096);
    const Slice slice{bytes_of(piece), {}};
    const std::size_t taken = in([&] { return engine.on_received(to.conn, slice, now); });
    EXPECT_LE(taken, piece.size());
    to.arriving.erase(0, taken);
    if (taken < piece.size()) to.paused = true;
    return taken > 0;
  }
  if (to.lost) {
    to.up = to.lost = false;
    in([&] { engine.on_lost(to.conn, Error{Errc::connection_lost}, now); });
    return true;
  }
  if (!to.eof) return false;
  to.eof = false;
  in([&] { engine.on_eof(to.conn, now); });
  return true;
}

bool Famine::pump(Wire& wire, int from) {
  Side& side = wire.sides[std::size_t(from)];
  Side& other = wire.sides[std::size_t(1 - from)];
  if (side.node == nullptr || side.closed) return false;
  Engine& engine = *side.node->engine;
  bool moved = false;
  std::array<ConstBuffer, 8> out;
  if (side.up && !side.closing && !wire.stands && other.arriving.size() < 32 * 1024) {
    const std::size_t spans = in([&] { return engine.poll_transmit(side.conn, out, now); });
    std::size_t bytes = 0;
    for (const ConstBuffer& buffer : std::span(out).first(spans)) {
      if (!wire.silent && !other.closed) other.arriving += text_of(buffer);
      bytes += buffer.size();
    }
    if (bytes > 0) in([&] { engine.transmitted(side.conn, bytes, now); });
    moved = bytes > 0;
  }
  if (side.closing) {
    side.closed = true;
    (side.closing->graceful ? other.eof : other.lost) = true;
    in([&] { engine.on_closed(side.conn, now); });
    return true;
  }
  return (!wire.stands && deliver(side)) || moved;
}

bool Famine::turn() {
  bool moved = false;
  for (Starved* node : {&a, &b}) {
    moved |= commands(*node);
    while (in([&] { return node->engine->poll_sendable(); })) moved = true;
    if (node->polls_events) moved |= events(*node);
  }
  for (std::size_t i = 0; i < wires.size(); ++i) {
    moved |= pump(wires[i], 0);
    moved |= pump(wires[i], 1);
  }
  return moved;
}

void Famine::drive() {
  int turns_left = 20'000;
  while (turn()) ASSERT_GT(--turns_left, 0) << "it does not come to rest";
}

void Famine::lose(Side& side) {
  if (side.node == nullptr || side.closed || !side.up) return;
  side.up = false;
  in([&] { side.node->engine->on_lost(side.conn, Error{Errc::connection_lost}, now); });
}

void Famine::timeouts() {
  for (Starved* node : {&a, &b}) {
    const auto due = node->engine->next_timeout();
    if (!due || *due > now) continue;
    node->timeouts_seen.insert(node->engine->next_timeout_reason());
    in([&] { node->engine->handle_timeout(now); });
    const auto next = node->engine->next_timeout();
    EXPECT_TRUE(!next || *next > now) << node->name << ": still due after handle_timeout()";
  }
}

void Famine::advance(Duration by) {
  drive();
  const Instant until = now + by;
  while (now < until) {
    Instant next = until;
    for (Starved* node : {&a, &b})
      if (const auto due = node->engine->next_timeout()) next = std::min(next, *due);
    now = std::max(now, next);
    timeouts();
    drive();
  }
}

}  // namespace msrp::test
