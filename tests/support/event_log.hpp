// What a parser said about a stream, as data that can be compared and printed: one record a chunk,
// the parts of a body joined, so that the segmentation of the input leaves no mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msrp/chunk.hpp"
#include "msrp/encoder.hpp"
#include "msrp/parser.hpp"

namespace msrp::test {

struct StatusRecord {
  std::uint16_t name_space = 0;
  std::uint16_t code = 0;
  std::string comment;
  friend bool operator==(const StatusRecord&, const StatusRecord&) = default;
};

struct HeadRecord {
  std::string text;
  std::string transaction_id;
  bool is_request = true;
  Method method = Method::other;
  std::string method_text;
  std::uint16_t status = 0;
  std::string comment;
  std::vector<std::string> to_path, from_path;  // the URIs; empty: no valid path
  std::string message_id;
  std::string content_type;
  std::optional<ByteRange> byte_range;
  std::optional<bool> success_report;
  std::optional<FailureReport> failure_report;
  std::optional<StatusRecord> status_header;
  std::vector<std::pair<std::string, std::string>> headers;  // in wire order
  bool has_body = false;
  std::optional<Errc> invalid;
  friend bool operator==(const HeadRecord&, const HeadRecord&) = default;
};

struct ChunkRecord {
  std::uint64_t offset = 0;  // in the stream
  HeadRecord head;
  std::string body;
  std::optional<Flag> flag;  // nullopt: the stream ended before the end-line
  std::uint64_t body_bytes = 0;
  std::optional<Errc> invalid;
  friend bool operator==(const ChunkRecord&, const ChunkRecord&) = default;
};

enum class StreamEnd : std::uint8_t { clean, truncated, lost };

struct StreamRecord {
  std::vector<ChunkRecord> chunks;
  StreamEnd end = StreamEnd::clean;
  std::optional<Errc> error;  // lost
  std::uint64_t offset = 0;   // of the truncated chunk or of the error
  friend bool operator==(const StreamRecord&, const StreamRecord&) = default;
};

// One line an event; see tests/cases/README.md. Bodies over 240 octets are cut and hashed.
std::string print(const StreamRecord& stream);
// The chunks alone: what must survive being parsed, encoded and parsed again.
std::string print_meaning(const StreamRecord& stream);
std::string_view name_of(Errc code);

// How a stream is fed.
struct Feeding {
  std::vector<std::size_t> cuts;  // sizes of the segments; the last one repeats; empty: whole
  bool with_owner = false;        // slices own their octets
  bool take_back = false;         // after each event the rest is taken back and pushed again
};

struct Reading {
  StreamRecord stream;
  std::vector<std::string> broken_promises;  // of parser.hpp; empty when all were kept
};

// Feeds the production parser. Each segment lives in a block of its own that is given back as soon
// as the contract allows, so that a sanitizer sees views that live too long.
Reading read_stream(std::string_view octets, const ParserLimits& limits, const Feeding& feeding);

// Writes a recorded chunk again with encode_head() and encode_end_line(). Errors: those of
// encode_head(). buffer_too_small for a size that differs from encoded_size().
Result<std::string> encode_again(const ChunkRecord& chunk);

}  // namespace msrp::test
