#include "backends/crypto/openssl_crypto.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

namespace msrp::backend {

void OpensslCrypto::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}
void OpensslCrypto::Free::operator()(evp_md_st* method) const noexcept {
  EVP_MD_free(method);
}

OpensslCrypto::OpensslCrypto() : context_(EVP_MD_CTX_new()) {
  constexpr std::array names{"MD5", "SHA1", "SHA256", "SHA512-256"};
  for (std::size_t i = 0; i < names.size(); ++i)
    methods_[i].reset(EVP_MD_fetch(nullptr, names[i], nullptr));
  ERR_clear_error();
}

OpensslCrypto::~OpensslCrypto() = default;

std::size_t OpensslCrypto::digest(Hash hash, std::span<const std::span<const std::byte>> parts,
                                  std::span<std::byte> out) noexcept {
  const auto index = static_cast<std::size_t>(hash);
  if (context_ == nullptr || index >= methods_.size() || methods_[index] == nullptr) return 0;
  const EVP_MD* method = methods_[index].get();
  const auto size = static_cast<std::size_t>(EVP_MD_get_size(method));
  if (out.size() < size) return 0;
  bool good = EVP_DigestInit_ex2(context_.get(), method, nullptr) == 1;
  for (const auto& part : parts)
    good = good && EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1;
  unsigned written = 0;
  good = good && EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(out.data()),
                                    &written) == 1;
  if (good) return written;
  ERR_clear_error();
  return 0;
}

}  // namespace msrp::backend
