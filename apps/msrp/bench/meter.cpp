#include "apps/msrp/bench/meter.hpp"

#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <string_view>

#include "backends/common/socket.hpp"

namespace msrp::app::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

std::uint64_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::uint64_t resident_bytes() {
  std::ifstream pages("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  pages >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::vector<std::string> congestion_controls() {
  struct Close {
    void operator()(DIR* folder) const noexcept { closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> folder(opendir("/proc/self/fd"));
  std::vector<std::string> names;
  while (const dirent* entry = folder != nullptr ? readdir(folder.get()) : nullptr) {
    const std::string_view text = entry->d_name;
    int descriptor = -1;
    if (std::from_chars(text.data(), text.data() + text.size(), descriptor).ec != std::errc())
      continue;
    const std::string name = backend::congestion_control(descriptor);
    if (!name.empty() && !std::ranges::count(names, name)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::uint64_t raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void put_round_trips(Figures& figures, std::vector<std::uint32_t>& nanoseconds) {
  if (nanoseconds.empty()) return;
  std::ranges::sort(nanoseconds);
  const auto at = [&nanoseconds](std::size_t percent) {
    return static_cast<double>(nanoseconds[(nanoseconds.size() - 1) * percent / 100]) * 1e-3;
  };
  figures.p50_us = at(50);
  figures.p99_us = at(99);
  figures.max_us = at(100);
}

}  // namespace msrp::app::bench
