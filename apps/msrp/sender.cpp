#include "apps/msrp/sender.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "apps/msrp/text.hpp"
#include "msrp/headers.hpp"

namespace msrp::app {
namespace {

constexpr std::size_t messages_in_flight_max = 64;
constexpr std::uint64_t unsent_bytes_max = 256 * 1024;
// Smaller pieces are copied by the engine, so that they do not pin a slab each.
constexpr std::size_t slab_worth_bytes = 16 * 1024;
constexpr Duration report_patience = std::chrono::seconds(30);
constexpr Duration partial_patience = std::chrono::seconds(2);

}  // namespace

Sender::Sender(Endpoint& endpoint, Loop& loop, Output& output, Progress& progress,
               SenderOptions options, std::function<void()> done)
    : endpoint_(endpoint),
      loop_(loop),
      output_(output),
      progress_(progress),
      options_(std::move(options)),
      done_(std::move(done)) {}

void Sender::begin(SessionId session) {
  session_ = session;
  std::optional<std::uint64_t> total = 0;
  for (const Item& item : options_.items) {
    const auto input =
        item.kind == Item::Kind::standard_input ? std::unexpected(0) : Input::open(item);
    total = total && input && input->total_bytes() ? std::optional(*total + *input->total_bytes())
                                                   : std::nullopt;
  }
  progress_.begin(options_.items.size() == 1 ? options_.items.front().label()
                                             : fmt::format("{} messages", options_.items.size()),
                  total, endpoint_.now());
  pump();
}

void Sender::stop() {
  stopped_ = true;
  drop_current();
  progress_.end();
}

void Sender::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (!stopped_) {
    if (!(current_ ? go_on() : begin_next())) break;
  }
  pumping_ = false;
  check_done();
}

// False: nothing can be begun now.
bool Sender::begin_next() {
  if (next_item_ == options_.items.size() || unfinished_ >= messages_in_flight_max ||
      unsent_bytes_ >= unsent_bytes_max) {
    return false;
  }
  const std::size_t index = next_item_++;
  const Item& item = options_.items[index];
  auto input = Input::open(item);
  if (!input) {
    fail_item(index, "", 0, std::strerror(input.error()), "name a file that can be read");
    return true;
  }
  const std::string id = new_message_id();
  const std::string name = item.base_name();
  const std::string disposition = "attachment; filename=" + msrp::quoted(name);
  const HeaderField field{HeaderId::content_disposition, name_of(HeaderId::content_disposition),
                          disposition};
  MessageSpec spec;
  spec.content_type = item.kind == Item::Kind::text ? "text/plain" : "application/octet-stream";
  if (!options_.content_type.empty()) spec.content_type = options_.content_type;
  spec.message_id = id;
  spec.success_report = options_.success_report;
  spec.failure_report = options_.failure_report;
  if (!name.empty()) spec.extra = {&field, 1};
  const Instant now = endpoint_.now();
  const auto handle =
      endpoint_.engine().send(session_, spec, StreamBody{input->total_bytes()}, now);
  if (!handle &&
      (handle.error().code == Errc::bad_state || handle.error().code == Errc::stale_handle)) {
    // The session is ending or over; its last event says why, once for all that is left.
    next_item_ = index;
    return false;
  }
  if (!handle) {
    fail_item(index, id, 0, describe(handle.error().code), "send it in a way that the peer takes");
    return true;
  }
  messages_[*handle] = Message{.item = index, .id = id, .begun = now};
  ++unfinished_;
  const bool empty = input->total_bytes() == 0;
  current_.emplace(Current{*handle, *std::move(input), {}, {}});
  if (empty) end_current();
  return true;
}

// False: to be gone on with when the engine has room, or when there is something to read.
bool Sender::go_on() {
  if (current_->pending.bytes.empty()) {
    const int descriptor = current_->input.descriptor_to_watch();
    if (descriptor < 0) {
      read_some();
      return true;
    }
    loop_.watch(descriptor, [this] {
      loop_.unwatch();
      if (current_) read_some();
      pump();
    });
    return false;
  }
  const MessageHandle handle = current_->handle;
  Slice& pending = current_->pending;
  const auto taken = endpoint_.engine().write(handle, pending, endpoint_.now());
  if (!taken) {  // it failed meanwhile, its event is on the way
    drop_current();
    return true;
  }
  Message& message = messages_[handle];
  message.bytes += *taken;
  read_bytes_ += *taken;
  progress_.advance(read_bytes_, endpoint_.now());
  pending.bytes = pending.bytes.subspan(*taken);
  if (!pending.bytes.empty()) return false;  // until Writable
  pending.owner = {};
  if (message.bytes == current_->input.total_bytes()) end_current();
  return true;
}

// Precondition: nothing is pending.
void Sender::read_some() {
  std::optional<BufferRef> slab = endpoint_.buffers().acquire();
  Current& current = *current_;
  if (!slab) current.small.resize(slab_worth_bytes);
  const std::span<std::byte> room = slab ? slab->storage() : std::span<std::byte>(current.small);
  const auto taken = current.input.read(room);
  if (taken && *taken == 0 && !current.input.total_bytes()) return end_current();
  if (!taken || *taken == 0) {
    output_.error(
        fmt::format("{} {}", options_.items[messages_[current.handle].item].label(),
                    taken ? "became shorter while it was sent"
                          : fmt::format("cannot be read, {}", std::strerror(taken.error()))),
        "send it again");
    endpoint_.engine().abort(current.handle, endpoint_.now());
    return drop_current();
  }
  const std::span<const std::byte> bytes = room.first(*taken);
  if (slab && *taken >= slab_worth_bytes) {
    current.pending = Slice{bytes, *std::move(slab)};
    return;
  }
  if (slab) current.small.assign(bytes.begin(), bytes.end());
  current.pending = Slice{std::span<const std::byte>(current.small).first(*taken), {}};
}

void Sender::end_current() {
  const MessageHandle handle = current_->handle;
  drop_current();
  Message& message = messages_[handle];
  if (!message.sent) unsent_bytes_ += message.unsent_bytes = message.bytes;
  // With a total that is known it has ended by itself.
  static_cast<void>(endpoint_.engine().finish(handle, endpoint_.now()));
}

void Sender::drop_current() {
  if (!current_) return;
  if (current_->input.descriptor_to_watch() >= 0) loop_.unwatch();
  current_.reset();
}

Sender::Message* Sender::find(MessageHandle handle) {
  const auto at = messages_.find(handle);
  return at != messages_.end() ? &at->second : nullptr;
}

void Sender::on(const Writable& event) {
  if (current_ && current_->handle == event.message) pump();
}

void Sender::on(const Sent& event) {
  Message* message = find(event.message);
  if (message == nullptr || message->over) return;
  message->sent = true;
  unsent_bytes_ -= std::exchange(message->unsent_bytes, 0);
  check(*message);
  pump();
}

void Sender::on(const Delivered& event) {
  Message* message = find(event.message);
  if (message == nullptr || message->over) return;
  message->delivered = true;
  Json fields{{"message_id", message->id}};
  fields["bytes"] = message->bytes;
  output_.event("delivered", std::move(fields), endpoint_.now());
  check(*message);
  pump();
}

void Sender::on(const Reported& event) {
  Message* message = find(event.message);
  if (message == nullptr) return;
  std::array<char, ByteRange::text_bytes_max> text;
  const std::string_view range(text.data(), event.range.print(text));
  output_.event("report",
                Json{{"message_id", message->id}, {"status", event.status}, {"range", range}},
                endpoint_.now());
  if (message->over) return;
  message->reported = message->reported || event.complete;
  check(*message);
  pump();
}

void Sender::on(const MessageFailed& event) {
  Message* message = find(event.message);
  if (message == nullptr || message->over) return;
  if (current_ && current_->handle == event.message) drop_current();
  unsent_bytes_ -= std::exchange(message->unsent_bytes, 0);
  finish(*message, false);
  // What takes all messages along is said once, by whoever owns the session; time-outs tend to come
  // in crowds.
  const bool refused = event.error.status != 0;
  const bool late = event.error.code == Errc::timed_out && !std::exchange(timed_out_, true);
  fail_item(message->item, message->id, event.error.status, describe(event.error.code),
            refused || late ? "ask the receiver" : "");
  pump();
}

void Sender::on(const MessageDone& event) {
  const auto at = messages_.find(event.message);
  if (at == messages_.end()) return;
  finish(at->second, true);  // settled, and nothing bad was said
  messages_.erase(at);
  pump();
}

// Whether everything has come that is waited for.
void Sender::check(Message& message) {
  bool answered = message.sent;
  if (options_.failure_report == FailureReport::yes) answered = message.delivered;
  if (options_.failure_report == FailureReport::partial && !options_.success_report) {
    answered = message.sent && lingered_;
  }
  if (answered && (!options_.success_report || message.reported)) finish(message, true);
}

void Sender::finish(Message& message, bool ok) {
  if (message.over) return;
  message.over = true;
  --unfinished_;
  if (!ok) return;
  ++messages_done_;
  bytes_done_ += message.bytes;
  if (options_.quiet) return;
  const double seconds = std::chrono::duration<double>(endpoint_.now() - message.begun).count();
  output_.line(fmt::format(
      "{} {}, {} in {}",
      options_.failure_report == FailureReport::yes || options_.success_report ? "delivered:"
                                                                               : "sent:",
      options_.items[message.item].label(), size_text(message.bytes), duration_text(seconds)));
}

// An empty what_to_do: the error was said, or will be said for all messages in one.
void Sender::fail_item(std::size_t item, std::string_view id, std::uint16_t status,
                       std::string_view reason, std::string_view what_to_do) {
  ++messages_failed_;
  Json fields{{"message_id", id.empty() ? Json() : Json(id)},
              {"status", status == 0 ? Json() : Json(status)},
              {"reason", reason}};
  const std::string name = options_.items[item].base_name();
  if (!name.empty()) fields["file"] = json_text(name);
  output_.event("failed", std::move(fields), endpoint_.now());
  if (what_to_do.empty()) return;
  output_.error(fmt::format("{} was not delivered, {}{}", options_.items[item].label(), reason,
                            status == 0 ? "" : fmt::format(" ({})", status)),
                what_to_do);
}

void Sender::give_up_rest(std::string_view reason) {
  while (next_item_ < options_.items.size()) fail_item(next_item_++, "", 0, reason, "");
}

void Sender::check_done() {
  if (stopped_ || pumping_ || !done_) return;
  if (next_item_ < options_.items.size() || current_) return;
  if (unfinished_ == 0) {
    progress_.end();
    loop_.set_alarm(this, std::nullopt);
    return std::exchange(done_, {})();
  }
  const bool all_sent = std::ranges::all_of(
      messages_, [](const auto& entry) { return entry.second.over || entry.second.sent; });
  if (!all_sent) return;
  if (options_.success_report) {
    loop_.set_alarm(this, endpoint_.now() + report_patience, [this] { give_up_waiting(); });
  } else if (options_.failure_report == FailureReport::partial && !lingering_) {
    // Only what went wrong is answered: give it a moment to come.
    lingering_ = true;
    loop_.set_alarm(this, endpoint_.now() + partial_patience, [this] {
      lingered_ = true;
      for (auto& [handle, message] : messages_) check(message);
      check_done();
    });
  }
}

void Sender::give_up_waiting() {
  for (auto& [handle, message] : messages_) {
    if (message.over) continue;
    finish(message, false);
    fail_item(message.item, message.id, 0, "no success REPORT came within 30 s",
              "look whether the receiver has it");
  }
  check_done();
}

std::string Sender::new_message_id() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<std::byte, 20> octets;  // 100 bits
  endpoint_.random().fill(octets);
  std::string id;
  for (const std::byte octet : octets) id += letters[std::to_integer<unsigned>(octet) % 32];
  return id;
}

}  // namespace msrp::app
