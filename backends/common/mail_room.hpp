// The mailboxes of all shards: two a pair and direction, one for each lane.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "backends/common/mailbox.hpp"
#include "msrp/assert.hpp"
#include "msrp/shard_mail.hpp"

namespace msrp::backend {

// Made before the threads of the shards, gone after them. Each shard calls with its own number from
// its own thread alone.
//
// Every shard takes all that lies there for it in every turn, whatever else it waits for, so two
// full ways cannot stop each other; whoever found no room is woken once there is some.
template <class Mail>
class MailRoom {
 public:
  static constexpr std::size_t default_capacity = 256;
  // Of one way and lane in one turn, so that a busy neighbour does not keep a shard from its work.
  static constexpr std::size_t taken_at_once_max = 64;

  explicit MailRoom(std::size_t shards, std::size_t capacity = default_capacity)
      : shards_(shards), wakes_(shards) {
    for (std::size_t i = 0; i < shards * shards; ++i) {
      ways_.push_back(std::make_unique<Way>(capacity));
    }
  }
  MailRoom(const MailRoom&) = delete;
  MailRoom& operator=(const MailRoom&) = delete;

  std::size_t shards() const noexcept { return shards_; }
  // How others wake a shard: Backend::wake(). Before the threads begin.
  void on_wake(ShardIndex shard, std::function<void()> wake) { wakes_.at(shard) = std::move(wake); }

  // Moves what the core has for others into the mailboxes, as far as there is room. Returns whether
  // there was any.
  template <MailingCore Core>
  bool post(ShardIndex from, Core& core) {
    bool any = false;
    for (ShardIndex to = 0; core.has_mail() && to < shards_; ++to) {
      if (to == from) continue;
      bool posted = false;
      for (const MailLane lane : {MailLane::control, MailLane::data}) {
        posted |= post(way(from, to), lane, core, to);
      }
      if (posted) wakes_[to]();
      any |= posted;
    }
    return any;
  }

  // Hands in what lies there. Returns whether there was any.
  template <MailingCore Core>
  bool collect(ShardIndex to, Core& core, Instant now) {
    bool any = false;
    for (ShardIndex from = 0; from < shards_; ++from) {
      if (from == to) continue;
      Way& inbound = way(from, to);
      std::size_t taken = 0;
      for (Mailbox<Mail>* box : {&inbound.control, &inbound.data}) {
        taken += collect(*box, from, core, now);
      }
      any |= taken > 0;
      if (taken > 0 && inbound.waits.exchange(false, std::memory_order_seq_cst)) wakes_[from]();
      if (!inbound.control.empty() || !inbound.data.empty()) wakes_[to]();  // in the next turn
    }
    return any;
  }

  // Once all shards have stopped: nothing is left on any way.
  bool empty() const {
    for (const auto& each : ways_) {
      if (!each->control.empty() || !each->data.empty()) return false;
    }
    return true;
  }

 private:
  struct Way {
    explicit Way(std::size_t capacity) : control(capacity), data(capacity) {}
    Mailbox<Mail> control, data;
    std::atomic<bool> waits = false;  // the sender found no room
  };

  Way& way(ShardIndex from, ShardIndex to) { return *ways_[from * shards_ + to]; }

  template <class Core>
  static bool post(Way& out, MailLane lane, Core& core, ShardIndex to) {
    Mailbox<Mail>& box = lane == MailLane::control ? out.control : out.data;
    bool any = false;
    for (;;) {
      if (!box.has_room()) {
        // Told before it is looked at again: the other side may just have made room.
        out.waits.store(true, std::memory_order_seq_cst);
        if (!box.has_room()) return any;
      }
      std::optional<Mail> mail = core.poll_mail(to, lane);
      if (!mail) return any;
      box.push(*std::move(mail));
      any = true;
    }
  }
  template <class Core>
  static std::size_t collect(Mailbox<Mail>& box, ShardIndex from, Core& core, Instant now) {
    std::size_t taken = 0;
    for (; taken < taken_at_once_max; ++taken) {
      std::optional<Mail> mail = box.pop();
      if (!mail) break;
      core.on_mail(from, *std::move(mail), now);
    }
    return taken;
  }

  const std::size_t shards_;
  std::vector<std::unique_ptr<Way>> ways_;  // from * shards + to
  std::vector<std::function<void()>> wakes_;
};

}  // namespace msrp::backend
