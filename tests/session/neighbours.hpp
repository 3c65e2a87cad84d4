// A scripted peer with two sessions over its connection and a third one over another: who else
// notices what the first does.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/pair.hpp"

namespace msrp::test {

struct Neighbours : Solo {
  explicit Neighbours(const SoloOptions& options = {.role = Role::passive})
      : Solo(options), beside(add_session()) {
    const TicketId ticket = node.prepare({.active = false, .listener = listener});
    drive();
    apart.local = node.local_paths.at(ticket.value()).text();
    apart.remote = "msrp://192.0.2.10:5678/apart;tcp";
    EXPECT_TRUE(node.engine().complete(ticket, {}, now));
    apart_peer = connect_peer(node, listener);
    EXPECT_EQ(says(apart_peer, {.to = apart.local, .from = apart.remote}), "200");
    apart.session = node.session();
  }

  // A SEND as the peer says it to the first session.
  std::string text_of_send(SendParts made) {
    if (made.to.empty()) made.to = local;
    if (made.from.empty()) made.from = remote;
    if (made.transaction_id == SendParts{}.transaction_id)
      made.transaction_id = "text" + std::to_string(10'000 + next_transaction++);
    return wire_send(made);
  }
  // The status that octets from a peer are answered with: empty for none, "several" for more.
  std::string status_of(WirePeer to, std::string_view octets) {
    to.send(octets);
    drive();
    const auto answers = to.take();
    if (answers.size() > 1) return "several";
    return answers.empty() ? "" : answers[0].word;
  }
  std::string says(WirePeer to, const SendParts& made) { return status_of(to, text_of_send(made)); }

  // A message goes each way, unharmed.
  void expect_alive(WirePeer to, const Another& where) {
    ASSERT_FALSE(to.gone());
    ASSERT_FALSE(node.session_closed(where.session));
    const std::string body = "round " + std::to_string(next_transaction);
    SendParts made{.to = where.local, .from = where.remote, .body = body};
    made.message_id = "alive-" + std::to_string(next_transaction);
    EXPECT_EQ(says(to, made), "200");
    EXPECT_EQ(node.last_in().message_id, made.message_id);
    EXPECT_EQ(node.last_in().body, body);
    EXPECT_TRUE(node.last_in().complete());
    EXPECT_TRUE(node.last_in().session == where.session);
    const auto sent =
        node.engine().send(where.session, {.content_type = "text/plain"}, owned(body), now);
    ASSERT_TRUE(sent);
    node.outgoing[sent->value()].session = where.session;
    drive();
    const WireChunk request = to.next();
    EXPECT_EQ(request.body.value_or(""), body);
    EXPECT_EQ(request.header("To-Path"), where.remote);
    to.send(wire_response(request, 200));
    drive();
    EXPECT_TRUE(node.out(*sent).delivered);
  }
  void expect_others_alive() {
    expect_alive(peer, beside);
    expect_alive(apart_peer, apart);
  }
  void expect_all_alive() {
    expect_alive(peer, {session, local, remote});
    expect_others_alive();
  }

  Another beside;       // over the same connection
  Another apart;        // over one of its own
  WirePeer apart_peer;  // that one's peer
};

}  // namespace msrp::test
