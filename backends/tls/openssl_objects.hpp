// OpenSSL's objects, with their ends.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

namespace msrp::backend::openssl {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(GENERAL_NAME* name) const noexcept { GENERAL_NAME_free(name); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(ASN1_OCTET_STRING* text) const noexcept { ASN1_STRING_free(text); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

inline Owned<BIO> reader(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace msrp::backend::openssl
