// One io_uring: set up with the best flags that the kernel takes, submissions and completions in
// batches.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "backends/common/socket.hpp"
#include "msrp/time.hpp"

namespace msrp::backend {

// Which of the kernel's ways are used; what it lacks is off, whatever was asked for.
struct UringFeatures {
  bool deferred_work = true;        // SINGLE_ISSUER and DEFER_TASKRUN, Linux 6.1
  bool cooperative_work = true;     // COOP_TASKRUN, Linux 5.19: the next best
  bool multishot_accept = true;     // Linux 5.19
  bool multishot_receive = true;    // Linux 6.0
  bool incremental_buffers = true;  // Linux 6.12: small reads share a buffer without a copy
  friend bool operator==(const UringFeatures&, const UringFeatures&) = default;
};

// Why there is no ring: which step failed, and the system's reason.
struct UringFault {
  std::string_view step;  // static storage
  SystemError error = 0;
};

struct UringCompletion {
  std::uint64_t user_data;
  std::int32_t result;
  std::uint32_t flags;
};

// Belongs to the thread that made it.
class Ring {
 public:
  // Turns off in features what the kernel does not take.
  static std::expected<std::unique_ptr<Ring>, UringFault> create(UringFeatures& features);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // A cleared entry to be filled before the next call; submitted by enter(), in order. When there
  // is no room those before it are submitted now.
  io_uring_sqe& entry(std::uint64_t user_data);

  // Submits what there is and waits for a completion until the deadline; without one, or with one
  // in the past, only takes what is there. nullopt and block: for ever.
  void enter(std::optional<Duration> patience);
  // Submits without waiting.
  void submit();
  bool unsubmitted() const noexcept;

  // What has completed since; valid until the next take().
  std::span<const UringCompletion> take();

  io_uring& system() noexcept { return ring_; }

 private:
  Ring() = default;
  void reap();

  io_uring ring_{};
  std::vector<UringCompletion> completed_, taken_;
};

}  // namespace msrp::backend
