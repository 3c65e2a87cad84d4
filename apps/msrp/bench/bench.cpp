// msrp bench: ours and its raw yardstick, by turns.
#include <signal.h>

#include <exception>
#include <vector>

#include "apps/msrp/bench/channel.hpp"
#include "apps/msrp/bench/meter.hpp"
#include "apps/msrp/bench/parts.hpp"
#include "apps/msrp/bench/report.hpp"
#include "apps/msrp/bench/rounds.hpp"
#include "apps/msrp/commands.hpp"
#include "apps/msrp/output.hpp"
#include "backends/common/clock.hpp"

namespace msrp::app {
namespace {

int run_part() {
  if (!bench::tie_to_parent()) return 2;
  signal(SIGPIPE, SIG_IGN);
  bench::raise_open_files();
  bench::Channel channel{backend::Descriptor(bench::part_descriptor)};
  const auto told = channel.read();
  if (!told) return 2;
  try {
    const auto spec = told->get<bench::Spec>();
    if (spec.side == "raw") {
      bench::run_raw_part(spec, channel);
    } else {
      bench::run_our_part(spec, channel);
    }
    return 0;
  } catch (const std::system_error& error) {
    channel.write({{"error", std::string(error.what()) + ": look at the limits of this machine"}});
  } catch (const std::exception& error) {
    channel.write({{"error", error.what()}});
  }
  return 1;
}

}  // namespace

int run_bench(const BenchOptions& options) {
  if (options.is_part) return run_part();
  Output output(options.json, false, backend::steady_now());
  if (const std::string why = bench::why_not_ours(options.backend);
      !options.raw_alone && !why.empty()) {
    return output.error(why), 2;
  }
  try {
    bench::Rounds source(options);
    std::vector<bench::Round> rounds;
    for (unsigned i = 1; i <= options.rounds; ++i) {
      rounds.push_back(source.next());
      output.event("round", bench::round_json(options, rounds.back(), i), backend::steady_now());
    }
    output.event("result", bench::result_json(options, rounds), backend::steady_now());
    bench::print_result(output, options, rounds);
  } catch (const std::runtime_error& error) {
    return output.error(error.what()), 1;
  }
  if (!output.broken()) return 0;
  return output.error("standard output takes no more", "look at what reads it"), 1;
}

}  // namespace msrp::app
