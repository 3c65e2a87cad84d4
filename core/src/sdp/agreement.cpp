// What a Negotiation says and what it comes to.
#include <algorithm>
#include <iterator>
#include <utility>

#include "msrp/headers.hpp"
#include "msrp/negotiation.hpp"
#include "sdp/remote_section.hpp"
#include "sdp/sdp_values.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

constexpr std::uint16_t discard_port = 9;
constexpr std::uint16_t default_port = 2855;

ConnectTarget target_of(const UriView& uri) {
  return {std::string(uri.host), uri.port.value_or(default_port)};
}

// "message 7394 TCP/MSRP *" with port 0; as it is when it has no port.
std::string with_port_zero(std::string_view value) {
  std::string_view rest = value;
  take_word(rest);
  const std::string_view port = take_word(rest);
  if (port.empty()) return std::string(value);
  const auto before = static_cast<std::size_t>(port.data() - value.data());
  return std::string(value.substr(0, before)).append("0").append(rest);
}

SdpMedia refused(const SdpMedia& offered) {
  if (const auto* const section = std::get_if<MsrpMedia>(&offered)) {
    MsrpMedia answer;
    answer.port = 0;
    answer.secure = section->secure;
    return answer;
  }
  const std::vector<SdpLine>& lines = std::get<OtherMedia>(offered).lines;
  OtherMedia answer;
  if (!lines.empty()) answer.lines.push_back({'m', with_port_zero(lines.front().value)});
  return answer;
}

bool same_terms(const Agreement& a, const Agreement& b) {
  return a.active == b.active && a.accept_types == b.accept_types &&
         a.accept_wrapped_types == b.accept_wrapped_types && a.max_size_bytes == b.max_size_bytes &&
         a.fingerprints == b.fingerprints && a.may_send == b.may_send &&
         a.may_receive == b.may_receive && a.cema == b.cema && a.secure == b.secure;
}

}  // namespace

bool Negotiation::uses_relay() const noexcept {
  return capabilities_.local.view().size() > 1;
}

bool Negotiation::reachable() const noexcept {
  return uses_relay() || capabilities_.reachable;
}

bool Negotiation::can_be_passive() const noexcept {
  return reachable() || capabilities_.local.view().back().port != discard_port;
}

// What holds for offers and answers alike.
Refusal Negotiation::judge(const Remote& remote) const {
  const PathView own = capabilities_.local.view();
  if (equivalent(own.back(), remote.path.back())) return Refusal::own_path;
  // Behind a relay it is the relay that connects, with what the peer's URI asks for.
  const bool peer_secure = remote.path.front().secure;
  if (!uses_relay() && (peer_secure != own.front().secure || peer_secure != remote.media.secure)) {
    return Refusal::transport;
  }
  if (peer_secure && !uses_relay() && !remote.uses_relay()) {
    const std::vector<Fingerprint>& theirs = remote.sdp.fingerprints_of(remote.media);
    if (!theirs.empty() && !any_believed(theirs)) return Refusal::weak_fingerprint;
  }
  const std::vector<std::string>& mine =
      capabilities_.sends.empty() ? capabilities_.accepts.types : capabilities_.sends;
  if (!remote.media.accept_types.empty() && !any_common_type(remote.media.accept_types, mine)) {
    return Refusal::no_usable_type;
  }
  return Refusal::none;
}

bool Negotiation::answers_as_active(const Remote& offer, bool cema) const noexcept {
  if (cema && uses_relay()) return false;  // RFC 6714 section 4.3
  // RFC 4975 section 8.5: who made the first offer connects.
  if (!offer.setup) return offered_first_.value_or(false);
  if (*offer.setup != Setup::actpass) return *offer.setup == Setup::passive;
  // A relay cannot be told to connect to what c= says, so that side waits (RFC 6714 section 4.1).
  if (cema && offer.uses_relay()) return true;
  const bool same_paths = agreement_ && agreement_->path.text() == offer.path.text() &&
                          agreed_local_path_ == capabilities_.local.text();
  if (same_paths && (agreement_->active || can_be_passive())) return agreement_->active;
  return !reachable();  // RFC 6135 section 4.2.2
}

// With another o= version if anything differs from the last one.
SessionDescription Negotiation::continued(SessionDescription next) const {
  next.origin = origin_;
  next.common.lines = {{'t', "0 0"}};
  if (local_) continue_origin(*local_, next);
  return next;
}

SessionDescription Negotiation::publish(const Section& section, std::vector<SdpMedia> media) {
  const PathView path = capabilities_.local.view();
  // RFC 4975 section 8.1: the own URI, which is the last; RFC 6714: the relay's, which is the
  // first.
  const UriView said = section.cema ? path.front() : path.back();
  MsrpMedia own;
  own.port = said.port.value_or(default_port);
  own.secure = path.front().secure;
  own.path = capabilities_.local;
  own.accept_types = capabilities_.accepts.types;
  own.accept_wrapped_types = capabilities_.accepts.wrapped_types;
  own.max_size_bytes = capabilities_.max_size_bytes;
  own.cema = section.cema;
  own.common.setup = section.setup;
  if (section.direction != Direction::sendrecv) own.common.direction = section.direction;
  if (own.secure && !uses_relay()) own.common.fingerprints = capabilities_.fingerprints;
  if (media.size() <= section_) media.resize(section_ + 1, OtherMedia{});
  media[section_] = std::move(own);
  SessionDescription next;
  next.common.connection = SdpAddress{said.host_is_ipv6, std::string(said.host)};
  next.media = std::move(media);
  local_ = continued(std::move(next));
  return *local_;
}

SessionDescription Negotiation::refuse(const SessionDescription& offer) const {
  SessionDescription next;
  const UriView own = capabilities_.local.view().back();
  next.common.connection = SdpAddress{own.host_is_ipv6, std::string(own.host)};
  std::ranges::transform(offer.media, std::back_inserter(next.media), refused);
  return continued(std::move(next));
}

// use_line: c= and m= say where to connect.
void Negotiation::agree(const Remote& remote, bool active, bool matches, Direction own,
                        bool use_line) {
  Agreement next{.active = active, .path = remote.whole_path};
  const std::optional<SdpAddress> line = remote.sdp.connection_of(remote.media);
  next.cema = said_cema_ && remote.media.cema;
  next.secure = remote.media.secure;
  if (uses_relay()) {
    const PathView path = capabilities_.local.view();
    UriView relay = path.front();  // the last one before the own URI
    std::size_t left = path.size() - 1U;
    for (const UriView uri : path) {
      if (left-- == 0) break;
      relay = uri;
    }
    next.own_relay = target_of(relay);
    next.secure = relay.secure;
  } else if (active && use_line && line && remote.media.port != discard_port) {
    next.connect_to = ConnectTarget{line->host, remote.media.port};
  }
  next.share_connection = !next.cema && !(next.connect_to && !matches);
  if (!remote.media.accept_types.empty()) next.accept_types = remote.media.accept_types;
  next.accept_wrapped_types = remote.media.accept_wrapped_types;
  next.max_size_bytes = remote.media.max_size_bytes;
  if (!uses_relay() && !remote.uses_relay()) {
    next.fingerprints = remote.sdp.fingerprints_of(remote.media);
  }
  const Direction peers = remote.sdp.direction_of(remote.media);
  next.may_send = sends(own) && receives(peers);
  next.may_receive = receives(own) && sends(peers);
  if (agreement_) {
    const bool same_paths = agreement_->path.text() == next.path.text() &&
                            agreed_local_path_ == capabilities_.local.text();
    next.change = !same_paths                     ? Change::path
                  : same_terms(*agreement_, next) ? Change::nothing
                                                  : Change::terms;
  }
  agreed_local_path_ = capabilities_.local.text();
  agreement_ = std::move(next);
}

ConnectTarget Agreement::target() const {
  if (own_relay) return *own_relay;
  if (connect_to) return *connect_to;
  return target_of(path.view().front());
}

bool Agreement::direction_allows(std::string_view content_type) const noexcept {
  if (may_send || content_type.empty()) return true;
  const Result<MediaTypeView> type = MediaTypeView::parse(content_type);
  if (!type) return false;
  const auto is = [&type](std::string_view kind, std::string_view subtype) {
    return grammar::equal_without_case(type->type, kind) &&
           grammar::equal_without_case(type->subtype, subtype);
  };
  return is("message", "imdn+xml") || is("application", "im-iscomposing+xml");
}

RemoteDescription remote_description(const Agreement& agreement) {
  RemoteDescription remote{.path = agreement.path};
  remote.accept_types = agreement.accept_types;
  remote.max_size_bytes = agreement.max_size_bytes;
  remote.connect_to = agreement.connect_to;
  remote.fingerprints = agreement.fingerprints;
  return remote;
}

std::string_view describe(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none:
      return "nothing is refused";
    case Refusal::no_msrp_section:
      return "there is no m=message PORT TCP/MSRP *";
    case Refusal::port_zero:
      return "the peer refused the session";
    case Refusal::address_mismatch:
      return "c= and m= name another address than a=path";
    case Refusal::no_usable_type:
      return "the peer takes no type that this side has";
    case Refusal::transport:
      return "one side wants TLS and the other does not";
    case Refusal::nobody_listens:
      return "both sides wait for the other to connect, or neither can be connected to";
    case Refusal::own_path:
      return "the peer's path is that of this side";
    case Refusal::weak_fingerprint:
      return "the peer's certificate has no fingerprint of SHA-256 or stronger";
  }
  return {};
}

}  // namespace msrp
