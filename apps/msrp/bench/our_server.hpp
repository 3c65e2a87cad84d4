// The server of ours: accepts sessions, takes what comes and answers it. The same for every kind.
#pragma once

#include <variant>
#include <vector>

#include "apps/msrp/bench/meter.hpp"
#include "apps/msrp/bench/parts.hpp"
#include "apps/msrp/bench/sessions.hpp"
#include "apps/msrp/bench/stack.hpp"

namespace msrp::app::bench {

template <class B>
class OurServer {
 public:
  OurServer(const Spec& spec, Channel& channel) : spec_(spec), channel_(channel), stack_(spec) {}

  void run() {
    heap_before_ = heap_bytes();
    resident_before_ = resident_bytes();
    listen();
    for (std::uint32_t i = 0; i < sessions_wanted(); ++i) prepare(i);
    while (prepared_ < sessions_wanted()) turn();
    channel_.write({{"ports", ports_}});
    const double cpu = cpu_seconds();
    {
      const Stopper stopper(channel_, stack_.driver());
      while (!stack_.driver().stopped()) turn();
    }
    figures_.cpu_seconds = cpu_seconds() - cpu;
    figures_.amount = spec_.kind == "bulk" ? octets_ : messages_;
    if (spec_.kind == "connections") figures_.amount = bound_;
    figures_.octets_sent = stack_.engine().octets_sent;
    figures_.octets_received = stack_.engine().octets_received;
    channel_.write({{"figures", figures_}});
  }

 private:
  // One more for who asks while the others are idle.
  std::uint32_t sessions_wanted() const noexcept {
    return spec_.connections + (spec_.stalled > 0 ? 1 : 0);
  }

  void turn() {
    stack_.driver().turn(
        [this](Event& event) { std::visit([this](auto& what) { this->on(what); }, event); });
  }

  void listen() {
    const SocketAddress at{*IpAddress::parse("127.0.0.1"), 0};
    for (unsigned i = 0; i < spec_.ports_wanted; ++i) {
      const auto listener =
          stack_.engine().listen({.at = at, .host = {}, .secure = spec_.tls()}, stack_.now());
      if (!listener) throw_error("cannot listen", listener.error());
      listeners_.push_back(*listener);
    }
    while (ports_.size() < listeners_.size()) turn();
  }

  void prepare(std::uint32_t number) {
    PrepareRequest request{.active = false,
                           .listener = listeners_[number % listeners_.size()],
                           .secure = spec_.tls(),
                           .local = server_uri(number, spec_.tls())};
    const auto ticket = stack_.engine().prepare(request, stack_.now());
    if (!ticket) throw_error("no session can be prepared", ticket.error());
  }

  void on(const auto&) {}
  void on(const Listening& event) { ports_.push_back(event.at.port); }
  void on(const ListenFailed& event) { throw_error("cannot listen on 127.0.0.1", event.error); }
  void on(const Prepared& event) {
    ++prepared_;
    const RemoteDescription anyone;
    const auto done = stack_.engine().complete(event.ticket, anyone, stack_.now());
    if (!done) throw_error("a session cannot be awaited", done.error());
  }
  void on(const Bound&) {
    if (++bound_ != spec_.connections) return;
    figures_.congestion_control = congestion_controls();
    if (spec_.kind != "connections") return;
    figures_.heap_bytes = static_cast<double>(heap_bytes() - heap_before_);
    figures_.resident_bytes = static_cast<double>(resident_bytes() - resident_before_);
    channel_.write({{"settled", true}});
  }
  void on(const MessageData& event) {
    octets_ += event.slice.bytes.size();
    stack_.engine().release(event.session, event.slice.bytes.size(), stack_.now());
  }
  void on(const MessageEnded& event) {
    if (!event.error) ++messages_;
  }

  const Spec& spec_;
  Channel& channel_;
  Stack<B> stack_;
  std::vector<ListenerId> listeners_;
  std::vector<std::uint16_t> ports_;
  std::uint32_t prepared_ = 0, bound_ = 0;
  std::uint64_t octets_ = 0, messages_ = 0;
  std::uint64_t heap_before_ = 0, resident_before_ = 0;
  Figures figures_;
};

}  // namespace msrp::app::bench
