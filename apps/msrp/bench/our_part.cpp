#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <stdexcept>

#include "apps/msrp/bench/our_client.hpp"
#include "apps/msrp/bench/our_server.hpp"
#include "apps/msrp/bench/parts.hpp"
#include "apps/msrp/bench/sessions.hpp"
#include "apps/msrp/bench/stack.hpp"
#include "backends/tls/tls_context.hpp"

namespace msrp::app::bench {
namespace {

// Digits of base 36, the last one the lowest.
std::string digits(std::uint64_t number, std::size_t count) {
  static constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string text(count, '0');
  for (std::size_t i = count; i > 0; --i) {
    text[i - 1] = alphabet[number % alphabet.size()];
    number /= alphabet.size();
  }
  return text;
}

Uri uri(std::string_view host, std::uint32_t number, bool secure) {
  const std::string session_id = digits(number, 3);
  auto made = Uri::make(
      UriParts{.secure = secure, .host = host, .port = std::nullopt, .session_id = session_id});
  if (!made) throw_error("no URI", made.error());
  return *std::move(made);
}

template <class B>
void run_part(const Spec& spec, Channel& channel) {
  if (spec.role == "server") {
    OurServer<B>(spec, channel).run();
  } else {
    OurClient<B>(spec, channel).run();
  }
}

struct Known {
  std::string_view name;
  void (*run)(const Spec&, Channel&);
};
constexpr std::array known{Known{"epoll", run_part<backend::EpollBackend>},
                           Known{"uring", run_part<backend::UringBackend>}};

}  // namespace

Uri server_uri(std::uint32_t number, bool secure) {
  return uri("s", number, secure);
}
Uri client_uri(std::uint32_t number, bool secure) {
  return uri("c", number, secure);
}
std::string message_id(std::uint64_t number) {
  return digits(number, 6);
}

void throw_error(std::string_view what, const Error& error) {
  throw std::runtime_error(fmt::format("{}, {}: report this", what, describe(error.code)));
}

EngineConfig bench_config() {
  EngineConfig config;
  config.limits.unbound_connections = config.limits.connections;
  config.limits.held_bytes = 1024 * 1024;
  config.limits.transmit_bytes = 1024 * 1024;
  config.limits.quantum_bytes = 256 * 1024;
  config.timeouts.complete = std::chrono::hours(1);  // most tickets wait for thousands of others
  config.timeouts.bind = std::chrono::hours(1);
  return config;
}

backend::OpensslTlsProvider make_tls_provider(const Spec& spec, bool is_server) {
  backend::OpensslTlsProvider provider;
  if (!spec.tls()) return provider;
  backend::TlsOptions options;
  if (is_server) {
    options.own = {spec.chain_pem, spec.key_pem};
  } else {
    options.trusted_pem = spec.chain_pem;
  }
  using backend::TlsContext;
  auto made =
      TlsContext::create(is_server ? TlsContext::Side::server : TlsContext::Side::client, options);
  if (!made || SSL_CTX_set_min_proto_version((*made)->native(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites((*made)->native(), tls_suite) != 1) {
    throw std::runtime_error("no TLS for the engine: look at OpenSSL here");
  }
  if (is_server) {
    provider.use_for_servers(*made);
  } else {
    provider.use_for_clients(*made);
  }
  return provider;
}

void run_our_part(const Spec& spec, Channel& channel) {
  for (const Known& one : known) {
    if (one.name == spec.backend) return one.run(spec, channel);
  }
  throw std::runtime_error(why_not_ours(spec.backend));
}

std::string why_not_ours(const std::string& backend) {
  for (const Known& one : known) {
    if (one.name == backend) return {};
  }
  return fmt::format("MSRP has no {} backend yet: take another, or --raw for the yardstick alone",
                     backend);
}

}  // namespace msrp::app::bench
