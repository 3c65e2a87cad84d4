// Sees everything of a run, and changes nothing of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backends/sim/network.hpp"

namespace msrp::sim {

class RunObserver : public NetworkObserver {
 public:
  // All hosts are there; of the network only what is const may be used, in these calls alone.
  virtual void begins(const Network&, Instant) {}
  // Something that an application did or heard, or that befell its host.
  virtual void note(std::uint32_t /*host*/, std::string_view /*kind*/, std::uint64_t /*detail*/,
                    Instant) {}
  virtual void phase(std::string_view, Instant) {}  // a part of the run begins
};

// Several that look at the same run.
class RunObservers final : public RunObserver {
 public:
  void add(RunObserver& one) { all_.push_back(&one); }

  void begins(const Network& network, Instant now) override {
    for (RunObserver* one : all_) one->begins(network, now);
  }
  void note(std::uint32_t host, std::string_view kind, std::uint64_t detail, Instant now) override {
    for (RunObserver* one : all_) one->note(host, kind, detail, now);
  }
  void phase(std::string_view name, Instant now) override {
    for (RunObserver* one : all_) one->phase(name, now);
  }
  void connected(End end, const TransportInfo& info, Instant now) override {
    for (RunObserver* one : all_) one->connected(end, info, now);
  }
  void wrote(End end, std::span<const std::byte> octets, Instant now) override {
    for (RunObserver* one : all_) one->wrote(end, octets, now);
  }
  void read(End end, std::span<const std::byte> octets, Instant now) override {
    for (RunObserver* one : all_) one->read(end, octets, now);
  }
  void wrote_end(End end, Instant now) override {
    for (RunObserver* one : all_) one->wrote_end(end, now);
  }
  void broke(End end, Instant now) override {
    for (RunObserver* one : all_) one->broke(end, now);
  }
  void fault(std::string_view what, HostId a, HostId b, Instant now) override {
    for (RunObserver* one : all_) one->fault(what, a, b, now);
  }

 private:
  std::vector<RunObserver*> all_;
};

}  // namespace msrp::sim
