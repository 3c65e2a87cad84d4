// A host of a run, with the application on its engine.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/sim/sim_world.hpp"
#include "backends/sim/world/books.hpp"
#include "backends/sim/world/run_options.hpp"

namespace msrp::sim {

// What a run knows of a session that both its ends know of.
struct SessionBook {
  std::uint32_t number = 0;
  std::uint32_t caller = 0, callee = 0;  // hosts
  TicketId caller_ticket, callee_ticket;
  std::optional<Path> caller_path, callee_path;
  std::optional<SessionId> caller_session, callee_session;
  bool over = false;      // closed, failed, or an end of it died
  bool stranger = false;  // the callee is none of ours
  bool secure = false;
  bool takes_requests = false;  // both applications see other methods than SEND
  SessionOptions options;
};

// What happens to all of them.
struct Ledger {
  explicit Ledger(Duration patience) : books(patience) {}
  Books books;
  std::vector<SessionBook> sessions;
  std::function<void(std::uint32_t host, std::string_view kind, std::uint64_t detail)> note;
};

class Actor {
 public:
  Actor(SimWorld& world, Ledger& ledger, const RunOptions& options, std::uint32_t number);

  SimHost& host() noexcept { return host_; }
  void listen();
  void crash();
  void restart();
  // The caller's and the callee's part of a new session; it is completed once both have a path.
  void call(SessionBook& session);
  void await(SessionBook& session);
  void complete(SessionBook& session);

  void send(SessionId session, const MessageBook& message, bool stream);
  // Another method than SEND, without a body.
  void ask(SessionId session, const MessageBook& message);
  void abort(std::uint32_t message);
  void hang_up(SessionId session);
  void hang_up_all();
  // Pieces of streams, as far as there is room.
  void write_streams();
  // From now on it takes everything, and at once.
  void calm_down();
  // What others call it.
  const std::string& name() const noexcept { return name_; }
  const IpAddress& address() const { return host_.address(); }

 private:
  struct Stream {
    MessageHandle handle;
    std::uint32_t message;
    std::uint64_t bytes, written = 0;
    bool finished = false;
  };

  void on(const Listening& event);
  void on(const Prepared& event);
  void on(const Bound& event);
  void on(const TicketFailed& event);
  void on(const MessageStarted& event);
  void on(const MessageData& event);
  void on(const MessageEnded& event);
  void on(const Writable& event);
  void on(const Sent& event);
  void on(const Delivered& event);
  void on(const Reported& event);
  void on(const MessageFailed& event);
  void on(const MessageDone& event);
  void on(const ChunkStarted& event);
  void on(const ChunkData& event);
  void on(const Answered& event);
  void on(const SessionClosed& event);
  void on(const auto&) {}

  SessionBook* book_of(TicketId ticket);
  SessionBook* book_of(SessionId session);
  void note(std::string_view kind, std::uint64_t detail) { ledger_.note(number_, kind, detail); }
  void write(Stream& stream);
  void release(SessionId session, std::size_t bytes);
  void answer(RequestHandle request, std::uint32_t number);
  // Does it later, if the host still lives by then.
  void later(Duration most, std::move_only_function<void()> action);
  void check_budgets();

  SimWorld& world_;
  Ledger& ledger_;
  const RunOptions& options_;
  const std::uint32_t number_;
  const std::string name_;
  Chance chance_;
  unsigned reject_percent_;
  Duration slowness_;
  unsigned life_ = 0;                                          // how often it has crashed
  std::optional<ListenerId> listeners_[2];                     // in the clear, with TLS
  std::map<std::uint64_t, std::uint32_t> tickets_, sessions_;  // to numbers of sessions
  std::map<std::uint32_t, MessageHandle> outgoing_;            // by number of the message
  std::vector<Stream> streams_;
  SimHost host_;
};

}  // namespace msrp::sim
