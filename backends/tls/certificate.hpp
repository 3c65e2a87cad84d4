// Certificates with their keys, as PEM text; fingerprints of RFC 8122.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/error.hpp"
#include "msrp/fingerprint.hpp"

namespace msrp::backend {

struct Certificate {
  std::string chain_pem;  // the own one first
  std::string key_pem;
};

// Self-signed, with a new key, for a day: for peers that know each other by fingerprint. Names:
// host names, addresses and URIs that it has (RFC 4975 section 14.4). Errors: tls_failed.
Result<Certificate> make_certificate(std::span<const std::string> names);

// Of the first certificate, for a=fingerprint: by SHA-256, and by the hash function of its
// signature if that is a stronger one (RFC 8122 section 5.1). Errors: tls_failed (no certificate).
Result<std::vector<Fingerprint>> fingerprints_of(std::string_view chain_pem);

}  // namespace msrp::backend
