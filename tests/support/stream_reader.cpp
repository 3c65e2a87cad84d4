// Feeds the production parser and keeps a record; checks the promises of parser.hpp on the way.
#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <variant>

#include "support/event_log.hpp"

namespace msrp::test {
namespace {

// One block a segment, freed with its last reference.
class BlockPool final : public BufferPool {
 public:
  Slice copy(std::string_view octets) {
    auto block = std::make_unique<Block>();
    block->octets = std::make_unique<std::byte[]>(octets.size());
    if (!octets.empty()) std::memcpy(block->octets.get(), octets.data(), octets.size());
    block->pool = this;
    block->storage = {block->octets.get(), octets.size()};
    ++live_;
    Slab& slab = *block.release();
    return Slice{slab.storage, adopt(slab)};
  }
  std::size_t live() const { return live_; }

  std::optional<BufferRef> acquire() override { return std::nullopt; }
  std::size_t slab_bytes() const noexcept override { return 0; }
  std::size_t free_slabs() const noexcept override { return 0; }

 protected:
  void recycle(Slab& slab) noexcept override {
    --live_;
    delete static_cast<Block*>(&slab);
  }

 private:
  struct Block : Slab {
    std::unique_ptr<std::byte[]> octets;
  };
  std::size_t live_ = 0;
};

std::vector<std::string> uris_of(const PathView& path) {
  std::vector<std::string> out;
  for (const UriView uri : path) out.emplace_back(uri.text);
  return out;
}

HeadRecord record_head(const HeadView& head) {
  HeadRecord out;
  out.text = head.text;
  out.transaction_id = head.transaction_id;
  out.is_request = head.is_request;
  out.method = head.is_request ? head.method : Method::other;
  out.method_text = head.method_text;
  out.status = head.status;
  out.comment = head.comment;
  out.to_path = uris_of(head.to_path);
  out.from_path = uris_of(head.from_path);
  out.message_id = head.message_id;
  out.content_type = head.content_type;
  out.byte_range = head.byte_range;
  out.success_report = head.success_report;
  out.failure_report = head.failure_report;
  if (head.status_header) {
    out.status_header = StatusRecord{head.status_header->name_space, head.status_header->code,
                                     std::string(head.status_header->comment)};
  }
  for (const HeaderField& field : head.headers)
    out.headers.emplace_back(std::string(field.name), std::string(field.value));
  out.has_body = head.has_body;
  if (head.invalid) out.invalid = head.invalid->code;
  return out;
}

class StreamReader {
 public:
  StreamReader(std::string_view octets, const ParserLimits& limits, const Feeding& feeding)
      : octets_(octets), feeding_(feeding), table_(limits.headers), parser_(limits, table_) {}

  Reading read() {
    std::size_t segment = 0;
    while (position_ < octets_.size() && !lost_) {
      std::size_t size = octets_.size();
      if (!feeding_.cuts.empty())
        size = feeding_.cuts[std::min(segment++, feeding_.cuts.size() - 1)];
      size = std::min(std::max<std::size_t>(size, 1), octets_.size() - position_);
      feed(octets_.substr(position_, size));
    }
    if (!lost_) finish();
    return std::move(reading_);
  }

 private:
  void promise(bool kept, const char* what) {
    if (!kept) reading_.broken_promises.emplace_back(what);
  }

  void feed(std::string_view segment) {
    Slice slice = pool_.copy(segment);
    const std::span<const std::byte> bytes = slice.bytes;
    const BufferRef keep = feeding_.with_owner ? BufferRef() : slice.owner;
    BufferRef owner = feeding_.with_owner ? slice.owner : BufferRef();
    slice = {};
    promise(parser_.unread() == 0, "unread() is 0 after NeedData");
    parser_.push(Slice{bytes, owner});
    for (;;) {
      Result<ParseEvent> event = parser_.next();
      if (!event) return lose(event.error());
      if (std::holds_alternative<NeedData>(*event)) break;
      take(*event, owner);
      promise(parser_.unread() <= bytes.size(), "unread() is at most what was pushed");
      if (feeding_.take_back) {
        const std::size_t rest = parser_.take_back();
        promise(rest <= bytes.size(), "take_back() returns at most what was pushed");
        promise(parser_.unread() == 0, "nothing is unread after take_back()");
        if (rest == 0) break;
        parser_.push(Slice{bytes.last(std::min(rest, bytes.size())), owner});
      }
    }
    position_ += segment.size();
    check_held();
  }

  void lose(const Error& error) {
    lost_ = true;
    StreamRecord& stream = reading_.stream;
    stream.end = StreamEnd::lost;
    stream.error = error.code;
    stream.offset = parser_.offset();
    promise(error.offset == std::min<std::uint64_t>(stream.offset, UINT32_MAX),
            "Error::offset equals offset()");
    const Result<ParseEvent> again = parser_.next();
    promise(!again && again.error() == error, "errors are sticky");
    promise(!open_, "framing is lost outside of bodies only");
  }

  void take(ParseEvent& event, const BufferRef& owner) {
    if (auto* head = std::get_if<HeadDone>(&event)) return take_head(head->head);
    if (auto* part = std::get_if<BodyPart>(&event)) return take_part(*part, owner);
    take_end(std::get<ChunkDone>(event));
  }

  void take_head(const HeadView& head) {
    promise(!open_, "HeadDone comes behind ChunkDone or first");
    promise(!parser_.idle(), "a chunk that is being read is not idle");
    open_ = true;
    ChunkRecord chunk;
    chunk.offset = parser_.offset();
    chunk.head = record_head(head);
    promise(octets_.substr(std::min(chunk.offset, std::uint64_t{octets_.size()}))
                .starts_with(chunk.head.text),
            "HeadView::text is the octets at offset()");
    for (const HeaderField& field : head.headers) {
      promise(field.name.data() >= head.text.data() &&
                  field.value.data() + field.value.size() <= head.text.data() + head.text.size(),
              "views point into HeadView::text");
      promise(field.id == header_id(field.name), "HeaderField::id is that of its name");
    }
    if (head.invalid)
      promise(head.invalid->offset <= head.text.size(), "invalid->offset counts from text");
    reading_.stream.chunks.push_back(std::move(chunk));
  }

  void take_part(const BodyPart& part, const BufferRef& owner) {
    promise(open_ && reading_.stream.chunks.back().head.has_body, "BodyPart follows its head");
    if (!open_) return;
    std::string& body = reading_.stream.chunks.back().body;
    promise(part.offset == body.size(), "BodyPart::offset is where the part before ended");
    promise(!part.slice.bytes.empty(), "no body part is empty");
    if (part.slice.owner) {
      const std::span<const std::byte> storage = owner.storage();
      promise(
          !storage.empty() && part.slice.bytes.data() >= storage.data() &&
              part.slice.bytes.data() + part.slice.bytes.size() <= storage.data() + storage.size(),
          "a part with an owner is a sub-span of the input");
    }
    body.append(reinterpret_cast<const char*>(part.slice.bytes.data()), part.slice.bytes.size());
  }

  void take_end(const ChunkDone& done) {
    promise(open_, "ChunkDone follows its head");
    if (!open_) return;
    ChunkRecord& chunk = reading_.stream.chunks.back();
    chunk.flag = done.flag;
    chunk.body_bytes = done.body_bytes;
    chunk.invalid = done.invalid;
    promise(chunk.head.has_body || done.body_bytes == 0, "no octets without a body");
    promise(parser_.idle() || parser_.unread() > 0, "the parser is idle behind ChunkDone");
    open_ = false;
  }

  // Only what might begin the end-line may be kept from the caller.
  void check_held() {
    if (!open_) return;
    const ChunkRecord& chunk = reading_.stream.chunks.back();
    if (!chunk.head.has_body) return;
    const std::uint64_t given = chunk.offset + chunk.head.text.size() + 2 + chunk.body.size();
    promise(position_ <= given + 2 + 7 + chunk.head.transaction_id.size() + 2,
            "no more is held back than an end-line without its last octet");
  }

  void finish() {
    StreamRecord& stream = reading_.stream;
    stream.end = parser_.idle() ? StreamEnd::clean : StreamEnd::truncated;
    if (stream.end == StreamEnd::truncated) stream.offset = parser_.offset();
    promise(!(open_ && parser_.idle()), "an open chunk is not idle");
  }

  std::string_view octets_;
  const Feeding& feeding_;
  BlockPool pool_;
  HeaderTable table_;
  Parser parser_;
  Reading reading_;
  std::size_t position_ = 0;
  bool open_ = false;
  bool lost_ = false;
};

}  // namespace

Reading read_stream(std::string_view octets, const ParserLimits& limits, const Feeding& feeding) {
  return StreamReader(octets, limits, feeding).read();
}

}  // namespace msrp::test
