// The yardsticks' loops: the system calls or liburing, as directly as they can be used.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "apps/msrp/bench/raw/talker.hpp"

namespace msrp::app::bench::raw {

class Socket {
 public:
  Socket() noexcept = default;
  explicit Socket(int number) noexcept : number_(number) {}
  Socket(Socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Socket();
  int get() const noexcept { return number_; }

 private:
  int number_ = -1;
};

struct SocketOptions {
  std::string congestion_control;  // empty: as the system chooses
  bool blocks = false;
};

// On 127.0.0.1, at any free port. What is accepted inherits the congestion control. They throw
// std::system_error.
Socket listen_here(const SocketOptions& options);
std::uint16_t port_of(const Socket& socket);
Socket connect_here(std::uint16_t port, const SocketOptions& options);
// Of an accepted socket.
void set_no_delay(int socket);

using MakeTalker = std::function<std::unique_ptr<Talker>()>;

// One thread's. It throws std::system_error for what is no peer's doing.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual bool wants_blocking() const { return false; }  // which sockets it takes
  virtual void listen(Socket listener, MakeTalker make) = 0;
  virtual void add(Socket connected, std::unique_ptr<Talker> talker) = 0;
  // Returns when `stop` can be read; without a listener also when every talker is done. each_turn
  // is called before every wait and may add().
  virtual void run(int stop, const std::function<void()>& each_turn) = 0;
};

std::unique_ptr<Loop> make_epoll_loop();
std::unique_ptr<Loop> make_threads_loop();
std::unique_ptr<Loop> make_uring_loop();

}  // namespace msrp::app::bench::raw
