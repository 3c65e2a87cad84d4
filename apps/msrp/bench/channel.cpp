#include "apps/msrp/bench/channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace msrp::app::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// In the child, between fork() and execv(): nothing that takes memory.
[[noreturn]] void become_part(int end) {
  if (end == part_descriptor) {
    fcntl(end, F_SETFD, 0);
  } else {
    dup2(end, part_descriptor);
  }
  // The names are never written to; execv() is older than const.
  static char name[] = "msrp", subcommand[] = "bench", kind[] = "bulk", part[] = "--part";
  char* const arguments[] = {name, subcommand, kind, part, nullptr};
  execv("/proc/self/exe", arguments);
  _exit(127);
}

}  // namespace

bool Channel::write(const nlohmann::json& message) {
  const std::string line = message.dump() + "\n";
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t sent =
        send(descriptor_.get(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) done += static_cast<std::size_t>(sent);
  }
  return true;
}

std::optional<nlohmann::json> Channel::read(std::optional<std::chrono::milliseconds> patience) {
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    if (const auto end = buffered_.find('\n'); end != std::string::npos) {
      nlohmann::json message = nlohmann::json::parse(
          buffered_.begin(), buffered_.begin() + static_cast<long>(end), nullptr, false);
      buffered_.erase(0, end + 1);
      if (message.is_discarded()) return std::nullopt;
      return message;
    }
    int left = -1;
    if (patience) {
      const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begin);
      if (gone >= *patience) return std::nullopt;
      left = static_cast<int>((*patience - gone).count());
    }
    pollfd watched{descriptor_.get(), POLLIN, 0};
    if (poll(&watched, 1, left) <= 0) continue;
    std::array<char, 65536> octets;
    const ssize_t got = recv(descriptor_.get(), octets.data(), octets.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    buffered_.append(octets.data(), static_cast<std::size_t>(got));
  }
}

Part::Part(const nlohmann::json& spec) : channel_(backend::Descriptor()) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  channel_ = Channel(backend::Descriptor(ends[0]));
  const backend::Descriptor theirs(ends[1]);
  process_ = fork();
  if (process_ < 0) fail("fork");
  if (process_ == 0) become_part(theirs.get());
  channel_.write(spec);
}

Part::~Part() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
}

bool tie_to_parent() {
  struct stat channel{};
  if (fstat(part_descriptor, &channel) != 0 || !S_ISSOCK(channel.st_mode)) return false;
  // The parent may have ended before the call, which would then never come true.
  return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() != 1;
}

}  // namespace msrp::app::bench
