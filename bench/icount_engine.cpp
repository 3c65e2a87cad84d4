// One engine and a peer of literal octets, for callgrind: whether the work for what is received
// grows with how many sessions there are, how many transactions are open, or how many chunks of a
// message came before. Like icount_wire: without arguments it says what there is, with a name and
// a number it does that so many times; with --time it prints nanoseconds of all.
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/engine.hpp"
#include "support/test_services.hpp"

namespace {

using namespace msrp;

constexpr std::size_t sessions_per_connection = 100;
constexpr std::string_view peer_path = "msrp://192.0.2.1:9/peer;tcp";

// An engine that accepts, and what a peer says to it.
class Accepting {
 public:
  explicit Accepting(const Limits& limits) : pool_(64, 2048) {
    EngineConfig config;
    config.limits = limits;
    engine_.emplace(*Engine::create(config, {random_, crypto_, pool_}, now_));
    const SocketAddress at{*IpAddress::parse("192.0.2.2"), 2855};
    listener_ = *engine_->listen({.at = at}, now_);
    while (engine_->poll_command()) continue;
    engine_->on_listening(listener_, at, now_);
    drain();
  }

  void add_session() {
    PrepareRequest request;
    request.active = false;
    request.listener = listener_;
    const TicketId ticket = *engine_->prepare(request, now_);
    drain();
    (void)engine_->complete(ticket, {}, now_);
    if (paths_.size() % sessions_per_connection == 0) {
      conns_.push_back(*engine_->on_accepted(listener_, {}, now_));
    }
    paths_.push_back(prepared_);
    say(paths_.size() - 1, "", '$', "");
    drain();
  }

  // A SEND to that session, bodiless when there is no body.
  void say(std::size_t session, std::string_view body, char flag, std::string_view range) {
    std::string& text = text_;
    text.assign("MSRP a786hjs2 SEND\r\nTo-Path: ").append(paths_[session]);
    text.append("\r\nFrom-Path: ").append(peer_path).append("\r\nMessage-ID: ");
    if (range.empty()) {
      std::array<char, 20> digits;
      const auto end = std::to_chars(digits.begin(), digits.end(), 1'000'000 + next_id_++).ptr;
      text.append(digits.data(), end);
    } else {
      text.append("long1");
    }
    if (!range.empty()) text.append("\r\nByte-Range: ").append(range);
    if (!body.empty()) text.append("\r\nContent-Type: text/plain\r\n\r\n").append(body);
    text.append("\r\n-------a786hjs2").append(1, flag).append("\r\n");
    receive(session, text);
  }

  void receive(std::size_t session, std::string_view text) {
    auto slab = pool_.acquire();
    std::memcpy(slab->storage().data(), text.data(), text.size());
    const Slice slice{slab->storage().first(text.size()), *std::move(slab)};
    if (engine_->on_received(conns_[session / sessions_per_connection], slice, now_) !=
        text.size()) {
      std::abort();
    }
  }

  // Takes what the engine says and sends; what it sent is in sent().
  void drain() {
    while (const auto event = engine_->poll_event()) {
      if (const auto* prepared = std::get_if<Prepared>(&*event)) {
        prepared_ = prepared->local_path.text();
      } else if (const auto* bound = std::get_if<Bound>(&*event)) {
        sessions_.push_back(bound->session);
      } else if (const auto* data = std::get_if<MessageData>(&*event)) {
        octets_ += data->slice.bytes.size();
        engine_->release(data->session, data->slice.bytes.size(), now_);
      } else if (std::holds_alternative<Delivered>(*event)) {
        ++delivered_;
      }
    }
    sent_.clear();
    while (const auto conn = engine_->poll_sendable()) {
      std::array<ConstBuffer, 16> buffers;
      std::size_t bytes = 0;
      const std::size_t count = engine_->poll_transmit(*conn, buffers, now_);
      for (const ConstBuffer& buffer : std::span(buffers).first(count)) {
        sent_.append(reinterpret_cast<const char*>(buffer.data()), buffer.size());
        bytes += buffer.size();
      }
      if (bytes > 0) engine_->transmitted(*conn, bytes, now_);
    }
  }

  void send(std::size_t session, std::string_view body) {
    MessageSpec spec;
    spec.content_type = "text/plain";
    OwnedBody owned;
    owned.bytes.resize(body.size());
    std::memcpy(owned.bytes.data(), body.data(), body.size());
    if (!engine_->send(sessions_[session], spec, std::move(owned), now_)) std::abort();
    drain();
  }

  void answer(std::size_t session) {
    const std::string_view id = std::string_view(sent_).substr(5, 20);
    text_.assign("MSRP ").append(id).append(" 200 OK\r\nTo-Path: ").append(paths_[session]);
    text_.append("\r\nFrom-Path: ").append(peer_path).append("\r\n-------").append(id);
    text_.append("$\r\n");
    receive(session, text_);
    drain();
  }

  std::uint64_t octets() const { return octets_; }
  std::uint64_t delivered() const { return delivered_; }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  Instant now_{std::chrono::seconds(1)};
  test::SeededRandom random_{1};
  test::NoCrypto crypto_;
  test::FixedPool pool_;
  std::optional<Engine> engine_;
  ListenerId listener_;
  std::string prepared_, text_, sent_;
  std::vector<std::string> paths_;
  std::vector<SessionId> sessions_;
  std::vector<ConnId> conns_;
  std::uint64_t octets_ = 0, delivered_ = 0;
  std::uint32_t next_id_ = 0;
};

double thread_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

const std::string body(200, 'b');
double ready_ns = 0;  // when a scenario has set up what it needs

// Messages to sessions here and there, of so many.
std::uint64_t sessions(std::size_t count, std::size_t times) {
  Accepting engine(Limits{});
  for (std::size_t i = 0; i < count; ++i) engine.add_session();
  // Twice each, so that every one has the memory that it keeps.
  for (std::size_t i = 0; i < 2 * count; ++i) {
    engine.say(i % count, body, '$', "");
    engine.drain();
  }
  ready_ns = thread_ns();
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < times; ++i) {
    at = at * 6364136223846793005ULL + 1442695040888963407ULL;
    engine.say((at >> 33) % count, body, '$', "");
    engine.drain();
  }
  return engine.sessions() == count && engine.octets() == (times + 2 * count) * body.size() ? times
                                                                                            : 0;
}

// A message and its answer, while so many others have none.
std::uint64_t transactions(std::size_t count, std::size_t times) {
  Limits limits;
  limits.transactions = static_cast<std::uint32_t>(count) + 16;
  limits.outgoing_messages = limits.transactions;
  Accepting engine(limits);
  engine.add_session();
  for (std::size_t i = 0; i < count; ++i) engine.send(0, "waits");
  ready_ns = thread_ns();
  for (std::size_t i = 0; i < times; ++i) {
    engine.send(0, body);
    engine.answer(0);
  }
  return engine.delivered();
}

// One more chunk of a message of which so many came.
std::uint64_t chunks(std::size_t count, std::size_t times) {
  Accepting engine(Limits{});
  engine.add_session();
  std::uint64_t next = 1;
  for (std::size_t i = 0; i < count; ++i, ++next) {
    engine.say(0, "c", '+', std::to_string(next) + "-*/*");
    engine.drain();
  }
  ready_ns = thread_ns();
  for (std::size_t i = 0; i < times; ++i, next += body.size()) {
    engine.say(0, body, '+', std::to_string(next + 10'000'000) + "-*/*");
    engine.drain();
  }
  return engine.octets() == count + times * body.size() ? times : 0;
}

struct Scenario {
  std::string_view name;
  std::uint64_t (*run)(std::size_t count, std::size_t times);
  std::size_t count;
};
constexpr Scenario scenarios[] = {
    {"sessions_10", sessions, 10},
    {"sessions_1000", sessions, 1000},
    {"sessions_100000", sessions, 100'000},
    {"transactions_10", transactions, 10},
    {"transactions_1000", transactions, 1000},
    {"transactions_100000", transactions, 100'000},
    {"chunks_10", chunks, 10},
    {"chunks_1000", chunks, 1000},
    {"chunks_100000", chunks, 100'000},
};

int print_times() {
  constexpr std::size_t times = 20'000;
  for (const Scenario& scenario : scenarios) {
    if (scenario.run(scenario.count, times) != times) return 1;
    const double ns = thread_ns() - ready_ns;
    std::printf("%-24s %8.0f ns\n", scenario.name.data(), ns / static_cast<double>(times));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--time") return print_times();
  if (argc != 3) {
    for (const Scenario& scenario : scenarios) std::puts(scenario.name.data());
    return 0;
  }
  std::size_t times = 0;
  const std::string_view number = argv[2];
  std::from_chars(number.begin(), number.end(), times);
  for (const Scenario& scenario : scenarios) {
    if (scenario.name == argv[1]) return scenario.run(scenario.count, times) == times ? 0 : 1;
  }
  return 2;
}
