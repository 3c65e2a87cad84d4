// The loop: waiting, wakes, timers, listeners, names. What is done with a connection stands in
// uring_sockets.cpp.
#include "backends/uring/uring_backend.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <ranges>
#include <utility>

#include "backends/resolve/completions.hpp"

namespace msrp::backend {
namespace {

constexpr std::uint32_t generation_mask = 0xFFFFFF;

unsigned lent_slabs(std::size_t slabs_max) {
  return std::bit_floor(static_cast<unsigned>(std::clamp<std::size_t>(slabs_max / 4, 1, 32)));
}

}  // namespace

std::expected<std::unique_ptr<UringBackend>, UringFault> UringBackend::create(
    const UringOptions& options) {
  UringFeatures features = options.features;
  auto ring = Ring::create(features);
  if (!ring) return std::unexpected(ring.error());
  // Blocking: an operation on a descriptor that does not wait would end at once with EAGAIN.
  Descriptor wake(eventfd(0, EFD_CLOEXEC));
  if (!wake) return std::unexpected(UringFault{"eventfd", errno});
  std::unique_ptr<UringBackend> made(
      new UringBackend(options, *std::move(ring), features, std::move(wake)));
  if (const SystemError error = made->received_.register_with(*made->ring_, made->features_)) {
    return std::unexpected(UringFault{"provided buffers", error});
  }
  made->arm_wake();
  return made;
}

UringBackend::UringBackend(const UringOptions& options, std::unique_ptr<Ring> ring,
                           UringFeatures features, Descriptor wake)
    : options_(options),
      features_(features),
      pool_(options.slabs_max, options.slab_bytes),
      received_(pool_, lent_slabs(options.slabs_max)),
      ring_(std::move(ring)),
      wake_(std::move(wake)),
      resolver_(options.resolver, *this) {}

UringBackend::~UringBackend() {
  abandon();
  pending_.clear();
}

// The kernel must be done with our memory, and with what was lent, before they go.
void UringBackend::abandon() {
  for (Socket& socket : sockets_) {
    if (!socket.descriptor) continue;
    set_reset_on_close(socket.descriptor.get());
    if (socket.busy != 0) shutdown(socket.descriptor.get(), SHUT_RDWR);
  }
  for (Listener& listener : listeners_) shutdown(listener.descriptor.get(), SHUT_RDWR);
  listeners_.clear();
  for (int rounds = 0; operations_ > 0 && rounds < 1000; ++rounds) {
    io_uring_sqe& entry = ring_->entry(key(Op::none, 0));
    io_uring_prep_cancel64(&entry, 0, 0);
    entry.cancel_flags = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY;
    ring_->enter(std::chrono::milliseconds(10));
    for (const UringCompletion& one : ring_->take()) {
      if (one.user_data >> 56 == static_cast<std::uint64_t>(Op::accept) && one.result >= 0) {
        ::close(one.result);
      }
      const bool ours = one.user_data >> 56 != static_cast<std::uint64_t>(Op::none);
      if (ours && (one.flags & IORING_CQE_F_MORE) == 0) --operations_;
    }
  }
}

std::uint64_t UringBackend::key(Op op, std::uint32_t index, std::uint32_t generation) noexcept {
  return std::uint64_t{static_cast<std::uint8_t>(op)} << 56 |
         std::uint64_t{generation & generation_mask} << 32 | index;
}

void UringBackend::cancel(std::uint64_t user_data) {
  io_uring_prep_cancel64(&ring_->entry(key(Op::none, 0)), user_data, 0);
}

// ---- waiting --------------------------------------------------------------------------------

void UringBackend::wait(std::optional<Instant> deadline, std::vector<Completion>& out) {
  feed_starved();
  if (bell_) {  // before it is looked for what it rang for
    std::uint64_t count = 0;
    static_cast<void>(!::read(bell_.get(), &count, sizeof count));
  }
  for (;;) {
    run_timers(now());
    std::optional<Duration> patience;
    if (!pending_.empty()) {
      patience = Duration::zero();  // what is there goes out at once, with what is ready by now
    } else {
      const Instant current = now();
      std::optional<Instant> due = next_timer(current);
      if (deadline && (!due || *deadline < *due)) due = deadline;
      if (due) patience = *due > current ? *due - current : Duration::zero();
    }
    ring_->enter(patience);
    for (const UringCompletion& completion : ring_->take()) dispatch(completion);
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

void UringBackend::dispatch(const UringCompletion& completion) {
  const auto op = static_cast<Op>(completion.user_data >> 56);
  const auto index = static_cast<std::uint32_t>(completion.user_data);
  if (op != Op::none && (completion.flags & IORING_CQE_F_MORE) == 0) --operations_;
  switch (op) {
    case Op::none:  // a cancel: what it meant completes by itself
      break;
    case Op::wake:
      on_wake();
      break;
    case Op::accept:
      on_accept(index, completion);
      break;
    case Op::resolver:
      on_watched(static_cast<int>(index), completion);
      break;
    case Op::connect:
    case Op::receive:
    case Op::send:
    case Op::drain:
      on_socket(op, index, completion);
      break;
  }
}

void UringBackend::arm_wake() {
  ++operations_;
  io_uring_prep_read(&ring_->entry(key(Op::wake, 0)), wake_.get(), &wake_count_, sizeof wake_count_,
                     0);
}

void UringBackend::on_wake() {
  arm_wake();
  // After the read: who wakes between the two finds the flag and is served by this one.
  woken_.exchange(false, std::memory_order_acq_rel);
  pending_.emplace_back(Woken{});
}

void UringBackend::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  const int saved = errno;  // it may be called in a signal handler
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  // One eventfd does not ring another at once.
  if (const int bell = bell_number_.load(std::memory_order_acquire); bell >= 0) {
    static_cast<void>(!::write(bell, &one, sizeof one));
  }
  errno = saved;
}

// ---- timers ---------------------------------------------------------------------------------

std::optional<Instant> UringBackend::next_timer(Instant now) {
  std::optional<Instant> due = resolver_.next_timeout(now);
  if (!lingering_.empty() && (!due || lingering_.front().deadline < *due))
    due = lingering_.front().deadline;
  if (accept_again_ && (!due || *accept_again_ < *due)) due = accept_again_;
  return due;
}

// The ring's own descriptor does not become readable for work that is deferred.
int UringBackend::descriptor() noexcept {
  if (!bell_) {
    // Readable from the start: something may have come before.
    bell_ = Descriptor(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    if (bell_) static_cast<void>(io_uring_register_eventfd(&ring_->system(), bell_.get()));
    bell_number_.store(bell_.get(), std::memory_order_release);
  }
  return bell_.get();
}

std::optional<Instant> UringBackend::next_deadline() {
  feed_starved();
  if (ring_->unsubmitted()) ring_->submit();
  if (!pending_.empty() || resolver_.has_answers()) return now();
  return next_timer(now());
}

void UringBackend::run_timers(Instant now) {
  while (!lingering_.empty()) {
    const Lingering front = lingering_.front();
    const Socket& socket = sockets_[front.index];
    const bool stale = socket.generation != front.generation || socket.state != State::draining;
    if (!stale && front.deadline > now) break;
    lingering_.pop_front();
    if (!stale) close_hard(front.index);
  }
  if (accept_again_ && *accept_again_ <= now) resume_listeners();
  if (const auto due = resolver_.next_timeout(now); due && *due <= now) {
    resolver_.handle_timeout(now);
  }
  take_answers(resolver_, pending_);
}

// ---- names ----------------------------------------------------------------------------------

void UringBackend::resolve(ResolveId query, std::string_view host, Instant deadline) {
  resolver_.resolve(query, host, deadline, now());
}

void UringBackend::watch(int descriptor, bool readable, bool writable) noexcept {
  const auto number = static_cast<std::size_t>(descriptor);
  if (number >= watched_.size()) watched_.resize(number + 1);
  Watched& one = watched_[number];
  const std::uint32_t wanted =
      (readable ? std::uint32_t{POLLIN} : 0u) | (writable ? std::uint32_t{POLLOUT} : 0u);
  if (std::exchange(one.events, wanted) == wanted) return;
  if (std::exchange(one.armed, false)) {
    cancel(key(Op::resolver, static_cast<std::uint32_t>(descriptor), one.turn));
  }
  one.turn = (one.turn + 1) & generation_mask;
  if (wanted != 0) arm_watch(descriptor);
}

void UringBackend::arm_watch(int descriptor) {
  Watched& one = watched_[static_cast<std::size_t>(descriptor)];
  one.armed = true;
  ++operations_;
  io_uring_prep_poll_add(
      &ring_->entry(key(Op::resolver, static_cast<std::uint32_t>(descriptor), one.turn)),
      descriptor, one.events);
}

void UringBackend::on_watched(int descriptor, const UringCompletion& completion) {
  const auto number = static_cast<std::size_t>(descriptor);
  const auto turn = static_cast<std::uint32_t>(completion.user_data >> 32) & generation_mask;
  if (watched_[number].turn != turn) return;  // about a descriptor that had the number before
  watched_[number].armed = false;
  const auto events =
      static_cast<std::uint32_t>(completion.result < 0 ? POLLERR : completion.result);
  resolver_.process(descriptor, (events & ~std::uint32_t{POLLOUT}) != 0,
                    (events & ~std::uint32_t{POLLIN}) != 0);
  const Watched& after = watched_[number];
  if (after.turn == turn && after.events != 0 && !after.armed) arm_watch(descriptor);
}

// ---- listeners ------------------------------------------------------------------------------

void UringBackend::listen(ListenerId listener, const SocketAddress& at) {
  auto opened = open_listener(at, SocketCalls::wait);
  if (!opened) {
    last_error_ = opened.error();
    const Errc code = is_shortage(last_error_) ? Errc::limit_exceeded : Errc::listen_failed;
    pending_.emplace_back(ListenFault{listener, Error{code}});
    return;
  }
  choose_congestion_control(opened->get(), options_);  // what is accepted inherits it
  pending_.emplace_back(ListenDone{listener, local_address(opened->get())});
  listeners_.push_back({listener, *std::move(opened), next_listener_++, false, false});
  accept(listeners_.back());
}

// The accept that the kernel has keeps the socket; shut down, the port is free at once.
void UringBackend::stop_listening(ListenerId listener) {
  std::erase_if(listeners_, [listener](const Listener& one) {
    if (one.id != listener) return false;
    shutdown(one.descriptor.get(), SHUT_RDWR);
    return true;
  });
}

void UringBackend::accept(Listener& listener) {
  if (std::exchange(listener.armed, true)) return;
  ++operations_;
  io_uring_sqe& entry = ring_->entry(key(Op::accept, listener.number));
  if (features_.multishot_accept) {
    io_uring_prep_multishot_accept(&entry, listener.descriptor.get(), nullptr, nullptr,
                                   SOCK_CLOEXEC);
  } else {
    io_uring_prep_accept(&entry, listener.descriptor.get(), nullptr, nullptr, SOCK_CLOEXEC);
  }
}

void UringBackend::on_accept(std::uint32_t number, const UringCompletion& completion) {
  Descriptor accepted(completion.result >= 0 ? completion.result : -1);
  const auto found = std::ranges::find(listeners_, number, &Listener::number);
  if (found == listeners_.end()) return;
  if (accepted) on_accepted(found->id, std::move(accepted));
  if ((completion.flags & IORING_CQE_F_MORE) != 0) return;
  found->armed = false;
  if (completion.result < 0 && is_shortage(-completion.result)) return suspend(*found);
  if (completion.result == -EINVAL) features_.multishot_accept = false;
  accept(*found);  // after other errors as well: that one peer's trouble, as accept(2) says
}

void UringBackend::on_accepted(ListenerId listener, Descriptor accepted) {
  set_no_delay(accepted.get());
  tune(accepted.get(), options_);
  TransportInfo info;
  info.local = local_address(accepted.get());
  info.peer = peer_address(accepted.get());
  const std::uint32_t index = sockets_.allocate(std::move(accepted));
  sockets_[index].state = State::accepted;
  pending_.emplace_back(Accepted{listener, index, info});
}

// The kernel would answer at once until a descriptor is free.
void UringBackend::suspend(Listener& listener) {
  listener.suspended = true;
  ++accept_pauses_;
  // Somebody else in the process may be the one to close a descriptor.
  accept_again_ = now() + options_.accept_retry;
}

void UringBackend::resume_listeners() {
  accept_again_.reset();
  for (Listener& listener : listeners_) {
    if (std::exchange(listener.suspended, false)) accept(listener);
  }
}

// ---- an empty pool --------------------------------------------------------------------------

// Slabs come back between two waits only, since they belong to this thread.
void UringBackend::feed_starved() {
  const std::size_t lent = received_.refill();
  if (starved_.empty() || lent == 0) return;
  // Backwards: who came last when the slabs went out comes first now.
  for (const Starved& one : std::exchange(starved_, {}) | std::views::reverse) {
    Socket& socket = sockets_[one.index];
    if (socket.generation != one.generation || !std::exchange(socket.starved, false)) continue;
    receive(one.index);
  }
}

UringBackend::Stats UringBackend::stats() const noexcept {
  Stats stats;
  stats.sockets = sockets_.open();
  stats.starved = starved_.size();
  stats.operations = operations_;
  stats.accept_pauses = accept_pauses_;
  return stats;
}

}  // namespace msrp::backend
