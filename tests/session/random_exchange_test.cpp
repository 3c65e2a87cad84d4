// Hundreds of small random worlds: sizes, options, limits and segmentation come from one seed, and
// what is received must be what was sent. A failing seed is named and can be run alone.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Sending {
  Node* from;
  MessageHandle handle;
  std::string id, body;
  bool stream = false, finished = false, aborted = false, wants_200 = true, borrowed = false;
  std::size_t written = 0;
};

class Exchange {
 public:
  explicit Exchange(std::uint64_t seed) : chance_(seed), pair_(options(seed)) {
    pair_.random_sizes = !chance_.one_in(4);
    pair_.deliver_max = 1 + chance_.below(chance_.one_in(3) ? 60 : 16'000);
    pair_.transmit_max = 1 + chance_.below(chance_.one_in(3) ? 60 : 40'000);
    pair_.lend_spans = 1 + chance_.below(20);
    pair_.with_owner = !chance_.one_in(3);
  }

  void run() {
    for (std::size_t i = chance_.below(3); i > 0; --i) pair_.add_session();
    const std::size_t messages = 1 + chance_.below(12);
    bodies_.reserve(messages);
    for (std::size_t i = 0; i < messages; ++i) {
      start(i);
      pair_.drive_bounded(chance_.below(50));
      if (chance_.one_in(4)) pair_.advance(milliseconds(chance_.below(500)));
      feed();
    }
    for (int round = 0; round < 100'000 && !all_finished(); ++round) {
      feed();
      pair_.drive_bounded(1 + chance_.below(50));
    }
    // Partial failure reports are quiet for the transaction's time, and few transactions at a time
    // are one after the other.
    pair_.advance(seconds(31));
    for (int round = 0; round < 300 && !all_done(); ++round) pair_.advance(seconds(31));
    check();
    finish();
  }

 private:
  PairOptions options(std::uint64_t seed) {
    PairOptions made;
    made.seed = seed;
    for (NodeOptions* node : {&made.a, &made.b}) {
      Limits& limits = node->config.limits;
      node->seed = chance_.next();
      node->slab_bytes = std::size_t{1024} << chance_.below(5);
      node->slabs = 2 * 1024 * 1024 / node->slab_bytes;
      limits.quantum_bytes = static_cast<std::uint32_t>(2048 + chance_.below(40'000));
      limits.transmit_bytes = static_cast<std::uint32_t>(16'384 + chance_.below(200'000));
      limits.write_window_bytes = static_cast<std::uint32_t>(1000 + chance_.below(100'000));
      limits.held_bytes = static_cast<std::uint32_t>(20'000 + chance_.below(200'000));
      limits.events = static_cast<std::uint32_t>(16 + chance_.below(1000));
      if (chance_.one_in(3)) limits.transactions = static_cast<std::uint32_t>(1 + chance_.below(8));
    }
    return made;
  }

  std::size_t some_size() {
    switch (chance_.below(5)) {
      case 0:
        return chance_.below(50);
      case 1:
        return 2040 + chance_.below(20);
      case 2:
        return chance_.below(5000);
      case 3:
        return 16'380 + chance_.below(10);
      default:
        return chance_.below(pair_.deliver_max < 100 || pair_.transmit_max < 100 ? 20'000
                                                                                 : 150'000);
    }
  }

  // A body with traps: end-line patterns, CRLFs, dashes.
  std::string some_body() {
    std::string body = pattern(some_size(), chance_.next());
    for (std::size_t i = chance_.below(4); i > 0 && !body.empty(); --i) {
      static constexpr std::string_view traps[] = {
          "\r\n-------", "\r\n", "-------", "\r\n-------abcdefgh$\r\n", "\r", "MSRP "};
      const std::string_view trap = traps[chance_.below(std::size(traps))];
      const std::size_t at = chance_.below(body.size());
      body.replace(at, std::min(trap.size(), body.size() - at), trap.substr(0, body.size() - at));
    }
    return body;
  }

  void start(std::size_t number) {
    Node& from = chance_.one_in(2) ? pair_.a : pair_.b;
    const SessionId session = from.bounds[chance_.below(from.bounds.size())].session;
    Sending sending{.from = &from, .id = "message-" + std::to_string(number)};
    sending.body = some_body();
    MessageSpec spec{.content_type = "application/octet-stream", .message_id = sending.id};
    spec.success_report = chance_.one_in(3);
    spec.failure_report = static_cast<FailureReport>(chance_.below(3));
    sending.wants_200 = spec.failure_report == FailureReport::yes;
    Body body;
    bodies_.push_back(sending.body);
    switch (chance_.below(4)) {
      case 0:
        body = owned(sending.body);
        break;
      case 1:
        body = BorrowedBody{bytes_of(bodies_.back())};
        sending.borrowed = true;
        break;
      case 2:
        body = StreamBody{sending.body.size()};
        sending.stream = true;
        break;
      default:
        body = StreamBody{};
        sending.stream = true;
        break;
    }
    const auto handle = from.engine().send(session, spec, std::move(body), pair_.now);
    ASSERT_TRUE(handle) << describe(handle.error().code);
    from.outgoing[handle->value()].session = session;
    sending.handle = *handle;
    sendings_.push_back(std::move(sending));
  }

  void feed() {
    for (Sending& sending : sendings_) {
      if (!sending.aborted && !sending.finished && chance_.one_in(200)) {
        sending.from->engine().abort(sending.handle, pair_.now);
        sending.aborted = sending.finished = true;
      }
      if (!sending.stream || sending.finished) continue;
      const std::size_t left = sending.body.size() - sending.written;
      const auto piece =
          bytes_of(sending.body).subspan(sending.written, std::min(left, 1 + chance_.below(9000)));
      if (!piece.empty()) {
        const auto taken =
            sending.from->engine().write(sending.handle, Slice{piece, {}}, pair_.now);
        ASSERT_TRUE(taken) << describe(taken.error().code);
        sending.written += *taken;
      }
      if (sending.written == sending.body.size()) {
        // With a known total it has finished by itself and may be over already.
        const auto finished = sending.from->engine().finish(sending.handle, pair_.now);
        ASSERT_TRUE(finished || finished.error().code == Errc::stale_handle);
        sending.finished = true;
      }
    }
  }

  bool all_finished() const {
    return std::ranges::all_of(sendings_,
                               [](const Sending& one) { return !one.stream || one.finished; });
  }

  bool all_done() {
    return std::ranges::all_of(sendings_,
                               [](const Sending& one) { return one.from->out(one.handle).done; });
  }

  void check() {
    for (const Sending& sending : sendings_) {
      Node& to = sending.from == &pair_.a ? pair_.b : pair_.a;
      const Outgoing& out = sending.from->out(sending.handle);
      EXPECT_TRUE(out.done) << sending.id;
      EXPECT_EQ(out.released, sending.borrowed ? 1 : 0) << sending.id;
      const auto found = std::ranges::find(to.incoming, sending.id, &Incoming::message_id);
      if (sending.aborted) {
        if (found != to.incoming.end()) {
          EXPECT_TRUE(found->ended) << sending.id;
        }
        continue;
      }
      ASSERT_NE(found, to.incoming.end()) << sending.id;
      EXPECT_TRUE(found->complete()) << sending.id;
      EXPECT_TRUE(found->body == sending.body) << sending.id << ": other octets";
      EXPECT_TRUE(out.sent) << sending.id;
      EXPECT_EQ(out.delivered, sending.wants_200) << sending.id;
      EXPECT_FALSE(out.failed) << sending.id;
    }
  }

  void finish() {
    for (const Bound& bound : pair_.a.bounds) pair_.a.engine().close(bound.session, pair_.now);
    pair_.advance(seconds(60));
    for (Node* node : {&pair_.a, &pair_.b}) {
      const Engine::Stats stats = node->engine().stats();
      EXPECT_EQ(stats.connections, 0U) << node->name;
      EXPECT_EQ(stats.sessions, 0U) << node->name;
      EXPECT_EQ(stats.outgoing_messages, 0U) << node->name;
      EXPECT_EQ(stats.incoming_messages, 0U) << node->name;
      EXPECT_EQ(stats.transactions, 0U) << node->name;
      EXPECT_EQ(stats.held_bytes, 0U) << node->name;
      EXPECT_EQ(stats.bad_chunks, 0U) << node->name;
      EXPECT_LE(node->pool.used(), 1U) << node->name;
      EXPECT_FALSE(node->engine().next_timeout()) << node->name;
    }
  }

  Splitmix chance_;
  Pair pair_;
  std::vector<Sending> sendings_;
  std::vector<std::string> bodies_;  // borrowed ones live here; never reallocated
};

TEST(RandomExchange, WhatIsReceivedIsWhatWasSent) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Exchange(seed).run();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace msrp::test
