// TLS by OpenSSL, two filters in memory: who is believed, what is demanded, and what goes wrong.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "tls_pair.hpp"

namespace msrp::backend {
namespace {

// Octets come through, in as few records as they fit.
TEST(Tls, OctetsComeThrough) {
  const Certificate own = certificate({"a.example"});
  Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), "a.example");
  ASSERT_TRUE(pair.is_up()) << pair.a->reason() << pair.b->reason();
  EXPECT_EQ(pair.a->version(), "TLSv1.3");
  pair.say({"hello ", "", "world"});
  EXPECT_EQ(pair.to_b, "hello world");
  EXPECT_LT(pair.sealed, 11U + 50) << "small pieces share a record";
  pair.to_b.clear();
  pair.say({std::string(20'000, 'x'), std::string(30'000, 'y')});
  EXPECT_EQ(pair.to_b, std::string(20'000, 'x') + std::string(30'000, 'y'));
}

TEST(Tls, OneOctetAtATime) {
  const Certificate own = certificate({"a.example"});
  Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), "a.example");
  pair.piece = 1;
  pair.say({"hello"});
  EXPECT_EQ(pair.to_b, "hello");
}

// dNSName and iPAddress of the certificate count, a wildcard for a whole first label.
TEST(Tls, NamesAreChecked) {
  const struct {
    std::vector<std::string> names;
    const char* wanted;
    bool good;
  } cases[] = {
      {{"a.example"}, "a.example", true},
      {{"a.example"}, "A.Example", true},
      {{"a.example"}, "b.example", false},
      {{"b.example", "a.example"}, "a.example", true},
      {{"*.example.org"}, "a.example.org", true},
      {{"*.example.org"}, "example.org", false},
      {{"*.example.org"}, "a.b.example.org", false},
      {{"a*.example.org"}, "ab.example.org", false},
      {{"192.0.2.1"}, "192.0.2.1", true},
      {{"192.0.2.1"}, "192.0.2.2", false},
      {{"2001:db8::1"}, "2001:db8::1", true},
      {{"192.0.2.1"}, "a.example", false},
      {{"a.example"}, "192.0.2.1", false},
      {{}, "msrp", false},  // the subject is no name
  };
  for (const auto& each : cases) {
    const Certificate own = certificate(each.names);
    Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), each.wanted);
    EXPECT_EQ(pair.is_up(), each.good) << each.wanted << " " << pair.a->reason();
    if (each.good) continue;
    EXPECT_EQ(pair.a->state(), TlsState::failed);
    EXPECT_EQ(pair.b->state(), TlsState::failed) << "the alert tells it";
    EXPECT_TRUE(pair.a->reason().contains("mismatch")) << pair.a->reason();
  }
}

TEST(Tls, WhoIsNotTrustedIsNotBelieved) {
  const Certificate own = certificate({"a.example"}), other = certificate({"a.example"});
  Pair pair(client({.trusted_pem = other.chain_pem}), server({.own = own}), "a.example");
  EXPECT_EQ(pair.a->state(), TlsState::failed);
  EXPECT_TRUE(pair.a->reason().contains("certificate verify failed")) << pair.a->reason();
}

// R4975-14.4-1 R4975-14.4-5 R8122-5-3: between peers the fingerprint is what counts.
TEST(Tls, AFingerprintIsEnough) {
  const Certificate own = certificate({});
  const Fingerprint fingerprint = print_of(own), other = print_of(certificate({}));
  ASSERT_EQ(fingerprint.hash, "sha-256");
  ASSERT_EQ(fingerprint.value.size(), 95U);
  Pair pair(client({.peer_fingerprints = {other, fingerprint}}), server({.own = own}), "b.example");
  EXPECT_TRUE(pair.is_up()) << pair.a->reason();
}

// R4975-14.4-4 R8122-6.2-1
TEST(Tls, AnotherFingerprintIsABadCertificate) {
  const Certificate own = certificate({"a.example"});
  const Fingerprint other = print_of(certificate({"a.example"}));
  Pair pair(client({.peer_fingerprints = {other}}), server({.own = own}), "a.example");
  EXPECT_EQ(pair.a->state(), TlsState::failed);
  EXPECT_TRUE(pair.b->reason().contains("bad certificate")) << pair.b->reason();
}

// R8122-6.2-2: the active side has to show one too.
TEST(Tls, AServerDemandsTheClientsFingerprint) {
  const Certificate own = certificate({}), theirs = certificate({});
  const Fingerprint mine = print_of(own);
  const TlsOptions demands{.own = own, .peer_fingerprints = {print_of(theirs)}};
  Pair good(client({.own = theirs, .peer_fingerprints = {mine}}), server(demands), "x");
  EXPECT_TRUE(good.is_up()) << good.b->reason();
  Pair none(client({.peer_fingerprints = {mine}}), server(demands), "x");
  EXPECT_EQ(none.b->state(), TlsState::failed);
  Pair other(client({.own = own, .peer_fingerprints = {mine}}), server(demands), "x");
  EXPECT_EQ(other.b->state(), TlsState::failed);
  EXPECT_EQ(other.a->state(), TlsState::failed) << "the alert comes after its handshake";
}

// R8996-4-5-1
TEST(Tls, Tls12IsTheLeast) {
  const Certificate own = certificate({"a.example"});
  const Context old = client({.trusted_pem = own.chain_pem});
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION}) {
    SSL_CTX_set_min_proto_version(old->native(), version);
    SSL_CTX_set_max_proto_version(old->native(), version);
    SSL_CTX_set_security_level(old->native(), 0);
    Pair pair(old, server({.own = own}), "a.example");
    EXPECT_EQ(pair.is_up(), version == TLS1_2_VERSION);
    if (!pair.is_up()) continue;
    EXPECT_EQ(pair.a->version(), "TLSv1.2");
    pair.say({"hello"});
    EXPECT_EQ(pair.to_b, "hello");
  }
}

TEST(Tls, CloseNotifyEndsOneWay) {
  const Certificate own = certificate({"a.example"});
  Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), "a.example");
  pair.say({"last words"});
  pair.a->close();
  pair.shuffle();
  EXPECT_EQ(pair.b->state(), TlsState::ended);
  EXPECT_EQ(pair.to_b, "last words");
  const std::string text = "too late";
  const ConstBuffer late[] = {std::as_bytes(std::span(text))};
  std::vector<std::byte> records(64 * 1024);
  EXPECT_EQ(pair.a->transmit(late, records).taken, 0U);
  EXPECT_EQ(pair.b->transmit(late, records).taken, text.size()) << "the other way is open";
}

TEST(Tls, WhatIsNoTlsIsRefused) {
  const Certificate own = certificate({"a.example"});
  const auto filter = OpensslTls::create(server({.own = own}), false, {});
  const std::string_view msrp = "MSRP abcd1234 SEND\r\nTo-Path: msrp://a.example:1/x;tcp\r\n";
  std::byte plain[100];
  const TlsStep step = filter->receive(std::as_bytes(std::span(msrp)), plain);
  EXPECT_EQ(step.taken, msrp.size());
  EXPECT_EQ(step.made, 0U);
  EXPECT_EQ(filter->state(), TlsState::failed);
  EXPECT_FALSE(filter->reason().empty());
}

TEST(Tls, ARecordThatWasChangedIsTheEnd) {
  const Certificate own = certificate({"a.example"});
  Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), "a.example");
  std::vector<std::byte> records(64 * 1024);
  const std::string text = "hello";
  const ConstBuffer one[] = {std::as_bytes(std::span(text))};
  const TlsStep step = pair.a->transmit(one, records);
  records[step.made - 3] ^= std::byte{1};
  pair.hand_in(*pair.b, std::span(records).first(step.made), pair.to_b);
  EXPECT_EQ(pair.to_b, "");
  EXPECT_EQ(pair.b->state(), TlsState::failed);
  pair.shuffle();
  EXPECT_EQ(pair.a->state(), TlsState::failed) << "the alert tells it";
}

TEST(Tls, KeysMayBeUpdated) {
  const Certificate own = certificate({"a.example"});
  Pair pair(client({.trusted_pem = own.chain_pem}), server({.own = own}), "a.example");
  for (int i = 0; i < 3; ++i) {
    pair.to_b.clear();
    ASSERT_TRUE(pair.a->update_keys());
    pair.shuffle();
    pair.say({"hello"});
    EXPECT_EQ(pair.to_b, "hello");
  }
}

TEST(Tls, ContextsThatCannotBe) {
  EXPECT_EQ(TlsContext::create(Side::server, {}).error().code, Errc::invalid_argument);
  const Certificate own = certificate({"a.example"}), other = certificate({"a.example"});
  EXPECT_FALSE(TlsContext::create(Side::server, {.own = {own.chain_pem, other.key_pem}}));
  EXPECT_FALSE(TlsContext::create(Side::server, {.own = {own.chain_pem, "no key"}}));
  EXPECT_FALSE(TlsContext::create(Side::client, {.trusted_pem = "no certificate"}));
  EXPECT_FALSE(TlsContext::create(Side::client, {.peer_fingerprints = {{"md5", "AB:CD"}}}));
  EXPECT_FALSE(fingerprints_of("nothing"));
}

// A certificate is replaced; connections that there are go on.
TEST(Tls, AProviderForgetsNobody) {
  const Certificate first = certificate({"a.example"}), second = certificate({"a.example"});
  OpensslTlsProvider provider;
  EXPECT_EQ(provider.server({}), nullptr);
  EXPECT_EQ(provider.client("a.example", ""), nullptr);
  provider.use_for_servers(server({.own = first}));
  provider.use_for_clients(client({.trusted_pem = first.chain_pem}));
  provider.use_for_identity("new", client({.trusted_pem = second.chain_pem}));
  Pair pair(client({.trusted_pem = first.chain_pem}), server({.own = first}), "a.example");
  pair.a = provider.client("a.example", "old");
  pair.b = provider.server({});
  pair.shuffle();
  EXPECT_TRUE(pair.is_up());
  provider.use_for_servers(server({.own = second}));
  pair.say({"still there"});
  EXPECT_EQ(pair.to_b, "still there");
  pair.a = provider.client("a.example", "new");
  pair.b = provider.server({});
  pair.shuffle();
  EXPECT_TRUE(pair.is_up()) << pair.a->reason();
}

}  // namespace
}  // namespace msrp::backend
