// Mutations that know what a chunk looks like. A mutation octet by octet hardly ever changes a
// transaction id in the start line and in the end-line alike, and then nothing behind the head is
// reached any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "loose_stream.hpp"
#include "wire_input.hpp"

namespace msrp::fuzz {

// What changes plain octets: LLVMFuzzerMutate, but for tests.
using MutateOctets = std::function<void(std::string& octets, Sequence& random)>;

// An input with one to four mutations, of at most max_size octets. The same for the same arguments.
std::string mutate(std::string_view input, std::size_t max_size, std::uint64_t seed,
                   const MutateOctets& mutate_octets);
// The chunks of a, and a few of b among them.
std::string cross_over(std::string_view a, std::string_view b, std::size_t max_size,
                       std::uint64_t seed);

}  // namespace msrp::fuzz
