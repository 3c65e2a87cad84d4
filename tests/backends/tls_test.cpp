// TLS by OpenSSL, two filters in memory: who is believed, what is demanded, and what goes wrong.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/tls/openssl_tls.hpp"

namespace msrp::backend {
namespace {

using Side = TlsContext::Side;
using Context = std::shared_ptr<const TlsContext>;

Certificate certificate(const std::vector<std::string>& names) {
  return *make_certificate(names);
}
Context client(const TlsOptions& options) {
  return *TlsContext::create(Side::client, options);
}
Context server(const TlsOptions& options) {
  return *TlsContext::create(Side::server, options);
}

struct Pair {
  Pair(const Context& of_client, const Context& of_server, const std::string& name)
      : a(OpensslTls::create(of_client, true, name)), b(OpensslTls::create(of_server, false, {})) {
    shuffle();
  }

  // What one of them has to say goes to the other, in pieces of so many octets, until nothing
  // moves.
  void shuffle() {
    for (bool busy = true; busy;) {
      busy = move(*a, *b, to_b);
      busy |= move(*b, *a, to_a);
    }
  }
  bool move(OpensslTls& from, OpensslTls& to, std::string& heard) const {
    std::vector<std::byte> records(OpensslTls::record_bytes_max);
    if (!from.has_to_transmit()) return false;
    const TlsStep step = from.transmit({}, records);
    hand_in(to, std::span(records).first(step.made), heard);
    return true;
  }
  void hand_in(OpensslTls& to, ConstBuffer records, std::string& heard) const {
    std::byte plain[1000];
    for (;;) {
      const TlsStep step = to.receive(records.first(std::min(piece, records.size())), plain);
      heard.append(reinterpret_cast<const char*>(plain), step.made);
      records = records.subspan(step.taken);
      if (step.made == 0 && step.taken == 0) return;
    }
  }
  // From a to b.
  void say(const std::vector<std::string>& pieces) {
    std::vector<ConstBuffer> buffers;
    std::size_t bytes = 0;
    for (const std::string& text : pieces) {
      buffers.push_back(std::as_bytes(std::span(text)));
      bytes += text.size();
    }
    std::vector<std::byte> records(64 * 1024);
    const TlsStep step = a->transmit(buffers, records);
    EXPECT_EQ(step.taken, bytes);
    sealed = step.made;
    hand_in(*b, std::span(records).first(step.made), to_b);
    shuffle();
  }
  bool is_up() const { return a->state() == TlsState::up && b->state() == TlsState::up; }

  std::size_t piece = 100'000;
  std::size_t sealed = 0;
  std::unique_ptr<OpensslTls> a, b;
  std::string to_a, to_b;
};

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
  std::string fingerprint = *sha256_fingerprint(own.chain_pem);
  ASSERT_EQ(fingerprint.size(), 95U);
  const std::string other = *sha256_fingerprint(certificate({}).chain_pem);
  Pair pair(client({.peer_fingerprints = {other, fingerprint}}), server({.own = own}), "b.example");
  EXPECT_TRUE(pair.is_up()) << pair.a->reason();
  for (char& c : fingerprint) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  Pair lower(client({.peer_fingerprints = {fingerprint}}), server({.own = own}), "b.example");
  EXPECT_TRUE(lower.is_up()) << lower.a->reason();
}

// R4975-14.4-4 R8122-6.2-1
TEST(Tls, AnotherFingerprintIsABadCertificate) {
  const Certificate own = certificate({"a.example"});
  const std::string other = *sha256_fingerprint(certificate({"a.example"}).chain_pem);
  Pair pair(client({.peer_fingerprints = {other}}), server({.own = own}), "a.example");
  EXPECT_EQ(pair.a->state(), TlsState::failed);
  EXPECT_TRUE(pair.b->reason().contains("bad certificate")) << pair.b->reason();
}

// R8122-6.2-2: the active side has to show one too.
TEST(Tls, AServerDemandsTheClientsFingerprint) {
  const Certificate own = certificate({}), theirs = certificate({});
  const std::string mine = *sha256_fingerprint(own.chain_pem);
  const TlsOptions demands{.own = own,
                           .peer_fingerprints = {*sha256_fingerprint(theirs.chain_pem)}};
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
  EXPECT_FALSE(TlsContext::create(Side::client, {.peer_fingerprints = {"AB:CD"}}));
  EXPECT_FALSE(sha256_fingerprint("nothing"));
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
