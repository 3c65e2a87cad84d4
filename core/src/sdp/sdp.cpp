// What is asked of a description that was read.
#include "msrp/sdp.hpp"

#include <tuple>

namespace msrp {

bool operator==(const MsrpMedia& a, const MsrpMedia& b) {
  const auto path = [](const MsrpMedia& media) {
    return media.path ? media.path->text() : std::string_view();
  };
  const auto rest = [](const MsrpMedia& m) {
    return std::tie(m.port, m.secure, m.accept_types, m.accept_wrapped_types, m.max_size_bytes,
                    m.cema, m.file, m.common);
  };
  return path(a) == path(b) && rest(a) == rest(b);
}

std::optional<std::size_t> SessionDescription::msrp_index(std::size_t n) const noexcept {
  for (std::size_t i = 0; i < media.size(); ++i) {
    if (std::holds_alternative<MsrpMedia>(media[i]) && n-- == 0) return i;
  }
  return std::nullopt;
}

const MsrpMedia* SessionDescription::msrp(std::size_t n) const noexcept {
  const std::optional<std::size_t> index = msrp_index(n);
  return index ? msrp_at(*index) : nullptr;
}

const MsrpMedia* SessionDescription::msrp_at(std::size_t index) const noexcept {
  return index < media.size() ? std::get_if<MsrpMedia>(&media[index]) : nullptr;
}

std::optional<SdpAddress> SessionDescription::connection_of(const MsrpMedia& section) const {
  return section.common.connection ? section.common.connection : common.connection;
}

std::optional<Setup> SessionDescription::setup_of(const MsrpMedia& section) const noexcept {
  return section.common.setup ? section.common.setup : common.setup;
}

Direction SessionDescription::direction_of(const MsrpMedia& section) const noexcept {
  return section.common.direction.value_or(common.direction.value_or(Direction::sendrecv));
}

const std::vector<Fingerprint>& SessionDescription::fingerprints_of(
    const MsrpMedia& section) const noexcept {
  return section.common.fingerprints.empty() ? common.fingerprints : section.common.fingerprints;
}

std::string SdpProblem::text() const {
  std::string out;
  if (line != 0) out.append("line ").append(std::to_string(line)).append(": ");
  if (!where.empty()) out.append(where).append(": ");
  return out.append(what);
}

void continue_origin(const SessionDescription& previous, SessionDescription& next) {
  next.origin = previous.origin;
  if (next != previous) ++next.origin.version;
}

}  // namespace msrp
