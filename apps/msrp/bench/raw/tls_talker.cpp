#include "apps/msrp/bench/raw/tls_talker.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace msrp::app::bench::raw {
namespace {

constexpr std::size_t record_bytes = 16 * 1024;
constexpr std::size_t record_overhead_bytes = 64;  // header, content type and tag take 22
// Room for a block's records and, behind them, what a handshake or an alert has to say.
constexpr std::size_t out_bytes =
    block_bytes + block_bytes / record_bytes * record_overhead_bytes + record_bytes;

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

// As many blocks as are needed at the same time: an idle connection has none.
std::vector<std::vector<std::byte>>& spare_blocks() {
  static thread_local std::vector<std::vector<std::byte>> spare;
  return spare;
}

std::unique_ptr<BIO, Free> reader(const std::string& text) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

TlsContext make_context(bool is_server, const std::string& certificate_pem,
                        const std::string& key_pem, const std::string& suite) {
  TlsContext made(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
  const auto certificate_text = reader(certificate_pem);
  const std::unique_ptr<X509, Free> certificate(
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
  if (made == nullptr || certificate == nullptr ||
      SSL_CTX_set_min_proto_version(made.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(made.get(), suite.c_str()) != 1) {
    return nullptr;
  }
  SSL_CTX_set_mode(made.get(), SSL_MODE_RELEASE_BUFFERS);
  if (!is_server) {
    SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
    const bool trusted =
        X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), certificate.get()) == 1;
    return trusted ? std::move(made) : nullptr;
  }
  const auto key_text = reader(key_pem);
  const std::unique_ptr<EVP_PKEY, Free> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  const bool good = key != nullptr && SSL_CTX_use_certificate(made.get(), certificate.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(made.get(), key.get()) == 1;
  return good ? std::move(made) : nullptr;
}

struct TlsTalker::Bio {
  static TlsTalker& of(BIO* bio) { return *static_cast<TlsTalker*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, std::size_t size, std::size_t* done) {
    Octets& in = of(bio).in_;
    BIO_clear_retry_flags(bio);
    *done = std::min(size, in.size());
    if (*done == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(to, in.data(), *done);
    in = in.subspan(*done);
    return 1;
  }
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
    TlsTalker& talker = of(bio);
    *done = 0;
    if (talker.out_.size() - talker.out_end_ < size) return 0;
    std::memcpy(talker.out_.data() + talker.out_end_, from, size);
    talker.out_end_ += * done = size;
    return 1;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "spans");
      if (method == nullptr) throw std::bad_alloc();
      BIO_meth_set_read_ex(method, &Bio::read);
      BIO_meth_set_write_ex(method, &Bio::write);
      BIO_meth_set_ctrl(method, &Bio::control);
      return method;
    }();
    return made;
  }
};

TlsTalker::TlsTalker(SSL_CTX* context, bool is_server, std::unique_ptr<Talker> inner,
                     std::function<void()> on_up)
    : inner_(std::move(inner)), on_up_(std::move(on_up)) {
  BIO* const bio = BIO_new(Bio::method());
  ssl_ = SSL_new(context);
  if (bio == nullptr || ssl_ == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (is_server) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
  }
}

TlsTalker::~TlsTalker() {
  SSL_free(ssl_);
}

void TlsTalker::take_block() {
  if (!out_.empty()) return;
  if (spare_blocks().empty()) return out_.resize(out_bytes);
  out_ = std::move(spare_blocks().back());
  spare_blocks().pop_back();
}

bool TlsTalker::handshake() {
  if (up_ || broken_) return up_;
  take_block();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    up_ = true;
    on_up_();
  } else if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) {
    broken_ = true;
  }
  return up_;
}

void TlsTalker::received(Octets octets) {
  static thread_local std::vector<std::byte> plaintext(block_bytes);
  in_ = octets;
  if (!handshake()) return;
  take_block();
  for (;;) {
    std::size_t filled = 0, got = 0;
    int result = 1;
    while (filled < plaintext.size() &&
           (result = SSL_read_ex(ssl_, plaintext.data() + filled, plaintext.size() - filled,
                                 &got)) == 1) {
      filled += got;
    }
    if (filled > 0) inner_->received(Octets(plaintext).first(filled));
    if (result == 1) continue;
    if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) broken_ = true;
    return;
  }
}

Octets TlsTalker::next() {
  if (out_begin_ == out_end_) {
    out_begin_ = out_end_ = 0;
    if (handshake()) encrypt();
  }
  const Octets left = Octets(out_).subspan(out_begin_, out_end_ - out_begin_);
  if (left.empty() && !out_.empty()) spare_blocks().push_back(std::exchange(out_, {}));
  return left;
}

void TlsTalker::encrypt() {
  std::size_t gathered = 0;
  for (Octets from = inner_->next(); !from.empty() && gathered < block_bytes && !broken_;
       from = inner_->next()) {
    take_block();
    const std::size_t size = std::min({from.size(), record_bytes, block_bytes - gathered});
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_, from.data(), size, &written) != 1) {
      broken_ = true;
      return;
    }
    inner_->sent(written);
    gathered += written;
  }
}

void TlsTalker::sent(std::size_t bytes) {
  out_begin_ += bytes;
}

}  // namespace msrp::app::bench::raw
