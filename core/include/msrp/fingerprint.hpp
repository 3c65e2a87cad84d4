// Fingerprints of certificates (RFC 8122), and what a TLS handshake found out about the peer.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace msrp {

// a=fingerprint (RFC 8122 section 5). The hash name is lower-case, the value "AB:CD...".
struct Fingerprint {
  std::string hash;
  std::string value;

  // "sha-256 AB:CD:...", in either case, of any hash function. The error says what is wrong with
  // it, for example "no hash function"; static storage.
  static std::expected<Fingerprint, std::string_view> parse(std::string_view text);
  std::string text() const { return hash + ' ' + value; }
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// What a TLS handshake found out about the peer; for Engine::on_secured().
struct PeerIdentity {
  // The transport itself knows who it is: by name and issuer (RFC 4975 section 5.4), or by a
  // fingerprint that it demanded.
  bool verified = false;
  bool has_certificate = false;
  // Digests of that certificate's DER form.
  std::array<std::byte, 32> sha256{};
  std::array<std::byte, 48> sha384{};
  std::array<std::byte, 64> sha512{};
};

// SHA-256 or stronger: MD2 and MD5 may not be used (RFC 8122 section 5), and SHA-1 is broken.
bool is_believed(const Fingerprint& fingerprint) noexcept;
bool any_believed(std::span<const Fingerprint> fingerprints) noexcept;

// Of those that are believed the ones with the strongest hash function count, and one of them has
// to match (RFC 8122 section 5.1).
bool matches(std::span<const Fingerprint> fingerprints, const PeerIdentity& peer) noexcept;

}  // namespace msrp
