#include "backends/sim/world/minimize.hpp"

namespace msrp::sim {
namespace {

class Minimizer {
 public:
  Minimizer(const RunOptions& options, Verdict verdict,
            const std::function<Verdict(const RunOptions&)>& try_out)
      : found_{.options = options}, verdict_(verdict), try_out_(try_out) {}

  Minimized go() {
    // One that could not go may be able to once another has gone.
    for (bool better = true; better;) {
      better = false;
      for (const RunOption& option : run_options()) {
        if (option.name != "seed" && reduce(option)) better = true;
      }
    }
    return found_;
  }

 private:
  bool still_fails(const RunOption& option, std::uint64_t value) {
    RunOptions tried = found_.options;
    option.set(tried, value);
    ++found_.runs;
    if (!check(tried).empty() || try_out_(tried) != verdict_) return false;
    found_.options = tried;
    return true;
  }

  // Whether it has come nearer to neutral.
  bool reduce(const RunOption& option) {
    const std::uint64_t before = option.get(found_.options);
    if (before == option.neutral) return false;
    if (still_fails(option, option.neutral)) return true;
    // By halves: between what fails and what does not.
    std::uint64_t good = option.neutral, bad = before;
    for (int round = 0; round < 6; ++round) {
      const std::uint64_t middle = good < bad ? good + (bad - good) / 2 : bad + (good - bad) / 2;
      if (middle == good || middle == bad) break;
      (still_fails(option, middle) ? bad : good) = middle;
    }
    return bad != before;
  }

  Minimized found_;
  const Verdict verdict_;
  const std::function<Verdict(const RunOptions&)>& try_out_;
};

}  // namespace

Minimized minimize(const RunOptions& options, Verdict verdict,
                   const std::function<Verdict(const RunOptions&)>& try_out) {
  return Minimizer(options, verdict, try_out).go();
}

}  // namespace msrp::sim
