#include <gtest/gtest.h>

#include "session/starved_scenes.hpp"

namespace msrp::test {
namespace {

using std::chrono::seconds;
using Ends = Famine::Ends;

constexpr std::string_view type = "application/vnd.example.too-long-to-be-short";

OwnedBody owned(std::size_t bytes) {
  return {std::vector<std::byte>(bytes)};
}

void sets_up(Famine& f) {
  f.bind({});
  f.bind({});  // over the same connection
  f.bind({.a = {.share_connection = false}});
}

void sets_up_many(Famine& f) {
  for (int i = 0; i < 12; ++i) f.begin({.a = {.share_connection = i % 2 == 0}});
  f.drive();
}

// What was refused for want of memory is possible once there is some.
void chooses_its_uri(Famine& f) {
  const Uri local = *Uri::parse("msrp://192.0.2.1:9/chosen-by-the-application;tcp");
  PrepareRequest request{.active = true, .local = local};
  request.options.match = SessionMatch::session_id;
  if (f.prepare(f.a, request)) return;
  f.fed();
  EXPECT_TRUE(f.prepare(f.a, request));
}

void sets_up_by_name(Famine& f) {
  f.names = {AddressRecord{*IpAddress::parse("192.0.2.7")},
             AddressRecord{*IpAddress::parse("192.0.2.2")}};
  f.begin({.host = "a-name-that-is-too-long-to-be-short.example"});
  f.bind({.host = "a-name-that-is-too-long-to-be-short.example"});
}

void finds_nobody(Famine& f) {
  f.bind({.host = "nobody.example"});
  f.names_wait = true;
  f.begin({.host = "silent.example"});
  f.begin({.host = "silent.example"});
  f.advance(seconds(11));
  f.connects_refused = 1;
  f.bind({.port = 2856});
  f.connects_wait = true;
  f.bind({.port = 2857});
  f.advance(seconds(31));
}

void is_too_early(Famine& f) {  // the peer, before complete()
  const Ends ends = f.begin({.complete_b = false});
  f.drive();
  f.complete(f.b, ends.ticket_b, {});
  f.drive();
  const Ends never = f.begin({.complete_b = false});
  f.drive();
  f.cleanup(f.b, never.ticket_b);
  f.drive();
}

void says_something_first(Famine& f) {
  f.listener = f.listen(f.b, 2855);
  f.turns(2);
  const TicketId passive = f.prepare(f.b, {.active = false, .listener = f.listener});
  for (const std::string_view accepted : {"*", "text/plain"}) {
    const TicketId ticket = f.prepare(f.a, {.active = true, .host = "192.0.2.1"});
    f.turns(2);
    if (!f.b.paths.contains(passive.value()) || !ticket) return;
    f.send_first(f.a, ticket, {.content_type = type, .message_id = "chosen-by-the-application"},
                 owned(3000));
    RemoteDescription remote{.path = f.b.paths.at(passive.value())};
    remote.accept_types = {std::string(accepted)};
    f.complete(f.b, passive, {});
    f.complete(f.a, ticket, remote);
    f.drive();
  }
}

void gives_up_tickets(Famine& f) {
  f.listening_waits = true;
  const ListenerId waiting = f.listen(f.b, 2860);
  f.cleanup(f.b, f.prepare(f.b, {.active = false, .listener = waiting}));
  f.listening_waits = false;
  const Ends expecting = f.begin({.port = 2861});
  f.cleanup(f.b, expecting.ticket_b);
  f.cleanup(f.a, expecting.ticket_a);  // connecting
  f.names_wait = true;
  f.cleanup(f.a, f.begin({.host = "some.example", .port = 2862}).ticket_a);  // resolving
  const Ends binding = f.begin({.port = 2863});
  f.turns(1);
  f.cleanup(f.a, binding.ticket_a);
  const TicketId prepared = f.prepare(f.a, {.active = true, .host = "192.0.2.1"});
  f.send_first(f.a, prepared, {.content_type = type}, owned(10));
  f.cleanup(f.a, prepared);
  f.drive();
}

void listens_in_vain(Famine& f) {
  f.listening_waits = true;
  for (const std::uint16_t port : {std::uint16_t{2870}, std::uint16_t{2871}}) {
    const ListenerId listener = f.listen(f.b, port);
    if (!listener) continue;
    f.prepare(f.b, {.active = false, .listener = listener});
    f.prepare(f.b, {.active = false, .listener = listener});
    f.turns(1);
    if (port == 2870) {
      f.in([&] { f.b.engine->on_listen_failed(listener, {Errc::listen_failed}, f.now); });
    } else {
      f.in([&] { f.b.engine->stop_listening(listener, f.now); });
    }
  }
  f.drive();
}

void waits_in_vain(Famine& f) {
  const ListenerId listener = f.listen(f.b, 2880);
  f.turns(2);
  const auto conn = f.in([&] { return f.b.engine->on_accepted(listener, {}, f.now); });
  if (conn) f.wires.push_back({{Side{.node = &f.b, .conn = *conn, .up = true}, Side{}}});
  const TicketId ticket = f.prepare(f.b, {.active = false, .listener = listener});
  f.turns(2);
  f.complete(f.b, ticket, {});
  const Ends binding = f.begin({.port = 2881});
  f.turns(1);
  f.newest().silent = true;
  (void)binding;
  f.advance(seconds(61));
}

void dials_again(Famine& f) {
  const Ends first = f.bind({});
  f.begin({});  // joins it
  f.lose(f.newest().sides[0]);
  f.lose(f.newest().sides[1]);
  f.drive();
  EXPECT_FALSE(f.session_a(first) && !f.a.sessions[f.session_a(first).value()].over);
}

}  // namespace

std::vector<Scene> setting_up_scenes() {
  return {
      {"SetsUp", sets_up},
      {"SetsUpMany", sets_up_many},
      {"ChoosesItsUri", chooses_its_uri},
      {"SetsUpByName", sets_up_by_name},
      {"FindsNobody", finds_nobody},
      {"IsTooEarly", is_too_early},
      {"SaysSomethingFirst", says_something_first},
      {"GivesUpTickets", gives_up_tickets},
      {"ListensInVain", listens_in_vain},
      {"WaitsInVain", waits_in_vain},
      {"DialsAgain", dials_again},
  };
}

}  // namespace msrp::test
