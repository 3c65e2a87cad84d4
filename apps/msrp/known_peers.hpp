// Peers that were met before, in a file, as ssh does it: a description may have been changed on its
// way, and then somebody else comes with another certificate (RFC 8122 section 7).
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msrp/fingerprint.hpp"
#include "msrp/path.hpp"

namespace msrp::app {

class KnownPeers {
 public:
  enum class Verdict : std::uint8_t { known, unknown, changed };

  // Lines are `PEER HASH VALUE`; a file that is not there has none. The error: `what happened: what
  // to do`.
  static std::expected<KnownPeers, std::string> open(const std::string& file);

  Verdict judge(std::string_view peer, std::span<const Fingerprint> fingerprints) const;
  // Adds what is not there yet; one that has changed stays until somebody takes its line out.
  // False: the file cannot be written; errno says why.
  bool remember(std::string_view peer, std::span<const Fingerprint> fingerprints);

 private:
  explicit KnownPeers(std::string file) : file_(std::move(file)) {}

  std::string file_;
  std::vector<std::pair<std::string, Fingerprint>> entries_;
};

// What a peer is called: USER@HOST or HOST of its path's last URI, whose port and session-id are
// others each time.
std::string peer_name(const Path& path);

}  // namespace msrp::app
