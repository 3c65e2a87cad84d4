#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "apps/msrp/bench/raw/loop.hpp"

namespace msrp::app::bench::raw {
namespace {

// A thread for every connection, in calls that block.
class ThreadsLoop final : public Loop {
 public:
  bool wants_blocking() const override { return true; }

  void listen(Socket listener, MakeTalker make) override {
    make_ = std::move(make);
    listeners_.push_back(std::move(listener));
  }

  void add(Socket connected, std::unique_ptr<Talker> talker) override {
    threads_.emplace_back(
        [socket = std::move(connected), talk = std::move(talker)] { serve(socket.get(), *talk); });
  }

  void run(int stop, const std::function<void()>& each_turn) override {
    each_turn();
    while (!listeners_.empty()) {
      std::vector<pollfd> watched{{stop, POLLIN, 0}};
      for (const Socket& listener : listeners_) watched.push_back({listener.get(), POLLIN, 0});
      if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) fail("poll");
      if (watched.front().revents != 0) break;
      for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if (watched[i + 1].revents != 0) accept_one(listeners_[i].get());
      }
      each_turn();
    }
    // By now the peers have closed what there was, unless this end is done with it.
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  ~ThreadsLoop() override {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
  }

  void accept_one(int listener) {
    Socket accepted(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted.get() < 0) {
      if (errno == EMFILE || errno == ENFILE) fail("accept4");
      return;
    }
    set_no_delay(accepted.get());
    add(std::move(accepted), make_());
  }

  static void serve(int number, Talker& talker) {
    std::vector<std::byte> buffer(block_bytes);
    for (;;) {
      for (Octets octets = talker.next(); !octets.empty(); octets = talker.next()) {
        const ssize_t sent = send(number, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        talker.sent(static_cast<std::size_t>(sent));
      }
      if (talker.done()) return;
      const ssize_t got = recv(number, buffer.data(), buffer.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      talker.received(Octets(buffer).first(static_cast<std::size_t>(got)));
    }
  }

  MakeTalker make_;
  std::vector<Socket> listeners_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Loop> make_threads_loop() {
  return std::make_unique<ThreadsLoop>();
}

}  // namespace msrp::app::bench::raw
