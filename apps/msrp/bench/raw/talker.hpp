// What a yardstick says on a connection: octets of the same count as MSRP's, and no protocol.
// Nothing here knows the engine, the driver or a backend.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace msrp::app::bench::raw {

inline constexpr std::size_t block_bytes = 256 * 1024;  // of one send and of one receive

using Octets = std::span<const std::byte>;
using SteadyTime = std::chrono::steady_clock::time_point;

// One end of one connection. A loop hands in what comes and sends what next() says, until it is
// empty; it is asked again after every received().
class Talker {
 public:
  virtual ~Talker() = default;
  virtual void received(Octets octets) = 0;
  // At most block_bytes; what was returned stays valid and at the front until it is sent().
  virtual Octets next() = 0;
  virtual void sent(std::size_t bytes) = 0;
  // Over, as far as this end is concerned.
  virtual bool done() const { return false; }
};

// Owes octets of no meaning.
class Debtor : public Talker {
 public:
  Octets next() override;
  void sent(std::size_t bytes) override { owed_bytes_ -= bytes; }

 protected:
  void owe(std::uint64_t bytes) noexcept { owed_bytes_ += bytes; }
  bool owes() const noexcept { return owed_bytes_ > 0; }

 private:
  std::uint64_t owed_bytes_ = 0;
};

// Answers every whole request with a response: everything that came at once.
class Answerer final : public Debtor {
 public:
  // whole_request() is called once for each.
  Answerer(std::uint64_t request_bytes, std::uint64_t response_bytes, std::function<void()> whole)
      : request_bytes_(request_bytes), response_bytes_(response_bytes), whole_(std::move(whole)) {}
  void received(Octets octets) override;

 private:
  const std::uint64_t request_bytes_, response_bytes_;
  std::function<void()> whole_;
  std::uint64_t partial_bytes_ = 0;
};

struct AskerOptions {
  std::uint64_t request_bytes = 200, response_bytes = 120;
  unsigned window = 1;                         // requests without an answer
  std::chrono::steady_clock::duration time{};  // after that no more requests; zero: one window full
  bool keeps_round_trips = false;              // with a window of one
  bool stays = false;                          // idle when everything is answered, instead of done
};

// What an asker was answered. The time begins with the first octet that can be sent, which is
// after a handshake.
struct Asked {
  std::uint64_t answers = 0;
  SteadyTime begin{}, end{};
  std::vector<std::uint32_t> round_trips_ns;
};

// Keeps a window of requests open.
class Asker final : public Debtor {
 public:
  // The results outlive it. on_answered is called when every request has its answer.
  Asker(const AskerOptions& options, Asked& asked, std::function<void()> on_answered)
      : options_(options), asked_(asked), on_answered_(std::move(on_answered)) {}
  Octets next() override;
  void received(Octets octets) override;
  bool done() const override { return begun_ && open_ == 0 && !options_.stays; }

 private:
  const AskerOptions options_;
  Asked& asked_;
  std::function<void()> on_answered_;
  bool begun_ = false;
  std::uint64_t open_ = 0, partial_bytes_ = 0;
};

}  // namespace msrp::app::bench::raw
