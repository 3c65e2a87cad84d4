// TCP over epoll: the reference backend.
#pragma once

#include <sys/epoll.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/common/clock.hpp"
#include "backends/common/receive_slabs.hpp"
#include "backends/common/slab_pool.hpp"
#include "backends/common/socket.hpp"
#include "backends/common/socket_options.hpp"
#include "backends/common/socket_table.hpp"
#include "backends/resolve/cares_resolver.hpp"

namespace msrp::backend {

struct EpollOptions : SocketOptions {
  ResolverOptions resolver;
};

// Level-triggered. See backend.hpp for what the members promise.
class EpollBackend final : private DescriptorWatcher {
 public:
  static std::expected<std::unique_ptr<EpollBackend>, SystemError> create(
      const EpollOptions& options = {});
  ~EpollBackend() override;
  EpollBackend(const EpollBackend&) = delete;
  EpollBackend& operator=(const EpollBackend&) = delete;

  Instant now() const noexcept { return steady_now(); }
  BufferPool& buffers() noexcept { return pool_; }

  void listen(ListenerId listener, const SocketAddress& at);
  void stop_listening(ListenerId listener);
  void adopt(SocketHandle handle, ConnId conn);
  void discard(SocketHandle handle);
  void connect(ConnId conn, const SocketAddress& to);
  void stop_receive(ConnId conn);
  void start_receive(ConnId conn);
  void send(ConnId conn, std::span<const ConstBuffer> buffers);
  void close(ConnId conn, bool graceful);
  void resolve(ResolveId query, std::string_view host, Instant deadline);
  void wait(std::optional<Instant> deadline, std::vector<Completion>& out);
  void wake() noexcept;
  void abandon() noexcept;

  // For embedding into another loop: readable when wait() has something to do before
  // next_deadline().
  int descriptor() const noexcept { return epoll_.get(); }
  std::optional<Instant> next_deadline();

  // errno of the last failed listen() or connect(): more than the core's Error can say.
  SystemError last_error() const noexcept { return last_error_; }

  struct Stats {
    std::size_t sockets = 0;          // open, listeners not counted
    std::size_t starved = 0;          // not read from because the pool was empty
    std::uint64_t accept_pauses = 0;  // times that accepting stopped for want of descriptors
  };
  Stats stats() const noexcept;

 private:
  enum class State : std::uint8_t { free, accepted, connecting, open, lost, draining };
  enum class Kind : std::uint8_t { wake, listener, socket, resolver };

  struct Socket {
    Descriptor descriptor;
    std::uint32_t generation = 0;
    State state = State::free;
    ConnId conn;
    std::uint32_t interest = 0;  // what epoll was told
    bool registered = false;
    bool receiving = false;
    bool eof = false;
    bool starved = false;        // stands in starved_
    bool muted = false;          // broken while not receiving: seen again by start_receive()
    bool shut_down = false;      // our side, while draining
    SystemError send_error = 0;  // told as Lost when all that has come is read
    std::vector<iovec> outgoing;
    std::size_t outgoing_sent = 0;
  };

  struct Listener {
    ListenerId id;
    Descriptor descriptor;
    bool suspended = false;
  };

  struct Lingering {
    Instant deadline;
    std::uint32_t index, generation;
  };

  EpollBackend(const EpollOptions& options, Descriptor epoll, Descriptor wake);

  // DescriptorWatcher
  void watch(int descriptor, bool readable, bool writable) noexcept override;

  static std::uint64_t key(Kind kind, std::uint32_t index, std::uint32_t generation) noexcept;
  void update_interest(Socket& socket, std::uint32_t index);
  void unregister(Socket& socket);
  void release(std::uint32_t index);
  void finish(Socket& socket, std::uint32_t index);

  std::size_t poll(std::optional<Instant> deadline, bool block);
  int wait_system(std::optional<Instant> deadline, bool block);
  void dispatch(const epoll_event& event, std::size_t slabs_share);
  void on_socket(std::uint32_t index, std::uint32_t events, std::size_t slabs_share);
  void on_listener(Listener& listener);
  void finish_connect(Socket& socket, std::uint32_t index);
  void read(Socket& socket, std::uint32_t index, std::size_t slabs_share);
  void drain(Socket& socket, std::uint32_t index, std::uint32_t events);
  void go_on_sending(Socket& socket, std::uint32_t index);
  void send_failed(Socket& socket, std::uint32_t index, SystemError error);
  void lose(Socket& socket, const Error& error);
  void starve(Socket& socket, std::uint32_t index);
  void feed_starved();
  void suspend(Listener& listener);
  void resume_listeners();
  void run_timers(Instant now);
  std::optional<Instant> next_timer(Instant now);

  EpollOptions options_;
  SlabPool pool_;
  ReceiveSlabs receive_;
  Descriptor epoll_;
  Descriptor wake_;
  std::atomic<bool> woken_ = false;
  bool coarse_timeout_ = false;  // the kernel has no epoll_pwait2()
  SystemError last_error_ = 0;

  SocketTable<Socket> sockets_;
  std::deque<Listener> listeners_;
  std::uint64_t accept_pauses_ = 0;
  std::optional<Instant> accept_again_;
  std::deque<Lingering> lingering_;  // in the order of deadlines: all wait equally long
  struct Starved {
    std::uint32_t index, generation;
  };
  std::vector<Starved> starved_;
  std::vector<std::uint32_t> watched_;  // epoll interest of the resolver's descriptors, by number
  std::vector<Completion> pending_;
  std::vector<epoll_event> events_;
  std::size_t first_event_ = 0;
  CaresResolver resolver_;
};

static_assert(Backend<EpollBackend>);

}  // namespace msrp::backend
