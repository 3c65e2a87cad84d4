// msrp sim: worlds in virtual time, each from one number.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "apps/msrp/commands.hpp"
#include "backends/sim/world/run.hpp"

namespace msrp::app {
namespace {

using sim::Outcome;
using sim::Verdict;

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // the handler may touch it

Outcome run_seed(std::uint64_t seed, bool twice, const sim::OnLine& on_line = {}) {
  const sim::RunOptions options = sim::options_of_seed(seed);
  Outcome outcome = sim::run(options, on_line);
  if (!twice || outcome.verdict != Verdict::good) return outcome;
  if (sim::run(options).hash != outcome.hash) {
    outcome.verdict = Verdict::nondeterminism;
    outcome.what = "another story the second time";
  }
  return outcome;
}

int run_one(const SimOptions& options) {
  fmt::print("{}", sim::describe(sim::options_of_seed(options.first_seed)));
  const sim::OnLine print_line = [](std::string_view line) { fmt::print("{}\n", line); };
  const Outcome outcome =
      run_seed(options.first_seed, options.twice, options.trace ? print_line : sim::OnLine());
  fmt::print("{}{}{}\nhash {:016x}, {} events, {} octets, {:.1f} s of virtual time\n",
             sim::describe(outcome.verdict), outcome.what.empty() ? "" : ": ", outcome.what,
             outcome.hash, outcome.events, outcome.octets,
             std::chrono::duration<double>(outcome.virtual_time).count());
  return static_cast<int>(outcome.verdict);
}

// Many seeds, by several threads that share nothing but this.
class Batch {
 public:
  explicit Batch(const SimOptions& options) : options_(options), next_(options.first_seed) {}

  int run() {
    // What was found until then is told.
    for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { interrupted = true; });
    fmt::print("seeds {} to {}\n", options_.first_seed, options_.last_seed);
    std::fflush(stdout);
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    running_ = options_.jobs;
    for (unsigned i = 0; i < options_.jobs; ++i) threads.emplace_back([this] { work(); });
    show_progress();
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return summary(std::max(took.count(), 1e-9));
  }

 private:
  struct Failure {
    std::uint64_t seed;
    Outcome outcome;
  };

  void work() {
    for (;;) {
      const std::uint64_t seed = next_.fetch_add(1);
      if (seed > options_.last_seed || interrupted) break;
      const Outcome outcome = run_seed(seed, options_.twice);
      const std::lock_guard lock(mutex_);
      ++done_;
      virtual_time_ += outcome.virtual_time * (options_.twice ? 2 : 1);
      if (outcome.verdict != Verdict::good) failures_.push_back({seed, outcome});
    }
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) all_done_.notify_one();
  }

  void show_progress() {
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const std::uint64_t total = options_.last_seed - options_.first_seed + 1;
    std::unique_lock lock(mutex_);
    while (!all_done_.wait_for(lock, std::chrono::milliseconds(200),
                               [this] { return running_ == 0; })) {
      if (!terminal) continue;
      fmt::print(stderr, "\r{} of {} seeds, {} failed", done_, total, failures_.size());
      std::fflush(stderr);
    }
    if (terminal) fmt::print(stderr, "\r\033[K");
  }

  int summary(double seconds) {
    std::ranges::sort(failures_, {}, &Failure::seed);
    for (const auto& [seed, outcome] : failures_) {
      fmt::print("seed {}: {}: {}\n", seed, sim::describe(outcome.verdict), outcome.what);
    }
    fmt::print("{} seeds, {} failed, {:.1f} a second, {:.0f} times real time\n", done_,
               failures_.size(), static_cast<double>(done_) / seconds,
               std::chrono::duration<double>(virtual_time_).count() / seconds);
    if (!failures_.empty()) return static_cast<int>(failures_.front().outcome.verdict);
    if (!interrupted) return 0;
    fmt::print(stderr, "msrp: interrupted: start it again with the seeds that are left\n");
    return 1;
  }

  const SimOptions& options_;
  std::atomic<std::uint64_t> next_;
  std::mutex mutex_;
  std::condition_variable all_done_;
  unsigned running_ = 0;
  std::uint64_t done_ = 0;
  Duration virtual_time_{};
  std::vector<Failure> failures_;
};

}  // namespace

int run_sim(const SimOptions& options) {
  if (options.first_seed == options.last_seed) return run_one(options);
  return Batch(options).run();
}

}  // namespace msrp::app
