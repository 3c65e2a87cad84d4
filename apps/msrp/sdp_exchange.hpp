// --sdp: session descriptions over the standard streams.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apps/msrp/known_peers.hpp"
#include "apps/msrp/options.hpp"
#include "apps/msrp/runtime.hpp"
#include "apps/msrp/sdp_reader.hpp"
#include "apps/msrp/tls_setup.hpp"
#include "msrp/negotiation.hpp"

namespace msrp::app {

// Listens, prints the own description, reads the peer's, and brings one session about.
class SdpExchange {
 public:
  // failed(what_happened, what_to_do) is called at most once, when nothing will come of it.
  using Failed = std::function<void(std::string_view, std::string_view)>;

  // tls: nullptr for a session in the clear.
  SdpExchange(Endpoint& endpoint, Loop& loop, Output& output, const SignalingOptions& options,
              const TlsSetup* tls, SessionOptions session_options, Failed failed);

  void start();
  void on(const Listening& event);
  void on(const Prepared& event);
  void on(const Bound& event);

  TicketId ticket() const noexcept { return ticket_; }
  // What was agreed on; there since Bound at the latest. nullptr: nothing yet.
  const Agreement* remote() const noexcept {
    if (!negotiation_ || !negotiation_->agreement()) return nullptr;
    return &*negotiation_->agreement();
  }

 private:
  void print_own(const Path& local);
  void read_peers();
  void agree();
  bool knows(const Agreement& agreed);
  bool looks_known(const Agreement& agreed);
  void fail(Refusal refusal);
  void complete();

  Endpoint& endpoint_;
  Loop& loop_;
  Output& output_;
  const SignalingOptions& options_;
  const TlsSetup* tls_;
  SessionOptions session_options_;
  Failed failed_;
  ListenerId listener_;
  TicketId ticket_;
  std::optional<Path> local_;
  SdpReader reader_;
  std::optional<Negotiation> negotiation_;
  std::optional<KnownPeers> known_peers_;
};

}  // namespace msrp::app
