// A backend over a backend: TLS for the connections that ask for it, the others as they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/common/tls_filter.hpp"
#include "msrp/assert.hpp"

namespace msrp::backend {

// A backend that offers TLS. Accepted, Connected and Received of a secure connection are told as of
// any other; Connected once the handshake is done. A stream that ends without the peer's
// close_notify is Lost with tls_truncated, one whose handshake or octets are wrong with tls_failed.
template <class B>
concept SecureTransport = Backend<B> && requires(B b, ConnId conn, ListenerId listener,
                                                 const SocketAddress& at, std::string_view name) {
  b.listen_secure(listener, at);
  b.connect_secure(conn, at, name, name);  // server name, identity: see DoConnect
  { b.next_deadline() } -> std::same_as<std::optional<Instant>>;  // when wait() is due by itself
};

struct SecureBackendOptions {
  // What a graceful close may take to hand what is left to the backend below; then it is reset.
  Duration linger = std::chrono::seconds(2);
  // Without slabs decrypting is tried again so often.
  Duration pool_retry = std::chrono::milliseconds(1);
};

// The backend and the provider outlive it. Plaintext that is received lies in slabs of the
// backend's pool, ciphertext to send in blocks of its own that only connections which send have.
// When there is no slab for plaintext, what has come of the connection moves out of its slabs and
// reading stops, so that ciphertext alone cannot use up the pool.
template <Backend B, TlsProvider T>
class SecureBackend {
 public:
  using Filter = typename T::Filter;

  SecureBackend(B& inner, T& provider, const SecureBackendOptions& options = {})
      : inner_(inner), provider_(provider), options_(options) {}
  SecureBackend(const SecureBackend&) = delete;
  SecureBackend& operator=(const SecureBackend&) = delete;

  Instant now() { return inner_.now(); }
  BufferPool& buffers() { return inner_.buffers(); }
  void wake() { inner_.wake(); }
  void abandon() { inner_.abandon(); }  // plaintext is read in the calls alone
  void resolve(ResolveId query, std::string_view host, Instant deadline) {
    inner_.resolve(query, host, deadline);
  }

  void listen(ListenerId listener, const SocketAddress& at) { inner_.listen(listener, at); }
  void listen_secure(ListenerId listener, const SocketAddress& at) {
    secure_listeners_.push_back(listener);
    inner_.listen(listener, at);
  }
  void stop_listening(ListenerId listener) {
    std::erase(secure_listeners_, listener);
    inner_.stop_listening(listener);
  }

  void adopt(SocketHandle socket, ConnId conn) {
    if (auto filter = accepted_.extract(socket)) {
      open(conn, std::move(filter.mapped())).up_told = true;
    }
    inner_.adopt(socket, conn);
  }
  void discard(SocketHandle socket) {
    accepted_.erase(socket);
    inner_.discard(socket);
  }

  void connect(ConnId conn, const SocketAddress& to) { inner_.connect(conn, to); }
  void connect_secure(ConnId conn, const SocketAddress& to, std::string_view server_name,
                      std::string_view identity) {
    auto filter = provider_.client(server_name, identity);
    const bool made = filter != nullptr;
    Connection& opened = open(conn, std::move(filter));
    if (made) return inner_.connect(conn, to);
    opened.absent = true;
    lose(opened, Error{Errc::tls_failed});
    inner_.wake();
  }

  void stop_receive(ConnId id) {
    if (Connection* conn = find(id)) conn->receiving = false;
    inner_.stop_receive(id);
  }
  void start_receive(ConnId id) {
    Connection* conn = find(id);
    if (conn != nullptr) conn->receiving = true;
    if (conn == nullptr || !conn->starved) inner_.start_receive(id);
  }

  void send(ConnId id, std::span<const ConstBuffer> buffers) {
    Connection* conn = find(id);
    if (conn == nullptr) return inner_.send(id, buffers);
    MSRP_ASSERT(!conn->send_open);
    conn->send_open = true;
    conn->plaintext.assign(buffers.begin(), buffers.end());
    pump(*conn);
  }

  void close(ConnId id, bool graceful) {
    Connection* conn = find(id);
    if (conn == nullptr) return inner_.close(id, graceful);
    if (conn->absent) {
      *conn = Connection{};
      told_.push_back(Closed{id});
      return inner_.wake();
    }
    conn->held.clear();
    // The alert that says why has to get out.
    const bool failed = conn->filter->state() == TlsState::failed && !conn->inner_lost;
    if ((!graceful && !failed) || conn->inner_lost || !conn->up_told) {
      return close_inner(*conn, failed);
    }
    conn->closing = true;
    closing_.push_back({now() + options_.linger, id});
    if (conn->plaintext.empty() || failed) conn->filter->close();
    pump(*conn);
  }

  std::optional<Instant> next_deadline() const {
    std::optional<Instant> due = retry_at_;
    if (!closing_.empty() && (!due || closing_.front().deadline < *due)) {
      due = closing_.front().deadline;
    }
    return due;
  }

  void wait(std::optional<Instant> deadline, std::vector<Completion>& out) {
    if (const auto own = next_deadline(); own && (!deadline || *own < *deadline)) deadline = own;
    if (!told_.empty()) deadline = now();
    inner_.wait(deadline, batch_);
    for (Completion& completion : batch_) {
      std::visit([this](auto& what) { this->on(what); }, completion);
    }
    batch_.clear();
    retry_starved();
    give_up_closing();
    std::ranges::move(told_, std::back_inserter(out));
    told_.clear();
  }

 private:
  static constexpr std::size_t block_bytes =
      std::max<std::size_t>(Filter::record_bytes_max, std::size_t{32} * 1024);
  // Of who has much to send: what one system call carries decides how fast it goes.
  static constexpr std::size_t large_block_bytes =
      std::max<std::size_t>(block_bytes, std::size_t{264} * 1024);
  struct Block {
    std::unique_ptr<std::byte[]> octets;
    std::size_t bytes = 0;
    std::span<std::byte> storage() const noexcept { return {octets.get(), bytes}; }
  };

  struct Ciphertext {
    ConstBuffer rest;  // in the slab or in the copy
    BufferRef slab;
    std::vector<std::byte> copy;
  };
  struct Connection {
    ConnId id;
    std::unique_ptr<Filter> filter;
    bool used = false;
    bool absent = false;   // the backend below knows nothing of it
    bool up_told = false;  // Connected, or it was accepted
    bool secured_told = false;
    bool receiving = true;  // as the driver wants it
    bool starved = false;   // held waits for slabs
    bool eof_told = false, lost_told = false;
    bool inner_eof = false;
    std::optional<Error> inner_lost;
    bool sending = false;    // block is with the backend below
    bool send_open = false;  // send() is not answered yet
    bool closing = false;    // gracefully, and what is left is not with the backend below yet
    bool inner_closed = false;
    TransportInfo info;
    std::deque<Ciphertext> held;
    std::vector<ConstBuffer> plaintext;
    std::size_t encrypted = 0;  // of what send() was given, octets that are in the block
    Block block;
    std::size_t block_begin = 0, block_end = 0;
  };
  struct Closing {
    Instant deadline;
    ConnId conn;
  };

  Connection* find(ConnId id) {
    if (id.index >= connections_.size()) return nullptr;
    Connection& conn = connections_[id.index];
    return conn.used && conn.id == id ? &conn : nullptr;
  }
  Connection& open(ConnId id, std::unique_ptr<Filter> filter) {
    if (id.index >= connections_.size()) connections_.resize(id.index + std::size_t{1});
    Connection& conn = connections_[id.index] = Connection{};
    conn.id = id;
    conn.used = true;
    conn.filter = std::move(filter);
    return conn;
  }

  // ---- what comes from below --------------------------------------------------------------------

  void on(auto& what) { told_.push_back(std::move(what)); }  // not about a connection

  void on(Accepted& what) {
    if (std::ranges::find(secure_listeners_, what.listener) != secure_listeners_.end()) {
      auto filter = provider_.server(what.listener);
      if (filter == nullptr) return inner_.discard(what.socket);
      accepted_[what.socket] = std::move(filter);
      what.info.secure = true;
    }
    told_.push_back(what);
  }

  void on(Connected& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr) return told_.push_back(what);
    conn->info = what.info;
    conn->info.secure = true;
    pump(*conn);
  }

  void on(Received& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr) return told_.push_back(std::move(what));
    if (conn->closing || conn->inner_closed || conn->lost_told) return;
    conn->held.push_back({what.slice.bytes, std::move(what.slice.owner), {}});
    if (conn->starved) {
      move_out(conn->held.back());
    } else {
      decrypt(*conn);
    }
  }

  void on(Eof& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr) return told_.push_back(what);
    conn->inner_eof = true;
    if (!conn->starved) settle(*conn);
  }

  void on(Lost& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr) return told_.push_back(what);
    conn->inner_lost = what.error;
    conn->sending = false;
    if (conn->closing) return close_inner(*conn, false);
    if (!conn->starved) settle(*conn);
  }

  void on(SendDone& what) {
    Connection* conn = find(what.conn);
    if (conn == nullptr) return told_.push_back(what);
    conn->block_begin += what.bytes;
    if (conn->inner_closed) return;
    if (conn->block_begin < conn->block_end) return send_block(*conn);
    conn->sending = false;
    if (conn->send_open && conn->encrypted > 0) {
      told_.push_back(SendDone{conn->id, std::exchange(conn->encrypted, 0)});
      if (!conn->closing) {  // a close takes the rest along
        conn->plaintext.clear();
        conn->send_open = false;
      }
    }
    pump(*conn);
  }

  void on(Closed& what) {
    Connection* conn = find(what.conn);
    if (conn != nullptr) {
      keep(std::exchange(conn->block, Block{}));
      *conn = Connection{};
    }
    told_.push_back(what);
  }

  // ---- receiving --------------------------------------------------------------------------------

  void decrypt(Connection& conn) {
    for (bool more = true; more && conn.filter->state() != TlsState::failed;) {
      auto slab = inner_.buffers().acquire();
      if (!slab) return starve(conn);
      const std::span<std::byte> storage = slab->storage();
      const std::size_t filled = fill(conn, storage);
      more = filled == storage.size();
      if (filled == 0) break;
      tell_secured(conn);
      tell_up(conn);
      const ConstBuffer octets = storage.first(filled);
      told_.push_back(Received{conn.id, Slice{octets, *std::move(slab)}});
    }
    conn.held.clear();
    settle(conn);
  }

  // As much plaintext as there is, up to the size of storage.
  std::size_t fill(Connection& conn, std::span<std::byte> storage) {
    std::size_t filled = 0;
    while (filled < storage.size()) {
      const bool fed = !conn.held.empty();
      const TlsStep step = conn.filter->receive(fed ? conn.held.front().rest : ConstBuffer{},
                                                storage.subspan(filled));
      filled += step.made;
      if (fed) {
        ConstBuffer& front = conn.held.front().rest;
        front = front.subspan(step.taken);
        if (front.empty()) conn.held.pop_front();
      }
      if (step.made == 0 && step.taken == 0) break;
    }
    return filled;
  }

  static void move_out(Ciphertext& held) {
    if (!held.slab) return;
    held.copy.assign(held.rest.begin(), held.rest.end());
    held.rest = held.copy;
    held.slab = BufferRef();
  }

  void starve(Connection& conn) {
    conn.starved = true;
    for (Ciphertext& held : conn.held) move_out(held);
    inner_.stop_receive(conn.id);
    starved_.push_back(conn.id);
    retry_at_ = now() + options_.pool_retry;
  }

  void retry_starved() {
    if (!retry_at_ || *retry_at_ > now()) return;
    retry_at_.reset();
    for (const ConnId id : std::exchange(starved_, {})) {
      Connection* conn = find(id);
      if (conn == nullptr || !std::exchange(conn->starved, false)) continue;
      if (conn->closing || conn->inner_closed) continue;
      decrypt(*conn);
      if (!conn->starved && conn->receiving && !conn->inner_lost) inner_.start_receive(id);
    }
  }

  // What follows from the filter's state and the stream's, once all that came is decrypted.
  void settle(Connection& conn) {
    if (conn.closing || conn.inner_closed) return;
    const TlsState state = conn.filter->state();
    if (state == TlsState::up || state == TlsState::ended) tell_secured(conn);
    if (state == TlsState::up) tell_up(conn);
    if (!conn.inner_lost) pump(conn);
    if (state == TlsState::failed) return lose(conn, conn.filter->error());
    if (state == TlsState::ended && !std::exchange(conn.eof_told, true)) {
      tell_up(conn);
      told_.push_back(Eof{conn.id});
    }
    if (conn.inner_lost) return lose(conn, *conn.inner_lost);
    if (conn.inner_eof && !conn.eof_told) {
      const bool begun = state != TlsState::handshaking;
      lose(conn, Error{begun ? Errc::tls_truncated : Errc::tls_failed});
    }
  }

  void tell_secured(Connection& conn) {
    if (std::exchange(conn.secured_told, true)) return;
    told_.push_back(Secured{conn.id, std::make_unique<PeerIdentity>(conn.filter->peer())});
  }
  void tell_up(Connection& conn) {
    if (!std::exchange(conn.up_told, true)) told_.push_back(Connected{conn.id, conn.info});
  }
  void lose(Connection& conn, const Error& error) {
    if (std::exchange(conn.lost_told, true)) return;
    conn.send_open = false;
    conn.plaintext.clear();
    told_.push_back(Lost{conn.id, error});
  }

  // ---- sending ----------------------------------------------------------------------------------

  void pump(Connection& conn) {
    if (conn.sending || conn.inner_closed || conn.inner_lost) return;
    Filter& filter = *conn.filter;
    if (conn.closing && conn.plaintext.empty()) filter.close();
    const std::size_t to_send = total(conn.plaintext);
    if (conn.block.bytes == block_bytes && to_send > block_bytes) {
      keep(std::exchange(conn.block, Block{}));
    }
    if (conn.block.bytes == 0) conn.block = take_block(to_send);
    const TlsStep step = filter.transmit(conn.plaintext, conn.block.storage());
    conn.encrypted += step.taken;
    drop_front(conn.plaintext, step.taken);
    if (step.made > 0) {
      conn.block_begin = 0;
      conn.block_end = step.made;
      conn.sending = true;
      return send_block(conn);
    }
    keep(std::exchange(conn.block, Block{}));
    if (conn.closing) close_inner(conn, true);  // close_notify is with the backend below
  }

  void send_block(Connection& conn) {
    const ConstBuffer one[] = {
        conn.block.storage().subspan(conn.block_begin, conn.block_end - conn.block_begin)};
    inner_.send(conn.id, one);
  }

  static void drop_front(std::vector<ConstBuffer>& buffers, std::size_t bytes) {
    std::size_t whole = 0;
    for (; whole < buffers.size() && buffers[whole].size() <= bytes; ++whole) {
      bytes -= buffers[whole].size();
    }
    buffers.erase(buffers.begin(), buffers.begin() + static_cast<std::ptrdiff_t>(whole));
    if (bytes > 0) buffers.front() = buffers.front().subspan(bytes);
  }

  static std::size_t total(std::span<const ConstBuffer> buffers) {
    std::size_t bytes = 0;
    for (const ConstBuffer& buffer : buffers) bytes += buffer.size();
    return bytes;
  }

  // As many blocks of each size are kept as were needed at the same time, up to a few.
  Block take_block(std::size_t to_send) {
    const std::size_t bytes = to_send > block_bytes ? large_block_bytes : block_bytes;
    std::vector<Block>& spare = spare_of(bytes);
    if (spare.empty()) return {std::make_unique_for_overwrite<std::byte[]>(bytes), bytes};
    Block block = std::move(spare.back());
    spare.pop_back();
    return block;
  }
  void keep(Block block) {
    if (block.bytes == 0) return;
    std::vector<Block>& spare = spare_of(block.bytes);
    if (spare.size() < 8) spare.push_back(std::move(block));
  }
  std::vector<Block>& spare_of(std::size_t bytes) {
    return bytes == block_bytes ? spare_ : large_spare_;
  }

  // ---- closing ----------------------------------------------------------------------------------

  void close_inner(Connection& conn, bool graceful) {
    if (std::exchange(conn.inner_closed, true)) return;
    conn.held.clear();
    inner_.close(conn.id, graceful);
  }

  // All have the same patience, so the list is in the order of deadlines.
  void give_up_closing() {
    for (; !closing_.empty() && closing_.front().deadline <= now(); closing_.pop_front()) {
      if (Connection* conn = find(closing_.front().conn); conn != nullptr && conn->closing) {
        close_inner(*conn, false);
      }
    }
  }

  B& inner_;
  T& provider_;
  const SecureBackendOptions options_;
  std::vector<Connection> connections_;  // by ConnId::index
  std::vector<ListenerId> secure_listeners_;
  std::map<SocketHandle, std::unique_ptr<Filter>> accepted_;
  std::vector<ConnId> starved_;
  std::optional<Instant> retry_at_;
  std::deque<Closing> closing_;
  std::vector<Completion> batch_, told_;
  std::vector<Block> spare_, large_spare_;
};

}  // namespace msrp::backend
