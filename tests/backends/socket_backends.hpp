// The backends that have sockets, as suites are typed with them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "backend_fixture.hpp"
#include "backends/epoll/epoll_backend.hpp"
#include "backends/uring/uring_backend.hpp"

namespace msrp::backend {

template <class Own>
Own socket_options(const BackendOptions& options) {
  Own own;
  own.slabs_max = options.slabs_max;
  own.linger = options.linger;
  own.accept_retry = options.accept_retry;
  own.send_buffer_bytes = own.receive_buffer_bytes = options.socket_buffer_bytes;
  own.congestion_control = options.congestion_control;
  return own;
}

struct Epoll {
  static constexpr bool uring = false;
  using Type = EpollBackend;
  static std::unique_ptr<Type> make(const BackendOptions& options) {
    return *EpollBackend::create(socket_options<EpollOptions>(options));
  }
};

struct Uring {
  static constexpr bool uring = true;
  using Type = UringBackend;
  static std::unique_ptr<Type> make(const BackendOptions& options, UringFeatures features = {}) {
    auto own = socket_options<UringOptions>(options);
    own.features = features;
    return *UringBackend::create(own);
  }
};

// With nothing that Linux 5.19 has not got.
struct OldUring {
  static constexpr bool uring = true;
  using Type = UringBackend;
  static std::unique_ptr<Type> make(const BackendOptions& options) {
    return Uring::make(options, {false, false, false, false, false});
  }
};

// A container may forbid io_uring. Then its tests are skipped and say so, unless they must run.
template <class Factory>
class BackendTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Factory::uring || UringBackend::create()) return;
    ASSERT_EQ(std::getenv("MSRP_TESTS_NEED_URING"), nullptr) << "io_uring is forbidden here";
    GTEST_SKIP() << "io_uring is forbidden here";
  }
};

}  // namespace msrp::backend
