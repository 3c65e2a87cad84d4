// msrp recv: accepts sessions, saves files and prints texts.
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <unordered_set>

#include "apps/msrp/bound_json.hpp"
#include "apps/msrp/commands.hpp"
#include "apps/msrp/own_host.hpp"
#include "apps/msrp/receiver.hpp"
#include "apps/msrp/sdp_exchange.hpp"
#include "apps/msrp/summary.hpp"
#include "apps/msrp/text.hpp"
#include "apps/msrp/tls_setup.hpp"
#include "backends/common/clock.hpp"

namespace msrp::app {
namespace {

constexpr Duration close_patience = std::chrono::seconds(2);
// A path that was printed stays good until somebody uses it.
constexpr Duration for_ever = std::chrono::hours(24 * 365 * 10);

class RecvCommand {
 public:
  RecvCommand(const RecvOptions& options, Endpoint& endpoint, Loop& loop, Output& output,
              const Folder& folder, TlsSetup* tls)
      : options_(options),
        once_(options.once || options.signaling.sdp),
        endpoint_(endpoint),
        loop_(loop),
        output_(output),
        progress_(is_terminal(stderr)),
        receiver_(endpoint, output, progress_, folder),
        tls_(tls) {
    output_.attach(&progress_);
    session_options_.automatic_reports = false;
  }
  ~RecvCommand() { output_.attach(nullptr); }

  int run() {
    loop_.add(endpoint_, [this](Event& event) {
      std::visit([this](auto& what) { on(what); }, event);
      if (output_.broken()) fail("standard output takes no more", "look at what reads it");
    });
    loop_.on_interrupt([this] { fail("interrupted", "start it again to receive more"); });
    if (tls_ != nullptr && !options_.signaling.tls.certificate_file.empty()) {
      loop_.on_hangup([this] { reload(); });
    }
    if (options_.signaling.sdp) {
      exchange_.emplace(endpoint_, loop_, output_, options_.signaling, tls_, session_options_,
                        [this](auto what, auto advice) { fail(what, advice); });
      exchange_->start();
    } else {
      const ListenAddress& listen = options_.signaling.listen;
      const auto listener =
          endpoint_.engine().listen({listen.at, listen.host, tls_ != nullptr}, endpoint_.now());
      if (!listener) fail("cannot listen", describe(listener.error().code));
    }
    loop_.run();
    receiver_.discard_all("the session ended");
    loop_.wind_up(endpoint_.now() + close_patience);
    progress_.end();
    print_summary(output_,
                  {.bytes_in = receiver_.bytes_in(), .messages_in = receiver_.messages_done()},
                  endpoint_.now());
    output_.note(fmt::format("peak memory {} KiB", peak_memory_bytes() / 1024));
    return failed_ || receiver_.any_failed() || output_.broken() ? 1 : 0;
  }

 private:
  void on(const Listening& event) {
    output_.note(fmt::format("listening on {}", event.at.text()));
    if (exchange_) return exchange_->on(event);
    listener_ = event.listener;
    prepare();
  }
  void on(const ListenFailed& event) {
    fail(listen_error_text(options_.signaling.listen, event.error, endpoint_.last_error()),
         "choose another with --listen");
  }

  void prepare() {
    PrepareRequest request{.active = false, .listener = listener_, .host = {}, .local = {}};
    request.options = session_options_;
    if (const auto ticket = endpoint_.engine().prepare(request, endpoint_.now()); !ticket) {
      fail(describe(ticket.error().code), "choose another --host");
    }
  }
  void on(const Prepared& event) {
    if (exchange_) return exchange_->on(event);
    const RemoteDescription remote{.path = options_.from,
                                   .enforce_path = options_.from.has_value(),
                                   .fingerprints = options_.signaling.tls.peer_fingerprints};
    if (const auto done = endpoint_.engine().complete(event.ticket, remote, endpoint_.now());
        !done) {
      return fail(describe(done.error().code), "try again");
    }
    waiting_ = event.local_path.text();
    tell_waiting();
  }
  // What a peer needs to know.
  void tell_waiting() {
    Json fields{{"path", json_text(waiting_)}};
    output_.line(waiting_);
    if (tls_ != nullptr) {
      const std::string fingerprint = tls_->fingerprints().front().text();
      output_.line(fingerprint);
      fields["fingerprint"] = fingerprint;
    }
    output_.event("listening", std::move(fields), endpoint_.now());
  }
  void reload() {
    // A description has promised the one that there is.
    if (exchange_) return output_.note("the certificate stays: it was described to the peer");
    auto done = tls_->reload();
    if (done) done = tls_->use_for_servers(endpoint_.tls());
    if (!done) return output_.complain(done.error());
    output_.note("the certificate was read again");
    if (!waiting_.empty()) tell_waiting();
  }
  void on(const Bound& event) {
    sessions_.insert(event.session);
    waiting_.clear();
    output_.event("bound", bound_json(event), endpoint_.now());
    if (exchange_) exchange_->on(event);
    if (!once_) prepare();
  }
  void on(const TicketFailed& event) {
    if (event.error.code == Errc::tls_failed) {
      const std::string& why = endpoint_.tls().last_reason();
      return fail(
          fmt::format("no session, TLS: {}", why.empty() ? "the peer left" : printable(why)),
          tls_advice(why));
    }
    if (event.error.code == Errc::peer_mismatch) {
      return fail("no session, the peer's certificate is not the one that it described",
                  "give each side the other's own description");
    }
    fail(fmt::format("no session, {}", describe(event.error.code)),
         exchange_ ? "check that the peer can reach the path" : "start it again");
  }
  void on(const MessageStarted& event) { receiver_.on(event); }
  void on(const MessageData& event) { receiver_.on(event); }
  void on(const MessageEnded& event) { receiver_.on(event); }
  void on(const Writable&) {}
  void on(const Sent&) {}
  void on(const Delivered&) {}
  void on(const Reported&) {}
  void on(const MessageFailed&) {}
  void on(const BodyReleased&) {}
  void on(const MessageDone&) {}
  void on(const ChunkStarted&) {}  // not asked for
  void on(const ChunkData&) {}
  void on(const ChunkEnded&) {}
  void on(const Answered&) {}
  void on(const SessionClosed& event) {
    sessions_.erase(event.session);
    output_.event("closed", Json{{"reason", describe(event.reason.code)}}, endpoint_.now());
    output_.note(fmt::format("session ended, {}", describe(event.reason.code)));
    const Errc code = event.reason.code;
    if (once_ && !failed_ && code != Errc::connection_closed && code != Errc::closed) {
      fail(fmt::format("the session ended, {}", describe(code)), "ask the sender what it missed");
    }
    if (once_ || (failed_ && sessions_.empty())) loop_.stop();
  }

  // What is incomplete is removed at once; sessions get a moment to end in order.
  void fail(std::string_view what_happened, std::string_view what_to_do) {
    if (std::exchange(failed_, true)) return;
    output_.error(what_happened, what_to_do);
    receiver_.discard_all(what_happened);
    if (sessions_.empty()) return loop_.stop();
    for (const SessionId session : sessions_) endpoint_.engine().close(session, endpoint_.now());
    loop_.set_alarm(this, endpoint_.now() + close_patience, [this] { loop_.stop(); });
  }

  const RecvOptions& options_;
  const bool once_;
  Endpoint& endpoint_;
  Loop& loop_;
  Output& output_;
  Progress progress_;
  Receiver receiver_;
  TlsSetup* const tls_;  // nullptr: in the clear
  SessionOptions session_options_;
  std::optional<SdpExchange> exchange_;
  std::optional<ListenerId> listener_;
  std::string waiting_;  // a path that was told and nobody has used
  std::unordered_set<SessionId> sessions_;
  bool failed_ = false;
};

}  // namespace

int run_recv(const RecvOptions& options) {
  const Instant start = backend::steady_now();
  Output output(options.common.json, options.common.verbose, start);
  const auto folder = Folder::open(options.folder);
  if (!folder) {
    output.error(
        fmt::format("cannot write into '{}', {}", printable(options.folder), std::strerror(errno)),
        "name a folder of yours with --out");
    return 1;
  }
  Trace trace(options.common, start, output);
  EndpointOptions endpoint_options;
  if (!options.signaling.sdp) endpoint_options.timeouts.complete = for_ever;
  endpoint_options.trace = trace.file();
  endpoint_options.backend = options.common.backend;
  Loop loop;
  const auto endpoint = Endpoint::create(endpoint_options, output);
  if (!endpoint) return output.error(endpoint.error()), 1;
  std::optional<TlsSetup> tls;
  if (const auto set_up = set_up_tls(options.signaling, (*endpoint)->tls(), tls); !set_up) {
    return output.error(set_up.error()), trace.close(1);
  }
  TlsSetup* const setup = tls ? &*tls : nullptr;
  const int status = RecvCommand(options, **endpoint, loop, output, *folder, setup).run();
  return trace.close(status);
}

}  // namespace msrp::app
