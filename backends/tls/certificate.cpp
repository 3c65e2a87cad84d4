#include "backends/tls/certificate.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "backends/tls/openssl_objects.hpp"
#include "msrp/address.hpp"

namespace msrp::backend {
namespace {

using openssl::Owned;

constexpr long valid_seconds = 24L * 60 * 60;
constexpr long clock_skew_seconds = 60L * 60;

template <class Write>
std::string written(Write&& write) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  if (out == nullptr || write(out.get()) != 1) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool add_names(X509* certificate, std::span<const std::string> names) {
  std::string value;
  for (const std::string& name : names) {
    if (!value.empty()) value += ',';
    value += (IpAddress::parse(name) ? "IP:" : "DNS:") + name;
  }
  if (value.empty()) return true;
  const Owned<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, std::span<const std::string> names) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* name = reinterpret_cast<const unsigned char*>("msrp");
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -clock_skew_seconds) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds) != nullptr &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         X509_set_pubkey(certificate, key) == 1 && add_names(certificate, names) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

Result<Certificate> make_certificate(std::span<const std::string> names) {
  ERR_clear_error();
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate(X509_new());
  if (key == nullptr || certificate == nullptr || !fill(certificate.get(), key.get(), names)) {
    ERR_clear_error();
    return fail(Errc::tls_failed);
  }
  Certificate made;
  made.chain_pem = written([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
  made.key_pem = written([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (made.chain_pem.empty() || made.key_pem.empty()) return fail(Errc::tls_failed);
  return made;
}

Result<std::string> sha256_fingerprint(std::string_view chain_pem) {
  ERR_clear_error();
  const Owned<BIO> in = openssl::reader(chain_pem);
  const Owned<X509> certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (certificate == nullptr || X509_digest(certificate.get(), EVP_sha256(), digest, &size) != 1) {
    ERR_clear_error();
    return fail(Errc::tls_failed);
  }
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += digits[digest[i] >> 4U];
    text += digits[digest[i] & 15U];
  }
  return text;
}

}  // namespace msrp::backend
