// Two TLS filters in memory that speak to each other.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/tls/openssl_tls.hpp"

namespace msrp::backend {

using Side = TlsContext::Side;
using Context = std::shared_ptr<const TlsContext>;

inline Certificate certificate(const std::vector<std::string>& names) {
  return *make_certificate(names);
}
inline Context client(const TlsOptions& options) {
  return *TlsContext::create(Side::client, options);
}
inline Context server(const TlsOptions& options) {
  return *TlsContext::create(Side::server, options);
}

inline Fingerprint print_of(const Certificate& certificate) {
  return fingerprints_of(certificate.chain_pem)->front();
}

struct Pair {
  Pair(std::unique_ptr<OpensslTls> of_client, std::unique_ptr<OpensslTls> of_server)
      : a(std::move(of_client)), b(std::move(of_server)) {
    shuffle();
  }
  Pair(const Context& of_client, const Context& of_server, const std::string& name)
      : Pair(OpensslTls::create(of_client, true, name), OpensslTls::create(of_server, false, {})) {}

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

}  // namespace msrp::backend
