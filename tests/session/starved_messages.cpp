#include "session/starved_scenes.hpp"

#include <gtest/gtest.h>

namespace msrp::test {
namespace {

using std::chrono::seconds;
using Ends = Famine::Ends;

constexpr std::string_view type = "application/vnd.example.too-long-to-be-short";

std::string text(std::size_t bytes) {
  return std::string(bytes, 'x');
}

OwnedBody owned(std::size_t bytes) {
  return {std::vector<std::byte>(bytes)};
}

SharedBody shared(Starved& node) {
  SharedBody body;
  for (int i = 0; i < 3; ++i) {
    if (auto slab = node.pool.acquire()) body.parts.push_back(Slice{slab->storage(), *slab});
  }
  return body;
}

// Every kind of body, small and large.
void send_all(Famine& f, const Ends& ends, const MessageSpec& spec) {
  static const std::string large = text(100'000);
  const SessionId session = f.session_a(ends);
  MessageSpec bodiless = spec;
  bodiless.content_type = {};
  f.send(f.a, session, bodiless, NoBody{});
  f.send(f.a, session, spec, owned(100));
  f.send(f.a, session, spec, owned(6000));
  f.send(f.a, session, spec, shared(f.a));
  f.send(f.a, session, spec, BorrowedBody{bytes_of(large)});
  const MessageHandle stream = f.send(f.a, session, spec, StreamBody{3000});
  (void)f.in([&] { return f.a.engine->write(stream, {bytes_of(large).first(3000), {}}, f.now); });
}

SessionOptions chunks() {
  SessionOptions options;
  options.handling = Handling::chunks;
  return options;
}

void write(Famine& f, MessageHandle message, std::size_t bytes) {
  const std::string octets = text(bytes);
  (void)f.in([&] { return f.a.engine->write(message, {bytes_of(octets), {}}, f.now); });
}

// ---- messages

void sends(Famine& f) {
  const Ends ends = f.bind({});
  send_all(f, ends, {.content_type = type});
  f.drive();
}

void sends_with_reports(Famine& f) {
  const Ends ends = f.bind({});
  const HeaderField extra{HeaderId::other, "X-Made-Up-For-This-Test", "and its value"};
  send_all(f, ends, {.content_type = type, .success_report = true, .extra = {&extra, 1}});
  f.send(f.a, f.session_a(ends),
         {.content_type = type, .message_id = "chosen", .success_report = true}, owned(9));
  f.drive();
}

void sends_without_answers(Famine& f) {
  const Ends ends = f.bind({});
  send_all(f, ends, {.content_type = type, .failure_report = FailureReport::no});
  send_all(f, ends, {.content_type = type, .failure_report = FailureReport::partial});
  f.drive();
  f.advance(seconds(31));
}

void streams(Famine& f) {
  const Ends ends = f.bind({});
  const MessageHandle known =
      f.send(f.a, f.session_a(ends), {.content_type = type}, StreamBody{40'000});
  const MessageHandle unknown =
      f.send(f.a, f.session_a(ends), {.content_type = type}, StreamBody{});
  const MessageHandle never = f.send(f.a, f.session_a(ends), {.content_type = type}, StreamBody{});
  for (int i = 0; i < 4; ++i) {
    write(f, known, 10'000);
    write(f, unknown, 20'000);  // more than the window takes
    write(f, never, 1000);
    f.turns(i);
  }
  f.drive();
  (void)f.in([&] { return f.a.engine->finish(unknown, f.now); });
  f.in([&] { f.a.engine->abort(never, f.now); });
  f.drive();
}

void finishes_many(Famine& f) {
  std::vector<MessageHandle> streams;
  for (int i = 0; i < 12; ++i) f.begin({});
  f.drive();
  for (const auto& [ticket, session] : f.a.bound) {
    streams.push_back(f.send(f.a, session, {.content_type = type}, StreamBody{}));
  }
  const auto finish = [&] {
    for (const MessageHandle stream : streams) {
      (void)f.in([&] { return f.a.engine->finish(stream, f.now); });
    }
  };
  finish();
  f.fed();
  finish();
  f.drive();
  for (const MessageHandle stream : streams) {
    EXPECT_TRUE(!stream || f.a.messages.at(stream.value()).over);
  }
}

void aborts(Famine& f) {
  static const std::string large = text(300'000);
  const Ends ends = f.bind({});
  std::vector<MessageHandle> sent;
  for (int i = 0; i < 6; ++i) {
    sent.push_back(
        f.send(f.a, f.session_a(ends), {.content_type = type}, BorrowedBody{bytes_of(large)}));
  }
  f.turns(2);
  for (const MessageHandle message : sent) f.in([&] { f.a.engine->abort(message, f.now); });
  f.drive();
  f.send(f.b, f.session_b(ends), {.content_type = type}, BorrowedBody{bytes_of(large)});
  f.turns(1);
  f.send(f.a, f.session_a(ends), {.content_type = type}, BorrowedBody{bytes_of(large)});
  f.b.rejects = 413;
  f.drive();
}

void ends_in_the_middle(Famine& f, const std::function<void(const Ends&, const Ends&)>& end) {
  static const std::string large = text(300'000);
  const Ends ends[2] = {f.bind({}), f.bind({})};
  for (const Ends& each : ends) {
    f.send(f.a, f.session_a(each), {.content_type = type}, BorrowedBody{bytes_of(large)});
    f.send(f.a, f.session_a(each), {.content_type = type}, owned(9));
    f.send(f.b, f.session_b(each), {.content_type = type}, owned(90'000));
  }
  f.turns(2);
  end(ends[0], ends[1]);
  f.turns(2);
  f.drive();
}

void loses_the_connection(Famine& f) {
  ends_in_the_middle(f, [&](const Ends&, const Ends&) {
    f.lose(f.newest().sides[0]);
    f.lose(f.newest().sides[1]);
  });
}

void meets_the_end_of_the_stream(Famine& f) {
  ends_in_the_middle(f, [&](const Ends&, const Ends&) { f.newest().sides[1].eof = true; });
}

void closes(Famine& f) {
  ends_in_the_middle(f, [&](const Ends& ends, const Ends&) {
    f.in([&] { f.a.engine->close(f.session_a(ends), f.now); });
    f.in([&] { f.b.engine->close(f.session_b(ends), f.now); });
  });
}

void closes_slowly(Famine& f) {
  ends_in_the_middle(f, [&](const Ends& one, const Ends& other) {
    f.newest().stands = true;
    f.in([&] { f.a.engine->close(f.session_a(one), f.now); });
    f.in([&] { f.b.engine->close(f.session_b(one), f.now); });
    f.in([&] { f.a.engine->close(f.session_a(other), f.now); });
  });
  f.advance(seconds(31));
}

void is_refused(Famine& f) {  // a session that the peer has ended, on a connection that stays
  const Ends ends = f.bind({});
  f.bind({});
  f.in([&] { f.b.engine->close(f.session_b(ends), f.now); });
  f.drive();
  send_all(f, ends, {.content_type = type, .success_report = true});
  f.drive();
}

void gets_no_answer(Famine& f) {
  const Ends ends = f.bind({});
  if (!f.session_a(ends)) return;
  f.newest().silent = true;
  send_all(f, ends, {.content_type = type});
  f.advance(seconds(61));
}

void receives_without_end(Famine& f) {
  const Ends ends = f.bind({.b = {.automatic_reports = false}});
  f.b.reports = 200;
  f.send(f.a, f.session_a(ends), {.content_type = type, .success_report = true}, owned(3000));
  const MessageHandle stream = f.send(f.a, f.session_a(ends), {.content_type = type}, StreamBody{});
  write(f, stream, 5000);
  const MessageHandle other = f.send(f.b, f.session_b(ends), {.content_type = type}, StreamBody{});
  const std::string some = text(100);
  f.drive();
  (void)f.in([&] { return f.b.engine->write(other, {bytes_of(some), {}}, f.now); });
  f.advance(seconds(12));
  write(f, stream, 5000);
  f.drive();
}

void knows_duplicates(Famine& f) {
  const Ends former = f.bind({});
  const MessageSpec spec{.content_type = type, .message_id = "twice", .success_report = true};
  f.send(f.a, f.session_a(former), spec, owned(9));
  f.drive();
  f.in([&] { f.b.engine->close(f.session_b(former), f.now); });
  f.drive();
  SessionOptions dropping;
  dropping.drop_duplicates = true;
  const TicketId ticket = f.prepare(f.b, {.active = false,
                                          .listener = f.listener,
                                          .replaces = f.session_b(former),
                                          .options = dropping});
  const TicketId active = f.prepare(f.a, {.active = true, .host = "192.0.2.1"});
  f.turns(2);
  if (!f.b.paths.contains(ticket.value()) || !f.a.paths.contains(active.value())) return;
  f.complete(f.b, ticket, {});
  f.complete(f.a, active, {.path = f.b.paths.at(ticket.value())});
  f.drive();
  f.send(f.a, f.a.session_of(active), spec, owned(9));
  f.drive();
}

// ---- chunks

void exchanges_chunks(Famine& f) {
  const Ends ends = f.bind({.a = chunks(), .b = chunks()});
  const SessionId session = f.session_a(ends);
  for (const std::uint16_t status : {std::uint16_t{200}, std::uint16_t{413}}) {
    f.b.responds = status;
    f.send_chunk(
        f.a, session,
        {.content_type = type, .message_id = "in-chunks", .total_bytes = 6000, .flag = Flag::more},
        owned(3000));
    f.send_chunk(f.a, session, {.content_type = type, .message_id = "in-chunks", .start = 3001},
                 owned(3000));
    f.send_chunk(f.a, session, {.method = Method::nickname}, NoBody{});
    f.send_chunk(f.a, session, {.method = Method::other, .method_text = "MADEUP"}, NoBody{});
    f.turns(3);
    (void)f.in([&] {
      return f.b.engine->send_report(f.session_b(ends), {.message_id = "in-chunks"}, f.now);
    });
    f.drive();
  }
  f.b.responds = 0;
  f.send_chunk(f.a, session, {.content_type = type}, StreamBody{});
  f.turns(2);
  const std::string odd = "MSRP 1234 200 OK\r\n";
  (void)f.in([&] { return f.a.engine->write_raw(session, bytes_of(odd), f.now); });
  f.drive();
  f.lose(f.newest().sides[1]);
}

// ---- time and congestion

void keeps_alive(Famine& f) {
  f.bind({});
  f.advance(seconds(25));
  f.newest().silent = true;
  f.advance(seconds(61));
}

void falls_behind(Famine& f) {
  for (const WhenBehind when : {WhenBehind::pause, WhenBehind::refuse}) {
    f.b.releases = false;
    SessionOptions options;
    options.when_behind = when;
    const Ends slow = f.bind({.b = options});
    const Ends other = f.bind({});
    f.send(f.a, f.session_a(slow), {.content_type = type}, owned(60'000));
    f.send(f.a, f.session_a(slow), {.content_type = type}, owned(60'000));
    f.drive();
    f.advance(seconds(6));
    f.send(f.a, f.session_a(other), {.content_type = type}, owned(3000));
    f.drive();
  }
}

void does_not_poll(Famine& f) {
  const Ends ends = f.bind({});
  f.b.polls_events = false;
  for (int i = 0; i < 12; ++i) {
    f.send(f.a, f.session_a(ends), {.content_type = type, .success_report = true}, owned(20));
  }
  f.drive();
  f.b.polls_events = true;
  f.drive();
}

void forgets_the_oldest(Famine& f) {
  const Ends ends = f.bind({});
  f.newest().silent = true;
  for (int i = 0; i < 6; ++i) {
    f.send(f.a, f.session_a(ends), {.content_type = type, .failure_report = FailureReport::partial},
           owned(20));
  }
  f.advance(seconds(31));
}

}  // namespace

std::vector<Scene> message_scenes() {
  return {
      {"FinishesMany", finishes_many},
      {"Sends", sends},
      {"SendsWithReports", sends_with_reports, [](EngineConfig&) {}, true},
      {"SendsWithoutAnswers", sends_without_answers},
      {"Streams", streams, [](EngineConfig& c) { c.limits.write_window_bytes = 16 * 1024; }},
      {"Aborts", aborts},
      {"LosesTheConnection", loses_the_connection},
      {"MeetsTheEndOfTheStream", meets_the_end_of_the_stream},
      {"Closes", closes, [](EngineConfig& c) { c.timeouts.idle = seconds(10); }},
      {"ClosesSlowly", closes_slowly, [](EngineConfig& c) { c.timeouts.close = seconds(20); },
       true},
      {"IsRefused", is_refused},
      {"GetsNoAnswer", gets_no_answer},
      {"ReceivesWithoutEnd", receives_without_end,
       [](EngineConfig& c) { c.timeouts.message = seconds(10); }},
      {"KnowsDuplicates", knows_duplicates},
      {"ExchangesChunks", exchanges_chunks},
      {"KeepsAlive", keeps_alive, [](EngineConfig& c) { c.timeouts.keep_alive = seconds(10); },
       false, true},
      {"FallsBehind", falls_behind, [](EngineConfig& c) { c.limits.held_bytes = 30'000; }},
      {"DoesNotPoll", does_not_poll, [](EngineConfig& c) { c.limits.events = 16; }},
      {"ForgetsTheOldest", forgets_the_oldest, [](EngineConfig& c) { c.limits.transactions = 2; }},
  };
}

}  // namespace msrp::test
