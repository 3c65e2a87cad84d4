// A world from one seed, and hosts in it that run engines over the production driver.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "backends/common/driver.hpp"
#include "backends/sim/simulation.hpp"
#include "backends/sim/toy_tls.hpp"
#include "msrp/assert.hpp"
#include "msrp/crypto.hpp"
#include "msrp/engine.hpp"

namespace msrp::sim {

struct SimWorld {
  // lateness: see Simulation.
  explicit SimWorld(std::uint64_t seed, Duration lateness = {})
      : chance(seed),
        network(scheduler, chance.next()),
        resolver(scheduler, chance.next()),
        simulation(scheduler, chance.next(), lateness) {}

  Instant now() const noexcept { return scheduler.now(); }

  Scheduler scheduler;
  Chance chance;  // for the choices of whoever makes the story
  Network network;
  Resolver resolver;
  Simulation simulation;
};

struct SimHostOptions {
  EngineConfig engine;
  SimBackendOptions backend;
  backend::DriverOptions driver;
  // For listeners and connects with TLS. Without names: the host's own and its first address.
  ToyTlsOptions tls;
  Logger* logger = nullptr;  // outlives the host
  Network::Reach reach = Network::Reach::anyone;
  std::function<void()> after_turn;  // for whoever watches over the engine
};

// One host with one program: an engine, and what the application makes of its events. Events are
// handed out in the program's turns; from outside, call(). The world outlives it.
class SimHost {
 public:
  using OnEvent = std::function<void(const Event&)>;

  SimHost(SimWorld& world, std::string name, const IpAddress& ip, OnEvent on_event,
          SimHostOptions options = {})
      : world_(world),
        on_event_(std::move(on_event)),
        options_(std::move(options)),
        id_(world.network.add_host(std::move(name), ip, options_.reach)) {
    auto& names = options_.tls.names;
    if (names.empty()) names = {world.network.name(id_), ip.text()};
    start();
  }
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;
  ~SimHost() { stop(); }

  HostId id() const noexcept { return id_; }
  const IpAddress& address() const { return world_.network.address(id_); }
  Instant now() const noexcept { return world_.now(); }
  // Precondition for these: it is up.
  Engine& engine() { return *program_->engine; }
  SimBackend& backend() { return program_->backend; }
  ToyTlsProvider& tls() { return program_->tls; }

  // Does something with the engine from outside a turn, which then gets one: call([](Engine& e) {
  // return e.send(...); }).
  template <class F>
  decltype(auto) call(F&& action) {
    program_->backend.wake();
    return std::forward<F>(action)(*program_->engine);
  }

  bool is_up() const noexcept { return program_ != nullptr; }
  // Everything that the program knew is lost; the application's own state is its own concern. Not
  // from within a turn. silent: see Network::crash().
  void crash(bool silent) {
    MSRP_ASSERT(program_ != nullptr);
    program_->backend.die();
    world_.network.crash(id_, silent);
    stop();
  }
  void restart() {
    MSRP_ASSERT(program_ == nullptr);
    world_.network.restart(id_);
    start();
  }

 private:
  struct NoCrypto final : Crypto {
    std::size_t digest(Hash, std::span<const std::span<const std::byte>>,
                       std::span<std::byte>) noexcept override {
      return 0;
    }
  };
  struct Program {
    Program(SimWorld& world, HostId host, const SimHostOptions& options)
        : backend(world.scheduler, world.network, world.resolver, host, options.backend),
          random(world.chance.next()),
          tls(world.chance.next(), options.tls),
          secure(backend, tls) {}
    using Secure = backend::SecureBackend<SimBackend, ToyTlsProvider>;
    SimBackend backend;
    SimRandom random;
    ToyTlsProvider tls;
    Secure secure;
    NoCrypto crypto;
    std::optional<Engine> engine;
    std::optional<backend::Driver<Secure, Engine>> driver;
  };

  void start() {
    program_ = std::make_unique<Program>(world_, id_, options_);
    Program& program = *program_;
    auto made = Engine::create(
        options_.engine,
        {program.random, program.crypto, program.backend.buffers(), options_.logger}, now());
    MSRP_ASSERT(made.has_value());
    program.engine.emplace(*std::move(made));
    program.driver.emplace(program.secure, *program.engine, options_.driver);
    turns_ = world_.simulation.add({&program.backend,
                                    [&] {
                                      program.driver->turn(on_event_);
                                      if (options_.after_turn) options_.after_turn();
                                    },
                                    [&] { return program.driver->next_deadline(); }});
  }
  void stop() {
    if (program_ == nullptr) return;
    world_.simulation.remove(turns_);
    program_.reset();
  }

  SimWorld& world_;
  OnEvent on_event_;
  SimHostOptions options_;
  HostId id_;
  std::unique_ptr<Program> program_;
  Simulation::ProgramId turns_ = 0;
};

}  // namespace msrp::sim
