// One engine in a test, with the application on top of it: everything that happened is written
// down, and the promises of event.hpp about order and number of events are checked as they come.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msrp/engine.hpp"
#include "support/test_services.hpp"

namespace msrp::test {

struct NodeOptions {
  EngineConfig config;
  std::uint64_t seed = 1;
  std::size_t slabs = 512;
  std::size_t slab_bytes = 16 * 1024;
  Logger* logger = nullptr;
};

// An incoming message as the application saw it.
struct Incoming {
  IncomingHandle handle;
  SessionId session;
  std::string message_id, content_type, transaction_id, from_path, to_path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<ByteRange> byte_range;
  bool has_body = false;
  bool duplicate = false;
  std::string body;          // octets at their offsets
  std::uint64_t octets = 0;  // handed up, counted
  std::optional<MessageEnded> ended;

  bool complete() const { return ended && !ended->error; }
  bool failed_with(Errc code) const { return ended && ended->error && ended->error->code == code; }
};

// A request that the application answers itself, as it saw it.
struct Request {
  RequestHandle handle;
  SessionId session;
  std::string method, transaction_id, message_id, content_type, from_path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<ByteRange> byte_range;
  std::string body;
  std::optional<ChunkEnded> ended;
};

// An outgoing message as the application saw it.
struct Outgoing {
  SessionId session;
  bool sent = false, delivered = false, done = false;
  std::optional<Error> failed;
  std::vector<Reported> reports;
  std::vector<std::pair<int, std::string>> answers;  // of a chunk
  int released = 0;
  std::size_t writable_bytes = 0;  // of the last Writable
  int writables = 0;
};

class Node {
 public:
  Node(std::string name, const NodeOptions& options, const Instant& now);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  Engine& engine() { return *engine_; }
  // Ends the engine while the node's pool and records stay.
  void destroy_engine() { engine_.reset(); }
  Instant now() const { return now_; }

  // ---- the application's verbs, for scripts. A failure to do them is a test failure. -----------
  MessageHandle send(std::string_view content_type, std::string_view body, MessageSpec spec = {});
  MessageHandle send(const MessageSpec& spec, Body body);
  Result<MessageHandle> try_send(const MessageSpec& spec, Body body);
  MessageHandle send_chunk(const ChunkSpec& spec, Body body);
  TicketId prepare(const PrepareRequest& request);
  void expect_first(MessageHandle first) { note_outgoing(first, SessionId{}); }

  // Gives credit back, at most what the session holds. Returns how much it was.
  std::size_t release(SessionId session, std::size_t bytes = SIZE_MAX);
  std::size_t held(SessionId session) { return held_[session.value()]; }

  // Takes the engine's events; returns whether there were any.
  bool drain_events();

  // ---- what happened --------------------------------------------------------------------------
  std::deque<Incoming> incoming;
  std::map<std::uint64_t, Outgoing> outgoing;
  std::deque<Request> requests;
  std::vector<std::string> trace;             // one line an event, without handles
  std::map<std::uint64_t, Path> local_paths;  // of tickets
  std::vector<Bound> bounds;
  std::vector<TicketFailed> ticket_failures;
  std::vector<SessionClosed> closed;
  std::vector<Listening> listening;
  std::vector<ListenFailed> listen_failures;

  Incoming& in(IncomingHandle handle);
  Outgoing& out(MessageHandle handle);
  Request& request(RequestHandle handle);
  // The most recent message; a test failure when there is none.
  Incoming& last_in();
  SessionId session() const { return bounds.empty() ? SessionId{} : bounds.back().session; }
  bool session_closed(SessionId session) const;

  // ---- knobs ----------------------------------------------------------------------------------
  bool auto_release = true;  // gives credit back at once
  bool keep_slices = false;  // pins the slabs of MessageData
  bool polls_events = true;  // otherwise they stay in the engine
  std::size_t slices_kept_max = SIZE_MAX;
  std::vector<Slice> kept;
  std::vector<const std::byte*> data_pointers;  // of every MessageData
  // Called on every event, with views still valid.
  std::function<void(const Event&)> on_event;

  ChosenRandom random;
  FixedPool pool;
  NoCrypto crypto;
  const std::string name;

 private:
  void note_outgoing(MessageHandle handle, SessionId session);
  void record(const Event& event);
  void on(const Listening& event);
  void on(const ListenFailed& event);
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
  void on(const BodyReleased& event);
  void on(const MessageDone& event);
  void on(const ChunkStarted& event);
  void on(const ChunkData& event);
  void on(const ChunkEnded& event);
  void on(const Answered& event);
  void on(const SessionClosed& event);
  Outgoing& open_outgoing(MessageHandle handle, std::string_view what);

  const Instant& now_;
  std::map<std::uint64_t, std::size_t> held_;  // by session
  std::optional<Engine> engine_;
};

// A body of that size in which every position can be told from its neighbours.
std::string pattern(std::size_t bytes, std::uint64_t seed = 0);
OwnedBody owned(std::string_view text);

}  // namespace msrp::test
