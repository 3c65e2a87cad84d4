#include "support/pair.hpp"

#include <gtest/gtest.h>

namespace msrp::test {

Pair::Pair(PairOptions made)
    : World(made.seed), options(std::move(made)), a(add("a", options.a)), b(add("b", [&] {
        NodeOptions other = options.b;
        other.seed += 1000;
        return other;
      }())) {
  if (!options.bind) return;
  ListenRequest request{.at = at("192.0.2.2", 2855)};
  listener = b.engine().listen(request, now).value();
  drive();
  const Ends ends = add_session();
  session_a = ends.a;
  session_b = ends.b;
  EXPECT_TRUE(session_a && session_b) << "the pair does not bind";
  a.trace.clear();
  b.trace.clear();
}

Pair::Ends Pair::add_session() {
  const std::size_t bound_a = a.bounds.size();
  const std::size_t bound_b = b.bounds.size();
  ticket_b = b.prepare({.active = false, .listener = listener, .options = options.b_accepts});
  ticket_a = a.prepare({.active = true, .host = "192.0.2.1", .options = options.a_accepts});
  drive();
  RemoteDescription of_a{.path = a.local_paths.at(ticket_a.value()),
                         .accept_types = options.a_accepts.accept_types,
                         .max_size_bytes = options.a_accepts.max_size_bytes};
  RemoteDescription of_b{.path = b.local_paths.at(ticket_b.value()),
                         .accept_types = options.b_accepts.accept_types,
                         .max_size_bytes = options.b_accepts.max_size_bytes};
  EXPECT_TRUE(b.engine().complete(ticket_b, of_a, now));
  EXPECT_TRUE(a.engine().complete(ticket_a, of_b, now));
  drive();
  Ends ends;
  if (a.bounds.size() > bound_a) ends.a = a.bounds.back().session;
  if (b.bounds.size() > bound_b) ends.b = b.bounds.back().session;
  return ends;
}

MessageHandle Pair::send_a(SessionId session, std::string_view type, std::string_view body,
                           MessageSpec spec) {
  spec.content_type = type;
  auto handle = a.engine().send(session, spec, owned(body), now);
  EXPECT_TRUE(handle);
  if (handle) a.outgoing[handle->value()].session = session;
  return handle.value_or(MessageHandle{});
}

namespace {

const SocketAddress& peer_address() {
  static const SocketAddress address = at("192.0.2.9", 2855);
  return address;
}

}  // namespace

Solo::Solo(SoloOptions options) : World(options.seed), node(add("engine", options.node)) {
  RemoteDescription described{.accept_types = options.peer_accepts,
                              .max_size_bytes = options.peer_max_size};
  if (options.role == Role::active) {
    listen_peer(peer_address());
    remote = "msrp://192.0.2.9:2855/peersession;tcp";
    const TicketId ticket =
        node.prepare({.active = true, .host = "192.0.2.1", .options = options.accepts});
    drive();
    local = node.local_paths.at(ticket.value()).text();
    described.path = Path::parse(remote).value();
    EXPECT_TRUE(node.engine().complete(ticket, described, now));
    drive();
    EXPECT_EQ(accepted_peers.size(), 1U);
    peer = accepted_peers.at(0);
    respond(peer.next());
  } else {
    listener = node.engine().listen({.at = at("192.0.2.1", 2855)}, now).value();
    drive();
    const TicketId ticket =
        node.prepare({.active = false, .listener = listener, .options = options.accepts});
    drive();
    local = node.local_paths.at(ticket.value()).text();
    remote = "msrp://192.0.2.9:5678/peersession;tcp";
    described.path = Path::parse(remote).value();
    EXPECT_TRUE(node.engine().complete(ticket, described, now));
    peer = connect_peer(node, listener);
    EXPECT_TRUE(peer);
    SendParts binding;
    binding.message_id = "peer-binding";
    peer_sends(binding);
    EXPECT_EQ(peer.next().word, "200");
  }
  EXPECT_EQ(node.bounds.size(), 1U);
  session = node.session();
  EXPECT_TRUE(peer.got().empty()) << peer.got();
  node.trace.clear();
  node.incoming.clear();
}

SendParts Solo::parts(std::string_view body) const {
  SendParts made;
  made.body = std::string(body);
  return made;
}

Solo::Another Solo::add_session() {
  Another made;
  const TicketId ticket = node.prepare({.active = false, .listener = listener});
  drive();
  made.local = node.local_paths.at(ticket.value()).text();
  made.remote = "msrp://192.0.2.9:5678/another" + std::to_string(next_transaction) + ";tcp";
  EXPECT_TRUE(node.engine().complete(ticket, {}, now));
  SendParts binding{.to = made.local, .from = made.remote};
  const std::size_t bound = node.bounds.size();
  peer_sends(binding);
  EXPECT_EQ(peer.next().word, node.bounds.size() > bound ? "200" : "403");
  if (node.bounds.size() > bound) made.session = node.bounds.back().session;
  return made;
}

void Solo::peer_sends(SendParts made) {
  if (made.to.empty()) made.to = local;
  if (made.from.empty()) made.from = remote;
  if (made.transaction_id == SendParts{}.transaction_id)
    made.transaction_id = "peer" + std::to_string(1000 + next_transaction++);
  peer.send(wire_send(made));
  drive();
}

void Solo::respond(const WireChunk& request, int status) {
  peer.send(wire_response(request, status));
  drive();
}

void Solo::report(const WireChunk& request, std::string_view range, std::string_view status) {
  peer.send(wire_report(request, range, status, "rep" + std::to_string(1000 + next_transaction++)));
  drive();
}

std::vector<WireChunk> Solo::sent() {
  drive();
  return peer.take();
}

std::vector<WireChunk> Solo::sent_and_answered(int status) {
  std::vector<WireChunk> all;
  for (;;) {
    std::vector<WireChunk> some = sent();
    if (some.empty()) return all;
    for (const WireChunk& chunk : some)
      if (chunk.word == "SEND") respond(chunk, status);
    all.insert(all.end(), some.begin(), some.end());
  }
}

std::string joined_body(const std::vector<WireChunk>& chunks, std::string_view message_id) {
  std::string body;
  for (const WireChunk& chunk : chunks) {
    if (chunk.word != "SEND" || chunk.header("Message-ID") != message_id) continue;
    const auto range = ByteRange::parse(chunk.header("Byte-Range"));
    EXPECT_TRUE(range) << chunk.header("Byte-Range");
    if (range) {
      EXPECT_EQ(range->start, body.size() + 1) << "a gap or an overlap on the wire";
    }
    body += chunk.body.value_or("");
  }
  return body;
}

}  // namespace msrp::test
