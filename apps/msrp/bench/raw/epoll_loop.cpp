#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "apps/msrp/bench/raw/loop.hpp"

namespace msrp::app::bench::raw {
namespace {

class EpollLoop final : public Loop {
 public:
  EpollLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(block_bytes) {
    if (epoll_.get() < 0) fail("epoll_create1");
  }

  void listen(Socket listener, MakeTalker make) override {
    make_ = std::move(make);
    const int number = listener.get();
    no_waiting(number);
    listeners_.emplace(number, std::move(listener));
    control(EPOLL_CTL_ADD, number, EPOLLIN);
  }

  void add(Socket connected, std::unique_ptr<Talker> talker) override {
    const int number = connected.get();
    no_waiting(number);
    admit(std::move(connected), std::move(talker));
    flush(number);
  }

  void run(int stop, const std::function<void()>& each_turn) override {
    control(EPOLL_CTL_ADD, stop, EPOLLIN);
    for (;;) {
      each_turn();
      if (listeners_.empty() && open_ == 0) return;
      std::array<epoll_event, 256> events;
      const int ready = epoll_wait(epoll_.get(), events.data(), int{events.size()}, -1);
      if (ready < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < ready; ++i) {
        const int number = events[static_cast<std::size_t>(i)].data.fd;
        if (number == stop) return;
        if (listeners_.contains(number)) {
          accept_all(number);
        } else {
          serve(number, events[static_cast<std::size_t>(i)].events);
        }
      }
    }
  }

 private:
  struct Connection {
    Socket socket;
    std::unique_ptr<Talker> talker;
    bool waits_to_send = false;
  };

  [[noreturn]] static void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  static void no_waiting(int number) {
    if (fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) != 0) fail("O_NONBLOCK");
  }
  void control(int action, int number, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = number;
    if (epoll_ctl(epoll_.get(), action, number, &event) != 0) fail("epoll_ctl");
  }

  void admit(Socket socket, std::unique_ptr<Talker> talker) {
    const int number = socket.get();
    const auto index = static_cast<std::size_t>(number);
    if (index >= connections_.size()) connections_.resize(index + 1);
    connections_[index] = {std::move(socket), std::move(talker), false};
    ++open_;
    control(EPOLL_CTL_ADD, number, EPOLLIN);
  }

  void accept_all(int listener) {
    for (;;) {
      Socket accepted(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.get() < 0) {
        if (errno == EMFILE || errno == ENFILE) fail("accept4");
        if (errno == EAGAIN) return;
        continue;
      }
      set_no_delay(accepted.get());
      admit(std::move(accepted), make_());
    }
  }

  void serve(int number, std::uint32_t events) {
    Connection& connection = connections_[static_cast<std::size_t>(number)];
    if (connection.talker == nullptr) return;
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
      const ssize_t got = recv(number, buffer_.data(), buffer_.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return end(connection);
      if (got > 0) {
        connection.talker->received(Octets(buffer_).first(static_cast<std::size_t>(got)));
      }
    }
    flush(number);
  }

  void flush(int number) {
    Connection& connection = connections_[static_cast<std::size_t>(number)];
    bool full = false;
    for (Octets octets = connection.talker->next(); !octets.empty();
         octets = connection.talker->next()) {
      const ssize_t sent = send(number, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return end(connection);
        full = true;
        break;
      }
      connection.talker->sent(static_cast<std::size_t>(sent));
    }
    if (connection.talker->done()) return end(connection);
    if (full == connection.waits_to_send) return;
    connection.waits_to_send = full;
    control(EPOLL_CTL_MOD, number, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void end(Connection& connection) {
    const Connection closed = std::exchange(connection, {});
    --open_;
  }

  Socket epoll_;
  std::vector<std::byte> buffer_;
  MakeTalker make_;
  std::unordered_map<int, Socket> listeners_;
  std::vector<Connection> connections_;  // by descriptor
  std::size_t open_ = 0;
};

}  // namespace

std::unique_ptr<Loop> make_epoll_loop() {
  return std::make_unique<EpollLoop>();
}

}  // namespace msrp::app::bench::raw
