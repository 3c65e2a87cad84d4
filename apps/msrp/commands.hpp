// The subcommands. Each returns the exit status: 0 done, 1 failed.
#pragma once

#include "apps/msrp/options.hpp"

namespace msrp::app {

int run_demo(const DemoOptions& options);
int run_recv(const RecvOptions& options);
int run_send(const SendOptions& options);
int run_decode(const DecodeOptions& options);
// Its status tells what went wrong: see sim::Verdict.
int run_sim(const SimOptions& options);
// 2 when what is asked for is not there.
int run_bench(const BenchOptions& options);

}  // namespace msrp::app
