// The octets of an outgoing message that have not entered the transmit order yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ring_queue.hpp"
#include "msrp/body.hpp"
#include "msrp/buffer.hpp"

namespace msrp {

class BodySource {
 public:
  explicit BodySource(Body body);
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;

  bool has_body() const noexcept { return kind_ != Kind::none; }
  bool is_stream() const noexcept { return kind_ == Kind::stream; }
  bool is_borrowed() const noexcept { return kind_ == Kind::borrowed; }
  // Size of the whole body, when it is known.
  std::optional<std::uint64_t> total_bytes() const noexcept { return total_bytes_; }
  // Octets that can be taken now.
  std::uint64_t ready_bytes() const noexcept { return ready_bytes_; }
  // Everything that will ever come is ready or taken.
  bool finished() const noexcept { return finished_; }
  bool exhausted() const noexcept { return finished_ && ready_bytes_ == 0; }

  // The next octets that stand in one piece, at most bytes_max. Empty when nothing is ready.
  Slice front(std::size_t bytes_max) const noexcept;
  void take(std::size_t bytes) noexcept;

  // All that is ready, whatever the pieces. Precondition: out.size() == ready_bytes().
  void copy_ready(std::span<std::byte> out) const noexcept;
  void take_ready() noexcept;

  // ---- streams
  std::uint64_t written_bytes() const noexcept { return written_bytes_; }
  void write(Slice slice);  // precondition: it has an owner
  void finish() noexcept;   // the total is known now

  // Forgets what is ready; nothing more comes.
  void discard() noexcept;

 private:
  enum class Kind : std::uint8_t { none, owned, shared, borrowed, stream };
  Kind kind_ = Kind::none;
  bool finished_ = true;
  std::optional<std::uint64_t> total_bytes_ = 0;
  std::uint64_t ready_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  std::vector<std::byte> owned_;
  Slice first_;  // what is left of the first part
  RingQueue<Slice> others_;
};

}  // namespace msrp
