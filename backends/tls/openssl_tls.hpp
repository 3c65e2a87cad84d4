// TLS by OpenSSL: octets in, octets out, no socket and no memory BIO.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/common/tls_filter.hpp"
#include "backends/tls/tls_context.hpp"

namespace msrp::backend {

// Satisfies the TlsFilter concept. Reads come straight from the octets that receive() is given,
// records go straight to where transmit() wants them; only handshake messages, tickets and alerts
// wait in between.
class OpensslTls {
 public:
  // One record of TLS 1.2 at its largest (RFC 5246 section 6.2.3).
  static constexpr std::size_t record_bytes_max = 5 + 16 * 1024 + 2048;

  // server_name: of a client, for SNI and, where names are checked, whom the certificate names: a
  // host name or an address. Null: out of memory, or a name that is none.
  static std::unique_ptr<OpensslTls> create(std::shared_ptr<const TlsContext> context,
                                            bool is_client, const std::string& server_name);
  ~OpensslTls();
  OpensslTls(const OpensslTls&) = delete;
  OpensslTls& operator=(const OpensslTls&) = delete;

  TlsStep receive(ConstBuffer ciphertext, std::span<std::byte> plaintext);
  TlsStep transmit(std::span<const ConstBuffer> plaintext, std::span<std::byte> out);
  bool has_to_transmit() const noexcept { return wants_to_begin_ || !own_.empty(); }
  TlsState state() const noexcept { return state_; }
  Error error() const noexcept { return Error{Errc::tls_failed}; }
  void close();
  PeerIdentity peer() const;
  // TLS 1.3: new keys for what is transmitted from now on. False: not possible now.
  bool update_keys();

  // Why it failed, in OpenSSL's words, for logs; empty: it has not.
  const std::string& reason() const noexcept { return reason_; }
  // "TLSv1.3"; once it is up.
  std::string_view version() const noexcept;
  SSL* native() const noexcept { return ssl_.get(); }

 private:
  friend struct SpanBio;
  friend class OpensslTlsProvider;
  explicit OpensslTls(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}
  void shake_hands();
  bool failed(int result);
  std::size_t flush(std::span<std::byte> out);

  std::shared_ptr<const TlsContext> context_;
  openssl::Owned<SSL> ssl_;
  TlsState state_ = TlsState::handshaking;
  bool wants_to_begin_ = false;
  bool closed_ = false;
  std::string reason_;
  std::shared_ptr<std::string> last_reason_;  // of all filters of a provider
  // During a call: what can be read, where records go.
  ConstBuffer input_;
  std::span<std::byte> output_;
  std::size_t output_made_ = 0;
  std::vector<std::byte> own_;  // to transmit
};

static_assert(TlsFilter<OpensslTls>);

// Contexts by who uses them.
class OpensslTlsProvider {
 public:
  using Filter = OpensslTls;

  // Of clients whose identity (SessionOptions::identity) has no other; null: they are refused.
  void use_for_clients(std::shared_ptr<const TlsContext> context) { client_ = std::move(context); }
  void use_for_identity(const std::string& identity, std::shared_ptr<const TlsContext> context) {
    identities_[identity] = std::move(context);
  }
  // Connections that there are keep what they began with, so a certificate can be replaced.
  void use_for_servers(std::shared_ptr<const TlsContext> context) { server_ = std::move(context); }

  std::unique_ptr<OpensslTls> client(std::string_view server_name, std::string_view identity);
  std::unique_ptr<OpensslTls> server(ListenerId);

  // OpensslTls::reason() of the filter that failed last; empty: none has, or the peer left.
  const std::string& last_reason() const noexcept { return *last_reason_; }

 private:
  std::unique_ptr<OpensslTls> make(const std::shared_ptr<const TlsContext>& context, bool is_client,
                                   std::string_view server_name);

  std::shared_ptr<std::string> last_reason_ = std::make_shared<std::string>();
  std::shared_ptr<const TlsContext> client_, server_;
  std::map<std::string, std::shared_ptr<const TlsContext>, std::less<>> identities_;
};

static_assert(TlsProvider<OpensslTlsProvider>);

}  // namespace msrp::backend
