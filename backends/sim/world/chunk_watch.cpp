#include "backends/sim/world/chunk_watch.hpp"

#include <algorithm>
#include <utility>

#include "backends/sim/world/run_options.hpp"

namespace msrp::sim {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view protocol = "MSRP ";
// A head that is longer is none.
constexpr std::size_t unread_bytes_max = 64 * 1024;

}  // namespace

// ---- WatchedChunk

std::string_view WatchedChunk::first_line() const noexcept {
  return std::string_view(head).substr(0, head.find(line_end));
}

std::string_view WatchedChunk::header(std::string_view name) const noexcept {
  std::string_view rest = head;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find(line_end));
    rest.remove_prefix(std::min(line.size() + line_end.size(), rest.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(": ")) continue;
    return line.substr(name.size() + 2);
  }
  return {};
}

// ---- ChunkWatch

// nullptr: nobody has accepted it.
ChunkWatch::Stream* ChunkWatch::find(End end) {
  const auto found = streams_.find(end.stream);
  return found != streams_.end() ? &found->second : nullptr;
}

void ChunkWatch::connected(End end, const TransportInfo& info, Instant now) {
  Stream& stream = streams_[end.stream];
  stream.facts.number = end.stream;
  stream.facts.secure = info.local.port == secure_port;
  if (network_ != nullptr) {
    stream.facts.hosts[end.side] = network_->host_at(info.local.ip).value_or(0);
    stream.facts.hosts[end.other().side] = network_->host_at(info.peer.ip).value_or(0);
  }
  made(stream.facts, now);
}

WatchedChunk ChunkWatch::blank(const Stream& stream, std::uint32_t side, Instant begun) {
  WatchedChunk chunk;
  chunk.stream = stream.facts.number;
  chunk.from = stream.facts.hosts[side];
  chunk.to = stream.facts.hosts[1 - side];
  chunk.begun = begun;
  return chunk;
}

void ChunkWatch::wrote(End end, std::span<const std::byte> octets, Instant now) {
  Stream* stream = find(end);
  if (stream == nullptr) return;
  Direction& way = stream->ways[end.side];
  way.written += octets.size();
  if (way.is_msrp) {
    const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
    way.text += stream->facts.secure ? stream->tap.open(end.side, text) : std::string(text);
    read_chunks(*stream, end.side, now);
  }
  if (!way.is_msrp) piece_ends(*stream, end.side, now);
  if (way.unread) lose(*stream, end.side, now);
}

void ChunkWatch::read_chunks(Stream& stream, std::uint32_t side, Instant now) {
  Direction& way = stream.ways[side];
  do {
    // Whatever is left behind a chunk was written together with its end.
    if (!way.begun && !way.text.empty()) way.begun = now;
  } while (way.chunk ? read_body(stream, side, now) : read_head(stream, side));
}

// Up to the empty line, or to the end-line where there is no body.
bool ChunkWatch::read_head(Stream& stream, std::uint32_t side) {
  Direction& way = stream.ways[side];
  const std::string_view text = way.text;
  const std::string_view first_line = text.substr(0, text.find(line_end));
  const std::string_view rest = first_line.substr(std::min(protocol.size(), first_line.size()));
  const std::string_view transaction_id = rest.substr(0, rest.find(' '));
  const bool is_whole = first_line.size() < text.size();
  way.is_msrp = text.substr(0, protocol.size()) == protocol.substr(0, text.size()) &&
                (!is_whole || !transaction_id.empty());
  if (!way.is_msrp) return false;
  std::string mark = "\r\n-------" + std::string(transaction_id);
  const std::size_t end_line = is_whole ? text.find(mark) : std::string::npos;
  const std::size_t empty_line = is_whole ? text.find("\r\n\r\n") : std::string::npos;
  const std::size_t end = std::min(end_line, empty_line);
  if (end == std::string::npos) {
    way.is_msrp = text.size() <= unread_bytes_max;
    return false;
  }
  way.chunk = blank(stream, side, *way.begun);
  way.chunk->head = text.substr(0, std::min(end, WatchedChunk::head_bytes_max));
  way.mark = std::move(mark);
  // The line end before the end-line belongs to it.
  way.text.erase(0, end + (empty_line < end_line ? 2 * line_end.size() : 0));
  return true;
}

// Of a body only what may be the beginning of its end-line is kept.
bool ChunkWatch::read_body(Stream& stream, std::uint32_t side, Instant now) {
  Direction& way = stream.ways[side];
  const std::size_t at = way.text.find(way.mark);
  if (at == std::string::npos) {
    const std::size_t gone = way.text.size() - std::min(way.text.size(), way.mark.size() - 1);
    way.chunk->body_bytes += gone;
    way.text.erase(0, gone);
    return false;
  }
  way.chunk->body_bytes += at;
  way.text.erase(0, at);
  const std::size_t whole = way.mark.size() + 1 + line_end.size();
  if (way.text.size() < whole) return false;
  way.chunk->flag = way.text[way.mark.size()];
  chunk_ends(stream, side, whole, now);
  return true;
}

void ChunkWatch::chunk_ends(Stream& stream, std::uint32_t side, std::size_t text_bytes,
                            Instant now) {
  Direction& way = stream.ways[side];
  way.text.erase(0, text_bytes);
  // Within TLS the records count, up to what is written by now.
  const std::uint64_t behind = stream.facts.secure ? 0 : way.text.size();
  Flying flying{*std::exchange(way.chunk, std::nullopt), way.written - behind};
  flying.chunk.octets = flying.end - std::exchange(way.begin, flying.end);
  flying.chunk.written = now;
  way.begun.reset();
  written(flying.chunk, now);
  way.flying.push_back(std::move(flying));
}

void ChunkWatch::piece_ends(Stream& stream, std::uint32_t side, Instant now) {
  Direction& way = stream.ways[side];
  way.text.clear();
  way.chunk.reset();
  WatchedChunk chunk = blank(stream, side, way.begun.value_or(now));
  way.begun.reset();
  chunk.is_msrp = false;
  chunk.octets = way.written - std::exchange(way.begin, way.written);
  chunk.written = now;
  written(chunk, now);
  way.flying.push_back({std::move(chunk), way.written});
}

void ChunkWatch::read(End end, std::span<const std::byte> octets, Instant now) {
  Stream* stream = find(end);
  if (stream == nullptr) return;
  Direction& way = stream->ways[end.other().side];
  way.read += octets.size();
  while (!way.flying.empty() && way.flying.front().end <= way.read) {
    WatchedChunk chunk = std::move(way.flying.front().chunk);
    way.flying.pop_front();
    chunk.arrived = now;
    arrived(chunk, now);
  }
}

void ChunkWatch::wrote_end(End end, Instant now) {
  const Stream* stream = find(end);
  if (stream != nullptr) ended(stream->facts, stream->facts.hosts[end.side], now);
}

// What it has written may have arrived, and be read yet; nobody reads what was written to it.
void ChunkWatch::broke(End end, Instant now) {
  Stream* stream = find(end);
  if (stream == nullptr) return;
  reset(stream->facts, stream->facts.hosts[end.side], now);
  stream->ways[end.side].broken = stream->ways[end.side].broken.value_or(now);
  stream->ways[end.other().side].unread = true;
  lose(*stream, end.other().side, now);
}

void ChunkWatch::lose(Stream& stream, std::uint32_t side, std::optional<Instant> now) {
  for (Flying& flying : std::exchange(stream.ways[side].flying, {})) {
    flying.chunk.lost = now;
    lost(flying.chunk);
  }
}

void ChunkWatch::finish() {
  for (auto& [number, stream] : streams_) {
    for (const std::uint32_t side : {0U, 1U}) {
      Direction& way = stream.ways[side];
      lose(stream, side, way.broken);
      if (!way.begun) continue;
      // Its end was never written.
      WatchedChunk rest = way.chunk ? *way.chunk : blank(stream, side, *way.begun);
      if (!way.chunk) rest.head = way.text.substr(0, WatchedChunk::head_bytes_max);
      rest.octets = way.written - way.begin;
      rest.body_bytes += way.chunk ? way.text.size() : 0;
      rest.lost = way.broken;
      lost(rest);
    }
  }
  streams_.clear();
}

}  // namespace msrp::sim
