// Makes chunks of the octets on the streams of a run, for who looks at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backends/sim/world/run_observer.hpp"

namespace msrp::sim {

class ChunkWatch {
 public:
  explicit ChunkWatch(RunObserver& observer) : observer_(observer) {}

  // from: the host at side 0, which connected.
  void connected(std::uint32_t stream, HostId from, HostId to, bool secure, Instant now);
  // octets: as many as entered the stream; text: what they are once TLS is taken off.
  void wrote(End end, std::size_t octets, std::string_view text, Instant now);
  void read(End end, std::size_t octets, Instant now);
  void ended(End end, std::string_view how, Instant now);
  void finish();

 private:
  struct OnTheWay {
    std::uint64_t end;  // in octets of its direction
    WireChunk chunk;
  };
  struct Direction {
    std::string text;  // not looked at yet, and the end of what was
    std::optional<WireChunk> open;
    std::string mark;  // its end-line, up to the flag
    bool head_seen = false;
    bool is_noise = false;  // no MSRP from here on
    std::uint64_t written = 0, was_read = 0;
    std::deque<OnTheWay> on_the_way;
  };
  struct Stream {
    HostId hosts[2] = {};
    bool secure = false;
    Direction directions[2];
  };

  WireChunk begin(const Stream& stream, End end, Instant now) const;
  bool start(const Stream& stream, End end, Direction& way, Instant now);
  bool go_on(Direction& way, Instant now);
  void send_off(Direction& way, WireChunk chunk, Instant now);

  RunObserver& observer_;
  std::map<std::uint32_t, Stream> streams_;
};

}  // namespace msrp::sim
