// Raw octets into the parser: it keeps its promises (support/event_log.hpp) and its limits.
#include <array>

#include "fuzz_target.hpp"
#include "wire_input.hpp"

namespace {

using namespace msrp;
using namespace msrp::fuzz;
using test::ChunkRecord;
using test::StreamEnd;
using test::StreamRecord;

void check_head(const ChunkRecord& chunk, const ParserLimits& limits) {
  const test::HeadRecord& head = chunk.head;
  demand(head.text.size() <= limits.head_bytes, "a head is within head_bytes");
  demand(head.text.ends_with("\r\n"), "a head ends in CRLF");
  demand(head.transaction_id.size() <= ParserLimits::transaction_id_bytes,
         "a transaction id is within its limit");
  demand(head.headers.size() <= limits.headers, "a head has no more than `headers` fields");
  demand(head.to_path.size() <= limits.path_uris && head.from_path.size() <= limits.path_uris,
         "a path has no more than `path_uris` URIs");
  if (head.invalid) return;
  demand(!head.to_path.empty() && !head.from_path.empty(), "a valid head has both paths");
  if (!head.is_request) return;
  demand(!head.method_text.empty(), "a valid request has a method");
  if (head.method == Method::send || head.method == Method::report)
    demand(!head.message_id.empty(), "a valid SEND or REPORT has a Message-ID");
  if (head.method == Method::report)
    demand(head.status_header.has_value(), "a valid REPORT has a Status");
  if (head.has_body) demand(!head.content_type.empty(), "a valid body has a Content-Type");
}

void check_end(const ChunkRecord& chunk, const ParserLimits& limits) {
  if (!chunk.flag) return;  // the stream ended before the rules behind the head were checked
  const bool is_send = chunk.head.is_request && chunk.head.method == Method::send;
  if (!is_send && !chunk.invalid) {
    demand(chunk.body_bytes <= limits.non_send_body_bytes, "other bodies are within their limit");
    demand(chunk.head.is_request || !chunk.head.has_body, "a valid response has no body");
  }
}

// Offsets rise, and chunks do not overlap.
void check_stream(const StreamRecord& stream, const WireInput& input) {
  std::uint64_t behind = 0;
  for (const ChunkRecord& chunk : stream.chunks) {
    check_head(chunk, input.limits);
    check_end(chunk, input.limits);
    demand(chunk.offset >= behind, "chunks do not overlap");
    behind = chunk.offset + chunk.head.text.size() + chunk.body.size();
    demand(behind <= input.octets.size(), "chunks lie inside the stream");
    const bool is_last = &chunk == &stream.chunks.back();
    demand(chunk.flag || is_last, "every chunk but the last has an end");
  }
  if (stream.end == StreamEnd::clean && !stream.chunks.empty())
    demand(stream.chunks.back().flag.has_value(), "the last chunk of a clean stream has an end");
  demand(stream.offset <= input.octets.size(), "offsets lie inside the stream");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const WireInput input = wire_input(as_text(data, size));
  // Every way of feeding turns up, one or the other per input.
  const test::Feeding feeding{.cuts = {1 + static_cast<std::size_t>(input.seed % 300)},
                              .with_owner = (input.seed >> 9U) % 2 == 1,
                              .take_back = (input.seed >> 10U) % 2 == 1};
  check_stream(read_kept(input, feeding), input);
  return 0;
}
