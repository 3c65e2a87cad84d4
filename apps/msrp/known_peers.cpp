#include "apps/msrp/known_peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "apps/msrp/text.hpp"

namespace msrp::app {

std::expected<KnownPeers, std::string> KnownPeers::open(const std::string& file) {
  KnownPeers made(file);
  errno = 0;
  std::ifstream in(file);
  if (!in.is_open() && errno != ENOENT) {
    return std::unexpected(fmt::format("cannot read '{}', {}: name a file of yours",
                                       printable(file), std::strerror(errno)));
  }
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t blank = line.find(' ');
    auto read = Fingerprint::parse(std::string_view(line).substr(std::min(blank, line.size())));
    if (!read) {
      return std::unexpected(fmt::format("line {} of '{}' is no peer, {}: take it out", number,
                                         printable(file), read.error()));
    }
    made.entries_.emplace_back(line.substr(0, blank), *std::move(read));
  }
  return made;
}

KnownPeers::Verdict KnownPeers::judge(std::string_view peer,
                                      std::span<const Fingerprint> fingerprints) const {
  bool other = false;
  for (const auto& [name, known] : entries_) {
    if (name != peer) continue;
    for (const Fingerprint& each : fingerprints) {
      if (each == known) return Verdict::known;
      other = other || each.hash == known.hash;
    }
  }
  return other ? Verdict::changed : Verdict::unknown;
}

bool KnownPeers::remember(std::string_view peer, std::span<const Fingerprint> fingerprints) {
  if (judge(peer, fingerprints) != Verdict::unknown) return true;
  errno = 0;
  std::ofstream out(file_, std::ios::app);
  for (const Fingerprint& each : fingerprints) {
    if (!is_believed(each)) continue;
    out << peer << ' ' << each.text() << '\n';
    entries_.emplace_back(peer, each);
  }
  return out.flush().good();
}

std::string peer_name(const Path& path) {
  const UriView uri = path.view().back();
  std::string name(uri.userinfo);
  if (!name.empty()) name += '@';
  for (const char c : uri.host) {
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

}  // namespace msrp::app
