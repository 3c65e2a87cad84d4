// Offer and answer for one MSRP section (RFC 3264): who connects, where to, and what may be sent.
// RFC 4975 section 8, RFC 6135, RFC 6714. No I/O: descriptions go in and come out.
//
// A Negotiation lives as long as the session that it is about. It begins idle. make_offer() makes
// it `offered` until accept_answer() or offer_failed(); accept_offer() answers at once. Either way
// an exchange that came to an end leaves it `agreed`, and agreement() says on what. From there
// either side offers again, whoever did so before; while an own re-offer is under way (`reoffered`)
// the last agreement holds, and it goes on to hold when the re-offer fails. An answer which shows
// that a middlebox has rewritten addresses for a peer without CEMA leads to `fallback`: the next
// offer has to follow, without msrp-cema (RFC 6714 section 4.2). A section that either side sets to
// port 0 is over. present() and accept_presented() are for two sides that each print a description
// before they have read the other's, so that there is no offerer.
//
// The table, "-" being Errc::bad_state; end() leads from everywhere to `ended`:
//
//               make_   present  offer    offer    answer     answer      answer   offer_
//               offer            taken    with 0   taken      asks again  refuses  failed
//   idle        offered presented agreed  idle     -          -           -        -
//   offered     -       -        -        -        agreed     fallback    ended    idle
//   presented   -       -        -        -        agreed     -           ended    idle
//   fallback    offered -        agreed   ended    -          -           -        -
//   agreed      reoffered -      agreed   ended    -          -           -        -
//   reoffered   -       -        -        -        agreed     fallback    ended    agreed
//   ended       -       -        -        -        -          -           -        -
//
// An offer that is refused for another reason changes nothing: what was agreed on goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/accept_types.hpp"
#include "msrp/address.hpp"
#include "msrp/error.hpp"
#include "msrp/path.hpp"
#include "msrp/sdp.hpp"
#include "msrp/session_options.hpp"

namespace msrp {

// What this side has and wants.
struct Capabilities {
  // The own path, relays first; every URI has its port. The last one names this session alone, and
  // its port is 9 when nothing listens there (RFC 4145 section 4.1).
  Path local;
  // The peer can connect to it: no NAT in front, or one whose address and port it names (RFC 6135
  // section 4.2.2). Behind a relay that is so anyhow.
  bool reachable = true;
  bool cema = false;  // RFC 6714
  Direction direction = Direction::sendrecv;
  AcceptLists accepts{{"*"}, {}};
  bool add_mandatory_types = true;  // complete_lists() of accepts; see Negotiation::accepts()
  std::vector<std::string> sends;   // entries; empty: what it accepts
  std::optional<std::uint64_t> max_size_bytes;
  // Of the own certificate, needed when it is self-signed (RFC 6135 section 4.3). Said only where
  // the peer's TLS connection ends here, so never behind a relay.
  std::vector<Fingerprint> fingerprints;
};

// A name that was looked up, for names_to_resolve().
struct ResolvedName {
  std::string name;
  std::vector<IpAddress> addresses;
};

// Why a section is refused, or an answer does not lead to a session.
enum class Refusal : std::uint8_t {
  none,
  no_msrp_section,   // or not where the offer had it
  port_zero,         // the peer refuses it itself
  address_mismatch,  // c= and m= were rewritten for a peer without CEMA (RFC 6714 section 4.3)
  no_usable_type,    // RFC 4975 section 8.6
  transport,         // one side wants TLS, the other does not; or m= and a=path disagree
  nobody_listens,    // both sides can or want only to connect, or only to wait
  own_path,          // the peer's path names this side
  weak_fingerprint,  // the peer's fingerprints are all of hash functions that are not believed
};
// "the peer refused the session"; static storage.
std::string_view describe(Refusal refusal) noexcept;

// SIP's Not Acceptable Here, for an offer of which nothing is accepted.
inline constexpr std::uint16_t sip_not_acceptable = 488;

struct Answer {
  // The answer. With a refusal the section has port 0; instead of it the whole request can be
  // refused with sip_not_acceptable. Other sections of the offer are refused here: whoever knows
  // them puts in his own.
  SessionDescription description;
  Refusal refusal = Refusal::none;
};

enum class Verdict : std::uint8_t {
  agreed,
  offer_again,  // make_offer() at once: in the same dialogue, or in a new one
  refused,
};
struct Decision {
  Verdict verdict = Verdict::agreed;
  Refusal refusal = Refusal::none;
};

// How an agreement differs from the one before.
enum class Change : std::uint8_t {
  first,
  nothing,
  terms,  // types, size, direction and the like: the connection stays
  // Either path: the active side connects anew with PrepareRequest::replaces; the old session stays
  // until the new one is bound and is closed then.
  path,
};

struct Agreement {
  // This side connects and sends the binding SEND at once, whatever the direction (RFC 4975
  // sections 5.4 and 8.9): PrepareRequest::active. While Change is not `path` or `first` there is
  // nothing to connect.
  bool active = false;
  Path path;  // the peer's: where requests go to, always the path, never what c= says
  // Active: where to connect instead of the path's first URI (RFC 6714).
  std::optional<ConnectTarget> connect_to;
  // Behind a relay: the relay that this side is connected to, whoever is active (RFC 6135
  // section 4.5); the peer's address is then the relay's concern.
  std::optional<ConnectTarget> own_relay;
  bool cema = false;             // both sides said msrp-cema
  bool secure = false;           // TLS towards the first hop; the active side is the TLS client
  bool share_connection = true;  // no: a middlebox tells sessions apart by their connections
  std::vector<std::string> accept_types{"*"};
  std::vector<std::string> accept_wrapped_types;
  std::optional<std::uint64_t> max_size_bytes;
  // What the peer's certificate has to match; empty behind relays, whose certificates these are
  // not (RFC 6135 section 4.3).
  std::vector<Fingerprint> fingerprints;
  bool may_send = true, may_receive = true;  // by direction: messages with ordinary content
  Change change = Change::first;

  // Where the active side's connection goes.
  ConnectTarget target() const;
  // Whether content of a type may be sent at the agreed direction: control types and SENDs without
  // content always may (RFC 4975 section 8.9). Of a CPIM message give the type inside.
  bool direction_allows(std::string_view content_type) const noexcept;
};

// For Engine::complete(), whose SessionOptions::share_connection is Agreement::share_connection.
RemoteDescription remote_description(const Agreement& agreement);

class Negotiation {
 public:
  enum class State : std::uint8_t { idle, offered, presented, fallback, agreed, reoffered, ended };

  // session_number goes into o= and should be random, at most 63 bits. Errors: invalid_argument for
  // capabilities that cannot be said: a URI without a port or with port 0, port 9 though reachable,
  // a host that c= cannot say, types that are none, wrapped types without a container that takes
  // them (RFC 4975 section 8.6).
  static Result<Negotiation> create(Capabilities capabilities, std::uint64_t session_number);

  // What the next description says; for a path that has changed, another direction. An exchange
  // that is under way is not touched. Errors: invalid_argument, bad_state (during an own offer).
  Result<void> change(Capabilities capabilities);

  Result<SessionDescription> make_offer();
  // The answer to an own offer. names: what names_to_resolve() asked for.
  Result<Decision> accept_answer(const SessionDescription& answer,
                                 std::span<const ResolvedName> names = {});
  // The offer was refused as a whole, or nothing came back.
  Result<void> offer_failed();

  // section: where in offer.media, if it is not the first MSRP section, or the one of before.
  // Errors: bad_state; an offer that cannot be accepted is a Refusal.
  Result<Answer> accept_offer(const SessionDescription& offer,
                              std::span<const ResolvedName> names = {},
                              std::optional<std::size_t> section = std::nullopt);

  // Without an offerer: either prints what it has, and may say that it waits, which no offer may.
  //   mine      peer's               this side
  //   active    passive, actpass     connects
  //   passive   active, actpass      waits
  //   actpass   active               waits
  //   actpass   passive              connects
  //   active    active               the one whose path is the larger text connects; a peer that
  //   actpass   actpass                connects all the same is as welcome
  //   any       none, holdconn       as it said; waits for actpass (RFC 6135 section 5)
  //   passive   passive              nobody would connect: refused
  // CEMA takes no part. Errors: bad_state, invalid_argument (holdconn, or waiting where nothing
  // listens).
  Result<SessionDescription> present(Setup mine);
  Result<Decision> accept_presented(const SessionDescription& remote);

  void end() noexcept { state_ = State::ended; }

  // The names whose addresses accept_offer() or accept_answer() compares (RFC 6714 section 4.4):
  // none without CEMA, and none when the texts tell enough. A name that is not handed in then
  // counts as one without addresses.
  std::vector<std::string> names_to_resolve(
      const SessionDescription& remote, std::optional<std::size_t> section = std::nullopt) const;

  State state() const noexcept { return state_; }
  const std::optional<Agreement>& agreement() const noexcept { return agreement_; }
  // The last own description.
  const std::optional<SessionDescription>& local() const noexcept { return local_; }
  // What is signalled, and so to be accepted: SessionOptions::accept_types.
  const AcceptLists& accepts() const noexcept { return capabilities_.accepts; }

 private:
  Negotiation(Capabilities capabilities, std::uint64_t session_number);

  struct Section;
  struct Remote;
  bool uses_relay() const noexcept;
  bool can_be_passive() const noexcept;
  bool reachable() const noexcept;
  Refusal judge(const Remote& remote) const;
  bool answers_as_active(const Remote& offer, bool cema) const noexcept;
  SessionDescription publish(const Section& section, std::vector<SdpMedia> media);
  SessionDescription refuse(const SessionDescription& offer) const;
  SessionDescription continued(SessionDescription next) const;
  bool wants_new_offer(const Remote& answer, bool active, bool matches) const noexcept;
  void agree(const Remote& remote, bool active, bool matches, Direction own, bool use_line);

  Capabilities capabilities_;
  SdpOrigin origin_;
  State state_ = State::idle;
  bool cema_given_up_ = false;
  std::size_t section_ = 0;  // where in the descriptions
  std::optional<SessionDescription> local_;
  std::optional<Agreement> agreement_;
  std::string agreed_local_path_;
  std::optional<bool> offered_first_;  // this side made the first offer that was answered
  // Of the own description that is under way.
  Setup said_setup_ = Setup::actpass;
  bool said_cema_ = false;
};

}  // namespace msrp
