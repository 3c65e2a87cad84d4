// The loop: what is watched, waiting, timers, listeners. What is done with a connection stands in
// epoll_sockets.cpp.
#include "backends/epoll/epoll_backend.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <iterator>
#include <utility>

#include "backends/resolve/completions.hpp"

namespace msrp::backend {
namespace {

constexpr std::size_t events_max = 256;
constexpr int accepts_max = 64;        // of one listener, a turn
constexpr std::size_t share_max = 32;  // slabs read into a turn, while many are ready
constexpr std::uint32_t index_bits = 28;

}  // namespace

std::expected<std::unique_ptr<EpollBackend>, SystemError> EpollBackend::create(
    const EpollOptions& options) {
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return std::unexpected(errno);
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return std::unexpected(errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key(Kind::wake, 0, 0);
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return std::unexpected(errno);
  return std::unique_ptr<EpollBackend>(
      new EpollBackend(options, std::move(epoll), std::move(wake)));
}

EpollBackend::EpollBackend(const EpollOptions& options, Descriptor epoll, Descriptor wake)
    : options_(options),
      pool_(options.slabs_max, options.slab_bytes),
      receive_(pool_),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      events_(events_max),
      resolver_(options.resolver, *this) {}

EpollBackend::~EpollBackend() = default;

std::uint64_t EpollBackend::key(Kind kind, std::uint32_t index, std::uint32_t generation) noexcept {
  return std::uint64_t{generation} << 32 |
         std::uint64_t{static_cast<std::uint32_t>(kind)} << index_bits | index;
}

// ---- waiting --------------------------------------------------------------------------------

void EpollBackend::wait(std::optional<Instant> deadline, std::vector<Completion>& out) {
  feed_starved();
  for (;;) {
    run_timers(now());
    // What is there already goes out at once, together with what is ready by now.
    const bool block = pending_.empty();
    poll(deadline, block);
    take_answers(resolver_, pending_);
    if (!pending_.empty()) break;
    if (deadline && now() >= *deadline) break;
  }
  if (out.empty()) {
    out.swap(pending_);
  } else {
    std::move(pending_.begin(), pending_.end(), std::back_inserter(out));
    pending_.clear();
  }
}

std::size_t EpollBackend::poll(std::optional<Instant> deadline, bool block) {
  if (block) {
    if (const auto timer = next_timer(now()); timer && (!deadline || *timer < *deadline))
      deadline = timer;
  }
  const int ready = wait_system(deadline, block);
  if (ready <= 0) return 0;
  const auto count = static_cast<std::size_t>(ready);
  const std::size_t slabs = std::min(pool_.free_slabs() + 1, share_max);
  const std::size_t share = std::clamp<std::size_t>(slabs / count, 1, ReceiveSlabs::slabs_max);
  // Another one is first each time, so that nobody is always last when the pool runs dry.
  first_event_ = first_event_ + 1 < count ? first_event_ + 1 : 0;
  for (std::size_t i = 0; i < count; ++i) dispatch(events_[(first_event_ + i) % count], share);
  return count;
}

int EpollBackend::wait_system(std::optional<Instant> deadline, bool block) {
  Duration left = Duration::zero();
  if (const Instant current = now(); block && deadline && *deadline > current)
    left = *deadline - current;
  const bool forever = block && !deadline;
  if (!coarse_timeout_) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{static_cast<time_t>(seconds.count()),
                           static_cast<long>((left - seconds).count())};
    const int ready = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                   forever ? nullptr : &timeout, nullptr);
    // Before Linux 5.11, or forbidden by an older system call filter.
    if (ready >= 0 || (errno != ENOSYS && errno != EPERM)) return ready;
    coarse_timeout_ = true;
  }
  // Rounded up: woken too early it would only wait again.
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  const int timeout = forever ? -1 : static_cast<int>(std::min<long>(milliseconds, INT_MAX));
  return epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout);
}

void EpollBackend::dispatch(const epoll_event& event, std::size_t slabs_share) {
  const std::uint64_t value = event.data.u64;
  const auto index = static_cast<std::uint32_t>(value & ((1u << index_bits) - 1));
  const auto generation = static_cast<std::uint32_t>(value >> 32);
  switch (static_cast<Kind>(value >> index_bits & 0xf)) {
    case Kind::wake: {
      std::uint64_t count = 0;
      static_cast<void>(!::read(wake_.get(), &count, sizeof count));
      // After the read: who wakes between the two finds the flag and is served by this one.
      woken_.exchange(false, std::memory_order_acq_rel);
      pending_.emplace_back(Woken{});
      break;
    }
    case Kind::listener:
      for (Listener& listener : listeners_)
        if (listener.id.index == index && listener.id.generation == generation)
          return on_listener(listener);
      break;
    case Kind::socket:
      // Closed, and perhaps in use again, since the batch was fetched.
      if (sockets_.is(index, generation)) on_socket(index, event.events, slabs_share);
      break;
    case Kind::resolver:
      resolver_.process(static_cast<int>(index), (event.events & ~std::uint32_t{EPOLLOUT}) != 0,
                        (event.events & ~std::uint32_t{EPOLLIN}) != 0);
      break;
  }
}

void EpollBackend::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  const int saved = errno;  // it may be called in a signal handler
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  errno = saved;
}

// ---- timers ---------------------------------------------------------------------------------

std::optional<Instant> EpollBackend::next_timer(Instant now) {
  std::optional<Instant> due = resolver_.next_timeout(now);
  if (!lingering_.empty() && (!due || lingering_.front().deadline < *due))
    due = lingering_.front().deadline;
  if (accept_again_ && (!due || *accept_again_ < *due)) due = accept_again_;
  return due;
}

std::optional<Instant> EpollBackend::next_deadline() {
  feed_starved();
  if (!pending_.empty() || resolver_.has_answers()) return now();
  return next_timer(now());
}

void EpollBackend::run_timers(Instant now) {
  while (!lingering_.empty()) {
    const Lingering front = lingering_.front();
    Socket& socket = sockets_[front.index];
    const bool stale = socket.generation != front.generation;
    if (!stale && front.deadline > now) break;
    lingering_.pop_front();
    if (stale) continue;
    set_reset_on_close(socket.descriptor.get());
    finish(socket, front.index);
  }
  if (accept_again_ && *accept_again_ <= now) resume_listeners();
  if (const auto due = resolver_.next_timeout(now); due && *due <= now) {
    resolver_.handle_timeout(now);
  }
  take_answers(resolver_, pending_);
}

// ---- names ----------------------------------------------------------------------------------

void EpollBackend::resolve(ResolveId query, std::string_view host, Instant deadline) {
  resolver_.resolve(query, host, deadline, now());
}

void EpollBackend::watch(int descriptor, bool readable, bool writable) noexcept {
  const auto number = static_cast<std::size_t>(descriptor);
  if (number >= watched_.size()) watched_.resize(number + 1);
  const std::uint32_t wanted =
      (readable ? std::uint32_t{EPOLLIN} : 0u) | (writable ? std::uint32_t{EPOLLOUT} : 0u);
  const std::uint32_t before = std::exchange(watched_[number], wanted);
  if (before == wanted) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = key(Kind::resolver, static_cast<std::uint32_t>(descriptor), 0);
  const int action = wanted == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  // Should it fail, the library's own time-out ends the query.
  static_cast<void>(epoll_ctl(epoll_.get(), action, descriptor, &event));
}

// ---- listeners ------------------------------------------------------------------------------

void EpollBackend::listen(ListenerId listener, const SocketAddress& at) {
  auto opened = open_listener(at);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key(Kind::listener, listener.index, listener.generation);
  if (!opened || epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, opened->get(), &event) != 0) {
    last_error_ = opened ? errno : opened.error();
    const Errc code = is_shortage(last_error_) ? Errc::limit_exceeded : Errc::listen_failed;
    pending_.emplace_back(ListenFault{listener, Error{code}});
    return;
  }
  choose_congestion_control(opened->get(), options_);  // what is accepted inherits it
  pending_.emplace_back(ListenDone{listener, local_address(opened->get())});
  listeners_.push_back({listener, *std::move(opened), false});
}

void EpollBackend::stop_listening(ListenerId listener) {
  std::erase_if(listeners_, [listener](const Listener& one) { return one.id == listener; });
}

void EpollBackend::on_listener(Listener& listener) {
  if (listener.suspended) return;
  for (int i = 0; i < accepts_max; ++i) {
    RawAddress raw;
    raw.size = sizeof raw.storage;
    Descriptor accepted(
        accept4(listener.descriptor.get(), raw.get(), &raw.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted) {
      if (is_shortage(errno)) return suspend(listener);
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      continue;  // that one peer's trouble, as accept(2) says
    }
    set_no_delay(accepted.get());
    tune(accepted.get(), options_);
    TransportInfo info;
    info.local = local_address(accepted.get());
    info.peer = from_raw(raw).value_or(SocketAddress{});
    const std::uint32_t index = sockets_.allocate(std::move(accepted));
    sockets_[index].state = State::accepted;
    const SocketHandle handle = key(Kind::socket, index, sockets_[index].generation);
    pending_.emplace_back(Accepted{listener.id, handle, info});
  }
}

// Level-triggered readiness would spin until a descriptor is free.
void EpollBackend::suspend(Listener& listener) {
  listener.suspended = true;
  ++accept_pauses_;
  epoll_event event{};
  event.data.u64 = key(Kind::listener, listener.id.index, listener.id.generation);
  static_cast<void>(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener.descriptor.get(), &event));
  // Somebody else in the process may be the one to close a descriptor.
  accept_again_ = now() + options_.accept_retry;
}

void EpollBackend::resume_listeners() {
  accept_again_.reset();
  for (Listener& listener : listeners_) {
    if (!std::exchange(listener.suspended, false)) continue;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = key(Kind::listener, listener.id.index, listener.id.generation);
    static_cast<void>(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener.descriptor.get(), &event));
  }
}

// ---- an empty pool --------------------------------------------------------------------------

void EpollBackend::starve(Socket& socket, std::uint32_t index) {
  socket.starved = true;
  starved_.push_back({index, socket.generation});
  update_interest(socket, index);
}

// Slabs come back between two waits only, since they belong to this thread. A few must be free, or
// each one would cost two system calls for every socket.
void EpollBackend::feed_starved() {
  const std::size_t enough = std::clamp<std::size_t>(pool_.slabs_max() / 8, 1, 8);
  if (starved_.empty() || (pool_.free_slabs() < enough && receive_.empty())) return;
  for (const Starved& one : std::exchange(starved_, {})) {
    Socket& socket = sockets_[one.index];
    if (socket.generation != one.generation) continue;
    socket.starved = false;
    socket.muted = false;
    update_interest(socket, one.index);
  }
}

EpollBackend::Stats EpollBackend::stats() const noexcept {
  Stats stats;
  stats.sockets = sockets_.open();
  stats.starved = starved_.size();
  stats.accept_pauses = accept_pauses_;
  return stats;
}

}  // namespace msrp::backend
