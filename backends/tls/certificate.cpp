#include "backends/tls/certificate.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "backends/tls/openssl_objects.hpp"
#include "backends/tls/peer_certificate.hpp"
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

// Null: no such name, or no memory.
Owned<GENERAL_NAME> general_name(const std::string& name) {
  const auto address = IpAddress::parse(name);
  const bool is_uri = !address && name.contains(':');
  Owned<ASN1_OCTET_STRING> value;
  Owned<GENERAL_NAME> made(GENERAL_NAME_new());
  if (made == nullptr) return nullptr;
  if (address) {
    value.reset(a2i_IPADDRESS(name.c_str()));
  } else if (!name.empty() &&
             std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; })) {
    value.reset(ASN1_IA5STRING_new());
    const int size = static_cast<int>(name.size());
    if (value != nullptr && ASN1_STRING_set(value.get(), name.data(), size) != 1) value.reset();
  }
  if (value == nullptr) return nullptr;
  GENERAL_NAME_set0_value(made.get(),
                          address  ? GEN_IPADD
                          : is_uri ? GEN_URI
                                   : GEN_DNS,
                          value.release());
  return made;
}

bool add_names(X509* certificate, std::span<const std::string> names) {
  if (names.empty()) return true;
  const Owned<GENERAL_NAMES> all(sk_GENERAL_NAME_new_null());
  for (const std::string& name : names) {
    Owned<GENERAL_NAME> one = general_name(name);
    if (all == nullptr || one == nullptr || sk_GENERAL_NAME_push(all.get(), one.get()) == 0) {
      return false;
    }
    static_cast<void>(one.release());
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, 0) == 1;
}

std::string pairs(std::span<const std::byte> digest) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const std::byte each : digest) {
    const auto octet = std::to_integer<unsigned>(each);
    if (!text.empty()) text += ':';
    text += digits[octet >> 4U];
    text += digits[octet & 15U];
  }
  return text;
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

Result<std::vector<Fingerprint>> fingerprints_of(std::string_view chain_pem) {
  ERR_clear_error();
  const Owned<BIO> in = openssl::reader(chain_pem);
  const Owned<X509> certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  const PeerIdentity digests = openssl::identity_of(certificate.get());
  ERR_clear_error();
  if (!digests.has_certificate) return fail(Errc::tls_failed);
  std::vector<Fingerprint> made{{"sha-256", pairs(digests.sha256)}};
  int hash = NID_undef;
  X509_get_signature_info(certificate.get(), &hash, nullptr, nullptr, nullptr);
  if (hash == NID_sha384) made.push_back({"sha-384", pairs(digests.sha384)});
  if (hash == NID_sha512) made.push_back({"sha-512", pairs(digests.sha512)});
  return made;
}

}  // namespace msrp::backend
