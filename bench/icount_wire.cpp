// One scenario a number of times, for callgrind: see icount.py.
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "msrp/encoder.hpp"
#include "msrp/uri.hpp"
#include "requests.hpp"

namespace {

using namespace msrp;

constexpr std::string_view uri_text = "msrp://alice.example.com:7777/iau39soe2843z;tcp";

std::uint64_t parse_requests(std::size_t times) {
  HeaderTable table;
  Parser parser(ParserLimits{}, table);
  return bench::read(parser, bench::repeated(bench::send_request, times)).chunks;
}

std::uint64_t parse_dribbled(std::size_t times) {
  HeaderTable table;
  Parser parser(ParserLimits{}, table);
  std::uint64_t chunks = 0;
  for (const char& c : bench::repeated(bench::send_request, times)) {
    chunks += bench::read(parser, {&c, 1}).chunks;
  }
  return chunks;
}

std::uint64_t encode_requests(std::size_t times) {
  HeadSpec head;
  head.transaction_id = bench::transaction_id;
  head.to_path = "msrp://bob.example.com:8888/9di4eae923wzd;tcp";
  head.from_path = uri_text;
  head.message_id = "12339sdqwer";
  head.byte_range = ByteRange{1, 2, 2};
  head.content_type = "text/plain";
  head.has_body = true;
  std::array<std::byte, 512> out;
  std::uint64_t written = 0;
  for (std::size_t i = 0; i < times; ++i) written += encode_head(head, out).has_value();
  return written;
}

std::uint64_t parse_uris(std::size_t times) {
  std::uint64_t good = 0;
  for (std::size_t i = 0; i < times; ++i) good += UriView::parse(uri_text).has_value();
  return good;
}

std::uint64_t hash_uris(std::size_t times) {
  const UriView uri = UriView::parse(uri_text).value();
  std::uint64_t different = 0;
  for (std::size_t i = 0; i < times; ++i) different += hash(uri) != 0;
  return different;
}

struct Scenario {
  const char* name;
  std::uint64_t (*run)(std::size_t times);
};
constexpr Scenario scenarios[] = {
    {"parse_request", parse_requests},
    {"parse_request_dribbled", parse_dribbled},
    {"encode_request", encode_requests},
    {"parse_uri", parse_uris},
    {"hash_uri", hash_uris},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    for (const Scenario& scenario : scenarios) std::puts(scenario.name);
    return argc == 1 ? 0 : 2;
  }
  std::size_t times = 0;
  std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), times);
  for (const Scenario& scenario : scenarios) {
    if (std::strcmp(scenario.name, argv[1]) == 0) return scenario.run(times) == times ? 0 : 1;
  }
  return 2;
}
