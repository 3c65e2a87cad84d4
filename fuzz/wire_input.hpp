// The inputs of the targets that read a stream of chunks. They are all of one form, so that the
// corpus of one serves the others: the plain octets of the stream, read under default limits; or an
// octet 0xff, six octets of limits and segmentation, and then the stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "msrp/parser.hpp"
#include "support/event_log.hpp"

namespace msrp::fuzz {

inline constexpr char limits_mark = '\xff';
inline constexpr std::size_t limits_octets = 7;  // the mark included

struct WireInput {
  ParserLimits limits;
  std::uint64_t seed = 0;  // of the segmentation
  std::string octets;
};

WireInput wire_input(std::string_view input);

// A small generator of its own, the same on every machine.
class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

// Ends the program when a promise of parser.hpp was broken.
test::StreamRecord read_kept(const WireInput& input, const test::Feeding& feeding);

// Ends the program when the records differ, with both of them printed.
void demand_equal(const test::StreamRecord& a, const test::StreamRecord& b, std::string_view what);

}  // namespace msrp::fuzz
