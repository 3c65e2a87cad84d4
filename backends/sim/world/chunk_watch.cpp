#include "backends/sim/world/chunk_watch.hpp"

#include <algorithm>
#include <utility>

namespace msrp::sim {
namespace {

constexpr std::string_view magic = "MSRP ", line_end = "\r\n", empty_line = "\r\n\r\n";
constexpr std::size_t head_bytes_max = 2048;       // that are kept
constexpr std::size_t text_bytes_max = 64 * 1024;  // a head that is longer is none

}  // namespace

void ChunkWatch::connected(std::uint32_t stream, HostId from, HostId to, bool secure, Instant now) {
  Stream& made = streams_[stream];
  made.hosts[0] = from;
  made.hosts[1] = to;
  made.secure = secure;
  observer_.stream(now, "connected", stream, from, to);
}

void ChunkWatch::ended(End end, std::string_view how, Instant now) {
  const auto at = streams_.find(end.stream);
  if (at == streams_.end()) return;  // it never came about
  observer_.stream(now, how, end.stream, at->second.hosts[end.side],
                   at->second.hosts[1 - end.side]);
}

WireChunk ChunkWatch::begin(const Stream& stream, End end, Instant now) const {
  return {.stream = end.stream,
          .from = stream.hosts[end.side],
          .to = stream.hosts[1 - end.side],
          .secure = stream.secure,
          .begun = now};
}

void ChunkWatch::wrote(End end, std::size_t octets, std::string_view text, Instant now) {
  Stream& stream = streams_[end.stream];
  Direction& way = stream.directions[end.side];
  way.written += octets;
  way.text += text;
  while (!way.text.empty() && (way.open ? go_on(way, now) : start(stream, end, way, now))) {
  }
}

bool ChunkWatch::start(const Stream& stream, End end, Direction& way, Instant now) {
  while (!way.is_noise && way.text.starts_with(line_end)) way.text.erase(0, line_end.size());
  const std::size_t known = std::min(way.text.size(), magic.size());
  way.is_noise = way.is_noise || way.text.size() > text_bytes_max ||
                 way.text.substr(0, known) != magic.substr(0, known);
  if (way.is_noise) {
    if (way.text == "\r") return false;
    WireChunk noise = begin(stream, end, now);
    noise.bytes = way.text.size();
    way.text.clear();
    send_off(way, std::move(noise), now);
    return false;
  }
  if (known < magic.size()) return false;
  const std::size_t blank = way.text.find(' ', magic.size());
  if (blank == std::string::npos) return false;
  way.open = begin(stream, end, now);
  way.mark = "\r\n-------" + way.text.substr(magic.size(), blank - magic.size());
  way.head_seen = false;
  return true;
}

bool ChunkWatch::go_on(Direction& way, Instant now) {
  const std::size_t mark = way.text.find(way.mark);
  if (!way.head_seen) {
    const std::size_t end = std::min(way.text.find(empty_line), mark);
    if (end == std::string::npos) {
      if (way.text.size() <= text_bytes_max) return false;
      way.open.reset();  // a head without an end
      way.is_noise = true;
      return true;
    }
    way.open->head = way.text.substr(0, std::min(end, head_bytes_max));
    way.head_seen = true;
    way.text.erase(0, end == mark ? end : end + empty_line.size());
    return true;
  }
  const std::size_t size = way.mark.size() + 1 + line_end.size();
  if (mark != std::string::npos && way.text.size() >= mark + size) {
    way.open->bytes += mark;
    way.open->flag = way.text[mark + way.mark.size()];
    way.text.erase(0, mark + size);
    send_off(way, *std::exchange(way.open, std::nullopt), now);
    return true;
  }
  if (mark != std::string::npos) return false;
  // Of the body only what may be the beginning of the end-line is kept.
  const std::size_t seen = way.text.size() - std::min(way.text.size(), way.mark.size());
  way.open->bytes += seen;
  way.text.erase(0, seen);
  return false;
}

void ChunkWatch::send_off(Direction& way, WireChunk chunk, Instant now) {
  chunk.written = now;
  observer_.written(chunk);
  way.on_the_way.push_back({way.written, std::move(chunk)});
}

void ChunkWatch::read(End end, std::size_t octets, Instant now) {
  Direction& way = streams_[end.stream].directions[1 - end.side];
  way.was_read += octets;
  for (; !way.on_the_way.empty() && way.on_the_way.front().end <= way.was_read;
       way.on_the_way.pop_front()) {
    WireChunk& chunk = way.on_the_way.front().chunk;
    chunk.arrived = now;
    observer_.ended(chunk);
  }
}

void ChunkWatch::finish() {
  for (auto& [number, stream] : streams_) {
    for (Direction& way : stream.directions) {
      for (const OnTheWay& lost : std::exchange(way.on_the_way, {})) observer_.ended(lost.chunk);
    }
  }
}

}  // namespace msrp::sim
