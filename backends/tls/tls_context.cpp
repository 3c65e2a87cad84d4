#include "backends/tls/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace msrp::backend {
namespace {

using openssl::Owned;

// BCP 195 (RFC 9325 section 4.2): forward secrecy and authenticated encryption alone. Those of TLS
// 1.3 are so anyway.
constexpr const char* tls12_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::size_t fingerprint_size = 32 * 3 - 1;

bool is_fingerprint(std::string_view text) {
  if (text.size() != fingerprint_size) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    if (i % 3 == 2 ? c != ':' : !is_digit) return false;
  }
  return true;
}

std::string pem_of(X509* certificate) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  if (out == nullptr || PEM_write_bio_X509(out.get(), certificate) != 1) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::create(Side side, const TlsOptions& options) {
  ERR_clear_error();
  if (side == Side::server && options.own.chain_pem.empty()) return fail(Errc::invalid_argument);
  std::shared_ptr<TlsContext> made(new TlsContext());
  made->context_.reset(
      SSL_CTX_new(side == Side::client ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, tls12_suites) != 1) {
    return fail(Errc::tls_failed);
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (!options.own.chain_pem.empty()) MSRP_TRY_VOID(made->use(options.own));
  for (std::string fingerprint : options.peer_fingerprints) {
    std::ranges::transform(fingerprint, fingerprint.begin(), [](char c) {
      return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (!is_fingerprint(fingerprint)) return fail(Errc::tls_failed);
    made->fingerprints_.push_back(std::move(fingerprint));
  }
  const bool by_fingerprint = !made->fingerprints_.empty();
  made->checks_name_ = side == Side::client && !by_fingerprint;
  if (by_fingerprint) {
    SSL_CTX_set_cert_verify_callback(context, &TlsContext::verify, made.get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  } else if (side == Side::client) {
    MSRP_TRY_VOID(made->trust(options));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  } else if (options.asks_for_certificate) {
    MSRP_TRY_VOID(made->trust(options));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  return made;
}

Result<void> TlsContext::use(const Certificate& own) {
  const Owned<BIO> chain = openssl::reader(own.chain_pem);
  const Owned<X509> first(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  const Owned<BIO> key_text = openssl::reader(own.key_pem);
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  bool good = first != nullptr && key != nullptr &&
              SSL_CTX_use_certificate(context_.get(), first.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1 &&
              SSL_CTX_check_private_key(context_.get()) == 1;
  while (good) {
    X509* const next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr);
    if (next == nullptr) break;
    good = SSL_CTX_add0_chain_cert(context_.get(), next) == 1;
    if (!good) X509_free(next);
  }
  ERR_clear_error();
  return good ? Result<void>() : fail(Errc::tls_failed);
}

Result<void> TlsContext::trust(const TlsOptions& options) {
  if (options.trusted_pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context_.get()) == 1) return {};
    return fail(Errc::tls_failed);
  }
  X509_STORE* const store = SSL_CTX_get_cert_store(context_.get());
  const Owned<BIO> in = openssl::reader(options.trusted_pem);
  std::size_t count = 0;
  for (;; ++count) {
    const Owned<X509> each(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (each == nullptr) break;
    if (X509_STORE_add_cert(store, each.get()) != 1) return fail(Errc::tls_failed);
  }
  ERR_clear_error();
  return count > 0 ? Result<void>() : fail(Errc::tls_failed);
}

int TlsContext::verify(X509_STORE_CTX* store, void* self) {
  const auto& context = *static_cast<const TlsContext*>(self);
  X509* const certificate = X509_STORE_CTX_get0_cert(store);
  const auto found =
      certificate != nullptr ? sha256_fingerprint(pem_of(certificate)) : fail(Errc::tls_failed);
  if (found && std::ranges::find(context.fingerprints_, *found) != context.fingerprints_.end()) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);  // bad_certificate, RFC 8122
  return 0;
}

}  // namespace msrp::backend
