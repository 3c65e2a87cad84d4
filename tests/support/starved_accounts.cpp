#include <gtest/gtest.h>

#include "support/starved.hpp"

namespace msrp::test {
namespace {

// The account of a handle that was given out, whose last event has not come.
Account& open(Starved& node, std::map<std::uint64_t, Account>& all, std::uint64_t handle,
              const char* what) {
  static Account none;
  const auto found = all.find(handle);
  if (found == all.end()) {
    ADD_FAILURE() << node.name << ": " << what << " of a handle that was not given out";
    return none = {};
  }
  EXPECT_FALSE(found->second.over) << node.name << ": " << what << " behind the last event";
  EXPECT_FALSE(found->second.given_up) << node.name << ": " << what << " after cleanup()";
  return found->second;
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

// ---- what applications are told

bool Famine::events(Starved& node) {
  bool any = false;
  while (auto event = in([&] { return node.engine->poll_event(); })) {
    node.events_seen.insert(event->index());
    note(node, *event);
    answer(node, *event);
    any = true;
  }
  return any;
}

void Famine::note_outgoing(Starved& node, const Event& event) {
  const auto message = [&](MessageHandle handle, const char* what) -> Account& {
    return open(node, node.messages, handle.value(), what);
  };
  std::visit(Overloaded{
                 [&](const Writable& e) { message(e.message, "Writable"); },
                 [&](const Sent& e) { message(e.message, "Sent"); },
                 [&](const Delivered& e) {
                   EXPECT_FALSE(std::exchange(message(e.message, "Delivered").settled, true))
                       << node.name;
                   node.delivered.push_back(e.message);
                 },
                 [&](const Reported& e) { message(e.message, "Reported"); },
                 [&](const MessageFailed& e) {
                   EXPECT_FALSE(std::exchange(message(e.message, "MessageFailed").settled, true))
                       << node.name;
                 },
                 [&](const BodyReleased& e) {
                   Account& account = message(e.message, "BodyReleased");
                   EXPECT_TRUE(account.borrowed && !account.released) << node.name;
                   account.released = true;
                 },
                 [&](const MessageDone& e) {
                   Account& account = message(e.message, "MessageDone");
                   EXPECT_EQ(account.released, account.borrowed) << node.name << ": BodyReleased";
                   account.over = true;
                 },
                 [&](const Answered& e) { message(e.message, "Answered"); },
                 [](const auto&) {},
             },
             event);
}

void Famine::note(Starved& node, const Event& event) {
  std::visit(
      Overloaded{
          [&](const Listening& e) { open(node, node.listeners, e.listener.value(), "Listening"); },
          [&](const ListenFailed& e) {
            open(node, node.listeners, e.listener.value(), "ListenFailed").over = true;
          },
          [&](const Prepared& e) {
            open(node, node.tickets, e.ticket.value(), "Prepared");
            node.paths.emplace(e.ticket.value(), e.local_path);
          },
          [&](const Bound& e) {
            open(node, node.tickets, e.ticket.value(), "Bound").over = true;
            node.bound[e.ticket.value()] = e.session;
            node.sessions[e.session.value()];
          },
          [&](const TicketFailed& e) {
            open(node, node.tickets, e.ticket.value(), "TicketFailed").over = true;
          },
          [&](const MessageStarted& e) {
            open(node, node.sessions, e.session.value(), "MessageStarted");
            node.incoming[e.message.value()].session = e.session;
            node.started.push_back(e.message);
          },
          [&](const MessageData& e) {
            open(node, node.incoming, e.message.value(), "MessageData");
            node.held[e.session.value()] += e.slice.bytes.size();
          },
          [&](const MessageEnded& e) {
            open(node, node.incoming, e.message.value(), "MessageEnded").over = true;
          },
          [&](const ChunkStarted& e) {
            open(node, node.sessions, e.session.value(), "ChunkStarted");
            node.requests[e.request.value()].session = e.session;
            node.asked.push_back(e.request);
          },
          [&](const ChunkData& e) {
            open(node, node.requests, e.request.value(), "ChunkData");
            node.held[e.session.value()] += e.slice.bytes.size();
          },
          [&](const ChunkEnded& e) {
            open(node, node.requests, e.request.value(), "ChunkEnded").over = true;
          },
          [&](const SessionClosed& e) {
            open(node, node.sessions, e.session.value(), "SessionClosed").over = true;
            for (const auto* all : {&node.incoming, &node.requests})
              for (const auto& [handle, account] : *all)
                EXPECT_TRUE(account.session != e.session || account.over)
                    << node.name << ": SessionClosed before the end of what came in";
          },
          [&](const auto&) { note_outgoing(node, event); },
      },
      event);
}

void Famine::answer(Starved& node, const Event& event) {
  Engine& engine = *node.engine;
  const auto release = [&](SessionId session) {
    std::size_t& held = node.held[session.value()];
    if (node.releases && held > 0) in([&] { engine.release(session, held, now); });
    if (node.releases) held = 0;
  };
  if (const auto* data = std::get_if<MessageData>(&event)) release(data->session);
  if (const auto* data = std::get_if<ChunkData>(&event)) release(data->session);
  if (const auto* start = std::get_if<MessageStarted>(&event); start && node.rejects != 0) {
    (void)in([&] { return engine.reject(start->message, node.rejects, now); });
  }
  if (const auto* start = std::get_if<ChunkStarted>(&event); start && node.responds != 0) {
    (void)in([&] { return engine.respond(start->request, node.responds, "as it is", now); });
  }
  if (const auto* end = std::get_if<MessageEnded>(&event); end && node.reports != 0) {
    (void)in([&] { return engine.send_report(end->message, node.reports, now); });
  }
}

// ---- the end of it

bool Famine::works(const Ends& ends) {
  const std::size_t before = a.delivered.size();
  const MessageHandle sent =
      send(a, session_a(ends), {.content_type = "text/plain"}, OwnedBody{{std::byte{'x'}}});
  drive();
  return sent && a.delivered.size() == before + 1 && a.delivered.back() == sent;
}

void Famine::settle() {
  fed();
  listening_waits = names_wait = connects_wait = false;
  for (Wire& wire : wires) wire.stands = false;
  for (Starved* node : {&a, &b}) node->polls_events = node->releases = true;
  for (int i = 0; i < 4; ++i) advance(std::chrono::seconds(31));
  for (Starved* node : {&a, &b}) {
    for (auto& [session, octets] : node->held) {
      const SessionId id{std::uint32_t(session), std::uint32_t(session >> 32)};
      if (octets > 0) in([&] { node->engine->release(id, std::exchange(octets, 0), now); });
    }
    for (const auto& [session, account] : node->sessions) {
      const SessionId id{std::uint32_t(session), std::uint32_t(session >> 32)};
      in([&] { node->engine->close(id, now); });
    }
    for (const auto& [ticket, account] : node->tickets) {
      cleanup(*node, {std::uint32_t(ticket), std::uint32_t(ticket >> 32)});
    }
  }
  for (int i = 0; i < 4; ++i) advance(std::chrono::seconds(31));
  check(a);
  check(b);
}

void Famine::check(Starved& node) {
  SCOPED_TRACE(node.name);
  for (const auto* all :
       {&node.tickets, &node.sessions, &node.messages, &node.incoming, &node.requests}) {
    for (const auto& [handle, account] : *all) EXPECT_TRUE(account.over || account.given_up);
  }
  const Engine::Stats stats = node.engine->stats();
  EXPECT_EQ(stats.connections, 0U);
  EXPECT_EQ(stats.sessions, 0U);
  EXPECT_EQ(stats.tickets, 0U);
  EXPECT_EQ(stats.outgoing_messages, 0U);
  EXPECT_EQ(stats.incoming_messages, 0U);
  EXPECT_EQ(stats.transactions, 0U);
  EXPECT_EQ(stats.held_bytes, 0U);
  EXPECT_EQ(node.engine->next_timeout(), std::nullopt);
  node.engine.reset();
  EXPECT_EQ(node.pool.used(), 0U);
}

}  // namespace msrp::test
