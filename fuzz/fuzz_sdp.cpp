// A description that was read is written, read again as an equal one, and written in the same
// octets. Two negotiations whose steps the input chooses agree on who connects, whatever a
// middlebox does to their addresses; a description of the input's is judged by them without harm.
//
// What stands behind the first NUL chooses; without one the whole input does.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "fuzz_target.hpp"
#include "msrp/negotiation.hpp"
#include "msrp/sdp.hpp"

namespace {

using namespace msrp;
using namespace msrp::fuzz;

void check_problem(const SdpProblem& problem, std::string_view text) {
  const Error& error = problem.error;
  demand(error.code == Errc::bad_sdp || error.code == Errc::bad_path ||
             error.code == Errc::bad_uri || error.code == Errc::too_many_uris ||
             error.code == Errc::limit_exceeded,
         "an error of parse_sdp() is one that it names");
  demand(error.offset == 0 || (error.offset < text.size() && text[error.offset - 1] == '\n'),
         "the offset is that of a line");
  const auto before = std::ranges::count(text.substr(0, error.offset), '\n');
  demand(problem.line == 0 || problem.line == static_cast<std::uint64_t>(before) + 1,
         "the number is that of the line");
  demand(!problem.what.empty(), "a problem says what is wrong");
}

void check_lines(std::string_view text) {
  demand(text.ends_with("\r\n"), "the last line ends in CRLF");
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    demand(line.size() >= 2 && line[1] == '=', "a line is x=value");
    demand(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
           "nothing breaks out of its line");
    text.remove_prefix(end + 2);
  }
}

// Written lines are ended by two octets, and a few are added.
constexpr SdpLimits twice{.text_bytes = 128 * 1024, .lines = 4096, .value_bytes = 32 * 1024};

void check_round_trip(const SessionDescription& first) {
  const std::string printed = print_sdp(first);
  check_lines(printed);
  const auto second = read_sdp(printed, twice);
  demand(second.has_value(), "what was written can be read", printed);
  demand(*second == first, "what was written is read as the same", printed);
  demand(print_sdp(*second) == printed, "writing again gives the same octets", printed);
}

constexpr std::string_view paths[2][5] = {
    {"msrp://192.0.2.1:2855/alice;tcp", "msrp://192.0.2.1:2855/again;tcp",
     "msrp://alice.example.com:2855/alice;tcp", "msrp://10.0.0.1:9/alice;tcp",
     "msrp://relay.example.com:9000/r;tcp msrp://[2001:db8::1]:2855/alice;tcp"},
    {"msrp://198.51.100.2:7394/bob;tcp", "msrp://198.51.100.2:7394/more;tcp",
     "msrp://bob.example.com:7394/bob;tcp", "msrp://10.0.0.2:9/bob;tcp",
     "msrp://192.0.2.77:9001/r;tcp msrp://198.51.100.2:7394/bob;tcp"}};

Capabilities choose_capabilities(Choices& choices, std::size_t side) {
  const std::size_t which = choices.below(5);
  Capabilities made{.local = *Path::parse(paths[side][which])};
  made.reachable = which != 3 && choices.yes();
  made.cema = choices.yes();
  made.direction = static_cast<Direction>(choices.below(4));
  if (choices.yes()) made.accepts = {{"text/plain", "message/cpim"}, {"text/html"}};
  if (choices.yes()) made.max_size_bytes = choices.octet();
  return made;
}

// On the way from one to the other.
SessionDescription carried(const SessionDescription& sdp, Choices& choices) {
  SessionDescription out = sdp;
  MsrpMedia* const media = out.media.empty() ? nullptr : std::get_if<MsrpMedia>(&out.media.front());
  const std::size_t what = choices.below(4);
  if (media && media->port != 0) {
    if (what == 1) {
      media->common.connection = SdpAddress{false, "203.0.113.1"};
      media->port = 40000;
    } else if (what == 2) {
      media->cema = false;
    }
  }
  return out;
}

class Exchange {
 public:
  explicit Exchange(Choices& choices)
      : choices_(choices),
        sides_{*Negotiation::create(choose_capabilities(choices, 0), 1),
               *Negotiation::create(choose_capabilities(choices, 1), 2)} {}

  void step(const std::optional<SessionDescription>& foreign) {
    const std::size_t from = choices_.below(2);
    Negotiation& side = sides_[from];
    switch (choices_.below(8)) {
      case 0: {
        const bool may = side.state() != Negotiation::State::offered &&
                         side.state() != Negotiation::State::presented &&
                         side.state() != Negotiation::State::reoffered &&
                         side.state() != Negotiation::State::ended;
        demand(side.change(choose_capabilities(choices_, from)).has_value() == may,
               "capabilities change between exchanges");
        return;
      }
      case 1:
        if (side.make_offer()) demand(side.offer_failed().has_value(), "an offer may fail");
        return;
      case 2:
        return present();
      case 3:
        if (foreign) judge(side, *foreign);
        return;
      default:
        return offer(sides_[from], sides_[1 - from]);
    }
  }

 private:
  static void check_said(const SessionDescription& sdp, bool is_offer) {
    check_round_trip(sdp);
    for (std::size_t n = 0; const MsrpMedia* const own = sdp.msrp(n); ++n) {
      const SdpCommon& said = own->common;
      demand(said.setup != Setup::holdconn && !said.reuse,
             "holdconn and a=connection are never said");
      demand(own->port == 0 || said.setup, "a=setup is always said");
      demand(!is_offer || said.setup != Setup::passive, "no offer says passive");
    }
  }

  void offer(Negotiation& from, Negotiation& to) {
    const auto offer = from.make_offer();
    if (!offer) return;
    check_said(*offer, true);
    const SessionDescription sent = carried(*offer, choices_);
    to.names_to_resolve(sent);
    const auto answer = to.accept_offer(sent);
    if (!answer) return demand(from.offer_failed().has_value(), "an offer may fail");
    check_said(answer->description, false);
    const MsrpMedia* const section = answer->description.msrp_at(0);
    demand(section != nullptr, "the answer has the section");
    demand((section->port == 0) == (answer->refusal != Refusal::none), "refused is port 0");
    if (answer->refusal != Refusal::none || choices_.below(8) == 0) {
      return demand(from.offer_failed().has_value(), "an offer may fail");
    }
    const SessionDescription received = carried(answer->description, choices_);
    from.names_to_resolve(received);
    const auto decision = from.accept_answer(received);
    demand(decision.has_value(), "an answer to an offer is judged");
    demand(decision->verdict != Verdict::refused, "an answer of ours is accepted");
    if (decision->verdict == Verdict::offer_again) {
      return demand(from.state() == Negotiation::State::fallback, "the fallback is next");
    }
    demand(from.agreement()->active != to.agreement()->active, "the sides agree on who connects");
    demand(from.agreement()->may_send == to.agreement()->may_receive &&
               from.agreement()->may_receive == to.agreement()->may_send,
           "the sides agree on directions");
    demand(!from.agreement()->connect_to || from.agreement()->active, "who waits goes nowhere");
  }

  void present() {
    Negotiation a = *Negotiation::create(choose_capabilities(choices_, 0), 1);
    Negotiation b = *Negotiation::create(choose_capabilities(choices_, 1), 2);
    const auto from_a = a.present(static_cast<Setup>(choices_.below(4)));
    const auto from_b = b.present(static_cast<Setup>(choices_.below(4)));
    if (!from_a || !from_b) return;
    check_said(*from_a, false);
    const auto one = a.accept_presented(*from_b), other = b.accept_presented(*from_a);
    demand(one && other && one->verdict == other->verdict, "both sides come to the same");
    if (one->verdict != Verdict::agreed) return;
    const bool either_cannot_wait = section(*from_a).port == 9 || section(*from_b).port == 9;
    demand(a.agreement()->active != b.agreement()->active ||
               (either_cannot_wait && a.agreement()->active),
           "the sides agree on who connects, or both do");
  }

  static const MsrpMedia& section(const SessionDescription& sdp) { return *sdp.msrp(); }

  // A description of anybody's, in whatever state.
  static void judge(const Negotiation& side, const SessionDescription& foreign) {
    Negotiation answering = side, asking = side, presenting = side;
    if (const auto answer = answering.accept_offer(foreign)) {
      check_said(answer->description, false);
      demand(answer->description.media.size() == foreign.media.size(),
             "the answer has as many sections");
    }
    if (asking.make_offer()) demand(asking.accept_answer(foreign).has_value(), "it is judged");
    if (presenting.present(Setup::active)) {
      demand(presenting.accept_presented(foreign).has_value(), "it is judged");
    }
  }

  Choices& choices_;
  std::array<Negotiation, 2> sides_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text(data, size);
  const std::size_t nul = std::min(input.find('\0'), size);
  const std::string_view text = input.substr(0, nul);
  std::optional<SessionDescription> foreign;
  for (const std::string_view each : {input, text}) {
    auto read = read_sdp(each);
    if (!read) {
      check_problem(read.error(), each);
      continue;
    }
    check_round_trip(*read);
    foreign = *std::move(read);
  }
  Choices choices({data + (nul < size ? nul + 1 : 0), nul < size ? size - nul - 1 : size});
  Exchange exchange(choices);
  for (int steps = 0; steps < 32 && !choices.empty(); ++steps) exchange.step(foreign);
  return 0;
}
