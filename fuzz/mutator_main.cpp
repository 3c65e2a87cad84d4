// The entry points that libFuzzer looks for.
#include <cstring>

#include "fuzz_target.hpp"
#include "mutator.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

std::size_t put(const std::string& octets, std::uint8_t* data) {
  std::memcpy(data, octets.data(), octets.size());
  return octets.size();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  using namespace msrp::fuzz;
  const auto mutate_octets = [max_size](std::string& octets, Sequence& random) {
    // Room to grow a little; a whole input may fill what there is.
    const std::size_t room = octets.size() + 16 + random.below(64);
    const std::size_t used = octets.size();
    octets.resize(std::max<std::size_t>(1, std::min(std::max(room, used), max_size)));
    const std::size_t mutated = LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(octets.data()),
                                                 std::min(used, octets.size()), octets.size());
    octets.resize(mutated);
  };
  return put(mutate(as_text(data, size), max_size, seed, mutate_octets), data);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t max_out_size,
                                                 unsigned int seed) {
  using namespace msrp::fuzz;
  return put(cross_over(as_text(data1, size1), as_text(data2, size2), max_out_size, seed), out);
}
