#include "backends/crypto/sha256.hpp"

#include <openssl/evp.h>

#include "msrp/assert.hpp"

namespace msrp::backend {

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

// Without memory or SHA-256 nothing that is compared by hash could be trusted: it ends then.
Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  const bool started =
      context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  MSRP_ASSERT(started);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) noexcept {
  const bool good = EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  MSRP_ASSERT(good);
}

Sha256::Digest Sha256::finish() noexcept {
  Digest digest;
  const bool good =
      EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                         nullptr) == 1 &&
      EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  MSRP_ASSERT(good);
  return digest;
}

std::string Sha256::finish_hex() {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::byte byte : finish()) {
    out += digits[std::to_integer<unsigned>(byte) >> 4];
    out += digits[std::to_integer<unsigned>(byte) & 0xf];
  }
  return out;
}

}  // namespace msrp::backend
