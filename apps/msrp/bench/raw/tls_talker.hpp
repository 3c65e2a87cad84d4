// TLS over a yardstick's talker: OpenSSL over a BIO of spans, records of 16 KiB gathered into one
// send, and nothing else.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "apps/msrp/bench/raw/talker.hpp"

namespace msrp::app::bench::raw {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

// With that one suite of TLS 1.3. A client trusts this certificate alone. Null: OpenSSL refused.
TlsContext make_context(bool is_server, const std::string& certificate_pem,
                        const std::string& key_pem, const std::string& suite);

class TlsTalker final : public Talker {
 public:
  // The context outlives it. on_up is called once, when the handshake is done. Throws
  // std::bad_alloc.
  TlsTalker(
      SSL_CTX* context, bool is_server, std::unique_ptr<Talker> inner,
      std::function<void()> on_up = [] {});
  ~TlsTalker() override;
  TlsTalker(const TlsTalker&) = delete;
  TlsTalker& operator=(const TlsTalker&) = delete;

  void received(Octets octets) override;
  Octets next() override;
  void sent(std::size_t bytes) override;
  bool done() const override { return broken_ || (inner_->done() && out_begin_ == out_end_); }

 private:
  struct Bio;
  void take_block();
  bool handshake();
  void encrypt();

  SSL* ssl_ = nullptr;
  bool up_ = false, broken_ = false;
  std::unique_ptr<Talker> inner_;
  std::function<void()> on_up_;
  Octets in_;
  std::vector<std::byte> out_;
  std::size_t out_begin_ = 0, out_end_ = 0;
};

}  // namespace msrp::app::bench::raw
