// The parser against the naive reference parser: the same events, errors and offsets.
#include "fuzz_target.hpp"
#include "support/reference_parser.hpp"
#include "wire_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace msrp::fuzz;
  const WireInput input = wire_input(as_text(data, size));
  demand_equal(read_kept(input, {}), msrp::test::reference_read(input.octets, input.limits),
               "the parser (one) and the reference (other) agree");
  return 0;
}
