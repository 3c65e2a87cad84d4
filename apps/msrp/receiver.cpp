#include "apps/msrp/receiver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "apps/msrp/text.hpp"
#include "msrp/headers.hpp"
#include "msrp/status.hpp"

namespace msrp::app {
namespace {

// The name that Content-Disposition gives; nullopt: none.
std::optional<std::string> file_name_of(const HeadView& head) {
  const HeaderField* field = head.find(HeaderId::content_disposition);
  if (field == nullptr) return std::nullopt;
  const auto disposition = ContentDispositionView::parse(field->value);
  if (!disposition) return std::nullopt;
  const auto name = disposition->parameter("filename");
  if (!name) return std::nullopt;
  return name->quoted ? unquote(name->value) : std::string(name->value);
}

std::string reason_of(const Error& error) {
  if (error.code == Errc::truncated) return "the connection ended in the middle of it";
  return std::string(describe(error.code));
}

bool is_plain_text(std::string_view content_type) {
  const auto type = MediaTypeView::parse(content_type);
  return type && accepts("text/plain", *type);
}

}  // namespace

void Receiver::on(const MessageStarted& event) {
  const HeadView& head = event.head;
  auto message = std::make_unique<Message>();
  message->id = head.message_id;
  message->content_type = head.content_type;
  message->begun = endpoint_.now();
  if (head.byte_range) message->announced_bytes = head.byte_range->total;
  const auto name = file_name_of(head);
  message->name = safe_file_name(name.value_or(""), message->id);
  const bool short_enough = message->announced_bytes.value_or(0) <= text_bytes_max;
  if (!name && short_enough && is_plain_text(head.content_type)) message->text.emplace();
  if (!shown_) {
    shown_ = event.message;
    progress_.begin(name ? message->name : message->id, message->announced_bytes, message->begun);
  }
  Message& kept = *(messages_[event.message] = std::move(message));
  if (kept.text) return;
  if (kept.announced_bytes.value_or(0) > folder_.free_bytes()) {
    return refuse(event.message, kept, "there is no room for it");
  }
  if (!open_file(kept)) refuse(event.message, kept, std::strerror(errno));
}

void Receiver::on(const MessageData& event) {
  const std::size_t size = event.slice.bytes.size();
  bytes_in_ += size;
  if (const auto at = messages_.find(event.message); at != messages_.end()) {
    Message& message = *at->second;
    if (message.problem.empty() && !store(message, event.offset, event.slice.bytes)) {
      refuse(event.message, message, std::strerror(errno));
    }
    if (shown_ == event.message) progress_.advance(message.bytes, endpoint_.now());
  }
  // Only now that it is written: how fast the disk is, is how fast the peer may send.
  endpoint_.engine().release(event.session, size, endpoint_.now());
}

void Receiver::on(const MessageEnded& event) {
  const auto at = messages_.find(event.message);
  if (at == messages_.end()) return;
  const std::unique_ptr<Message> message = std::move(at->second);
  messages_.erase(at);
  if (shown_ == event.message) {
    shown_ = {};
    progress_.end();
  }
  const Instant now = endpoint_.now();
  Json fields = fields_of(*message, event.bytes, event.chunks);
  if (!event.error && keep(*message, event.bytes, fields)) {
    ++messages_done_;
    output_.event("message", std::move(fields), now);
    static_cast<void>(endpoint_.engine().send_report(event.message, status::ok, now));
    return;
  }
  const std::string reason = !message->problem.empty() ? message->problem
                             : event.error             ? reason_of(*event.error)
                                                       : std::string(std::strerror(errno));
  tell_incomplete(*message, event.bytes, event.chunks,
                  event.error ? event.error->status : status::stop_sending, reason);
  output_.error(fmt::format("'{}' did not come whole, {}", printable(message->name), reason),
                message->problem.empty() ? "ask the sender for it again" : "look at the folder");
  if (!event.error) {
    static_cast<void>(endpoint_.engine().send_report(event.message, status::stop_sending, now));
  }
}

void Receiver::discard_all(std::string_view reason) {
  for (const auto& [handle, message] : messages_) {
    tell_incomplete(*message, message->bytes, nullptr, 0, reason);
  }
  messages_.clear();
}

// Of an event about a message of which nothing is kept, yet.
Json Receiver::fields_of(const Message& message, std::uint64_t bytes, Json chunks) {
  Json fields{{"message_id", json_text(message.id)},
              {"content_type", json_text(message.content_type)},
              {"bytes", bytes}};
  fields["sha256"] = nullptr;
  fields["chunks"] = std::move(chunks);
  fields["complete"] = false;
  fields["file"] = nullptr;
  return fields;
}

bool Receiver::store(Message& message, std::uint64_t offset, std::span<const std::byte> bytes) {
  message.bytes += bytes.size();
  if (offset == message.hashed_bytes) {
    message.hash.update(bytes);
    message.hashed_bytes += bytes.size();
  } else {
    message.in_order = false;
  }
  if (message.text) {
    if (offset <= text_bytes_max && bytes.size() <= text_bytes_max - offset) {
      std::string& text = *message.text;
      text.resize(std::max<std::size_t>(text.size(), offset + bytes.size()));
      std::memcpy(text.data() + offset, bytes.data(), bytes.size());
      return true;
    }
    // Longer than a text: a file after all.
    const std::string text = *std::exchange(message.text, std::nullopt);
    if (!open_file(message) || !message.file->write(0, std::as_bytes(std::span(text)))) {
      return false;
    }
  }
  return message.file->write(offset, bytes);
}

bool Receiver::open_file(Message& message) {
  message.file = IncomingFile::create(folder_, endpoint_.random());
  return message.file.has_value();
}

void Receiver::refuse(IncomingHandle handle, Message& message, std::string problem) {
  message.problem = std::move(problem);
  message.file.reset();
  static_cast<void>(endpoint_.engine().reject(handle, status::stop_sending, endpoint_.now()));
}

bool Receiver::keep(Message& message, std::uint64_t bytes, Json& fields) {
  const Instant now = endpoint_.now();
  if (message.text) {
    message.text->resize(bytes);  // what came beyond the end is void
    backend::Sha256 hash;
    hash.update(std::as_bytes(std::span(*message.text)));
    fields["sha256"] = hash.finish_hex();
    output_.event("text",
                  Json{{"message_id", json_text(message.id)}, {"body", json_text(*message.text)}},
                  now);
    output_.line(printable(*message.text, true));
  } else {
    const bool hashed = message.in_order && message.hashed_bytes == bytes;
    const auto digest = hashed ? message.hash.finish_hex() : message.file->hash(bytes);
    if (!digest) return false;
    const auto name = message.file->keep(message.name, bytes);
    if (!name) return false;
    const double seconds = std::chrono::duration<double>(now - message.begun).count();
    fields["sha256"] = *digest;
    fields["file"] = json_text(*name);
    output_.line(fmt::format("saved '{}', {} in {}, SHA-256 {}", printable(*name), size_text(bytes),
                             duration_text(seconds), *digest));
  }
  fields["complete"] = true;
  return true;
}

void Receiver::tell_incomplete(Message& message, std::uint64_t bytes, Json chunks,
                               std::uint16_t status, std::string_view reason) {
  ++failed_;
  message.file.reset();  // who reads the event finds nothing of it
  const Instant now = endpoint_.now();
  output_.event("message", fields_of(message, bytes, std::move(chunks)), now);
  Json fields{{"message_id", json_text(message.id)}};
  fields["status"] = status == 0 ? Json() : Json(status);
  fields["reason"] = reason;
  output_.event("failed", std::move(fields), now);
}

}  // namespace msrp::app
