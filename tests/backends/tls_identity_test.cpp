// Who is believed to be who he says he is: issuers and dates, names and URIs, what a server asks
// for, and what remains of it all in sessions that are resumed.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tls_pair.hpp"

namespace msrp::backend {
namespace {

using openssl::Owned;

template <class Write>
std::string pem(Write&& write) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  EXPECT_EQ(write(out.get()), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// What a certificate authority makes, good or bad.
struct Issued {
  bool is_authority = false;
  const char* name = "a.example";
  long from_days = -1, to_days = 1;
  const EVP_MD* (*hash)() = EVP_sha256;
  bool rsa = false;
};
struct Party {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate{X509_new()};
  std::string chain_pem, key_pem;

  Certificate own() const { return {chain_pem, key_pem}; }

  void add(const Party& issuer, int nid, const std::string& value) const {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer.certificate.get(), certificate.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    ASSERT_NE(extension, nullptr);
    EXPECT_EQ(X509_add_ext(certificate.get(), extension, -1), 1);
    X509_EXTENSION_free(extension);
  }
  // Null: by itself.
  Party(const Issued& what, const Party* issuer)
      : key(what.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")) {
    const Party& by = issuer != nullptr ? *issuer : *this;
    X509* const made = certificate.get();
    X509_NAME* const subject = X509_get_subject_name(made);
    const auto* common = reinterpret_cast<const unsigned char*>(what.is_authority ? "CA" : "leaf");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), what.is_authority ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(made), what.from_days * 86400);
    X509_gmtime_adj(X509_getm_notAfter(made), what.to_days * 86400);
    X509_set_issuer_name(made, X509_get_subject_name(by.certificate.get()));
    X509_set_pubkey(made, key.get());
    add(by, NID_basic_constraints, what.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add(by, NID_subject_alt_name, "DNS:" + std::string(what.name));
    EXPECT_GT(X509_sign(made, by.key.get(), what.hash()), 0);
    key_pem = pem([this](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    chain_pem = pem([made](BIO* out) { return PEM_write_bio_X509(out, made); });
    if (issuer != nullptr) chain_pem += issuer->chain_pem;
  }
};

// R4975-5.4-9, R4975-5.4-10: the right name alone is not enough.
TEST(TlsIdentity, IssuersAndDatesAreChecked) {
  const Party authority({.is_authority = true}, nullptr), stranger({.is_authority = true}, nullptr);
  const auto reason = [&](const Party& leaf, const char* name) {
    Pair pair(client({.trusted_pem = authority.chain_pem}), server({.own = leaf.own()}), name);
    return pair.is_up() ? "up" : pair.a->reason();
  };
  const Party good({}, &authority);
  EXPECT_EQ(reason(good, "a.example"), "up");
  EXPECT_TRUE(reason(good, "b.example").contains("ostname mismatch")) << reason(good, "b.example");
  const Party expired({.from_days = -3, .to_days = -1}, &authority);
  EXPECT_TRUE(reason(expired, "a.example").contains("has expired"));
  const Party early({.from_days = 1, .to_days = 3}, &authority);
  EXPECT_TRUE(reason(early, "a.example").contains("not yet valid"));
  // It has the authority's name, and another key.
  EXPECT_TRUE(reason(Party({}, &stranger), "a.example").contains("signature failure"));
  EXPECT_TRUE(reason(Party({}, &good), "a.example").contains("verify failed"))
      << "a leaf is no authority";
  EXPECT_TRUE(reason(Party({}, nullptr), "a.example").contains("self-signed"));
}

// R4975-5.4-11, R4975-5.4-12: only where a fingerprint is checked nothing else is.
TEST(TlsIdentity, NothingIsRelaxedWithoutAFingerprint) {
  const Certificate own = certificate({"b.example"});
  Pair by_name(client({}), server({.own = own}), "b.example");
  EXPECT_EQ(by_name.a->state(), TlsState::failed);
  Pair wrong(client({.peer_fingerprints = {print_of(certificate({}))}}), server({.own = own}), "x");
  EXPECT_EQ(wrong.a->state(), TlsState::failed);
  Pair right(client({.peer_fingerprints = {print_of(own)}}), server({.own = own}), "x");
  ASSERT_TRUE(right.is_up());
  EXPECT_TRUE(right.a->peer().verified);
  EXPECT_TRUE(matches(std::vector{print_of(own)}, right.a->peer()));
}

// R8122-6.1-1
TEST(TlsIdentity, WildcardsCanBeRefused) {
  const Certificate own = certificate({"*.example.org"});
  for (const bool wildcards : {true, false}) {
    Pair pair(client({.trusted_pem = own.chain_pem, .wildcards = wildcards}), server({.own = own}),
              "a.example.org");
    EXPECT_EQ(pair.is_up(), wildcards) << pair.a->reason();
  }
  const Certificate exact = certificate({"a.example.org"});
  Pair pair(client({.trusted_pem = exact.chain_pem, .wildcards = false}), server({.own = exact}),
            "A.example.org");
  EXPECT_TRUE(pair.is_up()) << pair.a->reason();
}

// R8122-6.2-2, R8122-6.2-3: a server that does not know yet whom to expect asks all the same, and
// what it was shown can be compared later.
TEST(TlsIdentity, AServerMayWaitForTheFingerprint) {
  const Certificate own = certificate({}), theirs = certificate({});
  const Context asking = server({.own = own, .client_certificate = ClientCertificate::anyone});
  const std::vector<Fingerprint> mine{print_of(own)};
  Pair shown(client({.own = theirs, .peer_fingerprints = mine}), asking, "x");
  ASSERT_TRUE(shown.is_up()) << shown.b->reason();
  EXPECT_FALSE(shown.b->peer().verified);
  EXPECT_TRUE(matches(std::vector{print_of(theirs)}, shown.b->peer()));
  EXPECT_FALSE(matches(mine, shown.b->peer()));
  Pair none(client({.peer_fingerprints = mine}), asking, "x");
  ASSERT_TRUE(none.is_up()) << none.b->reason();
  EXPECT_FALSE(none.b->peer().has_certificate);
  Pair unasked(client({.own = theirs, .peer_fingerprints = mine}), server({.own = own}), "x");
  ASSERT_TRUE(unasked.is_up());
  EXPECT_FALSE(unasked.b->peer().has_certificate);
}

TEST(TlsIdentity, AServerMayDemandWhatAnAuthorityIssued) {
  const Party authority({.is_authority = true}, nullptr);
  const Party user({.name = "user.example"}, &authority);
  const Certificate own = certificate({"a.example"});
  const Context demanding = server({.own = own,
                                    .trusted_pem = authority.chain_pem,
                                    .client_certificate = ClientCertificate::trusted});
  Pair good(client({.own = user.own(), .trusted_pem = own.chain_pem}), demanding, "a.example");
  ASSERT_TRUE(good.is_up()) << good.b->reason();
  EXPECT_TRUE(good.b->peer().verified);
  Pair self(client({.own = certificate({}), .trusted_pem = own.chain_pem}), demanding, "a.example");
  EXPECT_EQ(self.b->state(), TlsState::failed);
  Pair none(client({.trusted_pem = own.chain_pem}), demanding, "a.example");
  EXPECT_EQ(none.b->state(), TlsState::failed);
}

int note_name(SSL* ssl, int*, void* to) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  *static_cast<std::string*>(to) = name != nullptr ? name : "none";
  return SSL_TLSEXT_ERR_OK;
}

// R4975-14.2-1, R4975-14.2-2: the server is told whom it is taken for; addresses are no names.
TEST(TlsIdentity, TheServersNameIsIndicated) {
  const Certificate own = certificate({"a.example", "192.0.2.1"});
  const Context serving = server({.own = own});
  std::string heard;
  SSL_CTX_set_tlsext_servername_callback(serving->native(), &note_name);
  SSL_CTX_set_tlsext_servername_arg(serving->native(), &heard);
  for (const auto& [name, indicated] :
       {std::pair{"a.example", "a.example"}, {"192.0.2.1", "none"}}) {
    heard.clear();
    Pair pair(client({.trusted_pem = own.chain_pem}), serving, name);
    EXPECT_TRUE(pair.is_up()) << pair.a->reason();
    EXPECT_EQ(heard, indicated);
  }
}

// R4975-14.2-3: every suite that is offered works.
TEST(TlsIdentity, SuitesWithForwardSecrecyAlone) {
  const Certificate own = certificate({"a.example"});
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                            "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    const Context one = client({.trusted_pem = own.chain_pem});
    SSL_CTX_set_max_proto_version(one->native(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(one->native(), suite);
    Pair pair(one, server({.own = own}), "a.example");
    EXPECT_TRUE(pair.is_up()) << suite << pair.a->reason();
  }
}

//
TEST(TlsIdentity, TheOldSuiteIsAnOption) {
  const Party rsa({.rsa = true}, nullptr);
  const std::vector<Fingerprint> prints{print_of(rsa.own())};
  for (const bool by_client : {true, false}) {
    for (const bool by_server : {true, false}) {
      const Context calling = client({.peer_fingerprints = prints, .old_suite = by_client});
      SSL_CTX_set_max_proto_version(calling->native(), TLS1_2_VERSION);
      const Context serving = server({.own = rsa.own(), .old_suite = by_server});
      Pair any(calling, serving, "x");
      EXPECT_TRUE(any.is_up()) << any.a->reason();
      EXPECT_STRNE(SSL_get_cipher_name(any.b->native()), "AES128-SHA") << "the others come first";
      if (!by_client) continue;
      ASSERT_EQ(SSL_CTX_set_cipher_list(calling->native(), "AES128-SHA"), 1);
      Pair old(calling, serving, "x");
      EXPECT_EQ(old.is_up(), by_server) << old.b->reason();
    }
  }
}

using KeptSession = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;
std::vector<KeptSession>* kept_sessions = nullptr;
int keep_session(SSL*, SSL_SESSION* session) {
  kept_sessions->emplace_back(session, &SSL_SESSION_free);
  return 1;
}

// Tickets carry a session over to a next connection, and who the client is with it.
TEST(TlsIdentity, ATicketIsWorthWhatItsHandshakeWas) {
  const Certificate own = certificate({}), theirs = certificate({});
  std::vector<KeptSession> kept;
  kept_sessions = &kept;
  for (const ClientCertificate asks : {ClientCertificate::none, ClientCertificate::anyone}) {
    kept.clear();
    const Context calling = client({.own = theirs, .peer_fingerprints = {print_of(own)}});
    const Context serving = server({.own = own, .client_certificate = asks});
    SSL_CTX_set_session_cache_mode(calling->native(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(calling->native(), &keep_session);
    Pair first(calling, serving, "x");
    ASSERT_TRUE(first.is_up()) << first.b->reason();
    EXPECT_EQ(SSL_session_reused(first.b->native()), 0);
    ASSERT_FALSE(kept.empty());
    const auto resume = [&](const Context& with) {
      auto caller = OpensslTls::create(calling, true, "x");
      EXPECT_EQ(SSL_set_session(caller->native(), kept.back().get()), 1);
      return std::make_unique<Pair>(std::move(caller), OpensslTls::create(with, false, {}));
    };
    const auto second = resume(serving);
    ASSERT_TRUE(second->is_up()) << second->a->reason() << second->b->reason();
    EXPECT_EQ(SSL_session_reused(second->b->native()), 1);
    second->say({"hello"});
    EXPECT_EQ(second->to_b, "hello");
    EXPECT_TRUE(matches(std::vector{print_of(own)}, second->a->peer()));
    const bool asked = asks == ClientCertificate::anyone;
    EXPECT_EQ(matches(std::vector{print_of(theirs)}, second->b->peer()), asked);
    // Another server does not know it, and the handshake is a whole one.
    const auto elsewhere = resume(server({.own = own, .client_certificate = asks}));
    EXPECT_TRUE(elsewhere->is_up()) << elsewhere->b->reason();
    EXPECT_EQ(SSL_session_reused(elsewhere->b->native()), 0);
  }
}

std::vector<std::string> uris_of(const Certificate& certificate) {
  const Owned<BIO> in = openssl::reader(certificate.chain_pem);
  const Owned<X509> first(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(first.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const auto* text = ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
    uris.emplace_back(reinterpret_cast<const char*>(text));
  }
  return uris;
}

// R4975-14.4-2, R4975-14.5-3: the user's address stands in it beside host names.
TEST(TlsIdentity, ACertificateMayCarryUris) {
  const Certificate own =
      certificate({"sip:alice@example.org", "a.example", "im:alice@example.org", "2001:db8::1"});
  const std::vector<std::string> wanted{"sip:alice@example.org", "im:alice@example.org"};
  EXPECT_EQ(uris_of(own), wanted);
  for (const char* name : {"a.example", "2001:db8::1"}) {
    Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), name);
    EXPECT_TRUE(pair.is_up()) << name << pair.a->reason();
  }
  EXPECT_FALSE(make_certificate(std::vector<std::string>{""}));
  EXPECT_FALSE(make_certificate(std::vector<std::string>{"a b"}));
  // A comma is part of the name.
  EXPECT_EQ(uris_of(certificate({"sip:a,DNS:evil.example"})).size(), 1U);
}

// R4975-14.4-6, R4975-14.4-7: each has a key of its own, and is told apart by who asks for it.
TEST(TlsIdentity, EveryUserHasAnotherCertificate) {
  const Certificate own = certificate({}), alice = certificate({}), anonymous = certificate({});
  EXPECT_NE(alice.key_pem, anonymous.key_pem);
  EXPECT_NE(print_of(alice), print_of(anonymous));
  OpensslTlsProvider provider;
  const std::vector<Fingerprint> mine{print_of(own)};
  provider.use_for_identity("alice", client({.own = alice, .peer_fingerprints = mine}));
  provider.use_for_identity("nobody", client({.own = anonymous, .peer_fingerprints = mine}));
  provider.use_for_servers(server({.own = own, .client_certificate = ClientCertificate::anyone}));
  for (const auto& [identity, shown] : {std::pair{"alice", &alice}, {"nobody", &anonymous}}) {
    Pair pair(provider.client("x", identity), provider.server({}));
    ASSERT_TRUE(pair.is_up()) << pair.b->reason();
    EXPECT_TRUE(matches(std::vector{print_of(*shown)}, pair.b->peer())) << identity;
  }
}

// R8122-5-1, R8122-5-2: over the DER form, by SHA-256 and by a stronger hash of its signature.
TEST(TlsIdentity, FingerprintsAreOfTheDerForm) {
  for (const auto& [hash, name] :
       {std::pair{&EVP_sha256, ""}, {&EVP_sha384, "sha-384"}, {&EVP_sha512, "sha-512"}}) {
    const Party party({.hash = hash}, nullptr);
    const auto prints = *fingerprints_of(party.chain_pem);
    ASSERT_EQ(prints.size(), *name != 0 ? 2U : 1U);
    EXPECT_EQ(prints[0].hash, "sha-256");
    EXPECT_TRUE(*name == 0 || prints.back().hash == name);
    unsigned char* der = nullptr;
    const int size = i2d_X509(party.certificate.get(), &der);
    ASSERT_GT(size, 0);
    unsigned char digest[EVP_MAX_MD_SIZE];
    for (const Fingerprint& print : prints) {
      unsigned digest_size = 0;
      const EVP_MD* const md = print.hash == "sha-256" ? EVP_sha256() : hash();
      EVP_Digest(der, static_cast<std::size_t>(size), digest, &digest_size, md, nullptr);
      std::string text;
      for (unsigned i = 0; i < digest_size; ++i) {
        char pair[4];
        std::snprintf(pair, sizeof pair, "%s%02X", i > 0 ? ":" : "", digest[i]);
        text += pair;
      }
      EXPECT_EQ(print.value, text);
      Pair pair(client({.peer_fingerprints = {print}}), server({.own = party.own()}), "x");
      EXPECT_TRUE(pair.is_up()) << print.hash;
    }
    OPENSSL_free(der);
  }
}

}  // namespace
}  // namespace msrp::backend
