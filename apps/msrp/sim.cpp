// msrp sim: worlds in virtual time, each from one number.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apps/msrp/commands.hpp"
#include "apps/msrp/sim_html.hpp"
#include "apps/msrp/sim_trace.hpp"
#include "apps/msrp/text.hpp"
#include "backends/sim/world/minimize.hpp"
#include "backends/sim/world/run.hpp"

namespace msrp::app {
namespace {

using sim::Outcome;
using sim::Verdict;

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // the handler may touch it

int cannot_write(const std::string& file, int error) {
  fmt::print(stderr, "msrp: cannot write the page '{}', {}: {}\n", printable(file),
             std::strerror(error),
             error == ENOSPC ? "make room for it" : "name a file that can be written");
  return 1;
}

// A world that ends the program says which it was, and with what status.
thread_local std::uint64_t seed_that_runs = 0;

extern "C" void tell_crash(int number) {
  char line[64] = "msrp: a crash in seed ";
  std::size_t size = std::strlen(line);
  char digits[20];
  std::size_t count = 0;
  for (std::uint64_t rest = seed_that_runs; count == 0 || rest > 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  while (count > 0) line[size++] = digits[--count];
  line[size++] = '\n';
  (void)!write(STDERR_FILENO, line, size);
  (void)number;
  _exit(static_cast<int>(Verdict::crash));
}

// Sanitizers say more themselves about what is not an assertion.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif
#else
constexpr bool is_sanitized = false;
#endif

void watch_for_crashes() {
  std::signal(SIGABRT, tell_crash);
  if (is_sanitized) return;
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, tell_crash);
}

Outcome run_world(const sim::RunOptions& world, bool twice, sim::RunObserver* observer = nullptr) {
  seed_that_runs = world.seed;
  Outcome outcome = sim::run(world, observer);
  if (!twice || outcome.verdict != Verdict::good) return outcome;
  if (sim::run(world).hash != outcome.hash) {
    outcome.verdict = Verdict::nondeterminism;
    outcome.what = "another story the second time";
  }
  return outcome;
}

// In a process of its own, which may crash.
Verdict try_out(const sim::RunOptions& world) {
  const pid_t child = fork();
  if (child < 0) return Verdict::good;  // it does not get any smaller
  if (child == 0) {
    std::fclose(stderr);
    _exit(static_cast<int>(run_world(world, false).verdict));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? static_cast<Verdict>(WEXITSTATUS(status)) : Verdict::crash;
}

// What is not neutral, as options of this program.
std::string settings_of(const sim::RunOptions& world) {
  std::string text;
  for (const sim::RunOption& option : sim::run_options()) {
    if (option.get(world) == option.neutral || option.name == "seed") continue;
    text += fmt::format(" --set {}={}", option.name, option.get(world));
  }
  return text;
}

int minimize(const sim::RunOptions& world) {
  const Verdict verdict = try_out(world);
  if (verdict == Verdict::good) {
    fmt::print(stderr, "msrp: seed {} is good: there is nothing to minimize\n", world.seed);
    return 1;
  }
  const sim::Minimized found = sim::minimize(world, verdict, try_out);
  for (const sim::RunOption& option : sim::run_options()) {
    if (option.get(found.options) == option.neutral && option.name != "seed") continue;
    fmt::print("{} {}\n", option.name, option.get(found.options));
  }
  fmt::print("{} with these and nothing else, after {} runs:\nmsrp sim --seed {} --calm{}\n",
             sim::describe(verdict), found.runs, world.seed, settings_of(found.options));
  return static_cast<int>(verdict);
}

int run_one(const SimOptions& options) {
  sim::RunOptions world = sim::options_of_seed(options.first_seed);
  for (const sim::RunOption& option : sim::run_options()) {
    if (options.calm && option.name != "seed") option.set(world, option.neutral);
  }
  for (const std::string& setting : options.settings) {
    std::string wrong = sim::set_option(world, setting);
    if (wrong.empty()) wrong = sim::check(world);
    if (wrong.empty()) continue;
    fmt::print(stderr, "msrp: --set {}: {}\n", printable(setting), wrong);
    return 2;
  }
  if (options.minimize) return minimize(world);
  sim::RunObservers observers;
  std::unique_ptr<SimHtml> page;
  if (!options.html_file.empty()) {
    page = SimHtml::create(options.html_file, world);
    if (page == nullptr) return cannot_write(options.html_file, errno);
    observers.add(*page);
  }
  SimTrace trace(options.trace == "full");
  if (!options.trace.empty()) observers.add(trace);
  fmt::print("{}", sim::describe(world));
  const Outcome outcome = run_world(world, options.twice, &observers);
  trace.finish();
  fmt::print("{}{}{}\nhash {:016x}, {} events, {} octets, {:.1f} s of virtual time\n",
             sim::describe(outcome.verdict), outcome.what.empty() ? "" : ": ", outcome.what,
             outcome.hash, outcome.events, outcome.octets,
             std::chrono::duration<double>(outcome.virtual_time).count());
  if (page != nullptr && !page->finish(outcome)) {
    const int status = cannot_write(options.html_file, errno);
    if (outcome.verdict == Verdict::good) return status;
  }
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
      const Outcome outcome = run_world(sim::options_of_seed(seed), options_.twice);
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
  watch_for_crashes();
  if (options.first_seed == options.last_seed) return run_one(options);
  return Batch(options).run();
}

}  // namespace msrp::app
