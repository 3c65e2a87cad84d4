// msrp send: texts and files to a path.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "apps/msrp/bound_json.hpp"
#include "apps/msrp/commands.hpp"
#include "apps/msrp/own_host.hpp"
#include "apps/msrp/refuser.hpp"
#include "apps/msrp/sdp_exchange.hpp"
#include "apps/msrp/sender.hpp"
#include "apps/msrp/summary.hpp"
#include "apps/msrp/text.hpp"
#include "apps/msrp/tls_setup.hpp"
#include "backends/common/clock.hpp"

namespace msrp::app {
namespace {

constexpr Duration close_patience = std::chrono::seconds(2);

class SendCommand {
 public:
  SendCommand(const SendOptions& options, Endpoint& endpoint, Loop& loop, Output& output,
              const TlsSetup* tls)
      : options_(options),
        endpoint_(endpoint),
        loop_(loop),
        output_(output),
        progress_(is_terminal(stderr)),
        sender_(endpoint, loop, output, progress_, sender_options(options), [this] { close(); }),
        tls_(tls) {
    output_.attach(&progress_);
  }
  ~SendCommand() { output_.attach(nullptr); }

  int run() {
    loop_.add(endpoint_,
              [this](Event& event) { std::visit([this](auto& what) { on(what); }, event); });
    loop_.on_interrupt([this] { fail("interrupted", "send again what was not delivered"); });
    if (options_.signaling.sdp) {
      exchange_.emplace(endpoint_, loop_, output_, options_.signaling, tls_, SessionOptions{},
                        [this](auto what, auto advice) { fail(what, advice); });
      exchange_->start();
    } else {
      dial();
    }
    loop_.run();
    loop_.wind_up(endpoint_.now() + close_patience);
    sender_.give_up_rest(failed_ ? std::string_view(problem_) : describe(ended_.code));
    print_summary(output_,
                  {.bytes_out = sender_.bytes_done(), .messages_out = sender_.messages_done()},
                  endpoint_.now());
    output_.note(fmt::format("peak memory {} KiB", peak_memory_bytes() / 1024));
    const std::uint64_t missing = sender_.messages_total() - sender_.messages_done();
    if (missing > 0 && !output_.any_error()) {
      output_.error(fmt::format("the session ended, {}; {} of {} messages not delivered",
                                describe(ended_.code), missing, sender_.messages_total()),
                    "send again when the receiver is back");
    }
    if (output_.broken() && !output_.any_error()) {
      output_.error("standard output takes no more", "look at what reads it");
    }
    return missing == 0 && !failed_ && !output_.broken() ? 0 : 1;
  }

 private:
  static SenderOptions sender_options(const SendOptions& options) {
    SenderOptions made{{}, options.content_type, options.success_report, options.failure_report};
    for (const std::string& text : options.texts) made.items.push_back({Item::Kind::text, text});
    for (const std::string& file : options.files) {
      made.items.push_back({file == "-" ? Item::Kind::standard_input : Item::Kind::file, file});
    }
    return made;
  }

  void dial() {
    PrepareRequest request{.active = true, .listener = {}, .host = {}, .local = {}};
    request.secure = tls_ != nullptr;
    request.host = own_host_towards(options_.to->view().front());
    if (const auto ticket = endpoint_.engine().prepare(request, endpoint_.now()); !ticket) {
      fail(describe(ticket.error().code), "try again");
    }
  }

  void on(const Listening& event) { exchange_->on(event); }
  void on(const ListenFailed& event) {
    fail(listen_error_text(options_.signaling.listen, event.error, endpoint_.last_error()),
         "choose another with --listen");
  }
  void on(const Prepared& event) {
    if (exchange_) return exchange_->on(event);
    const RemoteDescription remote{.path = options_.to,
                                   .fingerprints = options_.signaling.tls.peer_fingerprints};
    if (const auto done = endpoint_.engine().complete(event.ticket, remote, endpoint_.now());
        !done) {
      fail(fmt::format("cannot connect, {}", describe(done.error().code)),
           "name the port in the path");
    }
  }
  void on(const Bound& event) {
    session_ = event.session;
    output_.event("bound", bound_json(event), endpoint_.now());
    if (exchange_) exchange_->on(event);
    sender_.begin(event.session);
  }
  void on(const TicketFailed& event) {
    const bool tls = event.error.code == Errc::tls_failed;
    fail(connect_error_text(event.error),
         tls ? tls_advice(endpoint_.tls().last_reason()) : advice(event.error));
  }
  void on(const MessageStarted& event) { refuse(endpoint_.engine(), event, endpoint_.now()); }
  void on(const MessageData& event) { refuse(endpoint_.engine(), event, endpoint_.now()); }
  void on(const MessageEnded&) {}
  void on(const Writable& event) { sender_.on(event); }
  void on(const Sent& event) { sender_.on(event); }
  void on(const Delivered& event) { sender_.on(event); }
  void on(const Reported& event) { sender_.on(event); }
  void on(const MessageFailed& event) { sender_.on(event); }
  void on(const BodyReleased&) {}
  void on(const ChunkStarted&) {}  // not asked for
  void on(const ChunkData&) {}
  void on(const ChunkEnded&) {}
  void on(const Answered&) {}
  void on(const MessageDone& event) { sender_.on(event); }
  void on(const SessionClosed& event) {
    session_ = {};
    output_.event("closed", Json{{"reason", describe(event.reason.code)}}, endpoint_.now());
    sender_.stop();
    ended_ = event.reason;
    loop_.stop();
  }

  std::string connect_error_text(const Error& error) const {
    const auto& remote = exchange_ && exchange_->remote() ? exchange_->remote()->path.view()
                         : options_.to                    ? options_.to->view()
                                                          : PathView();
    const UriView hop = remote.empty() ? UriView{} : remote.front();
    const std::string host =
        hop.host_is_ipv6 ? fmt::format("[{}]", printable(hop.host)) : printable(hop.host);
    const std::string where = fmt::format("{}:{}", host, hop.port.value_or(0));
    std::string why(describe(error.code));
    if (error.status != 0) why += fmt::format(" ({})", error.status);
    if (error.code == Errc::connect_failed && endpoint_.last_error() != 0) {
      why = std::strerror(endpoint_.last_error());
    }
    if (error.code == Errc::tls_failed) {
      const std::string& reason = endpoint_.tls().last_reason();
      why = fmt::format("TLS: {}", reason.empty() ? "the peer left" : printable(reason));
    }
    return fmt::format("no session with {}, {}", where, why);
  }
  static std::string_view advice(const Error& error) {
    switch (error.code) {
      case Errc::resolve_failed:
        return "check the host in the path";
      case Errc::peer_mismatch:
        return "its certificate is not the one that was told, compare the fingerprints";
      case Errc::no_such_session:
        return "paste the path that the receiver printed last";
      case Errc::connection_closed:
      case Errc::connection_lost:
        return "check that the path is the receiver's own; where TLS is spoken it begins with "
               "msrps";
      default:
        return "check that the receiver runs and that the path is its own";
    }
  }

  // What is still open ends now; the session's last event stops the loop.
  void close() {
    if (std::exchange(closing_, true)) return;
    sender_.stop();
    if (session_) {
      endpoint_.engine().close(session_, endpoint_.now());
      // A peer that takes nothing more is not waited for.
      loop_.set_alarm(this, endpoint_.now() + close_patience, [this] { loop_.stop(); });
    } else {
      loop_.stop();
    }
  }

  void fail(std::string_view what_happened, std::string_view what_to_do) {
    if (std::exchange(failed_, true)) return;
    problem_ = what_happened;
    output_.error(what_happened, what_to_do);
    close();
  }

  const SendOptions& options_;
  Endpoint& endpoint_;
  Loop& loop_;
  Output& output_;
  Progress progress_;
  Sender sender_;
  const TlsSetup* const tls_;  // nullptr: in the clear
  std::optional<SdpExchange> exchange_;
  SessionId session_;
  Error ended_{Errc::closed};
  bool closing_ = false;
  bool failed_ = false;
  std::string problem_;  // when failed_
};

// Said before anything is connected to.
bool check_files(const SendOptions& options, Output& output) {
  for (const std::string& file : options.files) {
    if (file == "-") continue;
    const Item item{Item::Kind::file, file};
    const auto input = Input::open(item);
    if (input) continue;
    if (input.error() == EISDIR) {
      output.error(fmt::format("{} is a folder", item.label()), "name the files in it");
    } else {
      output.error(fmt::format("cannot open {}, {}", item.label(), std::strerror(input.error())),
                   "name files that can be read");
    }
    return false;
  }
  return true;
}

}  // namespace

int run_send(const SendOptions& options) {
  const Instant start = backend::steady_now();
  Output output(options.common.json, options.common.verbose, start);
  if (!check_files(options, output)) return 1;
  Trace trace(options.common, start, output);
  EndpointOptions endpoint_options;
  if (options.chunk_bytes) endpoint_options.limits.quantum_bytes = *options.chunk_bytes;
  endpoint_options.trace = trace.file();
  endpoint_options.backend = options.common.backend;
  Loop loop;
  const auto endpoint = Endpoint::create(endpoint_options, output);
  if (!endpoint) return output.error(endpoint.error()), 1;
  std::optional<TlsSetup> tls;
  if (const auto set_up = set_up_tls(options.signaling, (*endpoint)->tls(), tls); !set_up) {
    return output.error(set_up.error()), trace.close(1);
  }
  const TlsSetup* const setup = tls ? &*tls : nullptr;
  const int status = SendCommand(options, **endpoint, loop, output, setup).run();
  return trace.close(status);
}

}  // namespace msrp::app
