#include "engine_pair.hpp"

#include <algorithm>
#include <cstring>
#include <variant>

#include "allocations.hpp"
#include "support/test_services.hpp"

namespace msrp::bench {
namespace {

constexpr std::size_t tickets_at_once = 16;  // as they would come to a server, not all in one go

SocketAddress server_address() {
  return SocketAddress{*IpAddress::parse("192.0.2.2"), 2855};
}

}  // namespace

struct Side::Services {
  Services(std::uint64_t seed, std::size_t slabs) : random(seed), pool(slabs, 64 * 1024) {}
  test::SeededRandom random;
  test::NoCrypto crypto;
  test::FixedPool pool;
};

template <class F>
decltype(auto) Side::inside(F&& call) {
  struct Watch {
    explicit Watch(Side& watched) : side(watched), bytes(live_bytes()), calls(allocations()) {}
    ~Watch() {
      side.heap_bytes += live_bytes() - bytes;
      side.heap_calls += allocations() - calls;
    }
    Side& side;
    std::int64_t bytes;
    std::uint64_t calls;
  } watch(*this);
  return call();
}

Side::Side(const EngineConfig& config, std::uint64_t seed, std::size_t slabs)
    : services(std::make_unique<Services>(seed, slabs)) {
  inside([&] {
    auto made = Engine::create(config, {services->random, services->crypto, services->pool},
                               Instant{std::chrono::seconds(1)});
    if (made) engine.emplace(std::move(*made));
  });
}

Side::~Side() = default;

EnginePair::EnginePair(const Options& options)
    : options_(options),
      a_(std::make_unique<Side>(options.config, 1, options.slabs)),
      b_(std::make_unique<Side>(options.config, 2, options.slabs)) {
  b_->inside([&] { listener_ = *b_->engine->listen({.at = server_address()}, now); });
  drive();
}

bool EnginePair::add_sessions(std::size_t count) {
  const std::size_t wanted = a_->sessions.size() + count;
  while (a_->sessions.size() < wanted) {
    const std::size_t batch = std::min(tickets_at_once, wanted - a_->sessions.size());
    a_->prepared.clear();
    b_->prepared.clear();
    a_->tickets.clear();
    b_->tickets.clear();
    for (std::size_t i = 0; i < batch; ++i) {
      PrepareRequest request;
      request.host = "192.0.2.1";
      request.options.identity = std::to_string(bound_++ / options_.sessions_per_connection);
      a_->inside([&] { (void)a_->engine->prepare(request, now); });
      PrepareRequest passive;
      passive.active = false;
      passive.listener = listener_;
      b_->inside([&] { (void)b_->engine->prepare(passive, now); });
    }
    drive();
    for (std::size_t i = 0; i < batch; ++i) {
      RemoteDescription to_a, to_b;
      to_a.path = a_->prepared[i];
      to_b.path = b_->prepared[i];
      b_->inside([&] { (void)b_->engine->complete(b_->tickets[i], to_a, now); });
      a_->inside([&] { (void)a_->engine->complete(a_->tickets[i], to_b, now); });
      drive();
    }
    if (a_->sessions.size() + batch <= wanted && a_->failures + b_->failures > 0) return false;
  }
  return b_->sessions.size() == a_->sessions.size();
}

void EnginePair::send(Side& side, SessionId session, std::string_view body) {
  MessageSpec spec;
  spec.content_type = "text/plain";
  OwnedBody owned;
  side.inside([&] {
    owned.bytes.resize(body.size());
    std::memcpy(owned.bytes.data(), body.data(), body.size());
    if (!side.engine->send(session, spec, std::move(owned), now)) ++side.failures;
  });
}

void EnginePair::exchange(std::string_view body, bool both_ways) {
  for (std::size_t i = 0; i < a_->sessions.size(); ++i) {
    send(*a_, a_->sessions[i], body);
    if (both_ways) send(*b_, b_->sessions[i], body);
    if (i % 64 == 63) drive();
  }
  drive();
}

void EnginePair::drive() {
  for (bool moved = true; moved;) {
    drain_commands(*a_, *b_);
    drain_commands(*b_, *a_);
    moved = step(*a_, *b_);
    moved = step(*b_, *a_) || moved;
    drain_events(*a_);
    drain_events(*b_);
  }
}

void EnginePair::drain_commands(Side& side, Side& other) {
  for (;;) {
    const auto command = side.inside([&] { return side.engine->poll_command(); });
    if (!command) return;
    if (const auto* listen = std::get_if<DoListen>(&*command)) {
      side.inside([&] { side.engine->on_listening(listen->listener, server_address(), now); });
    } else if (const auto* connect = std::get_if<DoConnect>(&*command)) {
      TransportInfo info{server_address(), server_address()};
      const auto accepted =
          other.inside([&] { return other.engine->on_accepted(listener_, info, now); });
      if (!accepted) continue;
      peers_[connect->conn.value() * 2] = *accepted;
      peers_[accepted->value() * 2 + 1] = connect->conn;
      side.inside([&] { side.engine->on_connected(connect->conn, info, now); });
    }
  }
}

bool EnginePair::step(Side& from, Side& to) {
  bool moved = false;
  while (const auto conn = from.inside([&] { return from.engine->poll_sendable(); })) {
    std::array<ConstBuffer, 64> buffers;
    const std::size_t count =
        from.inside([&] { return from.engine->poll_transmit(*conn, buffers, now); });
    const ConnId peer = peers_[conn->value() * 2 + (&from == a_.get() ? 0 : 1)];
    std::size_t bytes = 0;
    for (const ConstBuffer& buffer : std::span(buffers).first(count)) {
      for (std::size_t at = 0; at < buffer.size();) {
        auto slab = to.services->pool.acquire();
        const std::size_t size = std::min(buffer.size() - at, slab->storage().size());
        std::memcpy(slab->storage().data(), buffer.data() + at, size);
        const Slice slice{slab->storage().first(size), *std::move(slab)};
        at += to.inside([&] { return to.engine->on_received(peer, slice, now); });
        drain_events(to);
      }
      bytes += buffer.size();
    }
    if (bytes == 0) continue;
    moved = true;
    from.inside([&] { from.engine->transmitted(*conn, bytes, now); });
  }
  return moved;
}

void EnginePair::drain_events(Side& side) {
  for (;;) {
    const auto event = side.inside([&] { return side.engine->poll_event(); });
    if (!event) return;
    if (const auto* prepared = std::get_if<Prepared>(&*event)) {
      side.prepared.push_back(prepared->local_path);
      side.tickets.push_back(prepared->ticket);
    } else if (const auto* bound = std::get_if<Bound>(&*event)) {
      side.sessions.push_back(bound->session);
    } else if (const auto* data = std::get_if<MessageData>(&*event)) {
      side.octets += data->slice.bytes.size();
      const std::size_t bytes = data->slice.bytes.size();
      side.inside([&] { side.engine->release(data->session, bytes, now); });
    } else if (const auto* ended = std::get_if<MessageEnded>(&*event)) {
      ++(ended->error ? side.failures : side.messages_complete);
    } else if (std::holds_alternative<Delivered>(*event)) {
      ++side.messages_delivered;
    } else if (std::holds_alternative<MessageFailed>(*event) ||
               std::holds_alternative<TicketFailed>(*event) ||
               std::holds_alternative<SessionClosed>(*event)) {
      ++side.failures;
    }
  }
}

}  // namespace msrp::bench
