#include "backends/tls/peer_certificate.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <cstddef>
#include <span>

namespace msrp::backend::openssl {

PeerIdentity identity_of(const X509* certificate) {
  PeerIdentity identity;
  if (certificate == nullptr) return identity;
  const auto digest = [certificate](const EVP_MD* hash, std::span<std::byte> out) {
    unsigned size = 0;
    auto* const octets = reinterpret_cast<unsigned char*>(out.data());
    return X509_digest(certificate, hash, octets, &size) == 1 && size == out.size();
  };
  identity.has_certificate = digest(EVP_sha256(), identity.sha256) &&
                             digest(EVP_sha384(), identity.sha384) &&
                             digest(EVP_sha512(), identity.sha512);
  ERR_clear_error();
  return identity;
}

}  // namespace msrp::backend::openssl
