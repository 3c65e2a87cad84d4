// msrp demo: two endpoints in one process, a transfer both ways over loopback.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "apps/msrp/bound_json.hpp"
#include "apps/msrp/commands.hpp"
#include "apps/msrp/own_host.hpp"
#include "apps/msrp/sender.hpp"
#include "apps/msrp/summary.hpp"
#include "apps/msrp/text.hpp"
#include "backends/common/clock.hpp"

namespace msrp::app {
namespace {

constexpr Duration close_patience = std::chrono::seconds(2);

// Hashes what comes and keeps nothing of it.
class HashingReceiver {
 public:
  void on(const MessageStarted& event) {
    message_id_ = json_text(event.head.message_id);
    content_type_ = json_text(event.head.content_type);
  }
  void on(const MessageData& event, Engine& engine, Instant now) {
    in_order_ = in_order_ && event.offset == bytes_;
    bytes_ += event.slice.bytes.size();
    hash_.update(event.slice.bytes);
    engine.release(event.session, event.slice.bytes.size(), now);
  }
  void on(const MessageEnded& event, Output& output, Instant now) {
    complete_ = !event.error && in_order_ && event.bytes == bytes_;
    chunks_ = event.chunks;
    sha256_ = hash_.finish_hex();
    Json fields{{"message_id", message_id_}, {"content_type", content_type_}};
    fields["bytes"] = bytes_;
    fields["sha256"] = sha256_;
    fields["chunks"] = chunks_;
    fields["complete"] = complete_;
    fields["file"] = nullptr;
    output.event("message", std::move(fields), now);
  }

  bool complete() const noexcept { return complete_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint32_t chunks() const noexcept { return chunks_; }
  const std::string& sha256() const noexcept { return sha256_; }

 private:
  std::string message_id_, content_type_, sha256_;
  backend::Sha256 hash_;
  std::uint64_t bytes_ = 0;
  std::uint32_t chunks_ = 0;
  bool in_order_ = true;
  bool complete_ = false;
};

std::uint64_t seed_from(Random& random) {
  std::uint64_t seed = 0;
  random.fill(std::as_writable_bytes(std::span(&seed, 1)));
  return seed;
}

class Demo {
 public:
  Demo(const DemoOptions& options, Endpoint& a, Endpoint& b, Loop& loop, Output& output)
      : loop_(loop),
        output_(output),
        tls_(options.tls),
        progress_(is_terminal(stderr)),
        a_{a, options, loop, output, [this] { sender_done(); }},
        b_{b, options, loop, output, [this] { sender_done(); }} {
    output_.attach(&progress_);
    total_bytes_ = 2 * options.size_bytes;
    if (const auto input = Input::open(a_.item(options)); input && !options.file.empty()) {
      total_bytes_ = 2 * input->total_bytes().value_or(0);
    }
  }
  ~Demo() { output_.attach(nullptr); }

  int run() {
    const auto add = [this](Side& side) {
      loop_.add(side.endpoint, [this, &side](Event& event) {
        std::visit([&](auto& what) { on(side, what); }, event);
        if (progress_.active()) {
          progress_.advance(a_.sender.bytes_read() + b_.sender.bytes_read(), side.endpoint.now());
        }
      });
    };
    add(a_);
    add(b_);
    loop_.on_interrupt([this] { fail("interrupted", "start it again"); });
    const ListenRequest request{
        .at = {*IpAddress::parse("127.0.0.1"), 0}, .host = {}, .secure = tls_};
    if (const auto listener = b_.endpoint.engine().listen(request, b_.endpoint.now()); !listener) {
      fail("cannot listen", describe(listener.error().code));
    }
    loop_.run();
    const Instant ended = b_.endpoint.now();
    loop_.wind_up(ended + close_patience);
    return report(ended);
  }

 private:
  struct Side {
    Side(Endpoint& where, const DemoOptions& options, Loop& loop, Output& output,
         std::function<void()> done)
        : endpoint(where),
          sender(where, loop, output, hidden,
                 SenderOptions{.items = {item(options)},
                               .content_type = {},
                               .success_report = true,
                               .quiet = true},
                 std::move(done)) {}

    Item item(const DemoOptions& options) {
      if (!options.file.empty()) return Item{Item::Kind::file, options.file, 0, 0, &hash};
      return Item{Item::Kind::generated, "", options.size_bytes, seed_from(endpoint.random()),
                  &hash};
    }

    Endpoint& endpoint;
    backend::Sha256 hash;
    Progress hidden{false};
    Sender sender;
    HashingReceiver receiver;
    TicketId ticket;
    std::optional<Path> path;
    SessionId session;
    bool was_bound = false;
  };

  void on(Side& side, const Listening& event) {
    PrepareRequest request{.active = false, .listener = event.listener};
    prepare(side, request);
  }
  void on(Side&, const ListenFailed& event) {
    fail(fmt::format("cannot listen on 127.0.0.1, {}", describe(event.error.code)),
         "look at the limits of this machine");
  }
  void on(Side& side, const Prepared& event) {
    side.path = event.local_path;
    if (!a_.path) {
      PrepareRequest request{.active = true, .host = "127.0.0.1", .secure = tls_};
      return prepare(a_, request);
    }
    complete(b_, a_);
    complete(a_, b_);
  }
  void on(Side& side, const Bound& event) {
    side.session = event.session;
    side.was_bound = true;
    output_.event("bound", bound_json(event), side.endpoint.now());
    if (!a_.was_bound || !b_.was_bound) return;
    begun_ = side.endpoint.now();
    progress_.begin("demo", total_bytes_, begun_);
    a_.sender.begin(a_.session);
    b_.sender.begin(b_.session);
  }
  void on(Side&, const TicketFailed& event) {
    fail(fmt::format("no session over loopback, {}", describe(event.error.code)),
         "check that 127.0.0.1 can be connected to");
  }
  void on(Side& side, const MessageStarted& event) { side.receiver.on(event); }
  void on(Side& side, const MessageData& event) {
    side.receiver.on(event, side.endpoint.engine(), side.endpoint.now());
  }
  void on(Side& side, const MessageEnded& event) {
    side.receiver.on(event, output_, side.endpoint.now());
  }
  void on(Side& side, const Writable& event) { side.sender.on(event); }
  void on(Side& side, const Sent& event) { side.sender.on(event); }
  void on(Side& side, const Delivered& event) { side.sender.on(event); }
  void on(Side& side, const Reported& event) { side.sender.on(event); }
  void on(Side& side, const MessageFailed& event) { side.sender.on(event); }
  void on(Side&, const BodyReleased&) {}
  void on(Side&, const ChunkStarted&) {}  // not asked for
  void on(Side&, const ChunkData&) {}
  void on(Side&, const ChunkEnded&) {}
  void on(Side&, const Answered&) {}
  void on(Side& side, const MessageDone& event) { side.sender.on(event); }
  void on(Side& side, const SessionClosed& event) {
    side.session = {};
    output_.event("closed", Json{{"reason", describe(event.reason.code)}}, side.endpoint.now());
    if (!closing_)
      fail(fmt::format("the session ended, {}", describe(event.reason.code)),
           "run it again with --trace demo.jsonl");
    if (!a_.session && !b_.session) loop_.stop();
  }

  void prepare(Side& side, const PrepareRequest& request) {
    const auto ticket = side.endpoint.engine().prepare(request, side.endpoint.now());
    if (!ticket) return fail(describe(ticket.error().code), "report this");
    side.ticket = *ticket;
  }
  void complete(Side& side, const Side& other) {
    const RemoteDescription remote{.path = other.path, .enforce_path = true};
    const auto done = side.endpoint.engine().complete(side.ticket, remote, side.endpoint.now());
    if (!done) fail(describe(done.error().code), "report this");
  }

  // Both sides have had their REPORT: the side that connected closes.
  void sender_done() {
    if (++senders_done_ < 2 || closing_) return;
    closing_ = true;
    finished_ = a_.endpoint.now();
    progress_.end();
    a_.endpoint.engine().close(a_.session, a_.endpoint.now());
    loop_.set_alarm(this, a_.endpoint.now() + close_patience, [this] { loop_.stop(); });
  }

  void fail(std::string_view what_happened, std::string_view what_to_do) {
    if (std::exchange(failed_, true)) return;
    output_.error(what_happened, what_to_do);
    closing_ = true;
    a_.sender.stop();
    b_.sender.stop();
    progress_.end();
    for (Side* side : {&a_, &b_}) {
      if (side->session) side->endpoint.engine().close(side->session, side->endpoint.now());
    }
    loop_.stop();
  }

  int report(Instant ended) {
    const std::string sent_a = a_.hash.finish_hex();
    const std::string sent_b = b_.hash.finish_hex();
    const bool equal = a_.receiver.complete() && b_.receiver.complete() &&
                       a_.receiver.sha256() == sent_b && b_.receiver.sha256() == sent_a;
    if (!failed_ && !equal) output_.error("what came is not what was sent", "report this");
    const std::uint64_t bytes = a_.receiver.bytes() + b_.receiver.bytes();
    if (!failed_ && equal) {
      const double seconds =
          std::max(std::chrono::duration<double>(finished_ - begun_).count(), 1e-9);
      output_.line(fmt::format("a to b  {}  SHA-256 {} at both ends",
                               size_text(b_.receiver.bytes()), b_.receiver.sha256()));
      output_.line(fmt::format("b to a  {}  SHA-256 {} at both ends",
                               size_text(a_.receiver.bytes()), a_.receiver.sha256()));
      output_.line(fmt::format("2 messages in {} chunks{}, both success REPORTs came",
                               a_.receiver.chunks() + b_.receiver.chunks(),
                               tls_ ? " over TLS" : ""));
      output_.line(fmt::format("{} in {:.2f} s, {}, peak memory {}", size_text(bytes), seconds,
                               rate_text(static_cast<double>(bytes) / seconds),
                               size_text(peak_memory_bytes())));
    }
    print_summary(output_,
                  {bytes, a_.sender.bytes_done() + b_.sender.bytes_done(),
                   std::uint64_t{a_.receiver.complete()} + b_.receiver.complete(),
                   a_.sender.messages_done() + b_.sender.messages_done()},
                  ended);
    if (!failed_ && output_.broken()) {
      output_.error("standard output takes no more", "look at what reads it");
    }
    return failed_ || !equal || output_.broken() ? 1 : 0;
  }

  Loop& loop_;
  Output& output_;
  const bool tls_;
  Progress progress_;
  Side a_, b_;  // a connects, b listens
  std::uint64_t total_bytes_ = 0;
  int senders_done_ = 0;
  bool closing_ = false;
  bool failed_ = false;
  Instant begun_{}, finished_{};
};

bool check_file(const DemoOptions& options, Output& output) {
  if (options.file.empty()) return true;
  const Item item{Item::Kind::file, options.file};
  const auto input = Input::open(item);
  if (input && input->total_bytes()) return true;
  output.error(fmt::format("cannot send {}, {}", item.label(),
                           input ? "it is no regular file" : std::strerror(input.error())),
               "name a file that can be read");
  return false;
}

// Of the two ends: each has a certificate of its own, and knows the other's by its fingerprint.
std::optional<std::array<backend::OpensslTlsProvider, 2>> make_tls() {
  std::array<backend::Certificate, 2> own;
  std::array<std::vector<Fingerprint>, 2> fingerprints;
  for (std::size_t i = 0; i < own.size(); ++i) {
    auto made = backend::make_certificate({});
    if (!made) return std::nullopt;
    own[i] = *std::move(made);
    const auto known = backend::fingerprints_of(own[i].chain_pem);
    if (!known) return std::nullopt;
    fingerprints[i] = *known;
  }
  std::array<backend::OpensslTlsProvider, 2> providers;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const backend::TlsOptions options{.own = own[i], .peer_fingerprints = fingerprints[1 - i]};
    using backend::TlsContext;
    const auto client = TlsContext::create(TlsContext::Side::client, options);
    const auto server = TlsContext::create(TlsContext::Side::server, options);
    if (!client || !server) return std::nullopt;
    providers[i].use_for_clients(*client);
    providers[i].use_for_servers(*server);
  }
  return providers;
}

}  // namespace

int run_demo(const DemoOptions& options) {
  const Instant start = backend::steady_now();
  Output output(options.common.json, options.common.verbose, start);
  if (!check_file(options, output)) return 1;
  Trace trace(options.common, start, output);
  Loop loop;
  std::array<backend::OpensslTlsProvider, 2> tls;
  if (options.tls) {
    auto made = make_tls();
    if (!made) return output.error("no certificate could be made", "look at OpenSSL here"), 1;
    tls = *std::move(made);
  }
  std::array<std::unique_ptr<Endpoint>, 2> endpoints;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    EndpointOptions endpoint_options;
    endpoint_options.name = i == 0 ? "a" : "b";
    endpoint_options.trace = trace.file();
    endpoint_options.backend = options.common.backend;
    endpoint_options.tls = tls[i];
    auto endpoint = Endpoint::create(endpoint_options, output);
    if (!endpoint) return output.error(endpoint.error()), 1;
    endpoints[i] = *std::move(endpoint);
  }
  const int status = Demo(options, *endpoints[0], *endpoints[1], loop, output).run();
  return trace.close(status);
}

}  // namespace msrp::app
