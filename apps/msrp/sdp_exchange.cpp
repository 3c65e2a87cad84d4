#include "apps/msrp/sdp_exchange.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
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
                         const SignalingOptions& options, SessionOptions session_options,
                         Failed failed)
    : endpoint_(endpoint),
      loop_(loop),
      output_(output),
      options_(options),
      session_options_(std::move(session_options)),
      failed_(std::move(failed)) {}

void SdpExchange::start() {
  output_.divert(true);
  const auto listener =
      endpoint_.engine().listen({options_.listen.at, options_.listen.host, false}, endpoint_.now());
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
  if (remote_) return complete();  // the ticket of the active side
  local_ = event.local_path;
  print_own();
  loop_.watch(STDIN_FILENO, [this] { read_peers(); });
}

void SdpExchange::print_own() {
  SessionDescription own{.path = *local_, .accept_wrapped_types = {}};
  own.port = local_->view().back().port.value_or(own.port);
  own.setup = options_.setup;
  output_.raw(print_sdp(own, random_number(endpoint_.random())) + "\r\n");
  output_.divert(false);
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
  auto remote = parse_sdp(reader_.text());
  if (!remote) {
    const auto before =
        std::string_view(reader_.text())
            .substr(0, std::min<std::size_t>(remote.error().offset, reader_.text().size()));
    return failed_(fmt::format("{} in line {} of the peer's session description",
                               describe(remote.error().code), 1 + std::ranges::count(before, '\n')),
                   "it needs m=message PORT TCP/MSRP * and a=path");
  }
  if (remote->port == 0) return failed_("the peer refused the session", "ask it why");
  if (remote->secure || remote->path.view().front().secure) {
    return failed_("the peer wants TLS, which is not there yet", "use TCP/MSRP and msrp URIs");
  }
  const auto role = decide_role(options_.setup, remote->setup, local_->text(), remote->path.text());
  if (!role) {
    const std::size_t colon = role.error().find(": ");
    return failed_(role.error().substr(0, colon), role.error().substr(colon + 2));
  }
  role_ = *role;
  remote_ = *std::move(remote);
  output_.note(role_ == Role::active ? "this side connects" : "the peer connects");
  if (role_ == Role::passive) return complete();
  // The same path, now for a side that connects.
  const auto uri = Uri::parse(local_->text());
  endpoint_.engine().cleanup(ticket_, endpoint_.now());
  PrepareRequest request{.active = true, .listener = listener_, .host = {}, .local = *uri};
  request.options = session_options_;
  const auto ticket = endpoint_.engine().prepare(request, endpoint_.now());
  if (!ticket) return failed_(describe(ticket.error().code), "try again");
  ticket_ = *ticket;
}

void SdpExchange::complete() {
  RemoteDescription description{.path = remote_->path};
  description.accept_types = remote_->accept_types;
  description.max_size_bytes = remote_->max_size_bytes;
  const auto completed = endpoint_.engine().complete(ticket_, description, endpoint_.now());
  if (!completed) failed_(describe(completed.error().code), "look at the peer's a=path");
}

}  // namespace msrp::app
