// The wire layer against its floors. Each benchmark checks its result before it is timed, and each
// that has a yardstick runs both in turns inside one loop, so that the ratio does not depend on
// what else the machine does.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <string_view>

#include "allocations.hpp"
#include "msrp/encoder.hpp"
#include "msrp/parser.hpp"
#include "msrp/uri.hpp"
#include "requests.hpp"

namespace {

using namespace msrp;
using namespace std::string_view_literals;

using bench::read;
using bench::repeated;
using bench::Seen;
using bench::send_request;
using bench::slab_bytes;
constexpr std::string_view tid = bench::transaction_id;
constexpr std::size_t messages = 4096;

std::uint64_t count_lines(std::string_view stream) {
  std::uint64_t lines = 0;
  while (const void* hit = std::memchr(stream.data(), '\n', stream.size())) {
    ++lines;
    const auto used = static_cast<const char*>(hit) - stream.data() + 1;
    stream.remove_prefix(static_cast<std::size_t>(used));
    if (stream.empty()) break;
  }
  return lines;
}

// Time of this thread alone: the machine may be busy with something else.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class F>
double seconds_of(F&& run) {
  const double begin = thread_seconds();
  run();
  return thread_seconds() - begin;
}

// Full header views of a stream of small requests; the floor is memchr('\n') for each line.
void parse_requests(benchmark::State& state) {
  const std::string stream = repeated(send_request, messages);
  HeaderTable table;
  Parser parser(ParserLimits{}, table);
  const Seen expected = read(parser, stream);
  if (expected.chunks != messages || expected.body_bytes != 2 * messages ||
      expected.headers != 5 * messages || expected.uris != 2 * messages ||
      count_lines(stream) != bench::lines_of_request * messages) {
    return state.SkipWithError("the parser read something else");
  }
  double floor_seconds = 0, parse_seconds = 0;
  std::uint64_t allocations = 0;
  for (auto _ : state) {
    floor_seconds += seconds_of([&] { benchmark::DoNotOptimize(count_lines(stream)); });
    const std::uint64_t allocated = bench::allocations();
    const double seconds = seconds_of([&] { benchmark::DoNotOptimize(read(parser, stream)); });
    allocations += bench::allocations() - allocated;
    parse_seconds += seconds;
    state.SetIterationTime(seconds);
  }
  const double all = static_cast<double>(state.iterations()) * messages;
  state.counters["messages/s"] = all / parse_seconds;
  state.counters["times_floor"] = parse_seconds / floor_seconds;
  state.counters["allocations"] = static_cast<double>(allocations);
}
BENCHMARK(parse_requests)->UseManualTime()->Unit(benchmark::kMicrosecond);

// ---- bodies

constexpr std::size_t body_bytes = 16 * 1024 * 1024;

std::string filled(std::string_view pattern) {
  std::string out = repeated(pattern, body_bytes / pattern.size() + 1);
  out.resize(body_bytes);
  return out;
}

std::string random_body() {
  std::string out(body_bytes, '\0');
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < out.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(out.data() + i, &word, sizeof word);
  }
  return out;
}

std::string body_of(std::string_view kind) {
  if (kind == "random") return random_body();
  if (kind == "all_cr") return filled("\r");
  if (kind == "all_lf") return filled("\n");
  if (kind == "all_crlf") return filled("\r\n");
  if (kind == "all_dashes") return filled("-");
  if (kind == "dash_lines") return filled("\r\n-------");
  if (kind == "wrong_id") return filled("\r\n-------d93kswowx$");
  if (kind == "wrong_flag") return filled("\r\n-------d93kswow2!");
  if (kind == "no_line_end") return filled("\r\n-------d93kswow2$\r.");
  return filled("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZy4gVGhlIHF1aWNrIGJy\r\n");
}

// A body through the parser; the yardstick is glibc's memmem over the same pieces.
void scan_body(benchmark::State& state, std::string_view kind) {
  const std::string body = body_of(kind);
  const std::string head(send_request.substr(0, send_request.find("\r\n\r\n") + 4));
  const std::string end = "\r\n-------" + std::string(tid) + "$\r\n";
  const std::string needle = "\r\n-------" + std::string(tid);
  HeaderTable table;
  Parser parser(ParserLimits{}, table);
  const auto parse = [&] {
    read(parser, head);
    Seen seen = read(parser, body);
    const Seen last = read(parser, end);
    seen.body_bytes += last.body_bytes;
    seen.chunks += last.chunks;
    return seen;
  };
  const auto memmem_pieces = [&] {
    std::size_t hits = 0;
    for (std::size_t at = 0; at < body.size(); at += slab_bytes) {
      hits += memmem(body.data() + at, slab_bytes, needle.data(), needle.size()) != nullptr;
    }
    return hits;
  };
  if (const Seen seen = parse(); seen.body_bytes != body.size() || seen.chunks != 1) {
    return state.SkipWithError("the parser read something else");
  }
  double memmem_seconds = 0, parse_seconds = 0;
  for (auto _ : state) {
    memmem_seconds += seconds_of([&] { benchmark::DoNotOptimize(memmem_pieces()); });
    const double seconds = seconds_of([&] { benchmark::DoNotOptimize(parse()); });
    parse_seconds += seconds;
    state.SetIterationTime(seconds);
  }
  const double bytes = static_cast<double>(state.iterations()) * static_cast<double>(body.size());
  state.counters["GB/s"] = bytes / parse_seconds / 1e9;
  // memmem stops at its first hit, so where the pattern stands in the body it is no yardstick.
  if (memmem_pieces() == 0) state.counters["of_memmem"] = memmem_seconds / parse_seconds;
}
BENCHMARK_CAPTURE(scan_body, random, "random"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, base64, "base64"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, all_cr, "all_cr"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, all_lf, "all_lf"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, all_crlf, "all_crlf"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, all_dashes, "all_dashes"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, dash_lines, "dash_lines"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, wrong_id, "wrong_id"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, wrong_flag, "wrong_flag"sv)->UseManualTime();
BENCHMARK_CAPTURE(scan_body, no_line_end, "no_line_end"sv)->UseManualTime();

// ---- writing

void encode_request(benchmark::State& state) {
  HeadSpec head;
  head.transaction_id = tid;
  head.to_path = "msrp://bob.example.com:8888/9di4eae923wzd;tcp";
  head.from_path = "msrp://alice.example.com:7777/iau39soe2843z;tcp";
  head.message_id = "12339sdqwer";
  head.byte_range = ByteRange{1, 2, 2};
  head.content_type = "text/plain";
  head.has_body = true;
  std::array<std::byte, 512> out;
  const std::string_view expected = send_request.substr(0, send_request.find("\r\n\r\n") + 4);
  const Result<std::size_t> bytes = encode_head(head, out);
  if (!bytes || *bytes != expected.size() ||
      std::memcmp(out.data(), expected.data(), *bytes) != 0) {
    return state.SkipWithError("the encoder wrote something else");
  }
  const std::uint64_t allocated = bench::allocations();
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode_head(head, out));
    benchmark::ClobberMemory();
  }
  state.counters["allocations"] = static_cast<double>(bench::allocations() - allocated);
}
BENCHMARK(encode_request);

// ---- URIs

constexpr std::string_view uri_text = "msrp://alice.example.com:7777/iau39soe2843z;tcp";

void parse_uri(benchmark::State& state) {
  if (!UriView::parse(uri_text)) return state.SkipWithError("no URI");
  for (auto _ : state) benchmark::DoNotOptimize(UriView::parse(uri_text));
}
BENCHMARK(parse_uri);

void compare_uris(benchmark::State& state) {
  const std::string other = "MSRP://ALICE.example.com:7777/iau39soe2843z;TCP";
  const UriView a = UriView::parse(uri_text).value();
  const UriView b = UriView::parse(other).value();
  if (!equivalent(a, b) || hash(a) != hash(b)) return state.SkipWithError("not equivalent");
  for (auto _ : state) benchmark::DoNotOptimize(equivalent(a, b));
}
BENCHMARK(compare_uris);

void hash_uri(benchmark::State& state) {
  const UriView a = UriView::parse(uri_text).value();
  for (auto _ : state) benchmark::DoNotOptimize(hash(a));
}
BENCHMARK(hash_uri);

}  // namespace

BENCHMARK_MAIN();
