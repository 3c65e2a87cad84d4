#include "apps/msrp/split_check.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "msrp/parser.hpp"

namespace msrp::app {
namespace {

// Everything a parser said, as one row of octets; how a body came in parts leaves no mark. The
// first reading records it, the later ones are held against the record.
class Transcript {
 public:
  void record() noexcept { recording_ = true; }
  void compare() noexcept {
    recording_ = false;
    position_ = 0;
    same_ = true;
  }
  bool same() const noexcept { return same_ && position_ == record_.size(); }

  void put(std::string_view octets) {
    if (recording_) {
      record_.append(octets);
      return;
    }
    if (!same_ || octets.empty()) return;  // an empty one may have no place in memory
    same_ = record_.size() - position_ >= octets.size() &&
            std::memcmp(record_.data() + position_, octets.data(), octets.size()) == 0;
    position_ += octets.size();
  }
  void put(std::uint64_t number) {
    put(std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
  }

 private:
  bool recording_ = true;
  bool same_ = true;
  std::string record_;
  std::size_t position_ = 0;
};

void put_error(Transcript& transcript, const std::optional<Error>& error) {
  transcript.put(error ? std::uint64_t{1} : std::uint64_t{0});
  if (!error) return;
  transcript.put(static_cast<std::uint64_t>(error->code));
  transcript.put(error->status);
  transcript.put(error->offset);
}

void put_head(Transcript& transcript, const HeadView& head, std::uint64_t offset) {
  transcript.put("H");
  transcript.put(offset);
  transcript.put(head.text);
  transcript.put(head.transaction_id);
  transcript.put(head.is_request ? std::uint64_t{1} : std::uint64_t{0});
  transcript.put(static_cast<std::uint64_t>(head.method));
  transcript.put(head.status);
  transcript.put(head.to_path.size());
  transcript.put(head.from_path.size());
  transcript.put(head.message_id);
  transcript.put(head.content_type);
  transcript.put(head.has_body ? std::uint64_t{1} : std::uint64_t{0});
  transcript.put(head.headers.size());
  put_error(transcript, head.invalid);
}

// False when the stream can be read no further.
bool read(Parser& parser, std::span<const std::byte> input, Transcript& transcript) {
  if (input.empty()) return true;
  parser.push(Slice{input, {}});
  for (;;) {
    const auto event = parser.next();
    if (!event) {
      transcript.put("E");
      transcript.put(parser.offset());
      transcript.put(static_cast<std::uint64_t>(event.error().code));
      return false;
    }
    if (std::holds_alternative<NeedData>(*event)) return true;
    if (const auto* head = std::get_if<HeadDone>(&*event)) {
      put_head(transcript, head->head, parser.offset());
    } else if (const auto* part = std::get_if<BodyPart>(&*event)) {
      const auto bytes = part->slice.bytes;
      transcript.put(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    } else if (const auto* done = std::get_if<ChunkDone>(&*event)) {
      transcript.put(static_cast<std::uint64_t>(done->flag));
      transcript.put(done->body_bytes);
      transcript.put(done->invalid ? 1 + static_cast<std::uint64_t>(*done->invalid) : 0);
    }
  }
}

void read_parts(std::span<const std::byte> first, std::span<const std::byte> second,
                HeaderTable& table, Transcript& transcript) {
  Parser parser(ParserLimits{}, table);
  if (read(parser, first, transcript) && read(parser, second, transcript)) {
    transcript.put(parser.idle() ? "whole" : "truncated");
    transcript.put(parser.offset());
  }
}

}  // namespace

SplitResult check_splits(std::span<const std::byte> input) {
  HeaderTable table;
  Transcript transcript;
  transcript.record();
  read_parts(input, {}, table, transcript);
  SplitResult result;
  for (std::size_t at = 1; at < input.size(); ++at) {
    transcript.compare();
    read_parts(input.first(at), input.subspan(at), table, transcript);
    ++result.splits;
    if (!transcript.same() && !result.first_difference) result.first_difference = at;
  }
  return result;
}

}  // namespace msrp::app
