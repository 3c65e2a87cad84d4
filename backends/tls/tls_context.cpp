#include "backends/tls/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "backends/tls/peer_certificate.hpp"

namespace msrp::backend {
namespace {

using openssl::Owned;

// BCP 195 (RFC 9325 section 4.2): forward secrecy and authenticated encryption alone. Those of TLS
// 1.3 are so anyway.
constexpr const char* tls12_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* old_suite = ":AES128-SHA";

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::create(Side side, const TlsOptions& options) {
  ERR_clear_error();
  if (side == Side::server && options.own.chain_pem.empty()) return fail(Errc::invalid_argument);
  std::shared_ptr<TlsContext> made(new TlsContext());
  made->context_.reset(
      SSL_CTX_new(side == Side::client ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  const std::string suites = std::string(tls12_suites) + (options.old_suite ? old_suite : "");
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, suites.c_str()) != 1) {
    return fail(Errc::tls_failed);
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (!options.own.chain_pem.empty()) MSRP_TRY_VOID(made->use(options.own));
  made->takes_wildcards_ = options.wildcards;
  made->fingerprints_ = options.peer_fingerprints;
  const bool by_fingerprint = !made->fingerprints_.empty();
  if (by_fingerprint && !any_believed(made->fingerprints_)) return fail(Errc::tls_failed);
  const bool is_client = side == Side::client;
  const bool anyone = !is_client && options.client_certificate == ClientCertificate::anyone;
  const bool trusted = !is_client && options.client_certificate == ClientCertificate::trusted;
  made->checks_name_ = is_client && !by_fingerprint;
  made->verifies_ = by_fingerprint || is_client || trusted;
  int mode = SSL_VERIFY_PEER;
  if (by_fingerprint || anyone) {
    SSL_CTX_set_cert_verify_callback(context, &TlsContext::verify, made.get());
  } else if (made->verifies_) {
    MSRP_TRY_VOID(made->trust(options));
  } else {
    mode = SSL_VERIFY_NONE;
  }
  if (!is_client && made->verifies_) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, mode, nullptr);
  // Without one a server that asks for certificates would end every session that is resumed.
  constexpr unsigned char session_context[] = {'m', 's', 'r', 'p'};
  SSL_CTX_set_session_id_context(context, session_context, sizeof session_context);
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
  const PeerIdentity peer = openssl::identity_of(X509_STORE_CTX_get0_cert(store));
  if (context.fingerprints_.empty() || matches(context.fingerprints_, peer)) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);  // bad_certificate, RFC 8122
  return 0;
}

}  // namespace msrp::backend
