// Who has its turn, and when: programs over simulated backends, one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "backends/sim/random.hpp"
#include "backends/sim/scheduler.hpp"
#include "backends/sim/sim_backend.hpp"

namespace msrp::sim {

// A program that does something when its backend has news or its deadline has come; with a Driver,
// turn is driver.turn(on_event) and deadline is driver.next_deadline(). After a call from outside,
// such as Engine::send(), it needs backend.wake().
struct Program {
  SimBackend* backend = nullptr;
  std::function<void()> turn;
  std::function<std::optional<Instant>()> deadline;
};

class Simulation {
 public:
  using ProgramId = std::size_t;

  // lateness: how late a program may get its turn after its deadline, drawn anew for each.
  Simulation(Scheduler& scheduler, std::uint64_t seed, Duration lateness = {})
      : scheduler_(scheduler), chance_(seed), lateness_(lateness) {}

  ProgramId add(Program program) {
    programs_.push_back({std::move(program), chance_.duration(lateness_)});
    return programs_.size() - 1;
  }
  // It has no turn any more. Not from within a turn.
  void remove(ProgramId id) { programs_.at(id).program = Program{}; }

  // Programs had so many turns without the time going on that something goes round in circles;
  // nobody has a turn any more.
  bool spins() const noexcept { return turns_at_once_ > turns_at_once_max; }

  // One turn of a program that may have one, whichever; or else time goes on to what comes next, at
  // most until then. False when nothing is left to do until then.
  bool step(Instant until) {
    runnable_.clear();
    std::optional<Instant> next = scheduler_.next();
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      const Program& program = programs_[i].program;
      if (program.backend == nullptr) continue;
      std::optional<Instant> due = program.deadline();
      if (due) *due += programs_[i].lateness;
      if (program.backend->ready() || (due && *due <= scheduler_.now())) {
        runnable_.push_back(i);
      } else if (due && (!next || *due < *next)) {
        next = due;
      }
    }
    if (spins()) return false;
    if (!runnable_.empty()) {
      ++turns_at_once_;
      Entry& chosen = programs_[runnable_[chance_.below(runnable_.size())]];
      chosen.program.turn();
      chosen.lateness = chance_.duration(lateness_);
      return true;
    }
    if (!next || *next > until) return false;
    if (*next > scheduler_.now()) turns_at_once_ = 0;
    // One action at a time: a program may have its turn between two of one instant.
    if (!scheduler_.step(*next)) scheduler_.advance(*next);
    return true;
  }
  // Until there is nothing left to do, or that time has come.
  void run_until(Instant until) {
    while (step(until)) {
    }
    scheduler_.advance(until);
  }
  void run_for(Duration duration) { run_until(scheduler_.now() + duration); }

 private:
  static constexpr std::uint64_t turns_at_once_max = 1'000'000;
  struct Entry {
    Program program;
    Duration lateness;
  };

  Scheduler& scheduler_;
  Chance chance_;
  const Duration lateness_;
  std::vector<Entry> programs_;
  std::vector<std::size_t> runnable_;
  std::uint64_t turns_at_once_ = 0;
};

}  // namespace msrp::sim
