#include "backends/sim/world/run.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/sim/world/actor.hpp"
#include "backends/sim/world/stranger.hpp"
#include "backends/sim/world/witness.hpp"

namespace msrp::sim {
namespace {

using std::chrono::seconds;

// What is left of a message or a session has ended by then, whatever happened before: connects are
// tried again and transactions have their time.
constexpr Duration peace = seconds(150);
// The slab that short pieces are copied into may stay.
constexpr std::size_t slabs_kept = 1;
constexpr unsigned strangers = 2;

class Run {
 public:
  Run(const RunOptions& options, RunObserver* observer)
      : options_(options),
        witness_(observer),
        world_(options.seed, options.lateness),
        ledger_(options.timeouts.transaction + options.lateness) {
    world_.network.set_links(options.link);
    world_.network.observe(&witness_);
    ledger_.note = [this](std::uint32_t host, std::string_view kind, std::uint64_t detail) {
      note(host, kind, detail);
    };
    for (std::uint32_t i = 0; i < options.hosts; ++i) {
      actors_.push_back(std::make_unique<Actor>(world_, ledger_, options, i));
    }
    const bool meets_strangers = options.visits > 0 || options.with_strangers > 0;
    for (std::uint32_t i = 0; meets_strangers && i < strangers; ++i) {
      const std::string ip = std::string(Stranger::network) + std::to_string(i + 1);
      strangers_.push_back(std::make_unique<Stranger>(world_, "stranger-" + std::to_string(i),
                                                      *IpAddress::parse(ip)));
    }
  }

  Outcome go() {
    const Instant start = world_.now();
    witness_.observer().begins(world_.network, start);
    for (const auto& actor : actors_) tell_name(*actor);
    for (const auto& actor : actors_) actor->listen();
    world_.simulation.run_for(seconds(1));
    phase("chaos");
    plan();
    world_.simulation.run_for(options_.chaos);
    Outcome outcome = calm_down();
    outcome.hash = witness_.value();
    outcome.octets = witness_.octets();
    outcome.events = events_;
    outcome.virtual_time = world_.now() - start;
    return outcome;
  }

 private:
  void note(std::uint32_t host, std::string_view kind, std::uint64_t detail) {
    ++events_;
    witness_.add(world_.now());
    witness_.add(host);
    witness_.add(kind);
    witness_.add(detail);
    witness_.observer().note(host, kind, detail, world_.now());
  }

  void phase(std::string_view name) { witness_.observer().phase(name, world_.now()); }

  // At any time of the chaos.
  template <class F>
  void some_time(F&& action) {
    world_.scheduler.after(world_.chance.duration(options_.chaos), std::forward<F>(action));
  }

  std::uint32_t some_host() {
    return static_cast<std::uint32_t>(world_.chance.below(actors_.size()));
  }

  void plan() {
    for (std::uint32_t i = 0; i < options_.sessions; ++i) {
      // Most of them early, so that there is somewhere to send.
      const Duration when = world_.chance.duration(options_.chaos / (i < 2 ? 50 : 3));
      world_.scheduler.after(when, [this] { begin_session(); });
    }
    for (std::uint32_t i = 0; i < options_.messages; ++i) {
      some_time([this] { say_something(); });
    }
    for (std::uint32_t i = 0; i < options_.cuts; ++i) some_time([this] { cut(); });
    for (std::uint32_t i = 0; i < options_.crashes; ++i) some_time([this] { crash(); });
    for (std::uint32_t i = 0; i < options_.droughts; ++i) some_time([this] { drought(); });
    for (std::uint32_t i = 0; i < options_.hang_ups; ++i) some_time([this] { hang_up(); });
    for (std::uint32_t i = 0; i < options_.visits; ++i) some_time([this] { visit(); });
    for (std::uint32_t i = 0; i < options_.name_faults; ++i) some_time([this] { name_fault(); });
    look_around();
  }

  // Now and then, for what nobody tells: both paths are there, a stream has room.
  void look_around() {
    for (SessionBook& session : ledger_.sessions) {
      if (session.over || !session.caller_path || !session.callee_path) continue;
      if (std::exchange(completed_[session.number], true)) continue;
      if (!session.stranger) actors_[session.callee]->complete(session);
      actors_[session.caller]->complete(session);
    }
    for (const auto& actor : actors_) {
      if (actor->host().is_up()) actor->write_streams();
    }
    world_.scheduler.after(std::chrono::milliseconds(50), [this] {
      if (!over_) look_around();
    });
  }

  void begin_session() {
    // Those behind a NAT, the last ones, are not called.
    const auto callees = static_cast<std::uint32_t>(actors_.size() - options_.nat_hosts);
    const std::uint32_t callee = static_cast<std::uint32_t>(world_.chance.below(callees));
    std::uint32_t caller = some_host();
    if (callee == caller) caller = (caller + 1) % static_cast<std::uint32_t>(actors_.size());
    if (!actors_[caller]->host().is_up() || !actors_[callee]->host().is_up()) return;
    const auto number = static_cast<std::uint32_t>(ledger_.sessions.size());
    SessionBook& session = ledger_.sessions.emplace_back();
    session.number = number;
    session.caller = caller;
    session.callee = callee;
    agree(session);
    completed_.push_back(false);
    note(caller, "session", number);
    if (!session.stranger) actors_[callee]->await(session);
    actors_[caller]->call(session);
  }

  void agree(SessionBook& session) {
    session.stranger = percent(options_.with_strangers);
    session.secure = !session.stranger && percent(options_.secure);
    session.takes_requests = percent(options_.other_methods);
    session.options.share_connection = !percent(options_.alone);
    session.options.automatic_reports = !percent(options_.own_reports);
    if (session.takes_requests) session.options.handling = Handling::messages_and_more;
    if (percent(options_.refuse_behind)) session.options.when_behind = WhenBehind::refuse;
    if (!session.stranger) return;
    const Stranger& peer = *strangers_[world_.chance.below(strangers_.size())];
    session.callee = peer.host();
    session.callee_path = *Path::parse(peer.path(session.number));
  }

  // ---- names ----------------------------------------------------------------------------------

  void tell_name(const Actor& actor) {
    if (options_.named == 0) return;
    Resolver::Answer answer{.delay = world_.chance.duration(std::chrono::milliseconds(300)),
                            .jitter = world_.chance.duration(std::chrono::milliseconds(300))};
    // Some have an address where nobody is in front of the right one.
    if (world_.chance.one_of(1, 4)) answer.records.push_back(AddressRecord{nowhere()});
    answer.records.push_back(AddressRecord{actor.address()});
    world_.resolver.set(actor.name(), std::move(answer));
  }

  static IpAddress nowhere() { return *IpAddress::parse("198.51.100.1"); }

  void name_fault() {
    if (options_.named == 0) return;
    const std::uint32_t victim = some_host();
    const std::string& name = actors_[victim]->name();
    note(victim, "name fault", 0);
    switch (world_.chance.below(4)) {
      case 0:
        world_.resolver.erase(name);
        break;
      case 1:
        world_.resolver.set(name, {.silent = true});
        break;
      case 2:
        world_.resolver.set(name, {.records = {AddressRecord{nowhere()}}});
        break;
      default:  // another's
        world_.resolver.set(name, {.records = {AddressRecord{actors_[some_host()]->address()}}});
    }
    world_.scheduler.after(world_.chance.duration(seconds(30)),
                           [this, victim] { tell_name(*actors_[victim]); });
  }

  void visit() {
    const std::uint32_t victim = some_host();
    Actor& actor = *actors_[victim];
    Stranger& visitor = *strangers_[world_.chance.below(strangers_.size())];
    const std::uint16_t port = world_.chance.one_of(1, 4) ? secure_port : plain_port;
    NastyTarget target{.live_path = {}, .host = actor.name() + ":" + std::to_string(port)};
    for (const SessionBook& session : ledger_.sessions) {
      const auto& path = session.callee == victim ? session.callee_path : session.caller_path;
      const bool is_there = session.callee == victim || session.caller == victim;
      if (is_there && path && world_.chance.one_of(1, 2)) target.live_path = path->text();
    }
    note(victim, "visit", visitor.host());
    visitor.visit({actor.address(), port}, target);
  }

  // A session that this end knows as bound, and its end; nullptr: there is none now.
  SessionBook* some_session(bool& calls) {
    std::vector<std::pair<SessionBook*, bool>> found;
    for (SessionBook& session : ledger_.sessions) {
      if (session.over) continue;
      if (session.caller_session) found.emplace_back(&session, true);
      if (session.callee_session) found.emplace_back(&session, false);
    }
    if (found.empty()) return nullptr;
    const auto& chosen = found[world_.chance.below(found.size())];
    calls = chosen.second;
    return chosen.first;
  }

  bool percent(unsigned how_many) { return world_.chance.below(100) < how_many; }

  void say_something() {
    bool calls = false;
    SessionBook* session = some_session(calls);
    if (session == nullptr) return;
    if (percent(options_.requests)) return ask(*session, calls);
    say(*session, calls, some_size());
  }

  MessageBook next_message(const SessionBook& session, bool calls) {
    MessageBook message{.number = ++messages_so_far_, .session = session.number};
    message.from = calls ? session.caller : session.callee;
    message.to = calls ? session.callee : session.caller;
    message.to_stranger = session.stranger;
    return message;
  }

  void ask(const SessionBook& session, bool calls) {
    MessageBook message = next_message(session, calls);
    message.is_request = true;
    message.takes_it = session.takes_requests;
    actors_[message.from]->ask(calls ? *session.caller_session : *session.callee_session, message);
  }

  // The sizes at which something changes come often.
  std::uint64_t some_size() {
    const std::uint64_t slab = options_.slab_bytes, quantum = options_.limits.quantum_bytes;
    const std::uint64_t favourites[] = {0,        1,           511,     512,        2046,     2047,
                                        2048,     2049,        10239,   10240,      slab - 1, slab,
                                        slab + 1, quantum - 1, quantum, quantum + 1};
    const std::uint64_t favourite = favourites[world_.chance.below(std::size(favourites))];
    // But not the large ones where the network is slow.
    const bool fits = favourite <= std::max<std::uint64_t>(options_.message_bytes_max, 2049);
    if (fits && world_.chance.one_of(1, 4)) return favourite;
    return world_.chance.log_uniform(options_.message_bytes_max);
  }

  void say(const SessionBook& session, bool calls, std::uint64_t bytes) {
    MessageBook message = next_message(session, calls);
    message.bytes = bytes;
    message.success_report = percent(options_.success_reports);
    if (percent(options_.failure_partial)) message.failure_report = FailureReport::partial;
    if (percent(options_.failure_no)) message.failure_report = FailureReport::no;
    const SessionId own = calls ? *session.caller_session : *session.callee_session;
    Actor& from = *actors_[message.from];
    from.send(own, message, percent(options_.streams));
    if (percent(options_.aborts)) {
      world_.scheduler.after(world_.chance.duration(seconds(5)), [&from, message] {
        if (from.host().is_up()) from.abort(message.number);
      });
    }
  }

  void cut() {
    if (ledger_.sessions.empty()) return;
    // Where somebody notices.
    const SessionBook& session = ledger_.sessions[world_.chance.below(ledger_.sessions.size())];
    std::uint32_t a = session.caller, b = session.callee;
    if (world_.chance.one_of(1, 2)) std::swap(a, b);
    note(a, "cut", b);
    world_.network.cut(a, b);
    world_.scheduler.after(world_.chance.duration(seconds(70)), [this, a, b] {
      note(a, "mend", b);
      world_.network.mend(a, b);
    });
  }

  // A program is not ended in the middle of its turn; this is called by the scheduler.
  void crash() {
    const std::uint32_t victim = some_host();
    if (!actors_[victim]->host().is_up()) return;
    for (SessionBook& session : ledger_.sessions) {
      session.over = session.over || session.caller == victim || session.callee == victim;
    }
    actors_[victim]->crash();
    world_.scheduler.after(world_.chance.duration(seconds(20)),
                           [this, victim] { actors_[victim]->restart(); });
  }

  void drought() {
    const std::uint32_t victim = some_host();
    if (!actors_[victim]->host().is_up()) return;
    note(victim, "drought", options_.slabs);
    actors_[victim]->host().backend().pool().withhold(options_.slabs);
    world_.scheduler.after(world_.chance.duration(seconds(20)), [this, victim] {
      if (!actors_[victim]->host().is_up()) return;
      note(victim, "drought over", 0);
      actors_[victim]->host().backend().pool().withhold(0);
    });
  }

  void hang_up() {
    bool calls = false;
    SessionBook* session = some_session(calls);
    if (session == nullptr) return;
    const SessionId own = calls ? *session->caller_session : *session->callee_session;
    session->over = true;
    actors_[calls ? session->caller : session->callee]->hang_up(own);
  }

  // ---- peace ----------------------------------------------------------------------------------

  Outcome calm_down() {
    phase("peace");
    world_.network.mend_all();
    for (const auto& stranger : strangers_) stranger->leave();
    for (const auto& actor : actors_) {
      actor->calm_down();
      tell_name(*actor);
    }
    world_.simulation.run_for(peace);
    if (Outcome outcome = check(Verdict::safety); !outcome.what.empty()) return outcome;
    phase("fresh messages");
    const std::vector<std::uint32_t> fresh = say_on_every_session();
    world_.simulation.run_for(peace);
    ledger_.books.check_ends();
    if (Outcome outcome = check(Verdict::liveness); !outcome.what.empty()) return outcome;
    for (const std::uint32_t number : fresh) {
      const MessageBook* book = ledger_.books.find(number);
      if (book != nullptr && book->whole == 1 && book->delivered == 1) continue;
      return {Verdict::liveness,
              "a session is up and takes no message, message " + std::to_string(number)};
    }
    over_ = true;
    phase("hanging up");
    for (const auto& actor : actors_) actor->hang_up_all();
    world_.simulation.run_for(peace);
    if (Outcome outcome = check(Verdict::safety); !outcome.what.empty()) return outcome;
    return check_empty();
  }

  Outcome check(Verdict verdict) const {
    if (world_.simulation.spins()) return {Verdict::liveness, "it goes round in circles"};
    if (!ledger_.books.wrong().empty()) return {verdict, ledger_.books.wrong()};
    for (const auto& stranger : strangers_) {
      if (!stranger->wrong().empty()) return {Verdict::safety, stranger->wrong()};
    }
    if (std::string wrong = witness_.wrong(); !wrong.empty()) return {Verdict::safety, wrong};
    return {};
  }

  // Those that both ends hold for up are. One message after the other: together they may be more
  // than a session wants to hold.
  std::vector<std::uint32_t> say_on_every_session() {
    std::vector<std::uint32_t> fresh;
    for (const SessionBook& session : ledger_.sessions) {
      if (session.over || !session.caller_session || !session.callee_session) continue;
      for (const bool calls : {true, false}) {
        MessageBook message = next_message(session, calls);
        message.bytes = 3000;
        actors_[message.from]->send(calls ? *session.caller_session : *session.callee_session,
                                    message, false);
        fresh.push_back(message.number);
        world_.simulation.run_for(seconds(5));
      }
    }
    return fresh;
  }

  Outcome check_empty() {
    for (std::uint32_t i = 0; i < actors_.size(); ++i) {
      SimHost& host = actors_[i]->host();
      const Engine::Stats stats = host.engine().stats();
      const std::pair<const char*, std::size_t> left[] = {
          {"connections", stats.connections},
          {"sessions", stats.sessions},
          {"tickets", stats.tickets},
          {"outgoing messages", stats.outgoing_messages},
          {"incoming messages", stats.incoming_messages},
          {"transactions", stats.transactions},
          {"held octets", stats.held_bytes},
          {"sockets", host.backend().sockets()},
          {"slabs", host.backend().pool().used_slabs() > slabs_kept ? 1U : 0U},
          {"timers", host.engine().next_timeout() ? 1U : 0U}};
      for (const auto& [name, count] : left) {
        if (count == 0) continue;
        return {Verdict::memory, std::string(name) + " are left at host-" + std::to_string(i)};
      }
    }
    return {};
  }

  const RunOptions& options_;
  Witness witness_;
  SimWorld world_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<std::unique_ptr<Stranger>> strangers_;
  std::deque<bool> completed_;  // by session
  std::uint32_t messages_so_far_ = 0;
  std::uint64_t events_ = 0;
  bool over_ = false;
};

}  // namespace

std::string_view describe(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::safety:
      return "safety";
    case Verdict::liveness:
      return "liveness";
    case Verdict::memory:
      return "memory";
    case Verdict::nondeterminism:
      return "nondeterminism";
    case Verdict::crash:
      return "crash";
  }
  return {};
}

Outcome run(const RunOptions& options, RunObserver* observer) {
  return Run(options, observer).go();
}

}  // namespace msrp::sim
