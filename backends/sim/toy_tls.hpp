// A simulated TLS: handshakes, records, truncation and failure from a seed, and no secrets at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/common/tls_filter.hpp"
#include "backends/sim/random.hpp"

namespace msrp::sim {

struct ToyTlsOptions {
  std::vector<std::string> names;   // that the server's certificate has
  std::size_t record_bytes = 2048;  // of plaintext, at most
  unsigned handshake_failures = 0;  // of a hundred that a server has, so many it refuses
  unsigned missing_notifies = 0;    // of a hundred closed connections so many end without
  unsigned damaged_records = 0;     // of ten thousand so many are not what they were
  unsigned key_updates = 0;         // of a hundred records so many have one in front
};

// A record: type, length (2 octets, big end first), what it holds, 4 octets of check. Types are
// those of TLS, so that octets of one are never taken for MSRP.
namespace toy {
enum class Type : std::uint8_t { alert = 21, handshake = 22, data = 23, key_update = 24 };
constexpr std::size_t head_bytes = 3, check_bytes = 4, payload_bytes_max = 2048;

struct Record {
  Type type{};
  std::string payload;
};

// One direction. Both sides have the same, and so may whoever wants to look into it.
class Key {
 public:
  Key() = default;
  Key(std::uint64_t client_random, std::uint64_t server_random, std::uint32_t side);
  std::string seal(Type type, std::string_view payload);
  // The octets are one whole record; nullopt: its check is wrong.
  std::optional<Record> open(std::string_view record);
  bool encrypts() const noexcept { return secret_ != 0; }
  void update() noexcept;  // of a key_update in that direction

 private:
  void mask(std::string& payload) const;
  std::uint32_t check(Type type, std::string_view payload) const;

  std::uint64_t secret_ = 0;  // 0: not yet, in the clear
  std::uint64_t number_ = 0;
};

// The size of the record that begins there; nullopt: its head is not there yet; 0: it is none.
std::optional<std::size_t> record_size(std::string_view octets);

// The random number of a hello, from either side.
struct Hello {
  std::uint64_t random = 0;
  std::string name;  // that is asked for
};
std::string hello_text(const Hello& hello);
std::optional<Hello> parse_hello(std::string_view payload);
}  // namespace toy

// Satisfies the TlsFilter concept.
class ToyTls {
 public:
  static constexpr std::size_t record_bytes_max =
      toy::head_bytes + toy::payload_bytes_max + toy::check_bytes;

  // server_name: of a client, whom the server's certificate has to name.
  ToyTls(const ToyTlsOptions& options, Chance chance, bool is_client, std::string server_name);

  backend::TlsStep receive(ConstBuffer ciphertext, std::span<std::byte> plaintext);
  backend::TlsStep transmit(std::span<const ConstBuffer> plaintext, std::span<std::byte> out);
  bool has_to_transmit() const noexcept { return !own_.empty(); }
  backend::TlsState state() const noexcept { return state_; }
  Error error() const noexcept { return Error{Errc::tls_failed}; }
  // A client has checked the server's name; nobody has a certificate to look at.
  PeerIdentity peer() const noexcept { return {.verified = is_client_}; }
  void close();

 private:
  void take(std::string_view record);
  void handshake(std::string_view payload);
  void fail(std::string_view alert);
  std::size_t give(std::span<std::byte> out);
  std::string sealed(std::string_view payload);

  const ToyTlsOptions& options_;
  Chance chance_;
  const bool is_client_;
  const std::string server_name_;
  backend::TlsState state_ = backend::TlsState::handshaking;
  bool closed_ = false;
  std::uint64_t random_ = 0;
  toy::Key sends_, receives_;
  std::string own_;       // sealed, to transmit
  std::string incoming_;  // of a record that is not whole
  std::string plain_;     // opened, and without room yet
};

static_assert(backend::TlsFilter<ToyTls>);

class ToyTlsProvider {
 public:
  using Filter = ToyTls;
  ToyTlsProvider(std::uint64_t seed, ToyTlsOptions options)
      : chance_(seed), options_(std::move(options)) {}

  // From now on nothing goes wrong by itself, on connections that there are too.
  void calm_down() noexcept {
    options_.handshake_failures = options_.missing_notifies = options_.damaged_records = 0;
  }

  std::unique_ptr<ToyTls> client(std::string_view server_name, std::string_view) {
    return std::make_unique<ToyTls>(options_, Chance(chance_.next()), true,
                                    std::string(server_name));
  }
  std::unique_ptr<ToyTls> server(ListenerId) {
    return std::make_unique<ToyTls>(options_, Chance(chance_.next()), false, std::string());
  }

 private:
  Chance chance_;
  ToyTlsOptions options_;
};

static_assert(backend::TlsProvider<ToyTlsProvider>);

}  // namespace msrp::sim
