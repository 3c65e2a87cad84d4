// Shards of one server that speak by mail: octets come on a connection of one, are worked on by
// another, and go back; in whatever order mail comes, and with a bound on what is under way.
#include "backends/sim/sim_shards.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace msrp::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t credit_bytes = 8000;  // of one connection, with another shard

struct MillMail {
  ShardIndex to = 0;
  enum class Kind : std::uint8_t { work, back, returned } kind = Kind::work;
  ConnId conn;  // of the shard that asked
  RemoteSlice slice;
  std::string done;  // of `returned`
};

// A core: the first octet of a connection says which shard does its work, which is to turn each
// further octet into the next one.
class Mill {
 public:
  using Mail = MillMail;
  Mill(ShardIndex self, bool slow) : self_(self), slow_(slow) {
    commands_.push_back(DoListen{{0, 1}, {*IpAddress::parse("192.0.2.1"), 2855}});
  }

  std::size_t lent_bytes() const { return lent_.bytes(); }
  std::size_t most_lent() const { return most_lent_; }
  std::size_t connections() const { return conns_.size(); }

  // ---- Driver
  std::optional<ConnId> on_accepted(ListenerId, const TransportInfo&, Instant) {
    const ConnId id{next_++, 1};
    conns_[id] = {};
    return id;
  }
  std::size_t on_received(ConnId id, const Slice& slice, Instant) {
    Conn& conn = conns_.at(id);
    std::size_t taken = 0;
    if (!conn.worker) {
      conn.worker = static_cast<ShardIndex>(slice.bytes[taken++]);
    }
    const std::size_t fits = std::min(slice.bytes.size() - taken, credit_bytes - conn.under_way);
    if (fits > 0) give_work(id, conn, {slice.bytes.subspan(taken, fits), slice.owner});
    taken += fits;
    if (taken < slice.bytes.size()) {
      conn.paused = true;
      commands_.push_back(DoPauseRead{id});
    }
    return taken;
  }
  void on_eof(ConnId id, Instant) {
    conns_.at(id).eof = true;
    close_if_done(id);
  }
  void on_lost(ConnId id, const Error&, Instant) { commands_.push_back(DoClose{id, false}); }
  void on_closed(ConnId id, Instant) { conns_.erase(id); }
  void on_connected(ConnId, const TransportInfo&, Instant) {}
  void on_listening(ListenerId, const SocketAddress&, Instant) {}
  void on_listen_failed(ListenerId, const Error&, Instant) { ADD_FAILURE(); }
  void on_resolved(ResolveId, std::span<const DnsRecord>, Instant) {}
  void on_resolve_failed(ResolveId, const Error&, Instant) {}
  std::optional<Command> poll_command() { return take(commands_); }
  std::optional<Event> poll_event() { return std::nullopt; }
  std::optional<ConnId> poll_sendable() { return take(sendable_); }
  std::size_t poll_transmit(ConnId id, std::span<ConstBuffer> out, Instant) {
    const auto conn = conns_.find(id);
    if (conn == conns_.end() || conn->second.out.empty()) return 0;
    out[0] = std::as_bytes(std::span(conn->second.out.front()));
    return 1;
  }
  void transmitted(ConnId id, std::size_t bytes, Instant) {
    Conn& conn = conns_.at(id);
    conn.out.front().erase(0, bytes);
    if (conn.out.front().empty()) conn.out.pop_front();
    if (!conn.out.empty()) sendable_.push_back(id);
    conn.under_way -= bytes;
    if (conn.paused && conn.under_way <= credit_bytes / 2) {
      conn.paused = false;
      commands_.push_back(DoResumeRead{id});
    }
    close_if_done(id);
  }
  std::optional<Instant> next_timeout() const {
    if (!slow_ || works_.empty()) return std::nullopt;
    return due_;
  }
  void handle_timeout(Instant now) { work_one(now); }

  // ---- mail
  bool has_mail() const { return !mail_[0].empty() || !mail_[1].empty(); }
  std::optional<MillMail> poll_mail(ShardIndex to, MailLane lane) {
    auto& queue = mail_[lane == MailLane::data ? 1 : 0];
    const auto at = std::ranges::find(queue, to, &MillMail::to);
    if (at == queue.end()) return std::nullopt;
    MillMail mail = std::move(*at);
    queue.erase(at);
    return mail;
  }
  void on_mail(ShardIndex from, MillMail mail, Instant now) {
    switch (mail.kind) {
      case MillMail::Kind::work:
        works_.push_back({from, std::move(mail)});
        if (works_.size() == 1) due_ = now + milliseconds(50);
        if (!slow_) work_one(now);
        return;
      case MillMail::Kind::back:
        return lent_.give_back(mail.slice.token);
      case MillMail::Kind::returned:
        return put_out(mail.conn, mail.done);
    }
  }

 private:
  struct Conn {
    std::optional<ShardIndex> worker;
    std::deque<std::string> out;
    std::uint64_t under_way = 0;  // with the worker or not transmitted
    bool paused = false, eof = false;
  };
  struct Work {
    ShardIndex from;
    MillMail mail;
  };

  template <class T>
  static std::optional<T> take(std::deque<T>& queue) {
    if (queue.empty()) return std::nullopt;
    T front = std::move(queue.front());
    queue.pop_front();
    return front;
  }
  static std::string ground(std::span<const std::byte> octets) {
    std::string done;
    for (const std::byte octet : octets) done += static_cast<char>(std::to_integer<int>(octet) + 1);
    return done;
  }

  void give_work(ConnId id, Conn& conn, Slice slice) {
    conn.under_way += slice.bytes.size();
    if (*conn.worker == self_) return put_out(id, ground(slice.bytes));
    mail_[1].push_back({*conn.worker, MillMail::Kind::work, id, lent_.lend(std::move(slice)), {}});
    most_lent_ = std::max(most_lent_, lent_.bytes());
  }
  void work_one(Instant now) {
    Work work = std::move(works_.front());
    works_.pop_front();
    due_ = now + milliseconds(50);
    std::string done = ground(work.mail.slice.bytes);
    mail_[0].push_back({work.from, MillMail::Kind::back, {}, work.mail.slice, {}});
    mail_[1].push_back({work.from, MillMail::Kind::returned, work.mail.conn, {}, std::move(done)});
  }
  void put_out(ConnId id, const std::string& done) {
    const auto conn = conns_.find(id);
    if (conn == conns_.end()) return;
    conn->second.out.push_back(done);
    sendable_.push_back(id);
  }
  void close_if_done(ConnId id) {
    const Conn& conn = conns_.at(id);
    if (conn.eof && conn.under_way == 0) commands_.push_back(DoClose{id, true});
  }

  const ShardIndex self_;
  const bool slow_;
  std::uint32_t next_ = 0;
  std::unordered_map<ConnId, Conn> conns_;
  std::deque<Command> commands_;
  std::deque<ConnId> sendable_;
  std::deque<MillMail> mail_[2];  // control, data
  std::deque<Work> works_;
  Instant due_{};
  LentSlices lent_;
  std::size_t most_lent_ = 0;
};
static_assert(MailingCore<Mill>);

// Writes to the server, and reads what comes back.
class Customer final : public Port {
 public:
  Customer(SimWorld& world, std::uint32_t number, ShardIndex worker, std::size_t bytes)
      : world_(world), host_(world.network.add_host("customer", address(number))) {
    out_ += static_cast<char>(worker);
    for (std::size_t i = 0; i < bytes; ++i) out_ += static_cast<char>(world.chance.below(100));
    end_ = world.network.connect(*this, host_, {*IpAddress::parse("192.0.2.1"), 2855});
  }
  bool is_served() const {
    std::string expected = out_.substr(1);
    for (char& octet : expected) octet = static_cast<char>(octet + 1);
    return in_ == expected;
  }

 private:
  static IpAddress address(std::uint32_t number) {
    return *IpAddress::parse("198.51.100." + std::to_string(number + 1));
  }
  void accepted(ListenerId, End) override {}
  void refused(End) override { ADD_FAILURE(); }
  void connected(End) override { write(); }
  void writable(End) override { write(); }
  void readable(End) override {
    std::byte octets[1000];
    while (world_.network.readable_bytes(end_) > 0) {
      const std::size_t bytes = world_.network.read(end_, octets);
      in_.append(reinterpret_cast<const char*>(octets), bytes);
    }
    if (!gone_ && world_.network.at_end(end_)) {
      gone_ = true;
      world_.network.release(end_, false);
    }
  }
  void write() {
    const auto rest = std::as_bytes(std::span(out_)).subspan(written_);
    written_ += world_.network.write(end_, rest);
    if (written_ == out_.size()) return world_.network.write_end(end_);
    // Windows are taken in parts; writable() only comes when one was full.
    if (world_.network.is_broken(end_)) return;
    world_.scheduler.after(milliseconds(1), [this] { write(); });
  }

  SimWorld& world_;
  const HostId host_;
  End end_;
  std::string out_, in_;
  std::size_t written_ = 0;
  bool gone_ = false;
};

struct Mills {
  Mills(std::uint64_t seed, std::size_t shards, std::size_t mail_capacity, bool slow)
      : world(seed, milliseconds(3)),
        server(
            world, "server", *IpAddress::parse("192.0.2.1"), shards,
            [slow](ShardIndex i, BufferPool&) { return std::make_unique<Mill>(i, slow && i == 0); },
            [](ShardIndex, const Event&) {},
            {.backend = {.slabs_max = 40, .slab_bytes = 2000},
             .mail_capacity = mail_capacity,
             .mail_delay = milliseconds(20)}) {
    world.network.set_links({.latency = milliseconds(1), .window_bytes = 5000, .fragments = true});
    world.simulation.run_for(milliseconds(10));
  }
  void expect_nothing_left() {
    EXPECT_TRUE(server.room().empty());
    for (ShardIndex i = 0; i < server.size(); ++i) {
      EXPECT_EQ(server.core(i).lent_bytes(), 0U);
      EXPECT_EQ(server.core(i).connections(), 0U);
      EXPECT_EQ(server.backend(i).pool().used_slabs(), 0U);
      EXPECT_EQ(server.backend(i).sockets(), 0U);
    }
  }

  SimWorld world;
  SimShards<Mill> server;
};

TEST(SimShards, EveryOctetComesBackInItsOrder) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::size_t shards = 2 + seed % 3;
    Mills mills(seed, shards, seed % 2 == 0 ? 1 : 64, false);
    std::vector<std::unique_ptr<Customer>> customers;
    for (std::uint32_t i = 0; i < 8; ++i) {
      const auto worker = static_cast<ShardIndex>(mills.world.chance.below(shards));
      customers.push_back(std::make_unique<Customer>(mills.world, i, worker, 20'000));
    }
    mills.world.simulation.run_for(seconds(120));
    for (const auto& customer : customers) EXPECT_TRUE(customer->is_served()) << seed;
    mills.expect_nothing_left();
  }
}

// It holds up those who wait for it, and no more of theirs is under way than was agreed on.
TEST(SimShards, ASlowShardBoundsMemory) {
  Mills mills(1, 2, 4, true);
  std::vector<std::unique_ptr<Customer>> customers;
  for (std::uint32_t i = 0; i < 6; ++i) {
    customers.push_back(std::make_unique<Customer>(mills.world, i, 0, 60'000));
  }
  mills.world.simulation.run_for(seconds(600));
  for (const auto& customer : customers) EXPECT_TRUE(customer->is_served());
  for (ShardIndex i = 0; i < 2; ++i) {
    EXPECT_LE(mills.server.core(i).most_lent(), 6 * credit_bytes);
  }
  EXPECT_GT(mills.server.core(1).most_lent(), 0U);
  mills.expect_nothing_left();
}

}  // namespace
}  // namespace msrp::sim
