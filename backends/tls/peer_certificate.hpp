// What a certificate says of who shows it.
#pragma once

#include <openssl/x509.h>

#include "msrp/fingerprint.hpp"

namespace msrp::backend::openssl {

// With the digests of the certificate; null: there is none. Nothing is verified by this.
PeerIdentity identity_of(const X509* certificate);

}  // namespace msrp::backend::openssl
