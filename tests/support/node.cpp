#include "support/node.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace msrp::test {

Node::Node(std::string name_of_node, const NodeOptions& options, const Instant& now)
    : random(options.seed),
      pool(options.slabs, options.slab_bytes),
      name(std::move(name_of_node)),
      now_(now) {
  auto made = Engine::create(options.config, {random, crypto, pool, options.logger}, now_);
  if (!made) {
    ADD_FAILURE() << name << ": create: " << describe(made.error().code);
    std::abort();
  }
  engine_.emplace(std::move(*made));
}

Node::~Node() {
  engine_.reset();
  kept.clear();
  EXPECT_EQ(pool.used(), 0U) << name << ": slabs are still referenced after the engine is gone";
}

MessageHandle Node::send(std::string_view content_type, std::string_view body, MessageSpec spec) {
  spec.content_type = content_type;
  return send(spec, owned(body));
}

Result<MessageHandle> Node::try_send(const MessageSpec& spec, Body body) {
  auto handle = engine_->send(session(), spec, std::move(body), now_);
  if (handle) note_outgoing(*handle, session());
  return handle;
}

MessageHandle Node::send(const MessageSpec& spec, Body body) {
  auto handle = try_send(spec, std::move(body));
  if (!handle) ADD_FAILURE() << name << ": send: " << describe(handle.error().code);
  return handle.value_or(MessageHandle{});
}

MessageHandle Node::send_chunk(const ChunkSpec& spec, Body body) {
  auto handle = engine_->send_chunk(session(), spec, std::move(body), now_);
  if (handle)
    note_outgoing(*handle, session());
  else
    ADD_FAILURE() << name << ": send_chunk: " << describe(handle.error().code);
  return handle.value_or(MessageHandle{});
}

TicketId Node::prepare(const PrepareRequest& request) {
  auto ticket = engine_->prepare(request, now_);
  if (!ticket) ADD_FAILURE() << name << ": prepare: " << describe(ticket.error().code);
  return ticket.value_or(TicketId{});
}

std::size_t Node::release(SessionId session, std::size_t bytes) {
  std::size_t& held = held_[session.value()];
  const std::size_t given = std::min(bytes, held);
  held -= given;
  if (given > 0) engine_->release(session, given, now_);
  return given;
}

bool Node::drain_events() {
  bool any = false;
  while (polls_events && engine_) {
    auto event = engine_->poll_event();
    if (!event) break;
    any = true;
    record(*event);
    if (on_event) on_event(*event);
  }
  return any;
}

Incoming& Node::in(IncomingHandle handle) {
  for (Incoming& message : incoming)
    if (message.handle == handle) return message;
  ADD_FAILURE() << name << ": no such incoming message";
  return incoming.emplace_back();
}

Request& Node::request(RequestHandle handle) {
  for (Request& request : requests)
    if (request.handle == handle) return request;
  ADD_FAILURE() << name << ": no such request";
  return requests.emplace_back();
}

Incoming& Node::last_in() {
  if (incoming.empty()) {
    ADD_FAILURE() << name << ": no message has come";
    incoming.emplace_back();
  }
  return incoming.back();
}

Outgoing& Node::out(MessageHandle handle) {
  return outgoing[handle.value()];
}

bool Node::session_closed(SessionId session) const {
  return std::ranges::any_of(closed, [&](const auto& event) { return event.session == session; });
}

void Node::note_outgoing(MessageHandle handle, SessionId session) {
  ASSERT_TRUE(handle) << name;
  ASSERT_FALSE(outgoing.contains(handle.value())) << name << ": a handle was given out twice";
  outgoing[handle.value()].session = session;
}

Outgoing& Node::open_outgoing(MessageHandle handle, std::string_view what) {
  const auto found = outgoing.find(handle.value());
  if (found == outgoing.end())
    ADD_FAILURE() << name << ": " << what << " for a message that was never sent";
  else if (found->second.done)
    ADD_FAILURE() << name << ": " << what << " after MessageDone";
  else if (found->second.session && session_closed(found->second.session))
    ADD_FAILURE() << name << ": " << what << " after SessionClosed";
  return outgoing[handle.value()];
}

void Node::record(const Event& event) {
  std::visit([this](const auto& what) { on(what); }, event);
}

void Node::on(const Listening& event) {
  trace.push_back("Listening");
  listening.push_back(event);
}
void Node::on(const ListenFailed& event) {
  trace.push_back("ListenFailed");
  listen_failures.push_back(event);
}
void Node::on(const Prepared& event) {
  trace.push_back("Prepared");
  EXPECT_TRUE(local_paths.emplace(event.ticket.value(), event.local_path).second)
      << name << ": Prepared twice";
}
void Node::on(const Bound& event) {
  trace.push_back("Bound");
  bounds.push_back(event);
}
void Node::on(const TicketFailed& event) {
  trace.push_back("TicketFailed " + std::string(describe(event.error.code)));
  ticket_failures.push_back(event);
}

void Node::on(const MessageStarted& event) {
  const HeadView& head = event.head;
  trace.push_back("MessageStarted " + std::string(head.message_id));
  EXPECT_FALSE(session_closed(event.session)) << name << ": MessageStarted after SessionClosed";
  for (const Incoming& other : incoming)
    EXPECT_FALSE(other.handle == event.message) << name << ": MessageStarted twice";
  Incoming& message = incoming.emplace_back();
  message.handle = event.message;
  message.session = event.session;
  message.message_id = head.message_id;
  message.content_type = head.content_type;
  message.transaction_id = head.transaction_id;
  message.from_path = head.from_path.text();
  message.to_path = head.to_path.text();
  message.byte_range = head.byte_range;
  message.has_body = head.has_body;
  message.duplicate = event.duplicate;
  for (const HeaderField& field : head.headers)
    message.headers.emplace_back(field.name, field.value);
}

void Node::on(const MessageData& event) {
  trace.push_back("MessageData " + std::to_string(event.offset) + "+" +
                  std::to_string(event.slice.bytes.size()));
  Incoming& message = in(event.message);
  EXPECT_FALSE(message.ended) << name << ": MessageData after MessageEnded";
  EXPECT_TRUE(event.slice.owner) << name << ": a slice of MessageData owns nothing";
  EXPECT_FALSE(event.slice.bytes.empty()) << name;
  EXPECT_FALSE(session_closed(event.session)) << name << ": MessageData after SessionClosed";
  data_pointers.push_back(event.slice.bytes.data());
  message.octets += event.slice.bytes.size();
  const std::uint64_t end = event.offset + event.slice.bytes.size();
  if (end <= 64U * 1024 * 1024) {  // sparse messages are not assembled
    if (message.body.size() < end) message.body.resize(static_cast<std::size_t>(end), '\0');
    message.body.replace(static_cast<std::size_t>(event.offset), event.slice.bytes.size(),
                         text_of(event.slice.bytes));
  }
  if (keep_slices && kept.size() < slices_kept_max) kept.push_back(event.slice);
  held_[event.session.value()] += event.slice.bytes.size();
  if (auto_release) release(event.session, event.slice.bytes.size());
}

void Node::on(const MessageEnded& event) {
  Incoming& message = in(event.message);
  trace.push_back("MessageEnded " + message.message_id +
                  (event.error ? " " + std::string(describe(event.error->code)) : ""));
  EXPECT_FALSE(message.ended) << name << ": MessageEnded twice";
  EXPECT_FALSE(session_closed(event.session)) << name << ": MessageEnded after SessionClosed";
  message.ended = event;
}

void Node::on(const Writable& event) {
  Outgoing& message = open_outgoing(event.message, "Writable");
  message.writable_bytes = event.bytes;
  ++message.writables;
}
void Node::on(const Sent& event) {
  trace.push_back("Sent");
  Outgoing& message = open_outgoing(event.message, "Sent");
  EXPECT_FALSE(message.sent) << name << ": Sent twice";
  message.sent = true;
}
void Node::on(const Delivered& event) {
  trace.push_back("Delivered");
  Outgoing& message = open_outgoing(event.message, "Delivered");
  EXPECT_TRUE(message.sent) << name << ": Delivered before Sent";
  EXPECT_FALSE(message.delivered) << name << ": Delivered twice";
  EXPECT_FALSE(message.failed) << name << ": Delivered after MessageFailed";
  message.delivered = true;
}
void Node::on(const Reported& event) {
  trace.push_back("Reported " + std::to_string(event.status));
  open_outgoing(event.message, "Reported").reports.push_back(event);
}
void Node::on(const MessageFailed& event) {
  trace.push_back("MessageFailed " + std::string(describe(event.error.code)));
  Outgoing& message = open_outgoing(event.message, "MessageFailed");
  EXPECT_FALSE(message.failed) << name << ": MessageFailed twice";
  EXPECT_FALSE(message.delivered) << name << ": MessageFailed after Delivered";
  message.failed = event.error;
}
void Node::on(const BodyReleased& event) {
  trace.push_back("BodyReleased");
  EXPECT_EQ(++open_outgoing(event.message, "BodyReleased").released, 1) << name;
}
void Node::on(const MessageDone& event) {
  trace.push_back("MessageDone");
  open_outgoing(event.message, "MessageDone").done = true;
}

void Node::on(const ChunkStarted& event) {
  const HeadView& head = event.head;
  trace.push_back("ChunkStarted " + std::string(head.method_text));
  EXPECT_FALSE(session_closed(event.session)) << name << ": ChunkStarted after SessionClosed";
  for (const Request& other : requests)
    EXPECT_FALSE(other.handle == event.request) << name << ": ChunkStarted twice";
  Request& request = requests.emplace_back();
  request.handle = event.request;
  request.session = event.session;
  request.method = head.method_text;
  request.transaction_id = head.transaction_id;
  request.message_id = head.message_id;
  request.content_type = head.content_type;
  request.from_path = head.from_path.text();
  request.byte_range = head.byte_range;
  for (const HeaderField& field : head.headers)
    request.headers.emplace_back(field.name, field.value);
}

void Node::on(const ChunkData& event) {
  Request& request = this->request(event.request);
  trace.push_back("ChunkData " + std::to_string(event.slice.bytes.size()));
  EXPECT_FALSE(request.ended) << name << ": ChunkData after ChunkEnded";
  EXPECT_TRUE(event.slice.owner) << name << ": a slice of ChunkData owns nothing";
  EXPECT_EQ(event.offset, request.body.size()) << name << ": ChunkData out of order";
  request.body += text_of(event.slice.bytes);
  held_[event.session.value()] += event.slice.bytes.size();
  if (auto_release) release(event.session, event.slice.bytes.size());
}

void Node::on(const ChunkEnded& event) {
  Request& request = this->request(event.request);
  trace.push_back(std::string("ChunkEnded ") + static_cast<char>(event.flag) +
                  (event.error ? " " + std::string(describe(event.error->code)) : ""));
  EXPECT_FALSE(request.ended) << name << ": ChunkEnded twice";
  EXPECT_FALSE(session_closed(event.session)) << name << ": ChunkEnded after SessionClosed";
  request.ended = event;
}

void Node::on(const Answered& event) {
  trace.push_back("Answered " + std::to_string(event.status));
  open_outgoing(event.message, "Answered").answers.emplace_back(event.status, event.comment);
}

void Node::on(const SessionClosed& event) {
  trace.push_back("SessionClosed " + std::string(describe(event.reason.code)));
  EXPECT_FALSE(session_closed(event.session)) << name << ": SessionClosed twice";
  for (const Incoming& message : incoming)
    EXPECT_TRUE(message.session != event.session || message.ended)
        << name << ": SessionClosed before MessageEnded of " << message.message_id;
  for (const Request& request : requests)
    EXPECT_TRUE(request.session != event.session || request.ended)
        << name << ": SessionClosed before ChunkEnded";
  for (const auto& [handle, message] : outgoing)
    EXPECT_TRUE(!message.session || message.session != event.session || message.done)
        << name << ": SessionClosed before MessageDone";
  closed.push_back(event);
}

std::string pattern(std::size_t bytes, std::uint64_t seed) {
  std::string out;
  out.reserve(bytes + 8);
  for (std::uint64_t block = 0; out.size() < bytes; ++block) {
    std::uint64_t word = Splitmix(seed * 1000003 + block).next();
    for (int i = 0; i < 8; ++i, word >>= 8) out += static_cast<char>(word & 0xFF);
  }
  out.resize(bytes);
  return out;
}

OwnedBody owned(std::string_view text) {
  const auto bytes = bytes_of(text);
  return {{bytes.begin(), bytes.end()}};
}

}  // namespace msrp::test
