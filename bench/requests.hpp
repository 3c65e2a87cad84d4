// The stream of small requests that the wire benchmarks read, and the reading of it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "msrp/parser.hpp"

namespace msrp::bench {

inline constexpr std::string_view send_request =
    "MSRP d93kswow2 SEND\r\n"
    "To-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\n"
    "From-Path: msrp://alice.example.com:7777/iau39soe2843z;tcp\r\n"
    "Message-ID: 12339sdqwer\r\n"
    "Byte-Range: 1-2/2\r\n"
    "Content-Type: text/plain\r\n\r\nHi\r\n-------d93kswow2$\r\n";
static_assert(send_request.size() == 232);
inline constexpr std::string_view transaction_id = "d93kswow2";
inline constexpr std::uint64_t lines_of_request = 9;

inline constexpr std::size_t slab_bytes = 64 * 1024;

inline std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

struct Seen {
  std::uint64_t chunks = 0, body_bytes = 0, headers = 0, uris = 0;
};

// Reads a stream as a transport hands it over: a slab at a time.
inline Seen read(Parser& parser, std::string_view stream) {
  Seen seen;
  while (!stream.empty()) {
    const std::string_view piece = stream.substr(0, slab_bytes);
    stream.remove_prefix(piece.size());
    parser.push(Slice{std::as_bytes(std::span(piece)), {}});
    for (;;) {
      const Result<ParseEvent> event = parser.next();
      if (!event) std::abort();
      if (const auto* head = std::get_if<HeadDone>(&*event)) {
        if (head->head.invalid) std::abort();
        seen.headers += head->head.headers.size();
        seen.uris += head->head.to_path.size() + head->head.from_path.size();
      } else if (const auto* part = std::get_if<BodyPart>(&*event)) {
        seen.body_bytes += part->slice.bytes.size();
      } else if (std::holds_alternative<ChunkDone>(*event)) {
        ++seen.chunks;
      } else {
        break;
      }
    }
  }
  return seen;
}

}  // namespace msrp::bench
