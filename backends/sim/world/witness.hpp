// Sees everything that happens in a run, and makes one number of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "backends/sim/network.hpp"
#include "backends/sim/world/run_observer.hpp"
#include "backends/sim/world/run_options.hpp"
#include "backends/sim/world/stranger.hpp"
#include "backends/sim/world/tls_tap.hpp"
#include "backends/sim/world/wire_judge.hpp"

namespace msrp::sim {

// Sees every stream: judges it, and makes one number of all.
class Witness final : public NetworkObserver {
 public:
  // observer: null, or who looks on.
  explicit Witness(RunObserver* observer) noexcept
      : observer_(observer != nullptr ? observer : &nobody_) {}

  RunObserver& observer() noexcept { return *observer_; }
  // What is wrong on some stream; empty: nothing.
  std::string wrong() const {
    for (const auto& [stream, seen] : streams_) {
      const std::string& wrong = seen.judge.wrong();
      if (!wrong.empty()) return wrong + ", stream " + std::to_string(stream);
    }
    return {};
  }
  std::uint64_t value() const noexcept { return value_; }
  std::uint64_t octets() const noexcept { return octets_; }

  void add(std::uint64_t number) noexcept {
    for (int i = 0; i < 8; ++i, number >>= 8U) {
      value_ = (value_ ^ (number & 0xFFU)) * 0x100000001B3U;  // FNV-1a
    }
  }
  void add(std::string_view text) noexcept {
    for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  void add(Instant now) noexcept {
    add(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  }

  void connected(End end, const TransportInfo& info, Instant now) override {
    Stream& stream = streams_[end.stream];
    stream.secure = info.local.port == secure_port;
    if (info.peer.ip.text().starts_with(Stranger::network)) stream.judge.judge_only(end.side);
    if (info.local.ip.text().starts_with(Stranger::network)) stream.judge.judge_only(1 - end.side);
    observer_->connected(end, info, now);
  }
  void wrote(End end, std::span<const std::byte> octets, Instant now) override {
    octets_ += octets.size();
    const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
    Stream& stream = streams_[end.stream];
    const std::string opened = stream.secure ? stream.tap.open(end.side, text) : std::string();
    const std::string_view said = stream.secure ? std::string_view(opened) : text;
    stream.judge.wrote(end.side, said);
    observer_->wrote(end, octets, now);
    add(now);
    add((std::uint64_t{end.stream} << 1U) | end.side);
    add(text);
  }
  void read(End end, std::span<const std::byte> octets, Instant now) override {
    observer_->read(end, octets, now);
  }
  void wrote_end(End end, Instant now) override { observer_->wrote_end(end, now); }
  void fault(std::string_view what, HostId a, HostId b, Instant now) override {
    observer_->fault(what, a, b, now);
  }
  void broke(End end, Instant now) override {
    observer_->broke(end, now);
    add(now);
    add((std::uint64_t{end.stream} << 1U) | end.side);
  }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325U;
  std::uint64_t octets_ = 0;
  struct Stream {
    WireJudge judge;
    TlsTap tap;
    bool secure = false;
  };
  std::map<std::uint32_t, Stream> streams_;
  RunObserver nobody_;
  RunObserver* observer_;
};

}  // namespace msrp::sim
