// --sdp: session descriptions over the standard streams.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apps/msrp/options.hpp"
#include "apps/msrp/roles.hpp"
#include "apps/msrp/runtime.hpp"
#include "msrp/sdp.hpp"

namespace msrp::app {

// Listens, prints the own description, reads the peer's, and brings one session about.
class SdpExchange {
 public:
  // failed(what_happened, what_to_do) is called at most once, when nothing will come of it.
  using Failed = std::function<void(std::string_view, std::string_view)>;

  SdpExchange(Endpoint& endpoint, Loop& loop, Output& output, const SignalingOptions& options,
              SessionOptions session_options, Failed failed);

  void start();
  void on(const Listening& event);
  void on(const Prepared& event);

  TicketId ticket() const noexcept { return ticket_; }
  // What the peer's description said of itself; since Bound at the latest.
  const std::optional<SessionDescription>& remote() const noexcept { return remote_; }

 private:
  void print_own();
  void read_peers();
  void agree();
  void complete();

  Endpoint& endpoint_;
  Loop& loop_;
  Output& output_;
  const SignalingOptions& options_;
  SessionOptions session_options_;
  Failed failed_;
  ListenerId listener_;
  TicketId ticket_;
  std::optional<Path> local_;
  SdpReader reader_;
  std::optional<SessionDescription> remote_;
  Role role_ = Role::passive;
};

}  // namespace msrp::app
