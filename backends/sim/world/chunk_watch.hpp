// Makes chunks of the octets on every stream of a run, with the times at which they were written
// and had arrived. It reads naively and knows nothing of the code that wrote them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backends/sim/world/run_observer.hpp"
#include "backends/sim/world/tls_tap.hpp"

namespace msrp::sim {

struct WatchedStream {
  std::uint32_t number = 0;
  HostId hosts[2] = {0, 0};  // who connected, who accepted
  bool secure = false;
};

// A chunk on its way; or, on a stream that does not speak MSRP, the octets of one write.
struct WatchedChunk {
  static constexpr std::size_t head_bytes_max = 2048;
  static constexpr char unfinished = '\0';

  std::uint32_t stream = 0;
  HostId from = 0, to = 0;
  bool is_msrp = true;
  std::string head;              // its beginning, with the first line and without its last line end
  std::uint64_t octets = 0;      // in all
  std::uint64_t body_bytes = 0;  // of these
  char flag = unfinished;        // '$', '+', '#'; unfinished: its end was never written
  Instant begun{};               // its first octet was written
  std::optional<Instant> written, arrived;  // its last octet
  std::optional<Instant> lost;              // since then it cannot arrive; if that is known

  std::string_view first_line() const noexcept;
  std::string_view header(std::string_view name) const noexcept;  // empty: there is none
};

// For those who want to know of chunks: each ends as arrived or as lost, once. That one is lost may
// become clear as late as in finish().
class ChunkWatch : public RunObserver {
 public:
  void connected(End end, const TransportInfo& info, Instant now) final;
  void wrote(End end, std::span<const std::byte> octets, Instant now) final;
  void read(End end, std::span<const std::byte> octets, Instant now) final;
  void wrote_end(End end, Instant now) final;
  void broke(End end, Instant now) final;
  void begins(const Network& network, Instant now) override { network_ = &network, start_ = now; }
  // The run is over: what has not arrived by now is lost.
  void finish();

 protected:
  virtual void made(const WatchedStream&, Instant) {}
  // One side has written all that it will; it has reset the stream, or vanished.
  virtual void ended(const WatchedStream&, HostId /*by*/, Instant) {}
  virtual void reset(const WatchedStream&, HostId /*by*/, Instant) {}
  virtual void written(const WatchedChunk&, Instant) {}
  virtual void arrived(const WatchedChunk&, Instant) {}
  virtual void lost(const WatchedChunk&) {}
  Instant start() const noexcept { return start_; }

 private:
  // What is under way: the chunk, and up to where it reaches in all that is written.
  struct Flying {
    WatchedChunk chunk;
    std::uint64_t end = 0;
  };
  struct Direction {
    std::string text;                     // written, and no part of a chunk yet
    std::uint64_t written = 0, read = 0;  // octets
    std::uint64_t begin = 0;              // where the chunk begins that is being written
    std::optional<WatchedChunk> chunk;    // its head is known
    std::string mark;                     // its end-line without the flag
    std::optional<Instant> begun;         // of what is being written
    bool is_msrp = true;
    bool unread = false;            // nobody reads any more
    std::optional<Instant> broken;  // by who writes
    std::deque<Flying> flying;
  };
  struct Stream {
    WatchedStream facts;
    Direction ways[2];  // by who writes
    TlsTap tap;
  };

  Stream* find(End end);
  void read_chunks(Stream& stream, std::uint32_t side, Instant now);
  bool read_head(Stream& stream, std::uint32_t side);
  bool read_body(Stream& stream, std::uint32_t side, Instant now);
  void chunk_ends(Stream& stream, std::uint32_t side, std::size_t text_bytes, Instant now);
  void piece_ends(Stream& stream, std::uint32_t side, Instant now);
  void lose(Stream& stream, std::uint32_t side, std::optional<Instant> now);
  static WatchedChunk blank(const Stream& stream, std::uint32_t side, Instant begun);

  const Network* network_ = nullptr;
  Instant start_{};
  std::map<std::uint32_t, Stream> streams_;  // by number
};

}  // namespace msrp::sim
