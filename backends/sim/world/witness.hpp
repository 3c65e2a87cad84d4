// Sees everything that happens in a run, and makes one number of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backends/sim/network.hpp"
#include "backends/sim/world/actor.hpp"
#include "backends/sim/world/chunk_watch.hpp"
#include "backends/sim/world/stranger.hpp"
#include "backends/sim/world/tls_tap.hpp"
#include "backends/sim/world/wire_judge.hpp"

namespace msrp::sim {

// Sees every stream: judges it, and makes one number of all.
class Witness final : public NetworkObserver {
 public:
  // observer: null, or who looks on.
  explicit Witness(RunObserver* observer) : observer_(observer) {
    if (observer != nullptr) watch_.emplace(*observer);
  }

  // What is wrong on some stream; empty: nothing.
  std::string wrong() const {
    for (const auto& [stream, seen] : streams_) {
      const std::string& wrong = seen.judge.wrong();
      if (!wrong.empty()) return wrong + ", stream " + std::to_string(stream);
    }
    return {};
  }
  // Whose streams are told of by number.
  void know(const IpAddress& ip, HostId host) { hosts_[ip.text()] = host; }
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

  // The observer hears of everything at once, but of what is lost on the way only here.
  void finish() {
    if (watch_) watch_->finish();
  }

  void connected(End end, const TransportInfo& info, Instant now) override {
    Stream& stream = streams_[end.stream];
    stream.secure = info.local.port == Actor::secure_port;
    if (info.peer.ip.text().starts_with(Stranger::network)) stream.judge.judge_only(end.side);
    if (info.local.ip.text().starts_with(Stranger::network)) stream.judge.judge_only(1 - end.side);
    if (!watch_) return;
    watch_->connected(end.stream, hosts_.at(info.peer.ip.text()), hosts_.at(info.local.ip.text()),
                      stream.secure, now);
  }
  void wrote(End end, std::span<const std::byte> octets, Instant now) override {
    octets_ += octets.size();
    const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
    Stream& stream = streams_[end.stream];
    const std::string opened = stream.secure ? stream.tap.open(end.side, text) : std::string();
    const std::string_view said = stream.secure ? std::string_view(opened) : text;
    stream.judge.wrote(end.side, said);
    if (watch_) watch_->wrote(end, octets.size(), said, now);
    add(now);
    add((std::uint64_t{end.stream} << 1U) | end.side);
    add(text);
  }
  void read(End end, std::span<const std::byte> octets, Instant now) override {
    if (watch_) watch_->read(end, octets.size(), now);
  }
  void wrote_end(End end, Instant now) override {
    if (watch_) watch_->ended(end, "ended", now);
  }
  void fault(std::string_view what, HostId a, HostId b, Instant now) override {
    if (observer_ != nullptr) observer_->fault(now, what, a, b);
  }
  void broke(End end, Instant now) override {
    if (watch_) watch_->ended(end, "broke", now);
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
  std::map<std::string, HostId> hosts_;
  RunObserver* observer_;
  std::optional<ChunkWatch> watch_;
};

}  // namespace msrp::sim
