// A yardstick's parts: the same octets, system calls and sizes as ours, no protocol.
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "apps/msrp/bench/meter.hpp"
#include "apps/msrp/bench/parts.hpp"
#include "apps/msrp/bench/raw/loop.hpp"
#include "apps/msrp/bench/raw/talker.hpp"
#include "apps/msrp/bench/raw/tls_talker.hpp"

namespace msrp::app::bench {
namespace {

constexpr unsigned coming_up_max = 128;  // connections without an answer to their first request

std::unique_ptr<raw::Loop> make_loop(const std::string& backend) {
  if (backend == "uring") return raw::make_uring_loop();
  if (backend == "threads") return raw::make_threads_loop();
  return raw::make_epoll_loop();
}

raw::TlsContext make_tls(const Spec& spec, bool is_server) {
  if (!spec.tls()) return nullptr;
  auto made = raw::make_context(is_server, spec.chain_pem, spec.key_pem, tls_suite);
  if (made == nullptr) throw std::runtime_error("no TLS for the yardstick: look at OpenSSL here");
  return made;
}

std::unique_ptr<raw::Talker> wrapped(SSL_CTX* tls, bool is_server,
                                     std::unique_ptr<raw::Talker> talker) {
  if (tls == nullptr) return talker;
  return std::make_unique<raw::TlsTalker>(tls, is_server, std::move(talker));
}

void run_server(const Spec& spec, Channel& channel) {
  const bool bulk = spec.kind == "bulk";
  const raw::TlsContext tls = make_tls(spec, true);
  std::atomic<std::uint64_t> whole = 0;
  std::uint64_t heap = 0, resident = 0;
  Figures figures;
  const auto on_whole = [&] {
    if (++whole != spec.connections) return;
    figures.congestion_control = congestion_controls();
    if (spec.kind != "connections") return;
    figures.heap_bytes = static_cast<double>(heap_bytes() - heap);
    figures.resident_bytes = static_cast<double>(resident_bytes() - resident);
    channel.write({{"settled", true}});
  };
  const std::unique_ptr<raw::Loop> loop = make_loop(spec.backend);
  std::vector<std::uint16_t> ports;
  for (unsigned i = 0; i < spec.ports_wanted; ++i) {
    raw::Socket listener = raw::listen_here({spec.congestion_control, loop->wants_blocking()});
    ports.push_back(raw::port_of(listener));
    loop->listen(std::move(listener), [&] {
      return wrapped(tls.get(), true,
                     std::make_unique<raw::Answerer>(bulk ? spec.size_bytes : spec.request_bytes,
                                                     spec.response_bytes, on_whole));
    });
  }
  channel.write({{"ports", ports}});
  const double cpu = cpu_seconds();
  heap = heap_bytes();
  resident = resident_bytes();
  loop->run(channel.descriptor(), [] {});
  figures.cpu_seconds = cpu_seconds() - cpu;
  figures.amount = bulk ? whole * spec.size_bytes : whole.load();
  channel.write({{"figures", figures}});
}

// Several connections may begin and end at different times.
void add_up(Figures& figures, const std::deque<raw::Asked>& all) {
  raw::SteadyTime begin = raw::SteadyTime::max(), end = raw::SteadyTime::min();
  std::vector<std::uint32_t> round_trips;
  for (const raw::Asked& asked : all) {
    if (asked.answers == 0) continue;
    begin = std::min(begin, asked.begin);
    end = std::max(end, asked.end);
    figures.amount += asked.answers;
    round_trips.insert(round_trips.end(), asked.round_trips_ns.begin(), asked.round_trips_ns.end());
  }
  if (figures.amount == 0) return;
  figures.seconds = std::chrono::duration<double>(end - begin).count();
  put_round_trips(figures, round_trips);
}

raw::AskerOptions asker_options(const Spec& spec) {
  raw::AskerOptions options;
  options.request_bytes = spec.kind == "bulk" ? spec.size_bytes : spec.request_bytes;
  options.response_bytes = spec.response_bytes;
  options.window = spec.window;
  if (spec.kind == "messages" || spec.kind == "latency") {
    options.time = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(spec.seconds));
  }
  options.keeps_round_trips = spec.kind == "latency";
  options.stays = spec.kind == "connections";
  return options;
}

void run_client(const Spec& spec, Channel& channel) {
  const raw::AskerOptions options = asker_options(spec);
  const raw::TlsContext tls = make_tls(spec, false);
  // What generates idle connections is not what is measured, and thousands of threads are slow.
  const auto loop = make_loop(options.stays ? "epoll" : spec.backend);
  std::deque<raw::Asked> all(spec.connections);
  std::atomic<unsigned> answered = 0;
  unsigned begun = 0;
  Figures figures;
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  const auto connect_more = [&] {
    while (begun < spec.connections && begun - answered - figures.refused < coming_up_max) {
      raw::Asked& asked = all[begun];
      const std::uint16_t port = spec.ports[(spec.first_session + begun++) % spec.ports.size()];
      try {
        raw::Socket socket =
            raw::connect_here(port, {spec.congestion_control, loop->wants_blocking()});
        loop->add(std::move(socket),
                  wrapped(tls.get(), false, std::make_unique<raw::Asker>(options, asked, [&] {
                            if (++answered == spec.connections && options.stays) {
                              channel.write({{"settled", true}});
                            }
                          })));
      } catch (const std::system_error&) {
        if (!options.stays) throw;
        ++figures.refused;
      }
    }
  };
  connect_more();
  figures.congestion_control = congestion_controls();
  loop->run(channel.descriptor(), connect_more);
  figures.cpu_seconds = cpu_seconds() - cpu;
  add_up(figures, all);
  if (options.stays) {
    raw::SteadyTime end = begin;
    for (const raw::Asked& asked : all) end = std::max(end, asked.end);
    figures.seconds = std::chrono::duration<double>(end - begin).count();
  }
  figures.octets_sent = figures.amount * options.request_bytes;
  figures.octets_received = figures.amount * options.response_bytes;
  if (spec.kind == "bulk") figures.amount *= spec.size_bytes;
  channel.write({{"figures", figures}});
}

// Connections in the middle of their handshake, of which nothing more comes.
void run_staller(const Spec& spec, Channel& channel) {
  const raw::TlsContext tls = make_tls(spec, false);
  std::deque<raw::Socket> held;
  raw::Asked asked;
  for (unsigned i = 0; i < spec.stalled; ++i) {
    held.push_back(raw::connect_here(spec.ports[i % spec.ports.size()], {spec.congestion_control}));
    raw::TlsTalker talker(tls.get(), false,
                          std::make_unique<raw::Asker>(raw::AskerOptions{}, asked, [] {}));
    const raw::Octets hello = talker.next();
    if (send(held.back().get(), hello.data(), hello.size() / 2, MSG_NOSIGNAL) <= 0)
      throw std::system_error(errno, std::generic_category(), "send");
  }
  channel.write({{"settled", true}});
  channel.read();
}

}  // namespace

void run_raw_part(const Spec& spec, Channel& channel) {
  if (spec.role == "server") return run_server(spec, channel);
  if (spec.role == "staller") return run_staller(spec, channel);
  run_client(spec, channel);
}

}  // namespace msrp::app::bench
