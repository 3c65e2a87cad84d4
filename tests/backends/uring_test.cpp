// What is particular to io_uring: which of the kernel's ways are used, and what happens without it.
#include "backends/uring/uring_backend.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "backend_fixture.hpp"
#include "socket_backends.hpp"

namespace msrp::backend {
namespace {

using namespace std::chrono_literals;
using Loop = Harness<UringBackend>;
using UringTest = BackendTest<Uring>;

// Calls it in a process in which io_uring_setup() fails with an errno, as under a container's
// filter. Returns what it returned.
template <class Call>
int without_uring(int error, Call&& call) {
  const pid_t child = fork();
  if (child == 0) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{std::size(filter), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(101);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(102);
    _exit(call());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void expect_carries(Loop loop) {
  const auto [a, b] = loop.pair(loop.listen());
  const auto bytes = pattern_bytes(1000000);
  ASSERT_TRUE(loop.send_all(a, bytes));
  ASSERT_TRUE(loop.drive([&, to = b] { return loop.log[to].received == bytes.size(); }));
  EXPECT_FALSE(loop.log[b].wrong);
}

TEST(UringForbidden, WhereItIsForbiddenItSaysWhy) {
  for (const int error : {EPERM, ENOSYS, ENOMEM}) {
    EXPECT_EQ(without_uring(error,
                            [error] {
                              const auto made = UringBackend::create();
                              if (made) return 1;
                              if (made.error().error != error) return 2;
                              return made.error().step == "io_uring_setup" ? 0 : 3;
                            }),
              0);
  }
}

TEST_F(UringTest, EveryWayThatCanBeTakenAwayHasANextBestOne) {
  for (unsigned bits = 0; bits < 32; ++bits) {
    UringOptions options;
    options.features = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
                        (bits & 16) != 0};
    auto made = UringBackend::create(options);
    ASSERT_TRUE(made);
    const UringFeatures used = (*made)->features();
    // Nothing that was not asked for.
    EXPECT_LE(used.deferred_work, options.features.deferred_work);
    EXPECT_LE(used.cooperative_work, options.features.cooperative_work);
    EXPECT_LE(used.multishot_accept, options.features.multishot_accept);
    EXPECT_LE(used.multishot_receive, options.features.multishot_receive);
    EXPECT_LE(used.incremental_buffers, options.features.incremental_buffers);
    expect_carries(Loop(*std::move(made)));
  }
}

TEST_F(UringTest, ItEndsWithEverythingUnderWay) {
  BackendOptions options;
  options.socket_buffer_bytes = 64 * 1024;
  const auto bytes = pattern_bytes(4 * 1024 * 1024);
  Loop loop(Uring::make(options));
  const SocketAddress at = loop.listen();
  const auto [a, b] = loop.pair(at);
  loop.backend->stop_receive(b);
  loop.fill(a, bytes);
  const ConnId dialling = loop.new_conn();
  loop.backend->connect(dialling, at);
  EXPECT_GE(loop.backend->stats().operations, 4u);  // wake, accept, receive, send
  loop.backend.reset();
}

TEST_F(UringTest, AnIdleConnectionHasOneOperationAndNoBuffer) {
  Loop loop(Uring::make({}));
  const SocketAddress at = loop.listen();
  const std::size_t before = loop.backend->stats().operations;
  const std::size_t slabs = loop.backend->buffers().free_slabs();
  for (int i = 0; i < 50; ++i) loop.pair(at);
  EXPECT_EQ(loop.backend->stats().operations, before + 100);
  EXPECT_EQ(loop.backend->buffers().free_slabs(), slabs);
}

}  // namespace
}  // namespace msrp::backend
