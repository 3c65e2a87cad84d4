#include "backends/tls/openssl_tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "backends/tls/peer_certificate.hpp"
#include "msrp/address.hpp"

namespace msrp::backend {

// The BIO under an SSL object: what the call at hand was given.
struct SpanBio {
  static OpensslTls& of(BIO* bio) { return *static_cast<OpensslTls*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, std::size_t size, std::size_t* done) {
    OpensslTls& filter = of(bio);
    BIO_clear_retry_flags(bio);
    *done = std::min(size, filter.input_.size());
    if (*done == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(to, filter.input_.data(), *done);
    filter.input_ = filter.input_.subspan(*done);
    return 1;
  }
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
    OpensslTls& filter = of(bio);
    const auto octets = std::as_bytes(std::span(from, size));
    const bool fits = filter.own_.empty() && filter.output_.size() - filter.output_made_ >= size;
    if (fits) {
      std::ranges::copy(octets,
                        filter.output_.begin() + static_cast<std::ptrdiff_t>(filter.output_made_));
      filter.output_made_ += size;
    } else {
      // Below are frames of C, which nothing may be thrown through.
      try {
        filter.own_.insert(filter.own_.end(), octets.begin(), octets.end());
      } catch (const std::bad_alloc&) {
        *done = 0;
        return 0;
      }
    }
    *done = size;
    return 1;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static const openssl::Owned<BIO_METHOD> made = [] {
      openssl::Owned<BIO_METHOD> method(
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "span"));
      if (method != nullptr) {
        BIO_meth_set_read_ex(method.get(), &SpanBio::read);
        BIO_meth_set_write_ex(method.get(), &SpanBio::write);
        BIO_meth_set_ctrl(method.get(), &SpanBio::control);
      }
      return method;
    }();
    return made.get();
  }
};

namespace {

constexpr std::size_t record_plaintext_max = 16 * 1024;
constexpr std::size_t record_overhead = OpensslTls::record_bytes_max - record_plaintext_max;

bool set_name(SSL* ssl, const std::string& name, bool checks, bool wildcards) {
  const bool is_address = IpAddress::parse(name).has_value();
  // SNI is for host names alone (RFC 6066 section 3).
  if (!is_address && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) return false;
  if (!checks) return true;
  // No part of a label is wild, and the subject is no name (RFC 9525).
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                             X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                             (wildcards ? 0U : X509_CHECK_FLAG_NO_WILDCARDS));
  if (!is_address) return SSL_set1_host(ssl, name.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
}

}  // namespace

std::unique_ptr<OpensslTls> OpensslTls::create(std::shared_ptr<const TlsContext> context,
                                               bool is_client, const std::string& server_name) {
  ERR_clear_error();
  std::unique_ptr<OpensslTls> made(new OpensslTls(std::move(context)));
  made->ssl_.reset(SSL_new(made->context_->native()));
  BIO* const bio = SpanBio::method() != nullptr ? BIO_new(SpanBio::method()) : nullptr;
  if (made->ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, made.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(made->ssl_.get(), bio, bio);
  made->wants_to_begin_ = is_client;
  if (!is_client) {
    SSL_set_accept_state(made->ssl_.get());
    return made;
  }
  SSL_set_connect_state(made->ssl_.get());
  const TlsContext& rules = *made->context_;
  if (!set_name(made->ssl_.get(), server_name, rules.checks_name(), rules.takes_wildcards())) {
    return nullptr;
  }
  return made;
}

OpensslTls::~OpensslTls() = default;

std::string_view OpensslTls::version() const noexcept {
  return SSL_get_version(ssl_.get());
}

// A certificate that was shown in the handshake was verified then, also when the session is
// resumed.
PeerIdentity OpensslTls::peer() const {
  const openssl::Owned<X509> certificate(SSL_get1_peer_certificate(ssl_.get()));
  PeerIdentity identity = openssl::identity_of(certificate.get());
  identity.verified = identity.has_certificate && context_->verifies();
  return identity;
}

// Whether the call that returned so has ended the connection.
bool OpensslTls::failed(int result) {
  if (result == 1) return false;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return false;
    case SSL_ERROR_ZERO_RETURN:
      state_ = TlsState::ended;
      return false;
    default:
      break;
  }
  const unsigned long code = ERR_peek_error();
  const char* const words = ERR_reason_error_string(code);
  reason_ = words != nullptr ? words : "unexpected octets";
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    reason_ += std::string(": ") + X509_verify_cert_error_string(verified);
  }
  ERR_clear_error();
  if (last_reason_ != nullptr) *last_reason_ = reason_;
  state_ = TlsState::failed;
  return true;
}

void OpensslTls::shake_hands() {
  wants_to_begin_ = false;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) state_ = TlsState::up;
  (void)failed(result);
}

TlsStep OpensslTls::receive(ConstBuffer ciphertext, std::span<std::byte> plaintext) {
  TlsStep step;
  input_ = ciphertext;
  output_ = {};
  output_made_ = 0;
  if (state_ == TlsState::handshaking) shake_hands();
  while (state_ == TlsState::up && step.made < plaintext.size()) {
    std::size_t made = 0;
    ERR_clear_error();
    const auto room = plaintext.subspan(step.made);
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &made);
    if (result != 1) {
      (void)failed(result);
      break;
    }
    step.made += made;
  }
  // Nothing is read any more once it is over.
  if (state_ == TlsState::failed || state_ == TlsState::ended) input_ = {};
  step.taken = ciphertext.size() - input_.size();
  input_ = {};
  return step;
}

std::size_t OpensslTls::flush(std::span<std::byte> out) {
  const std::size_t bytes = std::min(own_.size(), out.size());
  std::ranges::copy(std::span(own_).first(bytes), out.begin());
  own_.erase(own_.begin(), own_.begin() + static_cast<std::ptrdiff_t>(bytes));
  if (own_.empty()) std::vector<std::byte>().swap(own_);
  return bytes;
}

TlsStep OpensslTls::transmit(std::span<const ConstBuffer> plaintext, std::span<std::byte> out) {
  TlsStep step;
  if (wants_to_begin_) shake_hands();
  step.made = flush(out);
  const bool may = (state_ == TlsState::up || state_ == TlsState::ended) && !closed_;
  if (!may || !own_.empty()) return step;
  // Small pieces share a record.
  thread_local std::array<std::byte, record_plaintext_max> gathered;
  std::size_t index = 0, offset = 0;
  output_ = out;
  while (index < plaintext.size() && out.size() - step.made > record_overhead) {
    const std::size_t most =
        std::min(record_plaintext_max, out.size() - step.made - record_overhead);
    ConstBuffer record = plaintext[index].subspan(offset);
    if (record.size() < most && index + 1 < plaintext.size()) {
      std::size_t size = 0;
      while (index < plaintext.size() && size < most) {
        const ConstBuffer rest = plaintext[index].subspan(offset);
        const std::size_t piece = std::min(rest.size(), most - size);
        std::memcpy(gathered.data() + size, rest.data(), piece);
        size += piece;
        offset += piece;
        if (offset == plaintext[index].size()) ++index, offset = 0;
      }
      record = std::span(gathered).first(size);
    } else {
      record = record.first(std::min(record.size(), most));
      offset += record.size();
      if (offset == plaintext[index].size()) ++index, offset = 0;
    }
    if (record.empty()) continue;
    output_made_ = step.made;
    std::size_t written = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &written);
    if (result != 1) {
      (void)failed(result);
      break;
    }
    step.made = output_made_;
    step.taken += written;
    if (!own_.empty()) break;
  }
  output_ = {};
  output_made_ = 0;
  return step;
}

void OpensslTls::close() {
  if (std::exchange(closed_, true) || state_ == TlsState::failed) return;
  if (state_ == TlsState::handshaking) return;
  ERR_clear_error();
  output_ = {};
  output_made_ = 0;
  (void)SSL_shutdown(ssl_.get());
}

bool OpensslTls::update_keys() {
  if (state_ != TlsState::up || closed_) return false;
  ERR_clear_error();
  output_ = {};
  output_made_ = 0;
  const bool updated = SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
                       SSL_do_handshake(ssl_.get()) == 1;
  ERR_clear_error();
  return updated;
}

// ---- the provider

std::unique_ptr<OpensslTls> OpensslTlsProvider::client(std::string_view server_name,
                                                       std::string_view identity) {
  const auto own = identities_.find(identity);
  const auto& context = own != identities_.end() ? own->second : client_;
  return make(context, true, server_name);
}

std::unique_ptr<OpensslTls> OpensslTlsProvider::server(ListenerId) {
  return make(server_, false, {});
}

std::unique_ptr<OpensslTls> OpensslTlsProvider::make(
    const std::shared_ptr<const TlsContext>& context, bool is_client,
    std::string_view server_name) {
  if (context == nullptr) return nullptr;
  auto made = OpensslTls::create(context, is_client, std::string(server_name));
  if (made != nullptr) made->last_reason_ = last_reason_;
  return made;
}

}  // namespace msrp::backend
