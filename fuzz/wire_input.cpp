#include "wire_input.hpp"

#include "fuzz_target.hpp"
#include "support/wire_text.hpp"

namespace msrp::fuzz {
namespace {

std::uint64_t hash_of(std::string_view octets) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : octets) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace

std::uint64_t Sequence::next() {  // SplitMix64
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
  return z ^ z >> 31U;
}

WireInput wire_input(std::string_view input) {
  WireInput out;
  if (input.size() >= limits_octets && input[0] == limits_mark) {
    const auto octet = [&](std::size_t i) {
      return std::uint32_t{static_cast<unsigned char>(input[i])};
    };
    out.limits.head_bytes = 32 + 16 * octet(1);
    out.limits.headers = static_cast<std::uint16_t>(octet(2) % 65);
    out.limits.path_uris = static_cast<std::uint16_t>(octet(3) % 17);
    out.limits.non_send_body_bytes = 4 * octet(4);
    out.limits.blank_bytes = octet(5) % 66;
    out.seed = octet(6);
    input.remove_prefix(limits_octets);
  }
  out.seed ^= hash_of(input);
  out.octets = input;
  return out;
}

test::StreamRecord read_kept(const WireInput& input, const test::Feeding& feeding) {
  test::Reading reading = test::read_stream(input.octets, input.limits, feeding);
  for (const std::string& promise : reading.broken_promises)
    broken(promise, test::printable(input.octets) + "\n");
  return std::move(reading.stream);
}

void demand_equal(const test::StreamRecord& a, const test::StreamRecord& b, std::string_view what) {
  if (a == b) return;
  std::string details = "one:\n" + test::print(a) + "other:\n" + test::print(b);
  for (std::size_t i = 0; i < std::min(a.chunks.size(), b.chunks.size()); ++i) {
    if (a.chunks[i] != b.chunks[i]) {
      details += "chunk " + std::to_string(i) + " differs, its head is\n" +
                 test::printable(a.chunks[i].head.text) + "\nand\n" +
                 test::printable(b.chunks[i].head.text) + "\n";
      break;
    }
  }
  broken(what, details);
}

}  // namespace msrp::fuzz
