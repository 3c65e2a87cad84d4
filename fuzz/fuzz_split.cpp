// The same stream, cut into other segments and lent in other ways, says the same.
#include "fuzz_target.hpp"
#include "wire_input.hpp"

namespace {

using namespace msrp::fuzz;
using msrp::test::Feeding;

// Segments of random sizes, small ones mostly.
std::vector<std::size_t> random_cuts(Sequence& random) {
  std::vector<std::size_t> cuts;
  const std::size_t count = 1 + random.below(40);
  for (std::size_t i = 0; i < count; ++i)
    cuts.push_back(1 + random.below(random.below(3) == 0 ? 300 : 12));
  return cuts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const WireInput input = wire_input(as_text(data, size));
  Sequence random(input.seed);
  const msrp::test::StreamRecord whole = read_kept(input, {});
  const auto check = [&](std::vector<std::size_t> cuts, std::string_view what) {
    const std::uint64_t how = random.next();
    const Feeding feeding{
        .cuts = std::move(cuts), .with_owner = how % 2 == 1, .take_back = how % 4 >= 2};
    demand_equal(whole, read_kept(input, feeding), what);
  };
  check({input.octets.size() + 1}, "whole, lent in another way");
  check({1}, "octet by octet");
  check({1 + random.below(input.octets.size() + 1), input.octets.size() + 1}, "in two parts");
  check(random_cuts(random), "in random segments");
  return 0;
}
