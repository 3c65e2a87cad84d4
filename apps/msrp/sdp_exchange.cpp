#include "apps/msrp/sdp_exchange.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "apps/msrp/text.hpp"

namespace msrp::app {
namespace {

std::uint64_t random_number(Random& random) {
  std::array<std::byte, 7> octets;  // fits every reader's signed integers
  random.fill(octets);
  std::uint64_t number = 0;
  for (const std::byte octet : octets) number = number << 8 | std::to_integer<unsigned>(octet);
  return number;
}

}  // namespace

SdpExchange::SdpExchange(Endpoint& endpoint, Loop& loop, Output& output,
                         const SignalingOptions& options, const TlsSetup* tls,
                         SessionOptions session_options, Failed failed)
    : endpoint_(endpoint),
      loop_(loop),
      output_(output),
      options_(options),
      tls_(tls),
      session_options_(std::move(session_options)),
      failed_(std::move(failed)) {}

void SdpExchange::start() {
  output_.divert(true);
  const auto listener = endpoint_.engine().listen(
      {options_.listen.at, options_.listen.host, tls_ != nullptr}, endpoint_.now());
  if (!listener) return failed_("cannot listen", describe(listener.error().code));
  listener_ = *listener;
}

void SdpExchange::on(const Listening& event) {
  PrepareRequest request{.active = false, .listener = event.listener};
  request.options = session_options_;
  const auto ticket = endpoint_.engine().prepare(request, endpoint_.now());
  if (!ticket) return failed_(describe(ticket.error().code), "choose another --host");
  ticket_ = *ticket;
}

void SdpExchange::on(const Prepared& event) {
  if (remote()) return complete();  // the ticket of the active side
  local_ = event.local_path;
  print_own(event.local_path);
}

// Both sides print before they have read: nobody is the offerer.
void SdpExchange::print_own(const Path& local) {
  Capabilities mine{.local = local};
  mine.accepts.types = session_options_.accept_types;
  mine.max_size_bytes = session_options_.max_size_bytes;
  if (tls_ != nullptr) mine.fingerprints = tls_->fingerprints();
  auto made = Negotiation::create(std::move(mine), random_number(endpoint_.random()));
  if (!made) return failed_("no session description can name this host", "choose another --host");
  const auto own = made->present(options_.setup);
  if (!own) return failed_(describe(own.error().code), "choose another --setup");
  negotiation_ = *std::move(made);
  output_.raw(print_sdp(*own) + "\r\n");
  output_.divert(false);
  loop_.watch(STDIN_FILENO, [this] { read_peers(); });
}

void SdpExchange::read_peers() {
  std::array<char, 4096> block;
  const ssize_t taken = read(STDIN_FILENO, block.data(), block.size());
  if (taken < 0 && (errno == EINTR || errno == EAGAIN)) return;
  const std::size_t bytes = taken > 0 ? static_cast<std::size_t>(taken) : 0;
  const bool whole = reader_.feed({block.data(), bytes}, bytes == 0);
  if (!whole && !reader_.too_long()) return;
  loop_.unwatch();
  if (reader_.too_long()) {
    return failed_("the peer's session description has no end",
                   "end it with an empty line, within 64 KiB");
  }
  if (reader_.text().empty()) {
    return failed_("no session description came on standard input",
                   "connect it to the output of the peer's --sdp");
  }
  agree();
}

void SdpExchange::agree() {
  const auto peers = read_sdp(reader_.text());
  if (!peers) {
    return failed_(fmt::format("the peer's session description, {}", peers.error().text()),
                   "it needs v=0, m=message PORT TCP/MSRP * and a=path");
  }
  if (!negotiation_ || !local_) return;
  const auto decision = negotiation_->accept_presented(*peers);
  if (!decision) return failed_(describe(decision.error().code), "try again");
  const Agreement* const agreed = remote();
  if (decision->verdict != Verdict::agreed || !agreed) return fail(decision->refusal);
  if (!knows(*agreed)) return;
  output_.note(agreed->active ? "this side connects" : "the peer connects");
  if (!agreed->active) return complete();
  // The same path, now for a side that connects.
  const auto uri = Uri::parse(local_->text());
  if (!uri) return failed_(describe(uri.error().code), "choose another --host");
  endpoint_.engine().cleanup(ticket_, endpoint_.now());
  PrepareRequest request{.active = true, .listener = listener_, .host = {}, .local = *uri};
  request.options = session_options_;
  request.options.share_connection = agreed->share_connection;
  const auto ticket = endpoint_.engine().prepare(request, endpoint_.now());
  if (!ticket) return failed_(describe(ticket.error().code), "try again");
  ticket_ = *ticket;
}

// Whether there is a way to tell who the peer is; false: it was said that there is none.
bool SdpExchange::knows(const Agreement& agreed) {
  if (tls_ == nullptr) return true;
  if (!looks_known(agreed)) return false;
  if (agreed.active) {
    const auto used = tls_->use_for_clients(endpoint_.tls(), agreed.fingerprints);
    if (!used) failed_("TLS cannot be set up", "look at OpenSSL here");
    return used.has_value();
  }
  if (!agreed.fingerprints.empty() || tls_->knows_callers()) return true;
  failed_("the peer's session description has no fingerprint of its certificate",
          "ask it for a=fingerprint, or say whom to believe with --ca");
  return false;
}

// What comes on its way through others is worth what was known before. False: nothing can be known.
bool SdpExchange::looks_known(const Agreement& agreed) {
  if (options_.tls.known_peers_file.empty()) return true;
  auto opened = KnownPeers::open(options_.tls.known_peers_file);
  if (!opened) {
    failed_("the known peers cannot be read", opened.error());
    return false;
  }
  known_peers_ = *std::move(opened);
  if (agreed.fingerprints.empty()) return true;
  const std::string peer = peer_name(agreed.path);
  switch (known_peers_->judge(peer, agreed.fingerprints)) {
    case KnownPeers::Verdict::known:
      break;
    case KnownPeers::Verdict::unknown:
      output_.complain(
          fmt::format("'{}' was never met before", printable(peer)),
          fmt::format("ask it whether its fingerprint is {}", agreed.fingerprints.front().text()));
      break;
    case KnownPeers::Verdict::changed:
      output_.complain(
          fmt::format("WARNING, '{}' HAS ANOTHER CERTIFICATE THAN BEFORE", printable(peer)),
          fmt::format("somebody may be in between, ask it whether its fingerprint is {}; if so, "
                      "take its line out of '{}'",
                      agreed.fingerprints.front().text(),
                      printable(options_.tls.known_peers_file)));
      break;
  }
  return true;
}

// The certificate was shown and is the one described.
void SdpExchange::on(const Bound& event) {
  if (!known_peers_ || !event.peer_verified || remote() == nullptr) return;
  if (!known_peers_->remember(peer_name(remote()->path), remote()->fingerprints)) {
    output_.complain(fmt::format("the peer cannot be remembered, {}", std::strerror(errno)),
                     "name a file that can be written with --known-peers");
  }
}

void SdpExchange::fail(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_msrp_section:
      return failed_("the peer's session description has no m=message PORT TCP/MSRP *",
                     "connect it to the output of the peer's --sdp");
    case Refusal::transport:
      return failed_(describe(refusal), "start both with --tls, or neither");
    case Refusal::weak_fingerprint:
      return failed_(describe(refusal), "ask it for one by SHA-256");
    case Refusal::nobody_listens:
      return failed_("both sides wait for the other to connect",
                     "start one of them with --setup active");
    case Refusal::own_path:
      return failed_("this is the own session description", "give each side the other's");
    default:
      return failed_(describe(refusal), "ask it why");
  }
}

void SdpExchange::complete() {
  const auto completed =
      endpoint_.engine().complete(ticket_, remote_description(*remote()), endpoint_.now());
  if (!completed) failed_(describe(completed.error().code), "look at the peer's a=path");
}

}  // namespace msrp::app
