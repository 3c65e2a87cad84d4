// The parts of a benchmark: what a process does that the parent has started.
#pragma once

#include "apps/msrp/bench/channel.hpp"
#include "apps/msrp/bench/spec.hpp"

namespace msrp::app::bench {

// What they say on the channel, in this order: a server {"ports": [...]}, then, when as many
// connections as it expects are settled, {"settled": true}; a client {"settled": true} when its
// connections are up, waits for a line and works; when a client or a server is told to stop,
// {"figures": ...}. Clients that have something to do end by themselves, those of `connections`
// when they are told. Instead of any of it {"error": "what happened: what to do"}.
void run_raw_part(const Spec& spec, Channel& channel);
void run_our_part(const Spec& spec, Channel& channel);

// Why no server and client of ours can be had with this backend: `what happened: what to do`;
// empty: they can.
std::string why_not_ours(const std::string& backend);

}  // namespace msrp::app::bench
