#include "backends/sim/world/books.hpp"

#include <algorithm>
#include <charconv>

namespace msrp::sim {

bool IncomingBook::add(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return true;
  bool fresh = true;
  const std::uint64_t own_begin = begin, own_end = end;
  auto first = std::ranges::find_if(seen, [&](const auto& one) { return one.second >= begin; });
  auto last = first;
  for (; last != seen.end() && last->first <= end; ++last) {
    fresh = fresh && (last->first >= own_end || last->second <= own_begin);
    begin = std::min(begin, last->first);
    end = std::max(end, last->second);
  }
  first = seen.erase(first, last);
  seen.insert(first, {begin, end});
  return fresh;
}

bool IncomingBook::covers(std::uint64_t bytes) const noexcept {
  return bytes == 0 || (seen.size() == 1 && seen[0].first == 0 && seen[0].second >= bytes);
}

void Books::complain(std::string_view what, std::uint32_t message) {
  if (!wrong_.empty()) return;
  wrong_.append(what).append(", message ").append(std::to_string(message));
}

void Books::complain_of_host(std::string_view what, std::uint32_t host) {
  if (!wrong_.empty()) return;
  wrong_.append(what).append(", host-").append(std::to_string(host));
}

MessageBook& Books::open(MessageBook book) {
  return messages_[book.number] = book;
}

MessageBook* Books::find(std::uint32_t number) noexcept {
  const auto at = messages_.find(number);
  return at != messages_.end() ? &at->second : nullptr;
}

std::optional<std::uint32_t> Books::number_of(std::string_view id) noexcept {
  constexpr std::string_view front = "message-";
  if (!id.starts_with(front)) return std::nullopt;
  id.remove_prefix(front.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> Books::number_of(std::uint32_t host, MessageHandle handle) const {
  const auto at = outgoing_.find({host, handle.value()});
  return at != outgoing_.end() ? std::optional(at->second) : std::nullopt;
}

std::optional<std::uint32_t> Books::number_of(std::uint32_t host, IncomingHandle handle) const {
  const auto at = incoming_.find({host, handle.value()});
  return at != incoming_.end() ? std::optional(at->second.number) : std::nullopt;
}

// ---- receiving ----------------------------------------------------------------------------------

void Books::started(std::uint32_t host, std::optional<std::uint32_t> session,
                    const MessageStarted& event) {
  const auto number = number_of(event.head.message_id);
  MessageBook* book = number ? find(*number) : nullptr;
  if (book == nullptr) return complain("a message that nobody sent", number.value_or(0));
  if (book->to != host || session != book->session) {
    return complain("it came to another session", *number);
  }
  if (book->whole > 0) complain("it came again after it had come whole", *number);
  ++book->begun;
  incoming_[{host, event.message.value()}] = IncomingBook{*number, {}};
}

void Books::data(std::uint32_t host, const MessageData& event) {
  const auto at = incoming_.find({host, event.message.value()});
  if (at == incoming_.end()) return complain("octets of no message", 0);
  const std::uint32_t number = at->second.number;
  const std::size_t size = event.slice.bytes.size();
  if (event.offset + size > find(number)->bytes) {
    return complain("octets beyond its end", number);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (event.slice.bytes[i] != pattern_octet(number, event.offset + i)) {
      return complain("another octet than was sent", number);
    }
  }
  // There is nobody in between who could repeat them.
  if (!at->second.add(event.offset, event.offset + size)) complain("octets came twice", number);
}

void Books::ended(std::uint32_t host, const MessageEnded& event) {
  const auto at = incoming_.find({host, event.message.value()});
  if (at == incoming_.end()) return complain("the end of no message", 0);
  const IncomingBook incoming = std::move(at->second);
  incoming_.erase(at);
  if (event.error) return;
  MessageBook& book = *find(incoming.number);
  if (event.bytes != book.bytes || !incoming.covers(book.bytes)) {
    complain("it is called whole and is not", book.number);
  }
  if (++book.whole > 1) complain("it came whole twice", book.number);
}

void Books::request_started(std::uint32_t host, std::optional<std::uint32_t> session,
                            std::uint32_t number) {
  const MessageBook* book = find(number);
  if (book == nullptr || !book->is_request) return complain("a request that nobody made", number);
  if (!book->takes_it) complain("a request came to who does not take any", number);
  if (book->to != host || session != book->session) complain("it came to another session", number);
}

void Books::request_answered(std::uint32_t number, std::uint16_t status) {
  if (MessageBook* book = find(number)) book->answered = status;
}

void Books::answer_came(std::uint32_t host, const Answered& event) {
  const MessageBook* book = outgoing(host, event.message);
  if (book == nullptr || book->to_stranger) return;
  const bool fine = event.status >= 200 && event.status < 300;
  if (fine && event.status != book->answered) {
    complain("an answer that nobody gave", book->number);
  }
  if (!book->takes_it && fine) complain("a 200 from who does not take it", book->number);
}

// ---- sending ------------------------------------------------------------------------------------

MessageBook* Books::outgoing(std::uint32_t host, MessageHandle handle) {
  const auto number = number_of(host, handle);
  MessageBook* book = number ? find(*number) : nullptr;
  if (book == nullptr) {
    complain("an event of a message that was not sent", 0);
  } else if (book->done > 0) {
    complain("an event after the last one", book->number);
  }
  return book;
}

void Books::all_sent(std::uint32_t host, MessageHandle message, Instant now) {
  if (MessageBook* book = outgoing(host, message)) book->sent = now;
}

void Books::check_in_time(const MessageBook& book, Instant now) {
  if (book.failure_report != FailureReport::yes || !book.sent) return;
  if (now > *book.sent + patience_) complain("its outcome is late", book.number);
}

void Books::delivered(std::uint32_t host, MessageHandle message, Instant now) {
  MessageBook* book = outgoing(host, message);
  if (book == nullptr) return;
  check_in_time(*book, now);
  if (++book->delivered + book->failed > 1) complain("two outcomes", book->number);
}

void Books::failed(std::uint32_t host, MessageHandle message, Instant now) {
  MessageBook* book = outgoing(host, message);
  if (book == nullptr) return;
  check_in_time(*book, now);
  if (++book->failed + book->delivered > 1) complain("two outcomes", book->number);
}

void Books::reported(std::uint32_t host, const Reported& event) {
  MessageBook* book = outgoing(host, event.message);
  if (book == nullptr || event.status != 200 || book->to_stranger) return;
  if (!book->success_report) complain("a success REPORT that nobody asked for", book->number);
  if (!event.complete) return;
  if (++book->reported_whole > 1) complain("reported whole twice", book->number);
  if (book->whole == 0) complain("reported whole and did not come whole", book->number);
}

void Books::done(std::uint32_t host, MessageHandle message) {
  MessageBook* book = outgoing(host, message);
  if (book != nullptr) ++book->done;
}

void Books::died(std::uint32_t host) {
  std::erase_if(incoming_, [host](const auto& one) { return one.first.first == host; });
  std::erase_if(outgoing_, [host](const auto& one) { return one.first.first == host; });
  for (auto& [number, book] : messages_) {
    if (book.from == host && book.done == 0) book.sender_died = true;
    if (book.to == host) book.receiver_died = true;
  }
}

void Books::check_ends() {
  for (const auto& [number, book] : messages_) {
    if (book.sender_died) continue;
    if (book.done != 1) complain("it has no end", number);
    const bool must_know = book.failure_report == FailureReport::yes && !book.aborted;
    if (must_know && book.delivered + book.failed == 0) complain("it has no outcome", number);
    // A 200 to every chunk came from its receiver alone: there is nobody else in between.
    const bool must_be_there = book.delivered > 0 && book.failure_report == FailureReport::yes &&
                               !book.to_stranger && !book.is_request && !book.receiver_died &&
                               !book.rejected && !book.aborted;
    if (must_be_there && book.whole != 1) complain("delivered, and it did not come whole", number);
  }
  if (!incoming_.empty())
    complain("an incoming message has no end", incoming_.begin()->second.number);
}

}  // namespace msrp::sim
