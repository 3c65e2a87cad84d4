// TCP over io_uring (Linux 5.19 and later).
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/common/clock.hpp"
#include "backends/common/slab_pool.hpp"
#include "backends/common/socket.hpp"
#include "backends/common/socket_options.hpp"
#include "backends/common/socket_table.hpp"
#include "backends/resolve/cares_resolver.hpp"
#include "backends/uring/provided_buffers.hpp"
#include "backends/uring/ring.hpp"

namespace msrp::backend {

// A quarter of the slabs is lent to the kernel, 32 at most.
struct UringOptions : SocketOptions {
  ResolverOptions resolver;
  UringFeatures features;  // what may be used
};

// See backend.hpp for what the members promise. Made in the thread that uses it.
class UringBackend final : private DescriptorWatcher {
 public:
  static std::expected<std::unique_ptr<UringBackend>, UringFault> create(
      const UringOptions& options = {});
  ~UringBackend() override;
  UringBackend(const UringBackend&) = delete;
  UringBackend& operator=(const UringBackend&) = delete;

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
  void abandon();

  // For embedding into another loop: readable when wait() has something to do before
  // next_deadline(), which is to be asked before every sleep since it submits what is queued.
  int descriptor() noexcept;
  std::optional<Instant> next_deadline();

  // errno of the last failed listen() or connect(): more than the core's Error can say.
  SystemError last_error() const noexcept { return last_error_; }
  // What is in use.
  const UringFeatures& features() const noexcept { return features_; }

  struct Stats {
    std::size_t sockets = 0;          // open, listeners not counted
    std::size_t starved = 0;          // not read from because the pool was empty
    std::size_t operations = 0;       // that the kernel has
    std::uint64_t accept_pauses = 0;  // times that accepting stopped for want of descriptors
  };
  Stats stats() const noexcept;

 private:
  enum class State : std::uint8_t { free, accepted, connecting, open, lost, draining, closing };
  // What a submission is about; a socket has at most one of each kind with the kernel.
  enum class Op : std::uint8_t { none, wake, accept, resolver, connect, receive, send, drain };

  // What a send needs until it has completed. Taken from a store by connections that send.
  struct Sending {
    msghdr message{};
    std::vector<iovec> vectors;
  };

  struct Socket {
    Descriptor descriptor;
    std::uint32_t generation = 0;
    State state = State::free;
    std::uint8_t busy = 0;  // bits by Op: the kernel has it
    ConnId conn;
    bool receiving = false;
    bool eof = false;
    bool starved = false;        // stands in starved_
    bool shut_down = false;      // our side, while draining
    SystemError send_error = 0;  // told as Lost when all that has come is read
    std::unique_ptr<Sending> sending;
    std::unique_ptr<RawAddress> to;  // while connecting
  };

  struct Listener {
    ListenerId id;
    Descriptor descriptor;
    std::uint32_t number = 0;
    bool armed = false;
    bool suspended = false;
  };

  struct Lingering {
    Instant deadline;
    std::uint32_t index, generation;
  };
  struct Starved {
    std::uint32_t index, generation;
  };
  struct Watched {
    std::uint32_t events = 0;  // that the resolver wants
    std::uint32_t turn = 0;    // of the poll that is armed
    bool armed = false;
  };

  UringBackend(const UringOptions& options, std::unique_ptr<Ring> ring, UringFeatures features,
               Descriptor wake);

  // DescriptorWatcher
  void watch(int descriptor, bool readable, bool writable) noexcept override;

  static std::uint64_t key(Op op, std::uint32_t index, std::uint32_t generation = 0) noexcept;
  static constexpr std::uint8_t bit(Op op) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(op));
  }
  io_uring_sqe& begin(Op op, std::uint32_t index);
  void cancel(std::uint64_t user_data);
  void cancel_all(std::uint32_t index);

  void release(std::uint32_t index);
  void close_when_idle(std::uint32_t index);
  void close_hard(std::uint32_t index);
  void lose(Socket& socket, const Error& error);

  void dispatch(const UringCompletion& completion);
  void on_socket(Op op, std::uint32_t index, const UringCompletion& completion);
  void on_accept(std::uint32_t number, const UringCompletion& completion);
  void on_accepted(ListenerId listener, Descriptor accepted);
  void on_connect(std::uint32_t index, int result);
  void on_receive(std::uint32_t index, const UringCompletion& completion);
  void on_receive_ended(std::uint32_t index, int result);
  void on_send(std::uint32_t index, int result);
  void on_wake();
  void on_watched(int descriptor, const UringCompletion& completion);

  void receive(std::uint32_t index);
  void submit_send(std::uint32_t index);
  void drain(std::uint32_t index);
  void starve(Socket& socket, std::uint32_t index);
  void feed_starved();
  void arm_wake();
  void arm_watch(int descriptor);
  void accept(Listener& listener);
  void suspend(Listener& listener);
  void resume_listeners();
  void run_timers(Instant now);
  std::optional<Instant> next_timer(Instant now);

  UringOptions options_;
  UringFeatures features_;
  SlabPool pool_;
  ProvidedBuffers received_;
  std::unique_ptr<Ring> ring_;
  Descriptor wake_;
  Descriptor bell_;  // for other loops, once one has asked
  std::atomic<int> bell_number_ = -1;
  std::uint64_t wake_count_ = 0;  // read into by the kernel
  std::atomic<bool> woken_ = false;
  SystemError last_error_ = 0;
  std::size_t operations_ = 0;

  SocketTable<Socket> sockets_;
  std::vector<std::unique_ptr<Sending>> spare_;
  std::deque<Listener> listeners_;
  std::uint32_t next_listener_ = 0;
  std::uint64_t accept_pauses_ = 0;
  std::optional<Instant> accept_again_;
  std::deque<Lingering> lingering_;  // in the order of deadlines: all wait equally long
  std::vector<Starved> starved_;
  std::vector<Watched> watched_;  // the resolver's descriptors, by number
  std::vector<Completion> pending_;
  CaresResolver resolver_;
};

static_assert(Backend<UringBackend>);

}  // namespace msrp::backend
