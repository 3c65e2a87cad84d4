#include "wire/usual_head.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "msrp/headers.hpp"
#include "wire/grammar.hpp"
#include "wire/scan.hpp"
#include "wire/uri_reader.hpp"

namespace msrp {
namespace {

using grammar::span;

constexpr std::string_view crlf = "\r\n";

// A name's first octets as one number, to tell the few names apart.
constexpr std::size_t front_bytes = 8;
constexpr std::uint64_t front_of(std::string_view name) noexcept {
  std::array<char, front_bytes> octets{};
  std::copy_n(name.begin(), octets.size(), octets.begin());
  return std::bit_cast<std::uint64_t>(octets);
}

}  // namespace

// Each step returns false where the head is not of the usual form. Not in the unnamed namespace:
// PathView lets it in.
class UsualHeadReader {
 public:
  UsualHeadReader(std::string_view text, const ParserLimits& limits, HeaderTable& table,
                  HeadView& head) noexcept
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        limits_(limits),
        fields_(table.fields()),
        room_(std::min<std::size_t>(limits.headers, fields_.size())),
        head_(head) {}

  std::size_t read() noexcept {
    if (room_ < 2 || !read_start_line() ||
        !read_path("To-Path", HeaderId::to_path, head_.to_path) ||
        !read_path("From-Path", HeaderId::from_path, head_.from_path)) {
      return 0;
    }
    while (at_ != end_ && *at_ > '-') {  // a letter: no CR, no end-line
      if (size_ == room_ || !read_header()) return 0;
    }
    if (!read_end()) return 0;
    const auto bytes = static_cast<std::size_t>(at_ - begin_);
    if (bytes > limits_.head_bytes) return 0;
    head_.text = {begin_, bytes};
    head_.headers = fields_.first(size_);
    return bytes;
  }

 private:
  std::string_view rest() const noexcept { return {at_, end_}; }

  bool take(std::string_view wanted) noexcept {
    if (!rest().starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }

  std::string_view take_span(unsigned classes) noexcept {
    const std::string_view text(at_, span(rest(), classes));
    at_ += text.size();
    return text;
  }

  bool read_start_line() noexcept {
    if (!take("MSRP ")) return false;
    head_.transaction_id = take_span(grammar::ident);
    if (!is_ident_of_known_octets(head_.transaction_id)) return false;
    constexpr std::string_view send = " SEND\r\n";
    constexpr std::string_view ok = " 200 OK\r\n";
    if (take(send)) {
      head_.method = Method::send;
      head_.method_text = {at_ - send.size() + 1, 4};
      return true;
    }
    if (!take(ok)) return false;
    head_.is_request = false;
    head_.status = 200;
    head_.comment = {at_ - 4, 2};
    return true;
  }

  static bool is_ident_of_known_octets(std::string_view text) noexcept {
    return text.size() >= 4 && text.size() <= 32 &&
           grammar::is(text[0], grammar::alpha | grammar::digit);
  }

  // The value is what stands between the name with its ": " and at_, where a CRLF has to be.
  bool note(HeaderId id, const char* name, std::size_t name_bytes) noexcept {
    const char* const value = name + name_bytes + 2;
    fields_[size_++] = HeaderField{id, {name, name_bytes}, {value, at_}};
    return take(crlf);
  }

  bool read_path(std::string_view name, HeaderId id, PathView& path) noexcept {
    const char* const line = at_;
    if (!take(name) || !take(": ")) return false;
    const char* const value = at_;
    if (!read_uri_of(path, path.front_)) return false;
    while (take(" ")) {
      UriView other;
      if (!read_uri_of(path, other)) return false;
    }
    path.text_ = {value, at_};
    return note(id, line, name.size());
  }

  bool read_uri_of(PathView& path, UriView& uri) noexcept {
    if (path.size_ == limits_.path_uris) return false;
    const UriEnd end = read_uri(rest(), uri);
    ++path.size_;
    at_ += end.at;
    return end.good;
  }

  bool read_header() noexcept {
    const char* const line = at_;
    std::uint64_t front = 0;
    if (rest().size() < sizeof front) return false;
    std::memcpy(&front, line, sizeof front);
    if (front == front_of("Message-ID")) {
      if (!head_.message_id.empty() || !take("Message-ID: ")) return false;
      head_.message_id = take_span(grammar::ident);
      return is_ident_of_known_octets(head_.message_id) &&
             note(HeaderId::message_id, line, std::strlen("Message-ID"));
    }
    if (front == front_of("Byte-Range")) {
      if (head_.byte_range || !take("Byte-Range: ") || !read_range()) return false;
      return note(HeaderId::byte_range, line, std::strlen("Byte-Range"));
    }
    if (front == front_of("Content-Type")) {
      if (!head_.content_type.empty() || !take("Content-Type: ")) return false;
      const char* const type = at_;
      if (take_span(grammar::token).empty() || !take("/")) return false;
      if (take_span(grammar::token).empty()) return false;
      head_.content_type = {type, at_};
      return note(HeaderId::content_type, line, std::strlen("Content-Type"));
    }
    if (front == front_of("Success-Report")) {
      if (head_.success_report || !take("Success-Report: ")) return false;
      head_.success_report = take("yes");
      return (*head_.success_report || take("no")) &&
             note(HeaderId::success_report, line, std::strlen("Success-Report"));
    }
    if (front == front_of("Failure-Report")) {
      if (head_.failure_report || !take("Failure-Report: ")) return false;
      return read_failure_report() &&
             note(HeaderId::failure_report, line, std::strlen("Failure-Report"));
    }
    return false;
  }

  bool read_failure_report() noexcept {
    if (take("no")) {
      head_.failure_report = FailureReport::no;
    } else if (take("partial")) {
      head_.failure_report = FailureReport::partial;
    } else if (take("yes")) {
      head_.failure_report = FailureReport::yes;
    } else {
      return false;
    }
    return true;
  }

  bool read_range() noexcept {
    ByteRange& range = head_.byte_range.emplace();
    return read_number(range.start) && take("-") && read_number_or_star(range.end) && take("/") &&
           read_number_or_star(range.total);
  }

  bool read_number_or_star(std::optional<std::uint64_t>& number) noexcept {
    return take("*") || read_number(number.emplace());
  }

  bool read_number(std::uint64_t& number) noexcept {
    constexpr std::ptrdiff_t digits_max = 19;  // which cannot be too large
    const char* const first = at_;
    for (number = 0; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      number = number * 10 + static_cast<std::uint64_t>(*at_ - '0');
    }
    return at_ != first && at_ - first <= digits_max;
  }

  // An empty line behind a Content-Type, or a whole end-line. at_ stays in front of it.
  bool read_end() noexcept {
    if (head_.is_request && head_.message_id.empty()) return false;
    if (rest().starts_with(crlf)) {
      head_.has_body = head_.is_request && !head_.content_type.empty();
      return head_.has_body;
    }
    constexpr std::string_view dashes = "-------";
    const std::string_view line = rest();
    const std::size_t flag_at = dashes.size() + head_.transaction_id.size();
    return line.size() >= flag_at + 1 + crlf.size() && line.starts_with(dashes) &&
           line.substr(dashes.size()).starts_with(head_.transaction_id) &&
           scan::is_flag(line[flag_at]) && line.substr(flag_at + 1).starts_with(crlf);
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const ParserLimits& limits_;
  std::span<HeaderField> fields_;
  std::size_t room_;
  std::size_t size_ = 0;
  HeadView& head_;
};

std::size_t read_usual_head(std::string_view text, const ParserLimits& limits, HeaderTable& table,
                            HeadView& head) noexcept {
  return UsualHeadReader(text, limits, table, head).read();
}

}  // namespace msrp
