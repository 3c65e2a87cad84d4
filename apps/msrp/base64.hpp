// Base64 (RFC 4648) through OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>

namespace msrp::app {

inline std::string base64(std::string_view octets) {
  std::string out((octets.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(octets.data()),
                  static_cast<int>(octets.size()));
  out.pop_back();
  return out;
}

}  // namespace msrp::app
