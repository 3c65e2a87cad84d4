// TLS of send and recv: the own certificate, and what is asked of the peer's.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/msrp/options.hpp"
#include "backends/tls/openssl_tls.hpp"
#include "msrp/fingerprint.hpp"

namespace msrp::app {

// Errors are texts: `what happened: what to do`.
class TlsSetup {
 public:
  // Reads the certificate, or makes one. with_sdp: names come from descriptions that somebody may
  // have changed on the way.
  static std::expected<TlsSetup, std::string> create(const TlsSettings& settings, bool with_sdp);

  // Of the own certificate; the first is by SHA-256.
  const std::vector<Fingerprint>& fingerprints() const noexcept { return fingerprints_; }

  // For peers who connect from now on. Whom a session is with is compared once more when it is
  // bound, since a peer's description may come later than the peer (RFC 8122 section 6.2).
  std::expected<void, std::string> use_for_servers(backend::OpensslTlsProvider& provider) const;
  // For connecting to a peer: known by --peer-fingerprint, else by what its description says, else
  // by its name.
  std::expected<void, std::string> use_for_clients(backend::OpensslTlsProvider& provider,
                                                   std::span<const Fingerprint> described) const;
  // Whether anything will be asked of a peer who connects.
  bool knows_callers() const noexcept {
    return !settings_.peer_fingerprints.empty() || !settings_.ca_file.empty();
  }

  // Reads the files again; on an error all stays as it was.
  std::expected<void, std::string> reload();

 private:
  TlsSetup(const TlsSettings& settings, bool with_sdp) : settings_(settings), with_sdp_(with_sdp) {}

  TlsSettings settings_;
  bool with_sdp_;
  backend::Certificate own_;
  std::vector<Fingerprint> fingerprints_;
  std::string trusted_pem_;  // empty: those that the system believes
};

// As the options say; none in the clear. Both for who connects and for whom is connected to.
std::expected<void, std::string> set_up_tls(const SignalingOptions& options,
                                            backend::OpensslTlsProvider& provider,
                                            std::optional<TlsSetup>& setup);

// What to do about a connection that failed with tls_failed for that reason (OpensslTls::reason()).
std::string_view tls_advice(std::string_view reason) noexcept;

}  // namespace msrp::app
