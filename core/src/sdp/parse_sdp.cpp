// Reading descriptions: lines, levels, sections.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msrp/sdp.hpp"
#include "sdp/sdp_attributes.hpp"
#include "sdp/sdp_order.hpp"
#include "sdp/sdp_values.hpp"
#include "wire/grammar.hpp"

namespace msrp {
namespace {

struct Line {
  char type = 0;
  std::string_view value;
  std::uint32_t offset = 0;
  std::uint32_t number = 0;  // from 1
};

using Faulty = std::optional<SdpProblem>;

SdpProblem problem(const SdpFault& fault, const Line& line, std::string_view where) noexcept {
  return {Error{fault.code, 0, line.offset}, line.number, where, fault.what};
}

// Static storage for every type of line.
std::string_view where_of(char type) noexcept {
  constexpr std::string_view all = "a=b=c=d=e=f=g=h=i=j=k=l=m=n=o=p=q=r=s=t=u=v=w=x=y=z=";
  if (type < 'a' || type > 'z') return {};
  return all.substr(2 * static_cast<std::size_t>(type - 'a'), 2);
}

// Takes lines off a text one by one; what is no "x=..." line is passed over, though counted.
class Lines {
 public:
  Lines(std::string_view text, const SdpLimits& limits) noexcept : text_(text), limits_(limits) {}

  // False at the end, or when the line breaks a rule that every line has: see fault().
  bool next(Line& line) noexcept {
    while (position_ < text_.size()) {
      const std::size_t begin = position_;
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      position_ = end + 1;
      std::string_view text = text_.substr(begin, end - begin);
      if (text.ends_with('\r')) text.remove_suffix(1);
      // Texts are bounded far below what 32 bits hold.
      line = {0, {}, static_cast<std::uint32_t>(begin), ++number_};
      if (number_ > limits_.lines) return fail({"too many lines", Errc::limit_exceeded}, line);
      if (text.size() < 2 || text[1] != '=') continue;
      line.type = text[0];
      line.value = text.substr(2);
      if (line.value.size() > limits_.value_bytes) {
        return fail({"too long a line", Errc::limit_exceeded}, line);
      }
      if (has_line_breaker(text)) return fail({"CR or NUL inside the line"}, line);
      return true;
    }
    return false;
  }

  const Faulty& fault() const noexcept { return fault_; }

 private:
  bool fail(const SdpFault& fault, const Line& line) noexcept {
    fault_ = problem(fault, line, where_of(line.type));
    return false;
  }

  std::string_view text_;
  const SdpLimits& limits_;
  std::size_t position_ = 0;
  std::uint32_t number_ = 0;
  Faulty fault_;
};

class Reader {
 public:
  Reader(std::string_view text, const SdpLimits& limits) : lines_(text, limits), limits_(limits) {}

  std::expected<SessionDescription, SdpProblem> read() {
    Line line;
    Faulty fault;
    while (!fault && lines_.next(line)) {
      if (!version_there_ && line.type != 'v') {
        fault = problem({"v=0 does not stand before it"}, line, where_of(line.type));
      } else if (line.type == 'm') {
        fault = end_section();
        if (!fault) fault = begin_section(line);
      } else if (msrp_) {
        fault = read_common(line, msrp_->common);
      } else if (other_) {
        other_->lines.push_back({line.type, std::string(line.value)});
      } else {
        fault = read_session_line(line);
      }
    }
    if (!fault) fault = lines_.fault();
    if (!fault) fault = end_section();
    if (!fault && !version_there_) fault = SdpProblem{{Errc::bad_sdp}, 0, {}, "no line v=0"};
    if (fault) return std::unexpected(*fault);
    std::vector<SdpLine>& lines = sdp_.common.lines;
    if (std::ranges::find(lines, 't', &SdpLine::type) == lines.end()) {
      insert_in_order({'t', "0 0"}, lines);
    }
    return std::move(sdp_);
  }

 private:
  // Behind the last line of the same rank.
  static void insert_in_order(SdpLine line, std::vector<SdpLine>& lines) {
    const auto rank = [](const SdpLine& one) { return session_line_rank(one.type); };
    lines.insert(std::ranges::upper_bound(lines, rank(line), {}, rank), std::move(line));
  }

  Faulty keep(const Line& line, SdpCommon& common) {
    if (common.lines.size() == limits_.other_lines) {
      return problem({"too many lines of this kind", Errc::limit_exceeded}, line,
                     where_of(line.type));
    }
    insert_in_order({line.type, std::string(line.value)}, common.lines);
    return std::nullopt;
  }

  template <class T>
  Faulty set_once(bool& there, T& where, SdpValue<T> value, const Line& line) {
    if (!value) return problem(value.error(), line, where_of(line.type));
    if (there) return problem({"said twice"}, line, where_of(line.type));
    there = true;
    where = *std::move(value);
    return std::nullopt;
  }

  Faulty read_session_line(const Line& line) {
    switch (line.type) {
      case 'v':
        version_there_ = true;
        if (grammar::trimmed(line.value) == "0") return std::nullopt;
        return problem({"not version 0"}, line, "v=");
      case 'o':
        return set_once(origin_there_, sdp_.origin, read_origin(line.value), line);
      case 's':
        return set_once(name_there_, sdp_.name, SdpValue<std::string>(std::string(line.value)),
                        line);
      default:
        return read_common(line, sdp_.common);
    }
  }

  // c=, a= and what is kept as it is.
  Faulty read_common(const Line& line, SdpCommon& common) {
    if (line.type == 'a') {
      const auto fault = read_attribute(AttributeText(line.value), limits_, common, msrp_);
      if (!fault) return std::nullopt;
      return problem(fault->fault, line, fault->where);
    }
    if (line.type == 'c') {
      SdpValue<SdpAddress> address = read_address(line.value);
      if (!address) return problem(address.error(), line, "c=");
      if (common.connection) return problem({"said twice"}, line, "c=");
      common.connection = *std::move(address);
      return std::nullopt;
    }
    const int rank = msrp_ ? media_line_rank(line.type) : session_line_rank(line.type);
    if (rank < 0) return std::nullopt;
    return keep(line, common);
  }

  // "message PORT TCP/MSRP *", or any other medium.
  Faulty begin_section(const Line& line) {
    if (sdp_.media.size() == limits_.media) {
      return problem({"too many media", Errc::limit_exceeded}, line, "m=");
    }
    std::string_view rest = line.value;
    const std::string_view medium = take_word(rest);
    const std::string_view port = take_word(rest);
    const std::string_view protocol = take_word(rest);
    const bool secure = grammar::equal_without_case(protocol, "TCP/TLS/MSRP");
    if (medium != "message" || !(secure || grammar::equal_without_case(protocol, "TCP/MSRP"))) {
      other_ = &std::get<OtherMedia>(sdp_.media.emplace_back(OtherMedia{}));
      other_->lines.push_back({'m', std::string(line.value)});
      return std::nullopt;
    }
    const SdpValue<std::uint64_t> number = read_number(port);
    if (!number || *number > 65535) return problem({"not a port"}, line, "m=");
    if (grammar::trimmed(rest) != "*") return problem({"the format is not *"}, line, "m=");
    msrp_ = &std::get<MsrpMedia>(sdp_.media.emplace_back(MsrpMedia{}));
    msrp_->port = static_cast<std::uint16_t>(*number);
    msrp_->secure = secure;
    section_line_ = line;
    return std::nullopt;
  }

  Faulty end_section() {
    MsrpMedia* const section = std::exchange(msrp_, nullptr);
    other_ = nullptr;
    if (!section) return std::nullopt;
    if (section->path || section->port == 0) return std::nullopt;
    return problem({"no a=path belongs to it"}, section_line_, "m=");
  }

  Lines lines_;
  const SdpLimits& limits_;
  SessionDescription sdp_;
  bool version_there_ = false, origin_there_ = false, name_there_ = false;
  MsrpMedia* msrp_ = nullptr;    // the section that is being read, if it is one of MSRP
  OtherMedia* other_ = nullptr;  // or another one
  Line section_line_;
};

}  // namespace

std::expected<SessionDescription, SdpProblem> read_sdp(std::string_view text,
                                                       const SdpLimits& limits) {
  const std::uint32_t most =
      std::min(limits.text_bytes, std::numeric_limits<std::uint32_t>::max() - 1);
  if (text.size() > most) {
    return std::unexpected(SdpProblem{{Errc::limit_exceeded}, 0, {}, "too long a description"});
  }
  return Reader(text, limits).read();
}

Result<SessionDescription> parse_sdp(std::string_view text, const SdpLimits& limits) {
  std::expected<SessionDescription, SdpProblem> read = read_sdp(text, limits);
  if (!read) return std::unexpected(read.error().error);
  return *std::move(read);
}

}  // namespace msrp
