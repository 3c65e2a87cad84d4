// The inputs of a Negotiation.
#include "msrp/negotiation.hpp"

#include <algorithm>
#include <utility>

#include "sdp/format_list.hpp"
#include "sdp/negotiation_table.hpp"
#include "sdp/remote_section.hpp"
#include "sdp/sdp_values.hpp"

namespace msrp {
namespace {

using State = Negotiation::State;
using Input = NegotiationInput;

constexpr std::uint16_t discard_port = 9;  // RFC 4145 section 4.1

bool are_formats(const std::vector<std::string>& entries) {
  return std::ranges::all_of(entries, is_writable_format_entry);
}

bool are_sound(const Capabilities& capabilities) {
  const PathView path = capabilities.local.view();
  for (const UriView uri : path) {
    if (uri.port.value_or(0) == 0) return false;  // RFC 4975 section 8.2; 0 would be a refusal
    if (!read_address("IN IP4 " + std::string(uri.host))) return false;  // c= could not say it
  }
  // RFC 6135 section 4.2.2: who says that it can be connected to names the real port.
  if (path.size() == 1 && capabilities.reachable && path.back().port == discard_port) return false;
  const AcceptLists& accepts = capabilities.accepts;
  if (accepts.types.empty() || !are_formats(accepts.types) || !are_formats(accepts.wrapped_types) ||
      !are_formats(capabilities.sends)) {
    return false;
  }
  if (!accepts.wrapped_types.empty() && !any_container(accepts.types)) return false;
  return std::ranges::all_of(capabilities.fingerprints, [](const Fingerprint& said) {
    const auto read = read_fingerprint(said.hash + " " + said.value);
    return read && *read == said;
  });
}

Capabilities completed(Capabilities capabilities) {
  capabilities.accepts =
      complete_lists(std::move(capabilities.accepts), capabilities.add_mandatory_types);
  return capabilities;
}

// For inputs that were found to fit the state.
State after(State state, Input input) {
  return next_state(state, input).value_or(state);
}

}  // namespace

Negotiation::Negotiation(Capabilities capabilities, std::uint64_t session_number)
    : capabilities_(completed(std::move(capabilities))) {
  const UriView own = capabilities_.local.view().back();
  constexpr std::uint64_t most = ~std::uint64_t{0} >> 1U;  // RFC 3264 section 5
  origin_ = {"-", session_number & most, 1, {own.host_is_ipv6, std::string(own.host)}};
}

Result<Negotiation> Negotiation::create(Capabilities capabilities, std::uint64_t session_number) {
  if (!are_sound(capabilities)) return fail(Errc::invalid_argument);
  return Negotiation(std::move(capabilities), session_number);
}

Result<void> Negotiation::change(Capabilities capabilities) {
  if (state_ == State::offered || state_ == State::presented || state_ == State::reoffered ||
      state_ == State::ended) {
    return fail(Errc::bad_state);
  }
  if (!are_sound(capabilities)) return fail(Errc::invalid_argument);
  capabilities_ = completed(std::move(capabilities));
  return {};
}

Result<SessionDescription> Negotiation::make_offer() {
  const auto next = next_state(state_, Input::make_offer);
  if (!next) return fail(Errc::bad_state);
  state_ = *next;
  // RFC 6135 section 4.2.2: never passive. RFC 6714 section 4.2: actpass behind a relay.
  said_setup_ = reachable() ? Setup::actpass : Setup::active;
  said_cema_ = capabilities_.cema && !cema_given_up_;
  std::vector<SdpMedia> media = local_ ? local_->media : std::vector<SdpMedia>();
  return publish({said_setup_, said_cema_, capabilities_.direction}, std::move(media));
}

Result<void> Negotiation::offer_failed() {
  const auto next = next_state(state_, Input::offer_failed);
  if (!next) return fail(Errc::bad_state);
  state_ = *next;
  return {};
}

Result<Decision> Negotiation::accept_answer(const SessionDescription& answer,
                                            std::span<const ResolvedName> names) {
  if (state_ == State::presented || !next_state(state_, Input::answer_taken)) {
    return fail(Errc::bad_state);
  }
  const auto refused = [this](Refusal why) {
    state_ = after(state_, Input::answer_refuses);
    return Decision{Verdict::refused, why};
  };
  const MsrpMedia* const media = answer.msrp_at(section_);
  if (!media) return refused(Refusal::no_msrp_section);
  if (media->port == 0 || !media->path) return refused(Refusal::port_zero);
  const Remote remote(answer, *media, *media->path);
  // Whether there is a type to send is the sender's concern once the peer has accepted.
  if (const Refusal why = judge(remote); why != Refusal::none && why != Refusal::no_usable_type) {
    return refused(why);
  }
  if (!offered_first_) offered_first_ = true;
  bool active = true;  // the peer waits, or says what no answer may
  if (remote.setup == Setup::active) {
    active = said_setup_ == Setup::active;  // both: the offer stands, and the peer is as welcome
  } else if (!remote.setup) {
    active = *offered_first_ || !can_be_passive();  // RFC 4975 section 8.5
  }
  const bool matches = matches_path(remote.line(), remote.path, names);
  if (wants_new_offer(remote, active, matches)) {
    cema_given_up_ = true;
    state_ = after(state_, Input::answer_asks_again);
    return Decision{Verdict::offer_again, Refusal::none};
  }
  state_ = after(state_, Input::answer_taken);
  // RFC 6714 section 4.2: c= and m= count, unless a relay's peer shows that nobody rewrote them.
  const bool use_line = said_cema_ && (remote.media.cema || !(remote.uses_relay() && matches));
  agree(remote, active, matches, capabilities_.direction, use_line);
  return Decision{};
}

// RFC 6714 section 4.2: the three criteria, of an answer without msrp-cema.
bool Negotiation::wants_new_offer(const Remote& answer, bool active, bool matches) const noexcept {
  if (!said_cema_ || answer.media.cema || matches) return false;
  return !active || uses_relay() || answer.uses_relay();
}

Result<Answer> Negotiation::accept_offer(const SessionDescription& offer,
                                         std::span<const ResolvedName> names,
                                         std::optional<std::size_t> section) {
  if (!next_state(state_, Input::offer_taken)) return fail(Errc::bad_state);
  const std::size_t before = section_;
  const std::size_t first = offer.msrp_index().value_or(0);
  section_ = section.value_or(local_ ? section_ : first);
  const auto refused = [&](Refusal why) {
    Answer answer{refuse(offer), why};
    section_ = before;
    if (why == Refusal::port_zero) state_ = after(state_, Input::offer_with_zero);
    return answer;
  };
  const MsrpMedia* const media = offer.msrp_at(section_);
  if (!media) return refused(Refusal::no_msrp_section);
  if (media->port == 0 || !media->path) return refused(Refusal::port_zero);
  const Remote remote(offer, *media, *media->path);
  if (const Refusal why = judge(remote); why != Refusal::none) return refused(why);
  const bool matches = matches_path(remote.line(), remote.path, names);
  if (capabilities_.cema && !media->cema && !matches) return refused(Refusal::address_mismatch);

  // RFC 6714 section 4.3: three cases in which the answer is one of RFC 4975.
  const bool offerer_connects = !remote.setup || remote.setup == Setup::active;
  const bool fall_back = (uses_relay() && remote.uses_relay()) ||
                         (remote.uses_relay() && offerer_connects) ||
                         (uses_relay() && remote.setup == Setup::passive);
  const bool cema = capabilities_.cema && !fall_back;
  const bool active = answers_as_active(remote, cema);
  if (!active && !can_be_passive()) return refused(Refusal::nobody_listens);
  state_ = after(state_, Input::offer_taken);
  if (!offered_first_) offered_first_ = false;
  said_cema_ = cema;
  said_setup_ = active ? Setup::active : Setup::passive;
  const Direction peers = offer.direction_of(*media);
  const Direction own = direction_of(sends(capabilities_.direction) && receives(peers),
                                     receives(capabilities_.direction) && sends(peers));
  Answer answer{publish({said_setup_, cema, own}, refuse(offer).media)};
  agree(remote, active, matches, own, cema);
  return answer;
}

Result<SessionDescription> Negotiation::present(Setup mine) {
  const auto next = next_state(state_, Input::present);
  if (!next) return fail(Errc::bad_state);
  if (mine == Setup::holdconn || (mine != Setup::active && !can_be_passive())) {
    return fail(Errc::invalid_argument);
  }
  state_ = *next;
  said_setup_ = mine;
  said_cema_ = false;
  section_ = 0;
  return publish({mine, false, capabilities_.direction}, {});
}

Result<Decision> Negotiation::accept_presented(const SessionDescription& sdp) {
  if (state_ != State::presented) return fail(Errc::bad_state);
  const auto refused = [this](Refusal why) {
    state_ = after(state_, Input::answer_refuses);
    return Decision{Verdict::refused, why};
  };
  const MsrpMedia* const media = sdp.msrp();
  if (!media) return refused(Refusal::no_msrp_section);
  if (media->port == 0 || !media->path) return refused(Refusal::port_zero);
  const Remote remote(sdp, *media, *media->path);
  if (const Refusal why = judge(remote); why != Refusal::none && why != Refusal::no_usable_type) {
    return refused(why);
  }
  bool active = said_setup_ == Setup::active;
  if (remote.setup == said_setup_) {
    if (said_setup_ == Setup::passive) return refused(Refusal::nobody_listens);
    // Both connect, or both leave it to the other: the larger text of the two does.
    active = !can_be_passive() || capabilities_.local.text() > remote.path.text();
  } else if (remote.setup == Setup::passive || remote.setup == Setup::active) {
    active = remote.setup == Setup::passive;
  }
  state_ = after(state_, Input::answer_taken);
  offered_first_ = active;
  agree(remote, active, true, capabilities_.direction, false);
  return Decision{};
}

std::vector<std::string> Negotiation::names_to_resolve(const SessionDescription& remote,
                                                       std::optional<std::size_t> section) const {
  const bool answering = next_state(state_, Input::offer_taken).has_value();
  if (!(answering ? capabilities_.cema : said_cema_)) return {};
  const std::size_t before = local_ ? section_ : remote.msrp_index().value_or(0);
  const MsrpMedia* const media = remote.msrp_at(section.value_or(before));
  if (!media || !media->path || media->cema) return {};
  const Remote looked_at(remote, *media, *media->path);
  return undecided_names(looked_at.line(), looked_at.path);
}

}  // namespace msrp
