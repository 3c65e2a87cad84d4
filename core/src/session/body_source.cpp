#include "session/body_source.hpp"

#include <algorithm>

#include "msrp/assert.hpp"

namespace msrp {

BodySource::BodySource(Body body) {
  if (auto* owned = std::get_if<OwnedBody>(&body)) {
    kind_ = Kind::owned;
    owned_ = std::move(owned->bytes);
    first_ = Slice{owned_, {}};
    ready_bytes_ = owned_.size();
  } else if (auto* shared = std::get_if<SharedBody>(&body)) {
    kind_ = Kind::shared;
    for (Slice& part : shared->parts) {
      if (part.bytes.empty()) continue;
      ready_bytes_ += part.bytes.size();
      others_.push_back(std::move(part));
    }
    if (!others_.empty()) first_ = others_.pop_front();
  } else if (auto* borrowed = std::get_if<BorrowedBody>(&body)) {
    kind_ = Kind::borrowed;
    first_ = Slice{borrowed->bytes, {}};
    ready_bytes_ = borrowed->bytes.size();
  } else if (auto* stream = std::get_if<StreamBody>(&body)) {
    kind_ = Kind::stream;
    finished_ = stream->total_bytes == 0;
    total_bytes_ = stream->total_bytes;
    return;
  }
  total_bytes_ = ready_bytes_;
}

Slice BodySource::front(std::size_t bytes_max) const noexcept {
  return Slice{first_.bytes.first(std::min(bytes_max, first_.bytes.size())), first_.owner};
}

void BodySource::take(std::size_t bytes) noexcept {
  MSRP_ASSERT(bytes <= first_.bytes.size());
  first_.bytes = first_.bytes.subspan(bytes);
  ready_bytes_ -= bytes;
  if (first_.bytes.empty()) first_ = others_.empty() ? Slice{} : others_.pop_front();
}

void BodySource::copy_ready(std::span<std::byte> out) const noexcept {
  MSRP_ASSERT(out.size() == ready_bytes_);
  auto to = std::ranges::copy(first_.bytes, out.begin()).out;
  for (std::size_t i = 0; i < others_.size(); ++i) to = std::ranges::copy(others_[i].bytes, to).out;
}

void BodySource::take_ready() noexcept {
  while (ready_bytes_ > 0) take(first_.bytes.size());
}

void BodySource::write(Slice slice) {
  MSRP_ASSERT(is_stream() && !finished_ && slice.owner);
  const std::size_t bytes = slice.bytes.size();
  if (bytes == 0) return;
  if (first_.bytes.empty()) {
    first_ = std::move(slice);
  } else {
    others_.push_back(std::move(slice));
  }
  ready_bytes_ += bytes;
  written_bytes_ += bytes;
}

void BodySource::finish() noexcept {
  finished_ = true;
  total_bytes_ = written_bytes_;
}

void BodySource::discard() noexcept {
  finished_ = true;
  ready_bytes_ = 0;
  first_ = {};
  while (!others_.empty()) others_.pop_front();
}

}  // namespace msrp
