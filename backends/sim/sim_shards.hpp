// Several shards on one simulated host: each with its backend, driver and core, and mail between
// them over the mailboxes that threads use.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/common/driver.hpp"
#include "backends/common/mail_room.hpp"
#include "backends/sim/sim_world.hpp"

namespace msrp::sim {

struct SimShardsOptions {
  SimBackendOptions backend;
  backend::DriverOptions driver;
  std::size_t mail_capacity = 256;  // of each way and lane
  // Until a shard that is woken for mail has its turn, at most; the order in which shards see mail
  // is the seed's.
  Duration mail_delay = std::chrono::milliseconds(1);
};

// The world outlives it. Core: what Driver takes, with mail.
template <MailingCore Core>
class SimShards {
 public:
  // Makes the core of a shard; it may keep the backend's pool.
  using Make = std::function<std::unique_ptr<Core>(ShardIndex, BufferPool&)>;
  using OnEvent = std::function<void(ShardIndex, const Event&)>;

  SimShards(SimWorld& world, std::string name, const IpAddress& ip, std::size_t shards,
            const Make& make, OnEvent on_event, SimShardsOptions options = {})
      : world_(world),
        host_(world.network.add_host(std::move(name), ip)),
        room_(shards, options.mail_capacity) {
    options.backend.listen.shared = true;
    for (ShardIndex i = 0; i < shards; ++i) {
      shards_.push_back(std::make_unique<Shard>(world, host_, options.backend));
      Shard& shard = *shards_.back();
      shard.core = make(i, shard.backend.buffers());
      shard.driver =
          std::make_unique<ShardDriver>(shard.backend, *shard.core, room_, i, options.driver);
      room_.on_wake(i, [this, &shard, delay = options.mail_delay] {
        world_.scheduler.after(world_.chance.duration(delay),
                               [&shard, alive = std::weak_ptr(alive_)] {
                                 if (!alive.expired()) shard.backend.wake();
                               });
      });
      shard.turns = world.simulation.add({&shard.backend,
                                          [&shard, i, on_event] {
                                            shard.driver->turn(
                                                [&](const Event& event) { on_event(i, event); });
                                          },
                                          [&shard] { return shard.driver->next_deadline(); }});
      shard.backend.wake();  // for what a core has to say from the beginning
    }
  }
  SimShards(const SimShards&) = delete;
  SimShards& operator=(const SimShards&) = delete;
  ~SimShards() {
    for (const auto& shard : shards_) world_.simulation.remove(shard->turns);
  }

  HostId id() const noexcept { return host_; }
  std::size_t size() const noexcept { return shards_.size(); }
  Core& core(ShardIndex shard) { return *shards_.at(shard)->core; }
  SimBackend& backend(ShardIndex shard) { return shards_.at(shard)->backend; }
  const backend::MailRoom<typename Core::Mail>& room() const noexcept { return room_; }
  // Does something with a core from outside a turn, which then gets one.
  template <class F>
  decltype(auto) call(ShardIndex shard, F&& action) {
    backend(shard).wake();
    return std::forward<F>(action)(core(shard));
  }

 private:
  using ShardDriver = backend::Driver<SimBackend, Core>;
  struct Shard {
    Shard(SimWorld& world, HostId host, const SimBackendOptions& options)
        : backend(world.scheduler, world.network, world.resolver, host, options) {}
    SimBackend backend;
    std::unique_ptr<Core> core;
    std::unique_ptr<ShardDriver> driver;
    Simulation::ProgramId turns = 0;
  };

  SimWorld& world_;
  const HostId host_;
  backend::MailRoom<typename Core::Mail> room_;
  std::vector<std::unique_ptr<Shard>> shards_;
  // What is planned outlives the shards, and finds this expired.
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace msrp::sim
