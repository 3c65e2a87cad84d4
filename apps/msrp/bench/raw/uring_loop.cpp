#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/msrp/bench/raw/loop.hpp"

namespace msrp::app::bench::raw {
namespace {

constexpr unsigned entries = 4096;
constexpr unsigned buffers = 16;  // of 256 KiB: enough for bulk, few enough for the cache
constexpr std::uint16_t group = 0;

// Multishot receives into one ring of provided buffers, one send in flight a connection.
class UringLoop final : public Loop {
 public:
  UringLoop() : memory_(buffers * block_bytes) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = entries * 4;
    check(io_uring_queue_init_params(entries, &ring_, &params), "io_uring_queue_init");
    provided_bytes_ = buffers * sizeof(io_uring_buf);
    void* const mapped =
        mmap(nullptr, provided_bytes_, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (mapped == MAP_FAILED) check(-errno, "mmap");
    provided_ = static_cast<io_uring_buf_ring*>(mapped);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(mapped);
    registration.ring_entries = buffers;
    registration.bgid = group;
    check(io_uring_register_buf_ring(&ring_, &registration, 0), "io_uring_register_buf_ring");
    io_uring_buf_ring_init(provided_);
    for (std::uint16_t i = 0; i < buffers; ++i) give_back(i);
  }
  ~UringLoop() override {
    io_uring_queue_exit(&ring_);
    munmap(provided_, provided_bytes_);
  }
  bool wants_blocking() const override { return true; }

  void listen(Socket listener, MakeTalker make) override {
    make_ = std::move(make);
    listeners_.push_back(std::move(listener));
    accept(listeners_.size() - 1);
  }

  void add(Socket connected, std::unique_ptr<Talker> talker) override {
    const auto index = connections_.size();
    connections_.push_back(std::make_unique<Connection>());
    connections_[index]->socket = std::move(connected);
    connections_[index]->talker = std::move(talker);
    ++open_;
    receive(index);
    send(index);
  }

  void run(int stop, const std::function<void()>& each_turn) override {
    io_uring_sqe* watch = entry();
    io_uring_prep_poll_add(watch, stop, POLLIN);
    name(watch, What::stop, 0);
    for (;;) {
      each_turn();
      if (listeners_.empty() && open_ == 0) return;
      const int submitted = io_uring_submit_and_wait(&ring_, 1);
      if (submitted < 0 && submitted != -EINTR && submitted != -EBUSY) {
        check(submitted, "io_uring_enter");
      }
      io_uring_cqe* completion = nullptr;
      unsigned head = 0, count = 0;
      bool stopped = false;
      io_uring_for_each_cqe(&ring_, head, completion) {
        ++count;
        stopped |= handle(*completion);
      }
      io_uring_cq_advance(&ring_, count);
      if (stopped) return;
      for (const std::size_t index : std::exchange(starved_, {})) receive(index);
    }
  }

 private:
  enum class What : std::uint64_t { accept, receive, send, stop };
  static constexpr unsigned what_bits = 2;

  struct Connection {
    Socket socket;
    std::unique_ptr<Talker> talker;
    bool sending = false, over = false;
  };

  static void check(int result, const char* what) {
    if (result < 0) throw std::system_error(-result, std::generic_category(), what);
  }

  io_uring_sqe* entry() {
    io_uring_sqe* made = io_uring_get_sqe(&ring_);
    while (made == nullptr) {
      check(io_uring_submit(&ring_), "io_uring_submit");
      made = io_uring_get_sqe(&ring_);
    }
    return made;
  }
  // After the prep call, which in some versions clears it.
  static void name(io_uring_sqe* made, What what, std::size_t index) {
    made->user_data = index << what_bits | static_cast<std::uint64_t>(what);
  }

  void give_back(std::uint16_t buffer) {
    io_uring_buf_ring_add(provided_, memory_.data() + buffer * block_bytes, block_bytes, buffer,
                          io_uring_buf_ring_mask(buffers), 0);
    io_uring_buf_ring_advance(provided_, 1);
  }

  void accept(std::size_t listener) {
    io_uring_sqe* made = entry();
    io_uring_prep_multishot_accept(made, listeners_[listener].get(), nullptr, nullptr,
                                   SOCK_CLOEXEC);
    name(made, What::accept, listener);
  }

  void receive(std::size_t index) {
    Connection& connection = *connections_[index];
    if (connection.over) return;
    io_uring_sqe* made = entry();
    io_uring_prep_recv_multishot(made, connection.socket.get(), nullptr, 0, 0);
    made->flags |= IOSQE_BUFFER_SELECT;
    made->buf_group = group;
    name(made, What::receive, index);
  }

  void send(std::size_t index) {
    Connection& connection = *connections_[index];
    if (connection.sending || connection.over) return;
    const Octets octets = connection.talker->next();
    if (octets.empty()) {
      if (connection.talker->done()) end(connection);
      return;
    }
    connection.sending = true;
    io_uring_sqe* made = entry();
    io_uring_prep_send(made, connection.socket.get(), octets.data(), octets.size(),
                       MSG_WAITALL | MSG_NOSIGNAL);
    name(made, What::send, index);
  }

  // The multishot receive ends with the socket; the slot is not used again.
  void end(Connection& connection) {
    connection.over = true;
    shutdown(connection.socket.get(), SHUT_RDWR);
    if (!connection.sending) connection.socket = Socket();
    --open_;
  }

  bool handle(const io_uring_cqe& completion) {
    const auto index = static_cast<std::size_t>(completion.user_data >> what_bits);
    switch (static_cast<What>(completion.user_data & ((1U << what_bits) - 1))) {
      case What::stop:
        return true;
      case What::accept:
        accepted(completion, index);
        break;
      case What::receive:
        received(completion, index);
        break;
      case What::send: {
        Connection& connection = *connections_[index];
        connection.sending = false;
        if (connection.over) break;
        if (completion.res < 0) {
          end(connection);
          break;
        }
        connection.talker->sent(static_cast<std::size_t>(completion.res));
        send(index);
        break;
      }
    }
    return false;
  }

  void accepted(const io_uring_cqe& completion, std::size_t listener) {
    if (completion.res == -EMFILE || completion.res == -ENFILE) check(completion.res, "accept");
    if (completion.res >= 0) {
      Socket socket(completion.res);
      set_no_delay(socket.get());
      add(std::move(socket), make_());
    }
    if ((completion.flags & IORING_CQE_F_MORE) != 0) return;
    accept(listener);
  }

  void received(const io_uring_cqe& completion, std::size_t index) {
    Connection& connection = *connections_[index];
    if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
      const auto buffer = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
      if (completion.res > 0 && !connection.over) {
        connection.talker->received(Octets(memory_).subspan(
            buffer * block_bytes, static_cast<std::size_t>(completion.res)));
      }
      give_back(buffer);
    }
    if (connection.over) return;
    if (completion.res == 0 || (completion.res < 0 && completion.res != -ENOBUFS)) {
      return end(connection);
    }
    // Armed again when the whole batch is done, and its buffers are back.
    if ((completion.flags & IORING_CQE_F_MORE) == 0) starved_.push_back(index);
    send(index);
  }

  io_uring ring_{};
  io_uring_buf_ring* provided_ = nullptr;
  std::size_t provided_bytes_ = 0;
  std::vector<std::byte> memory_;
  MakeTalker make_;
  std::vector<Socket> listeners_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::size_t> starved_;
  std::size_t open_ = 0;
};

}  // namespace

std::unique_ptr<Loop> make_uring_loop() {
  return std::make_unique<UringLoop>();
}

}  // namespace msrp::app::bench::raw
