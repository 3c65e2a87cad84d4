// What TLS is to a transport: octets in, octets out, no socket. OpenSSL is one, and the simulator
// has its own.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "msrp/buffer.hpp"
#include "msrp/error.hpp"
#include "msrp/fingerprint.hpp"
#include "msrp/ids.hpp"

namespace msrp::backend {

enum class TlsState : std::uint8_t {
  handshaking,
  up,
  ended,   // the peer's close_notify came; what this side has to say still goes out
  failed,  // for good; an alert may be left to transmit
};

// What a call used of its input and wrote to its output, in octets.
struct TlsStep {
  std::size_t taken = 0;
  std::size_t made = 0;
};

// One side of one TLS connection. It keeps no more than one record of what came, and of what goes
// out its own handshake messages alone.
//
// receive() takes octets from the peer and writes what they were before; a record whose plaintext
// has no room waits, so after a call that took all of its input another with an empty one goes on,
// until nothing is made. transmit() writes records for the peer: first the filter's own messages,
// then as much of the plaintext as has room, and nothing of that before the handshake is done; its
// output has room for record_bytes_max at least. After every call of either has_to_transmit() tells
// whether the filter has messages of its own to send.
//
// close() queues close_notify behind them: nothing is transmitted after it.
template <class F>
concept TlsFilter = requires(F filter, const F& seen, ConstBuffer ciphertext,
                             std::span<const ConstBuffer> plaintext, std::span<std::byte> out) {
  { F::record_bytes_max } -> std::convertible_to<std::size_t>;
  { filter.receive(ciphertext, out) } -> std::same_as<TlsStep>;
  { filter.transmit(plaintext, out) } -> std::same_as<TlsStep>;
  { seen.has_to_transmit() } -> std::same_as<bool>;
  { seen.state() } -> std::same_as<TlsState>;
  { seen.error() } -> std::same_as<Error>;        // once failed
  { seen.peer() } -> std::same_as<PeerIdentity>;  // once up
  filter.close();
};

// Makes filters; shared by all connections of a shard. Null: it cannot be made, and no connection
// comes about.
template <class T>
concept TlsProvider =
    TlsFilter<typename T::Filter> && requires(T provider, std::string_view server_name,
                                              std::string_view identity, ListenerId listener) {
      {
        provider.client(server_name, identity)
      } -> std::same_as<std::unique_ptr<typename T::Filter>>;
      { provider.server(listener) } -> std::same_as<std::unique_ptr<typename T::Filter>>;
    };

}  // namespace msrp::backend
