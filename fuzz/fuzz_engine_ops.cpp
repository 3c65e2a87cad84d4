// Decodes octets into a list of operations on two engines that talk to each other: messages,
// chunks, REPORTs and answers of one's own, writes, aborts, rejects, sessions that share a
// connection, that do not, that replace others, partial transmission, stalls, resets, time. Checked
// after every step by the scenario tests' own node and world (order and number of events, lent
// octets, no spinning) and here: what is received is what was sent, and after everything has calmed
// down nothing is left.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "ops_input.hpp"

namespace {

using namespace msrp;
using namespace msrp::test;
using msrp::fuzz::OpsInput;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A broken promise ends the program; a fuzzer notices that.
void demand(bool kept, const char* promise) {
  if (!kept) ADD_FAILURE() << promise;
}

struct Stream {
  Node* from;
  MessageHandle handle;
  std::string body;
  std::size_t written = 0;
};

class Run {
 public:
  Run(const std::uint8_t* data, std::size_t size)
      : input_(data, size), pair_(fuzz::pair_options(input_)) {}

  void go() {
    for (int i = 0; i < 400 && !input_.empty(); ++i) {
      operate();
      check_bounds();
    }
    calm_down();
  }

 private:
  Node& node() { return input_.octet() % 2 ? pair_.a : pair_.b; }
  SessionId session_of(Node& from) {
    return from.bounds.empty() ? SessionId{}
                               : from.bounds[input_.octet() % from.bounds.size()].session;
  }
  End* some_end() {
    if (pair_.links() == 0) return nullptr;
    const std::uint8_t choice = input_.octet();
    End& end = pair_.link(choice / 2U % pair_.links()).ends[choice % 2];
    return end.node != nullptr && end.up && !end.closed ? &end : nullptr;
  }

  void operate() {
    switch (input_.octet() % 24) {
      case 0:
      case 1:
      case 2:
        return move();
      case 3:
        return pair_.advance(milliseconds(input_.octet() * 257));
      case 4:
      case 5:
        return send();
      case 6:
      case 7:
        return write();
      case 8:
        return finish();
      case 9:
        return abort();
      case 10:
        return reject();
      case 11:
        return release();
      case 12:
        return stall();
      case 13:
        return break_connection();
      case 14:
        return node().engine().close(session_of(pair_.a), pair_.now);
      case 15:
        return add_session();
      case 16:
        return set_knobs();
      case 17:
        return inject();
      case 18:
      case 19:
        return send_chunk();
      case 20:
        return respond();
      case 21:
        return report();
      case 22:
        return say_again();
      default:
        return write_raw();
    }
  }

  void move() {
    pair_.deliver_max = 1 + input_.size();
    pair_.transmit_max = 1 + input_.size();
    pair_.drive_bounded(1 + input_.octet() % 32U);
  }

  void send() {
    if (bodies_.size() > 60) return;
    Node& from = node();
    const SessionId session = session_of(from);
    const std::uint8_t how = input_.octet();
    std::string& body = bodies_.emplace_back(pattern(input_.size(), bodies_.size()));
    const std::string id = "message-" + std::to_string(bodies_.size());
    MessageSpec spec{.content_type = "application/octet-stream", .message_id = id};
    spec.success_report = how & 1U;
    spec.failure_report = static_cast<FailureReport>((how >> 1U) % 3);
    Body what;
    bool stream = false;
    switch ((how >> 3U) % 5) {
      case 0:
        what = owned(body);
        break;
      case 1:
        what = BorrowedBody{bytes_of(body)};
        break;
      case 2:
        what = StreamBody{body.size()};
        stream = true;
        break;
      case 3:
        what = StreamBody{};
        stream = true;
        break;
      default:
        what = NoBody{};
        body.clear();
        spec.content_type = {};
        break;
    }
    const auto handle = from.engine().send(session, spec, std::move(what), pair_.now);
    if (!handle) return;
    from.outgoing[handle->value()].session = session;
    sent_.push_back({&from, *handle});
    if (stream) streams_.push_back({&from, *handle, body});
  }

  // A chunk from anywhere to anywhere, of any method.
  void send_chunk() {
    if (bodies_.size() > 60) return;
    static constexpr std::array<Method, 4> methods = {Method::send, Method::nickname, Method::other,
                                                      Method::report};
    Node& from = node();
    const SessionId session = session_of(from);
    const std::uint8_t how = input_.octet();
    std::string& body = bodies_.emplace_back(pattern(input_.size(), bodies_.size()));
    // Several chunks of one message meet each other.
    const std::string id = "chunk-" + std::to_string(input_.octet() % 4);
    ChunkSpec spec{.method = methods[how % 4], .message_id = id};
    if (spec.method == Method::other) spec.method_text = "DANCE";
    spec.start = input_.octet() % 8 == 0 ? 0 : 1 + input_.size();
    if (how & 4U) spec.total_bytes = input_.size();
    spec.flag = how & 8U ? Flag::more : how & 16U ? Flag::abort : Flag::end;
    spec.success_report = how & 32U;
    spec.failure_report = static_cast<FailureReport>((how >> 6U) % 3);
    Body what = NoBody{};
    const bool stream = input_.octet() % 3 == 0;
    if (!body.empty()) {
      spec.content_type = "application/octet-stream";
      what = stream ? Body(StreamBody{body.size()}) : Body(BorrowedBody{bytes_of(body)});
    }
    const auto handle = from.engine().send_chunk(session, spec, std::move(what), pair_.now);
    if (!handle) return;
    from.outgoing[handle->value()].session = session;
    sent_.push_back({&from, *handle});
    if (stream && !body.empty()) streams_.push_back({&from, *handle, body});
  }

  void respond() {
    static constexpr std::array<std::uint16_t, 6> codes = {200, 400, 413, 481, 501, 299};
    Node& to = node();
    if (to.requests.empty()) return;
    const RequestHandle request = to.requests[input_.octet() % to.requests.size()].handle;
    (void)to.engine().respond(request, codes[input_.octet() % codes.size()], "So", pair_.now);
  }

  // A REPORT about anything, on any session.
  void report() {
    Node& from = node();
    const std::uint8_t how = input_.octet();
    const std::string id = (how & 1U ? "message-" : "chunk-") + std::to_string(1 + how / 16U);
    const std::uint64_t start = input_.size();
    ReportSpec spec{.message_id = id, .status = static_cast<std::uint16_t>(how & 2U ? 200 : 413)};
    spec.byte_range = {start, how & 4U ? std::optional(start + input_.size()) : std::nullopt,
                       how & 8U ? std::optional<std::uint64_t>(input_.size()) : std::nullopt};
    (void)from.engine().send_report(session_of(from), spec, pair_.now);
  }

  // A message with the id and the octets of an earlier one, on any session.
  void say_again() {
    if (sent_.empty()) return;
    Node& from = node();
    const SessionId session = session_of(from);
    const std::size_t number = input_.octet() % bodies_.size();
    const std::string id = "message-" + std::to_string(number + 1);
    const auto handle =
        from.engine().send(session, {.content_type = "application/octet-stream", .message_id = id},
                           BorrowedBody{bytes_of(bodies_[number])}, pair_.now);
    if (!handle) return;
    from.outgoing[handle->value()].session = session;
    sent_.push_back({&from, *handle});
  }

  // A whole chunk that the engine did not make.
  void write_raw() {
    Node& from = node();
    const SessionId session = session_of(from);
    const Bound* bound = nullptr;
    for (const Bound& one : from.bounds) {
      if (one.session == session) bound = &one;
    }
    if (bound == nullptr) return;
    SendParts parts{.to = std::string(bound->remote_path.text()),
                    .from = std::string(bound->local_path.text())};
    parts.transaction_id = "rawid" + std::to_string(100 + input_.octet());
    parts.message_id = "raw-" + std::to_string(input_.octet() % 3);
    parts.body = input_.text(input_.octet() % 16U);
    parts.flag = input_.octet() % 2 ? '$' : '+';
    if (parts.body->find("-------") != std::string::npos) return;
    const std::string text = wire_send(parts);
    (void)from.engine().write_raw(session, bytes_of(text), pair_.now);
  }

  void write() {
    if (streams_.empty()) return;
    Stream& stream = streams_[input_.octet() % streams_.size()];
    const auto rest = bytes_of(stream.body).subspan(stream.written);
    const auto piece = rest.first(std::min(rest.size(), input_.size()));
    const auto taken = stream.from->engine().write(stream.handle, Slice{piece, {}}, pair_.now);
    if (taken) {
      demand(*taken <= piece.size(), "write() took more than it was offered");
      stream.written += *taken;
    }
  }

  void finish() {
    if (streams_.empty()) return;
    Stream& stream = streams_[input_.octet() % streams_.size()];
    // Only whole bodies, so that what arrives can be compared.
    if (stream.written == stream.body.size())
      (void)stream.from->engine().finish(stream.handle, pair_.now);
  }

  void abort() {
    if (sent_.empty()) return;
    const auto& [from, handle] = sent_[input_.octet() % sent_.size()];
    from->engine().abort(handle, pair_.now);
  }

  void reject() {
    Node& to = node();
    if (to.incoming.empty()) return;
    const Incoming& message = to.incoming[input_.octet() % to.incoming.size()];
    if (input_.octet() % 2)
      (void)to.engine().reject(message.handle, 413, pair_.now);
    else
      (void)to.engine().send_report(message.handle, input_.octet() % 2 ? 200 : 403, pair_.now);
  }

  void release() {
    Node& to = node();
    to.release(session_of(to), input_.size());
  }

  void stall() {
    if (End* end = some_end()) {
      const std::uint8_t what = input_.octet();
      end->stalled = what & 1U;
      end->deaf = what & 2U;
    }
  }

  void break_connection() {
    End* end = some_end();
    if (end == nullptr || end->closing) return;
    switch (input_.octet() % 3) {
      case 0:
        return pair_.lose(*end);
      case 1:
        end->eof_arriving = true;
        return;
      default:
        end->lost_arriving = true;
        return;
    }
  }

  void add_session() {
    if (pair_.a.bounds.size() >= 6 || !pair_.a.polls_events || !pair_.b.polls_events) return;
    PrepareRequest of_b{.active = false, .listener = pair_.listener};
    PrepareRequest of_a{.active = true, .host = "192.0.2.1"};
    of_b.options = fuzz::wishes(input_.octet());
    of_a.options = fuzz::wishes(input_.octet());
    const std::uint8_t how = input_.octet();
    // Instead of one that has ended, or that goes on.
    if (how & 1U) of_a.replaces = session_of(pair_.a);
    if (how & 2U) of_b.replaces = session_of(pair_.b);
    const auto ticket_b = pair_.b.engine().prepare(of_b, pair_.now);
    const auto ticket_a = pair_.a.engine().prepare(of_a, pair_.now);
    pair_.drive_bounded(3);
    if (ticket_b) open_tickets_.push_back({&pair_.b, *ticket_b});
    if (ticket_a) open_tickets_.push_back({&pair_.a, *ticket_a});
    if (!ticket_a || !ticket_b) return;
    const auto path_a = pair_.a.local_paths.find(ticket_a->value());
    const auto path_b = pair_.b.local_paths.find(ticket_b->value());
    if (path_a == pair_.a.local_paths.end() || path_b == pair_.b.local_paths.end()) return;
    RemoteDescription remote_of_b{.path = path_a->second, .enforce_path = (how & 4U) != 0};
    RemoteDescription remote_of_a{.path = path_b->second, .enforce_path = (how & 8U) != 0};
    if (how & 16U) remote_of_a.connect_to = ConnectTarget{"192.0.2.2", 2855};
    if (how % 64 < 48) (void)pair_.b.engine().complete(*ticket_b, remote_of_b, pair_.now);
    (void)pair_.a.engine().complete(*ticket_a, remote_of_a, pair_.now);
    if (how >= 224) pair_.a.engine().cleanup(*ticket_a, pair_.now);
  }

  void set_knobs() {
    Node& which = node();
    const std::uint8_t what = input_.octet();
    which.auto_release = what & 1U;
    which.polls_events = what & 2U;
    which.pool.withhold(what & 4U ? which.pool.size() - 2 : 0);
    pair_.with_owner = what & 8U;
    pair_.lend_spans = 1 + what / 16U;
  }

  // Octets that no engine wrote, in front of what comes next.
  void inject() {
    End* end = some_end();
    if (end == nullptr || end->closing) return;
    end->arriving += input_.text(input_.octet());
    mad_ = true;
  }

  void check_bounds() {
    for (Node* which : {&pair_.a, &pair_.b}) {
      const Engine::Stats stats = which->engine().stats();
      demand(stats.held_bytes <= 4 * (64U * 1024 + 64 * 1024), "held_bytes is over its limit");
      demand(stats.connections <= 4, "too many connections");
      demand(stats.outgoing_messages <= 16 * 8, "too many outgoing messages");
    }
  }

  void calm_down() {
    pair_.deliver_max = pair_.transmit_max = 16 * 1024;
    pair_.lend_spans = 16;
    for (Node* which : {&pair_.a, &pair_.b}) {
      which->polls_events = which->auto_release = true;
      which->pool.withhold(0);
    }
    for (std::size_t i = 0; i < pair_.links(); ++i)
      for (End& end : pair_.link(i).ends) end.stalled = end.deaf = false;
    for (Node* which : {&pair_.a, &pair_.b})
      for (const Bound& bound : which->bounds) which->release(bound.session);
    pair_.drive();
    for (Node* which : {&pair_.a, &pair_.b}) answer_all(*which);
    pair_.advance(seconds(70));
    if (!mad_) check_bodies();
    for (Node* which : {&pair_.a, &pair_.b})
      for (const Bound& bound : which->bounds) which->engine().close(bound.session, pair_.now);
    for (const auto& [which, ticket] : open_tickets_) which->engine().cleanup(ticket, pair_.now);
    pair_.advance(seconds(120));
    check_empty();
  }

  // Whoever waits for an answer gets one, and those who could not speak before too.
  void answer_all(Node& which) {
    for (std::size_t i = 0; i < which.requests.size(); ++i) {
      (void)which.engine().respond(which.requests[i].handle, 200, {}, pair_.now);
      pair_.drive();
    }
  }

  void check_bodies() {
    for (Node* which : {&pair_.a, &pair_.b}) {
      for (const Incoming& message : which->incoming) {
        if (!message.complete() || !message.message_id.starts_with("message-")) continue;
        const std::size_t number = std::stoul(message.message_id.substr(8));
        demand(number >= 1 && number <= bodies_.size(), "a message that nobody sent");
        demand(message.body == bodies_[number - 1], "other octets than were sent");
      }
    }
  }

  void check_empty() {
    for (Node* which : {&pair_.a, &pair_.b}) {
      const Engine::Stats stats = which->engine().stats();
      demand(stats.connections == 0, "a connection is left");
      demand(stats.sessions == 0, "a session is left");
      demand(stats.tickets == 0, "a ticket is left");
      demand(stats.outgoing_messages == 0, "an outgoing message is left");
      demand(stats.incoming_messages == 0, "an incoming message is left");
      demand(stats.transactions == 0, "a transaction is left");
      demand(stats.held_bytes == 0, "credit is left");
      demand(!which->engine().next_timeout(), "a time-out is left");
      demand(which->pool.used() <= 1, "slabs are left");
      for (const auto& [handle, message] : which->outgoing)
        demand(message.done, "a message has no end");
      for (const Request& request : which->requests)
        demand(request.ended.has_value(), "a request has no end");
      for (const Incoming& message : which->incoming)
        demand(message.ended.has_value(), "an incoming message has no end");
    }
  }

  OpsInput input_;
  std::deque<std::string> bodies_;  // borrowed by the engines
  Pair pair_;
  std::deque<Stream> streams_;
  std::vector<std::pair<Node*, MessageHandle>> sent_;
  std::vector<std::pair<Node*, TicketId>> open_tickets_;
  bool mad_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Failed expectations end the program.
  testing::GTEST_FLAG(throw_on_failure) = true;
  Run(data, size).go();
  return 0;
}
