// What a part measures of itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/msrp/bench/spec.hpp"

namespace msrp::app::bench {

// User and system time of this process so far, all threads.
double cpu_seconds();
// What malloc has given out and not got back, and the pages in memory.
std::uint64_t heap_bytes();
std::uint64_t resident_bytes();
// Of all TCP sockets that this process has open: each name once.
std::vector<std::string> congestion_controls();
// Raises the limit of open files as far as it goes; how many there may be.
std::uint64_t raise_open_files();
// p50, p99 and the largest of them; the samples are put in order.
void put_round_trips(Figures& figures, std::vector<std::uint32_t>& nanoseconds);

}  // namespace msrp::app::bench
