#include "backends/uring/ring.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "msrp/assert.hpp"

namespace msrp::backend {
namespace {

constexpr unsigned submissions_max = 1024;
constexpr unsigned completions_max = 4 * submissions_max;

int set_up(io_uring& ring, unsigned flags) {
  io_uring_params parameters{};
  parameters.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  parameters.cq_entries = completions_max;
  return -io_uring_queue_init_params(submissions_max, &ring, &parameters);
}

}  // namespace

std::expected<std::unique_ptr<Ring>, UringFault> Ring::create(UringFeatures& features) {
  std::unique_ptr<Ring> made(new Ring());
  int error = EINVAL;
  if (features.deferred_work) {
    error = set_up(made->ring_, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                    IORING_SETUP_SUBMIT_ALL);
    features.deferred_work = error == 0;
  }
  // What is forbidden or exhausted is so with other flags too.
  if (error == EINVAL && features.cooperative_work) {
    error = set_up(made->ring_, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL);
    features.cooperative_work = error == 0;
  }
  if (error == EINVAL) error = set_up(made->ring_, 0);
  if (error != 0) {
    made->ring_.ring_fd = -1;
    return std::unexpected(UringFault{"io_uring_setup", error});
  }
  // Without these the wait has no deadline of its own, and full queues lose completions.
  if ((made->ring_.features & IORING_FEAT_EXT_ARG) == 0 ||
      (made->ring_.features & IORING_FEAT_NODROP) == 0) {
    return std::unexpected(UringFault{"the kernel's io_uring is too old", ENOSYS});
  }
  static_cast<void>(io_uring_register_ring_fd(&made->ring_));  // saves a little, needs nothing
  return made;
}

Ring::~Ring() {
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

io_uring_sqe& Ring::entry(std::uint64_t user_data) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    // EBUSY: the kernel holds completions that have no room, and takes nothing before they have.
    if (io_uring_submit(&ring_) == -EBUSY) {
      io_uring_get_events(&ring_);
      reap();
    }
    entry = io_uring_get_sqe(&ring_);
  }
  std::memset(entry, 0, sizeof *entry);
  entry->user_data = user_data;
  return *entry;
}

void Ring::submit() {
  io_uring_submit(&ring_);
}

bool Ring::unsubmitted() const noexcept {
  return io_uring_sq_ready(&ring_) > 0;
}

void Ring::enter(std::optional<Duration> patience) {
  if (!completed_.empty() || (patience && *patience <= Duration::zero())) {
    // Deferred work is done in here alone, submissions or not.
    io_uring_submit_and_get_events(&ring_);
    return reap();
  }
  io_uring_cqe* first = nullptr;
  if (patience) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*patience);
    __kernel_timespec timeout{seconds.count(), (*patience - seconds).count()};
    io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
  } else {
    io_uring_submit_and_wait_timeout(&ring_, &first, 1, nullptr, nullptr);
  }
  reap();
}

void Ring::reap() {
  unsigned head = 0, count = 0;
  io_uring_cqe* one = nullptr;
  io_uring_for_each_cqe(&ring_, head, one) {
    completed_.push_back({one->user_data, one->res, one->flags});
    ++count;
  }
  io_uring_cq_advance(&ring_, count);
}

std::span<const UringCompletion> Ring::take() {
  taken_.clear();
  taken_.swap(completed_);
  return taken_;
}

}  // namespace msrp::backend
