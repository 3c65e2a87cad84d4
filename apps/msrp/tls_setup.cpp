#include "apps/msrp/tls_setup.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "apps/msrp/text.hpp"

namespace msrp::app {
namespace {

using backend::TlsContext;
using backend::TlsOptions;

std::expected<std::string, std::string> read_pem(const std::string& name) {
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.is_open() && !file.bad() && !text.empty()) return text;
  return std::unexpected(fmt::format("cannot read '{}', {}: name a PEM file", printable(name),
                                     errno != 0 ? std::strerror(errno) : "it is empty"));
}

struct Own {
  backend::Certificate certificate;
  std::vector<Fingerprint> fingerprints;
};

std::expected<Own, std::string> load(const TlsSettings& settings) {
  Own own;
  if (settings.certificate_file.empty()) {
    auto made = backend::make_certificate({});
    if (!made) return std::unexpected("no certificate could be made: look at OpenSSL here");
    own.certificate = *std::move(made);
  } else {
    auto chain = read_pem(settings.certificate_file);
    if (!chain) return std::unexpected(std::move(chain).error());
    auto key = read_pem(settings.key_file);
    if (!key) return std::unexpected(std::move(key).error());
    own.certificate = {*std::move(chain), *std::move(key)};
  }
  auto fingerprints = backend::fingerprints_of(own.certificate.chain_pem);
  // Who can serve with it can use it at all.
  if (!fingerprints || !TlsContext::create(TlsContext::Side::server, {.own = own.certificate})) {
    return std::unexpected(
        fmt::format("cannot use the certificate '{}' with the key '{}': give a certificate and its "
                    "own key, both as PEM",
                    printable(settings.certificate_file), printable(settings.key_file)));
  }
  own.fingerprints = *std::move(fingerprints);
  return own;
}

}  // namespace

std::expected<TlsSetup, std::string> TlsSetup::create(const TlsSettings& settings, bool with_sdp) {
  TlsSetup made(settings, with_sdp);
  if (auto loaded = made.reload(); !loaded) return std::unexpected(std::move(loaded).error());
  if (settings.ca_file.empty()) return made;
  auto trusted = read_pem(settings.ca_file);
  if (!trusted) return std::unexpected(std::move(trusted).error());
  made.trusted_pem_ = *std::move(trusted);
  if (!TlsContext::create(TlsContext::Side::client, {.trusted_pem = made.trusted_pem_})) {
    return std::unexpected(fmt::format("'{}' has no certificate: give those to believe as PEM",
                                       printable(settings.ca_file)));
  }
  return made;
}

std::expected<void, std::string> TlsSetup::reload() {
  auto own = load(settings_);
  if (!own) return std::unexpected(std::move(own).error());
  own_ = std::move(own->certificate);
  fingerprints_ = std::move(own->fingerprints);
  return {};
}

std::expected<void, std::string> TlsSetup::use_for_servers(
    backend::OpensslTlsProvider& provider) const {
  const TlsOptions options{.own = own_,
                           .trusted_pem = trusted_pem_,
                           .peer_fingerprints = settings_.peer_fingerprints,
                           .client_certificate = trusted_pem_.empty()
                                                     ? backend::ClientCertificate::anyone
                                                     : backend::ClientCertificate::trusted};
  auto context = TlsContext::create(TlsContext::Side::server, options);
  if (!context) return std::unexpected("TLS cannot be set up: look at OpenSSL here");
  provider.use_for_servers(*std::move(context));
  return {};
}

std::expected<void, std::string> TlsSetup::use_for_clients(
    backend::OpensslTlsProvider& provider, std::span<const Fingerprint> described) const {
  TlsOptions options{.own = own_,
                     .trusted_pem = trusted_pem_,
                     .peer_fingerprints = settings_.peer_fingerprints,
                     .wildcards = !with_sdp_};
  if (options.peer_fingerprints.empty()) {
    options.peer_fingerprints.assign(described.begin(), described.end());
  }
  auto context = TlsContext::create(TlsContext::Side::client, options);
  if (!context) return std::unexpected("TLS cannot be set up: look at OpenSSL here");
  provider.use_for_clients(*std::move(context));
  return {};
}

std::expected<void, std::string> set_up_tls(const SignalingOptions& options,
                                            backend::OpensslTlsProvider& provider,
                                            std::optional<TlsSetup>& setup) {
  if (!options.tls.on) return {};
  auto made = TlsSetup::create(options.tls, options.sdp);
  if (!made) return std::unexpected(std::move(made).error());
  setup = *std::move(made);
  if (auto used = setup->use_for_servers(provider); !used) return used;
  return setup->use_for_clients(provider, {});
}

std::string_view tls_advice(std::string_view reason) noexcept {
  if (reason.contains("certificate rejected")) {
    return "compare the fingerprint with the one that the peer shows";
  }
  if (reason.contains("certificate verify failed")) {
    return "give the peer's fingerprint with --peer-fingerprint, or whom to believe with --ca";
  }
  if (reason.contains("alert")) {
    return "it does not take the certificate of this side, give it the fingerprint, or the one "
           "that "
           "it knows with --cert";
  }
  if (reason.contains("did not return a certificate")) {
    return "the peer needs a certificate of its own";
  }
  return "check that the peer speaks TLS as well, with --tls";
}

}  // namespace msrp::app
