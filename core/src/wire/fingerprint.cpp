#include "msrp/fingerprint.hpp"

#include <algorithm>
#include <utility>

#include "wire/grammar.hpp"

namespace msrp {
namespace {

// Octets of the digest; 0: not a hash function that we know of.
std::size_t digest_octets(std::string_view hash) noexcept {
  constexpr std::pair<std::string_view, std::size_t> known[] = {
      {"sha-1", 20},   {"sha-224", 28}, {"sha-256", 32}, {"sha-384", 48},
      {"sha-512", 64}, {"md5", 16},     {"md2", 16}};
  for (const auto& [name, octets] : known) {
    if (hash == name) return octets;
  }
  return 0;
}

constexpr std::string_view believed[] = {"sha-256", "sha-384", "sha-512"};  // the strongest last

std::size_t rank(const Fingerprint& fingerprint) noexcept {
  return static_cast<std::size_t>(std::ranges::find(believed, fingerprint.hash) - believed);
}

bool is_value(std::string_view value, std::span<const std::byte> digest) noexcept {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (value.size() != digest.size() * 3 - 1) return false;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto octet = std::to_integer<unsigned>(digest[i]);
    if (value[3 * i] != digits[octet >> 4U] || value[3 * i + 1] != digits[octet & 15U]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::expected<Fingerprint, std::string_view> Fingerprint::parse(std::string_view text) {
  const auto wrong = [](std::string_view what) { return std::unexpected(what); };
  Fingerprint read;
  read.hash = grammar::take_word(text);
  if (read.hash.empty() || !grammar::all(read.hash, grammar::token)) {
    return wrong("no hash function");
  }
  std::ranges::transform(read.hash, read.hash.begin(), grammar::lower);
  read.value = grammar::take_word(text);
  if (!grammar::trimmed(text).empty()) return wrong("too many words");
  for (std::size_t i = 0; i < read.value.size(); ++i) {
    char& c = read.value[i];
    const bool right = i % 3 == 2 ? c == ':' : grammar::is(c, grammar::hex);
    if (!right) return wrong("not pairs of hexadecimal digits");
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  if (read.value.size() % 3 != 2) return wrong("not pairs of hexadecimal digits");
  const std::size_t octets = digest_octets(read.hash);
  if (octets != 0 && read.value.size() != octets * 3 - 1) {
    return wrong("not as long as the hash function's values");
  }
  return read;
}

bool is_believed(const Fingerprint& fingerprint) noexcept {
  return rank(fingerprint) < std::size(believed);
}

bool any_believed(std::span<const Fingerprint> fingerprints) noexcept {
  return std::ranges::any_of(fingerprints, is_believed);
}

bool matches(std::span<const Fingerprint> fingerprints, const PeerIdentity& peer) noexcept {
  if (!peer.has_certificate) return false;
  const std::span<const std::byte> digests[] = {peer.sha256, peer.sha384, peer.sha512};
  for (std::size_t i = std::size(believed); i > 0; --i) {
    bool any = false;
    for (const Fingerprint& each : fingerprints) {
      if (rank(each) != i - 1) continue;
      any = true;
      if (is_value(each.value, digests[i - 1])) return true;
    }
    if (any) return false;
  }
  return false;
}

}  // namespace msrp
