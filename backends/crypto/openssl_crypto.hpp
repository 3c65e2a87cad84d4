// Digests from OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "msrp/crypto.hpp"

struct evp_md_st;
struct evp_md_ctx_st;

namespace msrp::backend {

// A hash that the library refuses (MD5 in a FIPS configuration) is not available. Belongs to one
// thread.
class OpensslCrypto final : public Crypto {
 public:
  OpensslCrypto();
  ~OpensslCrypto() override;
  OpensslCrypto(const OpensslCrypto&) = delete;
  OpensslCrypto& operator=(const OpensslCrypto&) = delete;

  std::size_t digest(Hash hash, std::span<const std::span<const std::byte>> parts,
                     std::span<std::byte> out) noexcept override;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
    void operator()(evp_md_st* method) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  std::array<std::unique_ptr<evp_md_st, Free>, 4> methods_;  // by Hash; fetched once
};

}  // namespace msrp::backend
