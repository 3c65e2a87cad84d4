// What a benchmark says at its end, to programs and to people.
#pragma once

#include <vector>

#include "apps/msrp/bench/rounds.hpp"
#include "apps/msrp/output.hpp"

namespace msrp::app::bench {

// One round as an event.
Json round_json(const BenchOptions& options, const Round& round, unsigned number);
// All of them: the smallest, the median and the largest of each figure.
Json result_json(const BenchOptions& options, const std::vector<Round>& rounds);
// The same, in lines.
void print_result(Output& output, const BenchOptions& options, const std::vector<Round>& rounds);

}  // namespace msrp::app::bench
