#include "backends/sim/world/actor.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "msrp/headers.hpp"

namespace msrp::sim {
namespace {

SimHostOptions host_options(const RunOptions& options, const std::string& name,
                            std::uint32_t number) {
  SimHostOptions made;
  made.engine.limits = options.limits;
  made.engine.timeouts = options.timeouts;
  made.backend.slabs_max = options.slabs;
  made.backend.slab_bytes = options.slab_bytes;
  made.tls.names = {name};
  made.tls.record_bytes = options.record_bytes;
  made.tls.handshake_failures = options.handshake_failures;
  made.tls.missing_notifies = options.missing_notifies;
  made.tls.damaged_records = options.damaged_records;
  made.tls.key_updates = options.key_updates;
  if (number + options.nat_hosts >= options.hosts) made.reach = Network::Reach::dials_only;
  return made;
}

IpAddress address_of(std::uint32_t host) {
  return *IpAddress::parse("192.0.2." + std::to_string(host + 1));
}

std::string name_of(const RunOptions& options, std::uint32_t host) {
  if (options.named == 0) return address_of(host).text();
  return "host-" + std::to_string(host) + ".example";
}

std::vector<std::byte> octets_of(std::uint32_t message, std::uint64_t begin, std::uint64_t end) {
  std::vector<std::byte> octets(end - begin);
  for (std::uint64_t i = begin; i < end; ++i) octets[i - begin] = pattern_octet(message, i);
  return octets;
}

}  // namespace

Actor::Actor(SimWorld& world, Ledger& ledger, const RunOptions& options, std::uint32_t number)
    : world_(world),
      ledger_(ledger),
      options_(options),
      number_(number),
      name_(name_of(options, number)),
      chance_(world.chance.fork(number)),
      reject_percent_(options.rejects),
      slowness_(options.slowness),
      host_(
          world, "host-" + std::to_string(number), address_of(number),
          [this](const Event& event) { std::visit([this](const auto& what) { on(what); }, event); },
          [&] {
            SimHostOptions made = host_options(options, name_, number);
            made.after_turn = [this] { check_budgets(); };
            return made;
          }()) {}

// After a turn no timer is due (rule 5 of the contract), and no limit is passed.
void Actor::check_budgets() {
  Engine& engine = host_.engine();
  if (const auto due = engine.next_timeout(); due && *due <= world_.now()) {
    ledger_.books.complain_of_host("a timer is due after its turn", number_);
  }
  const Engine::Stats stats = engine.stats();
  const Limits& limits = options_.limits;
  // Reading stops behind the slab that goes over the limit.
  const std::size_t held = stats.connections * (limits.held_bytes + options_.slab_bytes);
  if (stats.held_bytes > held)
    ledger_.books.complain_of_host("more octets are held than may be", number_);
  if (stats.transactions > stats.connections * 2 * limits.transactions) {
    ledger_.books.complain_of_host("more transactions than may be", number_);
  }
  if (stats.incoming_messages > (stats.sessions + 1) * limits.incoming_messages) {
    ledger_.books.complain_of_host("more incoming messages than may be", number_);
  }
}

// ---- the script's verbs -------------------------------------------------------------------------

void Actor::listen() {
  for (const bool secure : {false, true}) {
    const std::uint16_t port = secure ? secure_port : plain_port;
    (void)host_.call([&](Engine& engine) {
      return engine.listen({.at = {host_.address(), port}, .host = name_, .secure = secure},
                           world_.now());
    });
  }
}

void Actor::on(const Listening& event) {
  listeners_[event.at.port == secure_port ? 1 : 0] = event.listener;
}

void Actor::calm_down() {
  reject_percent_ = 0;
  slowness_ = {};
  if (!host_.is_up()) return;
  host_.backend().pool().withhold(0);
  host_.tls().calm_down();
}

void Actor::later(Duration most, std::move_only_function<void()> action) {
  world_.scheduler.after(chance_.duration(most),
                         [this, life = life_, action = std::move(action)]() mutable {
                           if (life == life_ && host_.is_up()) action();
                         });
}

void Actor::crash() {
  note("crash", 0);
  for (const auto& [session, number] : sessions_) ledger_.sessions[number].over = true;
  for (const auto& [ticket, number] : tickets_) ledger_.sessions[number].over = true;
  ledger_.books.died(number_);
  tickets_.clear();
  sessions_.clear();
  outgoing_.clear();
  streams_.clear();
  listeners_[0].reset();
  listeners_[1].reset();
  ++life_;
  host_.crash(chance_.one_of(1, 2));
}

void Actor::restart() {
  note("restart", 0);
  host_.restart();
  listen();
}

void Actor::call(SessionBook& session) {
  const auto ticket = host_.call([&](Engine& engine) {
    return engine.prepare(
        {.active = true, .host = name_, .secure = session.secure, .options = session.options},
        world_.now());
  });
  if (!ticket) return;
  session.caller_ticket = *ticket;
  tickets_[ticket->value()] = session.number;
}

void Actor::await(SessionBook& session) {
  const auto& listener = listeners_[session.secure ? 1 : 0];
  if (!listener) return;
  const auto ticket = host_.call([&](Engine& engine) {
    return engine.prepare({.active = false, .listener = *listener, .options = session.options},
                          world_.now());
  });
  if (!ticket) return;
  session.callee_ticket = *ticket;
  tickets_[ticket->value()] = session.number;
}

void Actor::complete(SessionBook& session) {
  const bool calls = session.caller == number_;
  const RemoteDescription remote{.path = calls ? session.callee_path : session.caller_path,
                                 .enforce_path = true};
  const TicketId ticket = calls ? session.caller_ticket : session.callee_ticket;
  (void)host_.call([&](Engine& engine) { return engine.complete(ticket, remote, world_.now()); });
}

void Actor::send(SessionId session, const MessageBook& message, bool stream) {
  const std::string id = Books::id_of(message.number);
  const MessageSpec spec{.content_type = "application/octet-stream",
                         .message_id = id,
                         .success_report = message.success_report,
                         .failure_report = message.failure_report};
  Body body = stream ? Body(StreamBody{message.bytes})
                     : Body(OwnedBody{octets_of(message.number, 0, message.bytes)});
  const auto handle = host_.call(
      [&](Engine& engine) { return engine.send(session, spec, std::move(body), world_.now()); });
  if (!handle) return;
  note("send", message.number);
  ledger_.books.open(message);
  ledger_.books.sent(number_, *handle, message.number);
  outgoing_[message.number] = *handle;
  if (stream) streams_.push_back({*handle, message.number, message.bytes});
}

void Actor::ask(SessionId session, const MessageBook& message) {
  const std::string nickname = "\"" + Books::id_of(message.number) + "\"";
  const HeaderField use_nickname{HeaderId::use_nickname, "Use-Nickname", nickname};
  const std::string method = "PING" + std::to_string(message.number);
  ChunkSpec spec{.method = Method::other, .method_text = method};
  if (message.number % 2 == 0) {
    spec = ChunkSpec{.method = Method::nickname, .extra = std::span(&use_nickname, 1)};
  }
  const auto handle = host_.call(
      [&](Engine& engine) { return engine.send_chunk(session, spec, NoBody{}, world_.now()); });
  if (!handle) return;
  note("ask", message.number);
  ledger_.books.open(message);
  ledger_.books.sent(number_, *handle, message.number);
  outgoing_[message.number] = *handle;
}

void Actor::abort(std::uint32_t message) {
  const auto at = outgoing_.find(message);
  if (at == outgoing_.end()) return;
  note("abort", message);
  ledger_.books.find(message)->aborted = true;
  host_.call([&](Engine& engine) { engine.abort(at->second, world_.now()); });
}

void Actor::hang_up(SessionId session) {
  note("hang up", sessions_.contains(session.value()) ? sessions_[session.value()] : 0);
  host_.call([&](Engine& engine) { engine.close(session, world_.now()); });
}

void Actor::hang_up_all() {
  for (const auto& [session, number] : std::map(sessions_)) {
    const SessionBook& book = ledger_.sessions[number];
    const auto& own = book.caller == number_ ? book.caller_session : book.callee_session;
    if (own) hang_up(*own);
  }
  for (const auto& [ticket, number] : std::map(tickets_)) {
    const SessionBook& book = ledger_.sessions[number];
    const TicketId own = book.caller == number_ ? book.caller_ticket : book.callee_ticket;
    host_.call([&](Engine& engine) { engine.cleanup(own, world_.now()); });
  }
}

void Actor::write_streams() {
  for (Stream& stream : streams_) write(stream);
  std::erase_if(streams_, [](const Stream& stream) { return stream.finished; });
}

void Actor::write(Stream& stream) {
  while (!stream.finished) {
    const std::uint64_t end =
        std::min(stream.bytes, stream.written + 1 + chance_.log_uniform(60'000));
    const auto octets = octets_of(stream.message, stream.written, end);
    const auto taken = host_.call([&](Engine& engine) {
      return engine.write(stream.handle, Slice{octets, {}}, world_.now());
    });
    if (!taken) {
      stream.finished = taken.error().code != Errc::would_block;
      return;
    }
    stream.written += *taken;
    if (stream.written == stream.bytes) {
      (void)host_.call([&](Engine& engine) { return engine.finish(stream.handle, world_.now()); });
      stream.finished = true;
    }
    if (*taken < octets.size()) return;
  }
}

// ---- what the engine says -----------------------------------------------------------------------

SessionBook* Actor::book_of(TicketId ticket) {
  const auto at = tickets_.find(ticket.value());
  return at != tickets_.end() ? &ledger_.sessions[at->second] : nullptr;
}

SessionBook* Actor::book_of(SessionId session) {
  const auto at = sessions_.find(session.value());
  return at != sessions_.end() ? &ledger_.sessions[at->second] : nullptr;
}

void Actor::on(const Prepared& event) {
  SessionBook* book = book_of(event.ticket);
  if (book == nullptr) return;
  note("prepared", book->number);
  (book->caller == number_ ? book->caller_path : book->callee_path) = event.local_path;
}

void Actor::on(const Bound& event) {
  SessionBook* book = book_of(event.ticket);
  if (book == nullptr) return ledger_.books.complain_of_host("a session of no ticket", number_);
  note("bound", book->number);
  const bool calls = book->caller == number_;
  const auto& own = calls ? book->caller_path : book->callee_path;
  const auto& remote = calls ? book->callee_path : book->caller_path;
  if (event.local_path.text() != own->text() || event.remote_path.text() != remote->text()) {
    ledger_.books.complain_of_host("a session between other paths", number_);
  }
  (calls ? book->caller_session : book->callee_session) = event.session;
  sessions_[event.session.value()] = book->number;
  tickets_.erase(event.ticket.value());
}

void Actor::on(const TicketFailed& event) {
  SessionBook* book = book_of(event.ticket);
  if (book == nullptr) return;
  note("ticket failed", book->number);
  book->over = true;
  tickets_.erase(event.ticket.value());
}

void Actor::on(const SessionClosed& event) {
  SessionBook* book = book_of(event.session);
  if (book == nullptr)
    return ledger_.books.complain_of_host("the end of a session that was not", number_);
  note("closed", book->number);
  if (event.reason.code == Errc::tls_truncated && options_.missing_notifies == 0) {
    ledger_.books.complain_of_host("a stream that was closed in order was cut short", number_);
  }
  if (event.reason.code == Errc::tls_failed && options_.damaged_records == 0) {
    ledger_.books.complain_of_host("TLS failed by itself", number_);
  }
  book->over = true;
  sessions_.erase(event.session.value());
}

void Actor::on(const MessageStarted& event) {
  const SessionBook* book = book_of(event.session);
  const auto number = Books::number_of(event.head.message_id);
  note("started", number.value_or(0));
  ledger_.books.started(number_, book != nullptr ? std::optional(book->number) : std::nullopt,
                        event);
  if (number && chance_.below(100) < reject_percent_) {
    if (MessageBook* message = ledger_.books.find(*number)) message->rejected = true;
    (void)host_.engine().reject(event.message, 413, world_.now());
  }
}

void Actor::on(const MessageData& event) {
  note("data", event.slice.bytes.size());
  ledger_.books.data(number_, event);
  release(event.session, event.slice.bytes.size());
}

void Actor::release(SessionId session, std::size_t bytes) {
  if (slowness_ == Duration{}) return host_.engine().release(session, bytes, world_.now());
  later(slowness_, [this, session, bytes] {
    host_.call([&](Engine& engine) { engine.release(session, bytes, world_.now()); });
  });
}

void Actor::on(const ChunkStarted& event) {
  const SessionBook* book = book_of(event.session);
  std::string_view text = event.head.method_text;
  std::optional<std::uint32_t> number;
  if (const HeaderField* field = event.head.find(HeaderId::use_nickname)) {
    number = Books::number_of(parse_use_nickname(field->value).value_or(""));
  } else if (text.starts_with("PING")) {
    number = Books::number_of("message-" + std::string(text.substr(4)));
  }
  note("asked", number.value_or(0));
  ledger_.books.request_started(
      number_, book != nullptr ? std::optional(book->number) : std::nullopt, number.value_or(0));
  if (!number) return;
  if (chance_.one_of(1, 8)) return;  // without a word
  if (chance_.one_of(1, 2)) return answer(event.request, *number);
  later(std::chrono::seconds(20),
        [this, request = event.request, number = *number] { answer(request, number); });
}

void Actor::answer(RequestHandle request, std::uint32_t number) {
  const std::uint16_t status = chance_.one_of(1, 4) ? 403 : 200;
  ledger_.books.request_answered(number, status);
  (void)host_.call(
      [&](Engine& engine) { return engine.respond(request, status, {}, world_.now()); });
}

void Actor::on(const ChunkData& event) {
  release(event.session, event.slice.bytes.size());
}

void Actor::on(const Answered& event) {
  note("answered", event.status);
  ledger_.books.answer_came(number_, event);
}

void Actor::on(const MessageEnded& event) {
  const SessionBook* book = book_of(event.session);
  if (!event.error && book != nullptr && !book->options.automatic_reports) {
    (void)host_.engine().send_report(event.message, 200, world_.now());
  }
  note(event.error ? "ended" : "whole",
       ledger_.books.number_of(number_, event.message).value_or(0));
  ledger_.books.ended(number_, event);
}

void Actor::on(const Writable& event) {
  const auto at = std::ranges::find(streams_, event.message, &Stream::handle);
  if (at != streams_.end()) write(*at);
}

void Actor::on(const Sent& event) {
  ledger_.books.all_sent(number_, event.message, world_.now());
}

void Actor::on(const Delivered& event) {
  note("delivered", ledger_.books.number_of(number_, event.message).value_or(0));
  ledger_.books.delivered(number_, event.message, world_.now());
}

void Actor::on(const Reported& event) {
  note("reported", ledger_.books.number_of(number_, event.message).value_or(0));
  ledger_.books.reported(number_, event);
}

void Actor::on(const MessageFailed& event) {
  note("failed", ledger_.books.number_of(number_, event.message).value_or(0));
  ledger_.books.failed(number_, event.message, world_.now());
}

void Actor::on(const MessageDone& event) {
  const std::uint32_t message = ledger_.books.number_of(number_, event.message).value_or(0);
  note("done", message);
  ledger_.books.done(number_, event.message);
  outgoing_.erase(message);
  std::erase_if(streams_, [&](const Stream& stream) { return stream.handle == event.message; });
}

}  // namespace msrp::sim
