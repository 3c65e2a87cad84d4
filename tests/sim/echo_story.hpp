// The example of docs/simulation.md.
#pragma once

#include <cstdint>
#include <string>

std::string echo_story(std::uint64_t seed, bool hasty);
