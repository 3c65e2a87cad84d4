// What connections with TLS have in common: the own certificate, and what is asked of the peer's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/tls/certificate.hpp"
#include "backends/tls/openssl_objects.hpp"
#include "msrp/error.hpp"

namespace msrp::backend {

struct TlsOptions {
  Certificate own;  // of a server required; of a client only where the server asks for one
  // Whom a client believes: certificates as PEM. Empty: those that the system does.
  std::string trusted_pem;
  // Peer to peer (RFC 4975 section 14.4, RFC 8122): the peer's certificate has one of these SHA-256
  // fingerprints, "AB:CD:..." in either case; nothing else is asked of it. Empty: a client checks
  // the server's name.
  std::vector<std::string> peer_fingerprints;
  // A server asks for the client's certificate, and goes on without only when no fingerprint is
  // demanded.
  bool asks_for_certificate = false;
};

// Never changed once it is made: shards may share it.
class TlsContext {
 public:
  enum class Side : std::uint8_t { client, server };
  // TLS 1.2 and 1.3, with the suites of BCP 195. Errors: tls_failed (a certificate, key or
  // fingerprint that cannot be used), invalid_argument (a server without a certificate).
  static Result<std::shared_ptr<const TlsContext>> create(Side side, const TlsOptions& options);

  SSL_CTX* native() const noexcept { return context_.get(); }
  bool checks_name() const noexcept { return checks_name_; }

 private:
  TlsContext() = default;
  Result<void> use(const Certificate& own);
  Result<void> trust(const TlsOptions& options);
  static int verify(X509_STORE_CTX* store, void* self);

  openssl::Owned<SSL_CTX> context_;
  std::vector<std::string> fingerprints_;  // in upper case
  bool checks_name_ = false;
};

}  // namespace msrp::backend
