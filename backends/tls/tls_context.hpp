// What connections with TLS have in common: the own certificate, and what is asked of the peer's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/tls/certificate.hpp"
#include "backends/tls/openssl_objects.hpp"
#include "msrp/error.hpp"
#include "msrp/fingerprint.hpp"

namespace msrp::backend {

// What a server asks of a client's certificate when it demands no fingerprint.
enum class ClientCertificate : std::uint8_t {
  none,  // it asks for none
  // It asks, and lets everybody in, also who shows none: what the peer's description demands is not
  // known yet (RFC 8122 section 6.2). RemoteDescription::fingerprints says it later.
  anyone,
  trusted,  // it demands one that those who are believed have issued
};

struct TlsOptions {
  Certificate own;  // of a server required; of a client only where the server asks for one
  // Whom a client believes: certificates as PEM. Empty: those that the system does.
  std::string trusted_pem;
  // Peer to peer (RFC 4975 section 14.4, RFC 8122): the peer's certificate matches() these, and
  // nothing else is asked of it. Empty: a client checks the server's name.
  std::vector<Fingerprint> peer_fingerprints;
  ClientCertificate client_certificate = ClientCertificate::none;
  // A client takes "*.example.org" for a.example.org; not when the name is that of a session
  // description which anybody may have changed (RFC 8122 section 6.1).
  bool wildcards = true;
  // TLS 1.2 also with TLS_RSA_WITH_AES_128_CBC_SHA, which RFC 4975 section 14.2 demanded and which
  // has no forward secrecy: for peers that have nothing else.
  bool old_suite = false;
};

// Never changed once it is made: shards may share it.
class TlsContext {
 public:
  enum class Side : std::uint8_t { client, server };
  // TLS 1.2 and 1.3, with the suites of BCP 195. Errors: tls_failed (a certificate or key that
  // cannot be used, fingerprints of which none is believed), invalid_argument (a server without a
  // certificate).
  static Result<std::shared_ptr<const TlsContext>> create(Side side, const TlsOptions& options);

  SSL_CTX* native() const noexcept { return context_.get(); }
  bool checks_name() const noexcept { return checks_name_; }
  bool takes_wildcards() const noexcept { return takes_wildcards_; }
  // Whether who shows a certificate and gets in is who was asked for.
  bool verifies() const noexcept { return verifies_; }

 private:
  TlsContext() = default;
  Result<void> use(const Certificate& own);
  Result<void> trust(const TlsOptions& options);
  static int verify(X509_STORE_CTX* store, void* self);

  openssl::Owned<SSL_CTX> context_;
  std::vector<Fingerprint> fingerprints_;  // empty: of anyone
  bool checks_name_ = false;
  bool takes_wildcards_ = true;
  bool verifies_ = false;
};

}  // namespace msrp::backend
