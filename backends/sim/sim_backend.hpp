// The backend whose network and clock are simulated. One a shard of a host.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/sim/network.hpp"
#include "backends/sim/pool.hpp"
#include "backends/sim/resolver.hpp"
#include "backends/sim/scheduler.hpp"

namespace msrp::sim {

struct SimBackendOptions {
  std::size_t slabs_max = 64;
  std::size_t slab_bytes = 64 * 1024;
  // What a graceful close waits for the peer to take what was sent and to close as well.
  Duration linger = std::chrono::seconds(2);
  Network::ListenOptions listen;
  // Without slabs reading is tried again so often.
  Duration pool_retry = std::chrono::milliseconds(1);
};

// Satisfies the Backend concept, so the production Driver runs on it, with one difference: wait()
// never waits. It hands out what there is, and Simulation decides when a program has its turn.
// The scheduler, the network and the resolver outlive it.
class SimBackend final : public Port {
 public:
  SimBackend(Scheduler& scheduler, Network& network, Resolver& resolver, HostId host,
             const SimBackendOptions& options = {});
  ~SimBackend() override;
  SimBackend(const SimBackend&) = delete;
  SimBackend& operator=(const SimBackend&) = delete;

  Instant now() const noexcept { return scheduler_.now(); }
  BufferPool& buffers() noexcept { return pool_; }
  SimPool& pool() noexcept { return pool_; }
  HostId host() const noexcept { return host_; }

  void listen(ListenerId listener, const SocketAddress& at);
  void stop_listening(ListenerId listener);
  void adopt(backend::SocketHandle handle, ConnId conn);
  void discard(backend::SocketHandle handle);
  void connect(ConnId conn, const SocketAddress& to);
  void stop_receive(ConnId conn);
  void start_receive(ConnId conn);
  void send(ConnId conn, std::span<const ConstBuffer> buffers);
  void close(ConnId conn, bool graceful);
  void resolve(ResolveId query, std::string_view host, Instant deadline);
  void wait(std::optional<Instant> deadline, std::vector<backend::Completion>& out);
  void wake() noexcept { woken_.store(true, std::memory_order_release); }
  void abandon() noexcept;

  // wait() has something to hand out.
  bool ready() const noexcept;
  // Sockets that are not closed yet, those that wait to be adopted too.
  std::size_t sockets() const noexcept;
  // Its host has crashed: nothing that it asks for is done any more, and nothing comes.
  void die() noexcept { dead_ = true; }

 private:
  enum class State : std::uint8_t { free, connecting, open, lost, lingering };
  struct Socket {
    ConnId conn;
    End end;
    State state = State::free;
    bool receiving = false;
    bool queued = false;  // among those to read from
    bool eof_told = false;
    bool sending = false;      // sending_ is not taken yet
    std::uint64_t number = 0;  // tells uses of one slot apart
    std::vector<ConstBuffer> outgoing;
    bool close_after_send = false;
  };

  // Port
  void accepted(ListenerId listener, End end) override;
  void connected(End end) override;
  void refused(End end) override;
  void readable(End end) override;
  void writable(End end) override;

  Socket* find(ConnId conn);
  Socket* find(End end);
  Socket& open(ConnId conn, End end, State state);
  void complete(backend::Completion completion) { completions_.push_back(std::move(completion)); }
  void lose(Socket& socket, Errc code);
  void push_out(Socket& socket);
  void start_lingering(Socket& socket);
  void finish(Socket& socket, bool broken);
  void queue_for_reading(Socket& socket);
  void read(Socket& socket, std::vector<backend::Completion>& out);
  void drop_incoming(Socket& socket);
  void retry_starved();

  Scheduler& scheduler_;
  Network& network_;
  Resolver& resolver_;
  const HostId host_;
  const SimBackendOptions options_;
  SimPool pool_;
  std::vector<Socket> sockets_;  // by ConnId::index
  std::map<End, ConnId> conns_;
  std::map<backend::SocketHandle, End> accepted_;
  std::vector<backend::Completion> completions_;
  std::deque<ConnId> to_read_;
  std::vector<ConnId> starved_;
  std::uint64_t sockets_so_far_ = 0;
  std::atomic<bool> woken_ = false;
  bool dead_ = false;
  // What is planned outlives the backend, and finds this expired.
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

static_assert(backend::Backend<SimBackend>);

}  // namespace msrp::sim
