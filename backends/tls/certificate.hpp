// Certificates with their keys, as PEM text; fingerprints of RFC 8122.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/error.hpp"

namespace msrp::backend {

struct Certificate {
  std::string chain_pem;  // the own one first
  std::string key_pem;
};

// Self-signed, with a new key, for a day: for peers that know each other by fingerprint. Names:
// host names and addresses that it has. Errors: tls_failed.
Result<Certificate> make_certificate(std::span<const std::string> names);

// "SHA-256" of the first certificate as in a=fingerprint: "AB:CD:...". Errors: tls_failed (no
// certificate).
Result<std::string> sha256_fingerprint(std::string_view chain_pem);

}  // namespace msrp::backend
