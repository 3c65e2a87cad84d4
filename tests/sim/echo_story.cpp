#include "echo_story.hpp"

#include <algorithm>
#include <string>

#include "backends/sim/sim_world.hpp"
#include "echo_server.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

msrp::sim::Link some_link(msrp::sim::Chance& chance) {
  msrp::sim::Link link{.latency = milliseconds(1)};
  link.jitter = chance.duration(milliseconds(100));
  link.window_bytes = 1000 + chance.log_uniform(100'000);
  link.fragments = chance.one_of(1, 4);
  return link;
}

}  // namespace

// A client says twenty messages to the server over a network that the seed makes better or worse.
// Returns what was wrong; empty: nothing.
std::string echo_story(std::uint64_t seed, bool hasty) {
  using namespace msrp;
  sim::SimWorld world(seed, milliseconds(5));
  world.network.set_links(some_link(world.chance));

  EchoServer server(hasty);
  std::vector<std::string> echoes;
  std::optional<Path> server_path, client_path;
  SessionId session;
  sim::SimHost* here = nullptr;
  sim::SimHost* there = nullptr;
  sim::SimHost server_host(world, "server", *IpAddress::parse("192.0.2.1"),
                           [&](const Event& event) {
                             if (const auto* prepared = std::get_if<Prepared>(&event))
                               server_path = prepared->local_path;
                             server.on_event(here->engine(), event, world.now());
                           });
  sim::SimHost client(world, "client", *IpAddress::parse("192.0.2.2"), [&](const Event& event) {
    if (const auto* prepared = std::get_if<Prepared>(&event)) client_path = prepared->local_path;
    if (const auto* bound = std::get_if<Bound>(&event)) session = bound->session;
    if (std::get_if<MessageStarted>(&event) != nullptr) echoes.emplace_back();
    if (const auto* data = std::get_if<MessageData>(&event)) {
      for (const std::byte octet : data->slice.bytes) echoes.back() += static_cast<char>(octet);
      there->engine().release(data->session, data->slice.bytes.size(), world.now());
    }
  });
  here = &server_host;
  there = &client;

  const auto listener = server_host.call([&](Engine& engine) {
    return engine.listen({.at = {server_host.address(), 2855}}, world.now());
  });
  world.simulation.run_for(seconds(1));
  const auto waiting = server_host.call([&](Engine& engine) {
    return engine.prepare({.active = false, .listener = *listener}, world.now());
  });
  const auto calling = client.call([&](Engine& engine) {
    return engine.prepare({.active = true, .host = "192.0.2.2"}, world.now());
  });
  world.simulation.run_for(seconds(1));
  if (!server_path || !client_path) return "there are no paths";
  (void)server_host.call([&](Engine& engine) {
    return engine.complete(*waiting, {.path = client_path}, world.now());
  });
  (void)client.call([&](Engine& engine) {
    return engine.complete(*calling, {.path = server_path}, world.now());
  });
  world.simulation.run_for(seconds(5));
  if (!session) return "the session does not come up";

  std::vector<std::string> said;
  for (int i = 0; i < 20; ++i) {
    said.emplace_back(world.chance.between(1, 2000), static_cast<char>('a' + i));
    const auto octets = std::as_bytes(std::span(said.back()));
    (void)client.call([&](Engine& engine) {
      return engine.send(session, {.content_type = "text/plain"},
                         OwnedBody{{octets.begin(), octets.end()}}, world.now());
    });
    world.simulation.run_for(world.chance.duration(seconds(1)));
  }
  world.simulation.run_for(seconds(60));
  if (echoes.size() != said.size()) return "not every message was said back";
  std::ranges::sort(said);
  std::ranges::sort(echoes);
  return said == echoes ? "" : "something else was said back";
}
