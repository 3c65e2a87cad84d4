// A yardstick's parts: the same octets, system calls and sizes as ours, no protocol.
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/msrp/bench/meter.hpp"
#include "apps/msrp/bench/parts.hpp"
#include "apps/msrp/bench/raw/loop.hpp"
#include "apps/msrp/bench/raw/talker.hpp"
#include "apps/msrp/bench/raw/tls_talker.hpp"

namespace msrp::app::bench {
namespace {

constexpr unsigned coming_up_max = 128;  // of idle connections, without an answer yet

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

// The yardstick's clients, one connection each.
class Clients {
 public:
  Clients(const Spec& spec, Channel& channel)
      : spec_(spec),
        channel_(channel),
        options_(asker_options(spec)),
        tls_(make_tls(spec, false)),
        // What holds idle connections is not what is measured, and thousands of threads are slow.
        loop_(make_loop(options_.stays ? "epoll" : spec.backend)),
        all_(spec.connections) {}

  void run() {
    const double cpu = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    if (options_.stays) {
      connect_more();
    } else {
      connect_all();
    }
    figures_.congestion_control = congestion_controls();
    loop_->run(channel_.descriptor(), [this] {
      if (options_.stays) connect_more();
    });
    figures_.cpu_seconds = cpu_seconds() - cpu;
    add_up(figures_, all_);
    if (options_.stays) {
      raw::SteadyTime end = begin;
      for (const raw::Asked& asked : all_) end = std::max(end, asked.end);
      figures_.seconds = std::chrono::duration<double>(end - begin).count();
    }
    figures_.octets_sent = figures_.amount * options_.request_bytes;
    figures_.octets_received = figures_.amount * options_.response_bytes;
    if (spec_.kind == "bulk") figures_.amount *= spec_.size_bytes;
    channel_.write({{"figures", figures_}});
  }

 private:
  raw::Socket connect_next() {
    const std::uint16_t port = spec_.ports[(spec_.first_session + begun_++) % spec_.ports.size()];
    return raw::connect_here(port, {spec_.congestion_control, loop_->wants_blocking()});
  }

  void add(raw::Socket socket, raw::Asked& asked) {
    loop_->add(std::move(socket),
               wrapped(tls_.get(), false,
                       std::make_unique<raw::Asker>(options_, asked, [this] { came_up(); })));
  }

  // Answered, or refused: there is nothing to wait for any more.
  void came_up() {
    if (++came_up_ == spec_.connections && options_.stays) channel_.write({{"settled", true}});
  }

  // Nobody asks before all are there.
  void connect_all() {
    std::vector<raw::Socket> sockets;
    while (begun_ < spec_.connections) sockets.push_back(connect_next());
    for (std::size_t i = 0; i < sockets.size(); ++i) add(std::move(sockets[i]), all_[i]);
  }

  void connect_more() {
    while (begun_ < spec_.connections && begun_ - came_up_ < coming_up_max) {
      raw::Asked& asked = all_[begun_];
      try {
        add(connect_next(), asked);
      } catch (const std::system_error&) {
        ++figures_.refused;
        came_up();
      }
    }
  }

  const Spec& spec_;
  Channel& channel_;
  const raw::AskerOptions options_;
  const raw::TlsContext tls_;
  std::unique_ptr<raw::Loop> loop_;
  std::deque<raw::Asked> all_;
  std::atomic<unsigned> came_up_ = 0;
  unsigned begun_ = 0;
  Figures figures_;
};

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
  Clients(spec, channel).run();
}

}  // namespace msrp::app::bench
