// The client of ours: binds its sessions, then does what the kind of the benchmark is about.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

#include "apps/msrp/bench/meter.hpp"
#include "apps/msrp/bench/parts.hpp"
#include "apps/msrp/bench/sessions.hpp"
#include "apps/msrp/bench/stack.hpp"
#include "backends/common/slab_pool.hpp"

namespace msrp::app::bench {

template <class B>
class OurClient {
 public:
  OurClient(const Spec& spec, Channel& channel) : spec_(spec), channel_(channel), stack_(spec) {}

  void run() {
    const double cpu = cpu_seconds();
    begin_ = end_ = stack_.now();
    while (begun_ < std::min(spec_.connections, coming_up_max)) prepare_next();
    if (spec_.kind == "connections") {
      const Stopper stopper(channel_, stack_.driver());
      while (!stack_.driver().stopped()) turn();
    } else {
      while (answers_ == 0 || open_ > 0) turn();
    }
    figures_.cpu_seconds = cpu_seconds() - cpu;
    figures_.seconds = std::chrono::duration<double>(end_ - begin_).count();
    figures_.amount = answers_;
    if (spec_.kind == "bulk") figures_.amount = answers_ * spec_.size_bytes;
    if (spec_.kind == "connections") figures_.amount = sessions_.size();
    figures_.octets_sent = stack_.engine().octets_sent - sent_before_;
    figures_.octets_received = stack_.engine().octets_received - received_before_;
    put_round_trips(figures_, round_trips_ns_);
    channel_.write({{"figures", figures_}});
  }

 private:
  static constexpr unsigned coming_up_max = 128;  // as many as the yardstick's

  void turn() {
    stack_.driver().turn(
        [this](Event& event) { std::visit([this](auto& what) { this->on(what); }, event); });
  }

  // ---- coming up --------------------------------------------------------------------------------

  void prepare_next() {
    PrepareRequest request{.active = true,
                           .secure = spec_.tls(),
                           .local = client_uri(spec_.first_session + begun_, spec_.tls())};
    request.options.share_connection = false;
    const auto ticket = stack_.engine().prepare(request, stack_.now());
    if (!ticket) throw_error("no session can be prepared", ticket.error());
    const std::uint32_t number = spec_.first_session + begun_++;
    const RemoteDescription remote{
        .path = Path(server_uri(number, spec_.tls())),
        .connect_to = ConnectTarget{"127.0.0.1", spec_.ports[number % spec_.ports.size()]}};
    const auto done = stack_.engine().complete(*ticket, remote, stack_.now());
    if (!done) throw_error("no session can be begun", done.error());
  }

  void on(const Bound& event) {
    sessions_.push_back(event.session);
    came_up();
  }
  void on(const TicketFailed& event) {
    if (spec_.kind != "connections") throw_error("no session over loopback", event.error);
    ++figures_.refused;
    came_up();
  }
  void came_up() {
    if (begun_ < spec_.connections) prepare_next();
    if (sessions_.size() + figures_.refused < spec_.connections) return;
    end_ = stack_.now();
    figures_.congestion_control = congestion_controls();
    if (spec_.kind == "connections") {
      channel_.write({{"settled", true}});
      return;
    }
    begin_ = end_ = stack_.now();
    sent_before_ = stack_.engine().octets_sent;
    received_before_ = stack_.engine().octets_received;
    open_of_.resize(sessions_.size());
    for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
      for (unsigned k = 0; k < spec_.window; ++k)
        spec_.kind == "bulk" ? send_bulk(i, begin_) : send_small(i, begin_);
    }
  }

  // ---- messages ---------------------------------------------------------------------------------

  void send_small(std::uint32_t session, Instant now) {
    const std::string id = message_id(next_message_++);
    const MessageSpec message{.content_type = "text/plain", .message_id = id};
    sent_at_ = now;
    send(session, message, BorrowedBody{std::as_bytes(std::span(small_body))}, now);
  }

  // The same block again and again, as the yardstick sends it.
  void send_bulk(std::uint32_t session, Instant now) {
    SharedBody body;
    for (std::uint64_t left = spec_.size_bytes; left > 0;) {
      const std::span<std::byte> storage = block_->storage();
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, storage.size()));
      body.parts.push_back({storage.first(size), *block_});
      left -= size;
    }
    send(session, MessageSpec{.content_type = "application/octet-stream"}, std::move(body), now);
  }

  void send(std::uint32_t session, const MessageSpec& message, Body body, Instant now) {
    const auto sent = stack_.engine().send(sessions_[session], message, std::move(body), now);
    if (!sent) throw_error("a message cannot be sent", sent.error());
    session_of(*sent) = session;
    ++open_;
    if (++open_of_[session] > spec_.window)
      throw std::runtime_error("a connection has more requests open than it may: report this");
  }

  // The engine may use an index again before the last events about it are polled: once, since what
  // is sent then is answered later.
  std::uint32_t& session_of(MessageHandle message) {
    if (message.index >= session_of_.size()) session_of_.resize(message.index + std::size_t{1});
    return session_of_[message.index][message.generation % 2];
  }

  void on(const auto&) {}
  void on(const Delivered& event) {
    const std::uint32_t session = session_of(event.message);
    ++answers_;
    --open_;
    --open_of_[session];
    end_ = stack_.now();
    if (spec_.kind == "latency") {
      const auto took = std::chrono::nanoseconds(end_ - sent_at_).count();
      round_trips_ns_.push_back(static_cast<std::uint32_t>(std::min<long>(took, UINT32_MAX)));
    }
    if (spec_.kind == "bulk") return;
    if (std::chrono::duration<double>(end_ - begin_).count() < spec_.seconds) {
      send_small(session, end_);
    }
  }
  void on(const MessageFailed& event) { throw_error("a message failed", event.error); }
  void on(const SessionClosed& event) {
    if (!stack_.driver().stopped()) throw_error("a session ended", event.reason);
  }

  std::optional<BufferRef> make_block() {
    auto made = pool_.acquire();
    if (made) std::ranges::fill(made->storage(), std::byte{'x'});
    return made;
  }

  const Spec& spec_;
  Channel& channel_;
  backend::SlabPool pool_{1, 256 * 1024};
  std::optional<BufferRef> block_ = make_block();
  Stack<B> stack_;
  unsigned begun_ = 0;
  std::vector<SessionId> sessions_;
  std::vector<std::array<std::uint32_t, 2>> session_of_;  // by index, then generation modulo 2
  std::vector<std::uint32_t> open_of_;                    // by session
  std::uint64_t next_message_ = 0, open_ = 0, answers_ = 0;
  Instant begin_{}, end_{}, sent_at_{};
  std::uint64_t sent_before_ = 0, received_before_ = 0;
  std::vector<std::uint32_t> round_trips_ns_;
  Figures figures_;
};

}  // namespace msrp::app::bench
