// Writing and reading are each other's inverse, in both directions: a stream that is read is
// written and read again; and when the input begins with "s", the rest of it is taken as choices
// for a head that is written and read.
#include <array>
#include <optional>
#include <vector>

#include "fuzz_target.hpp"
#include "msrp/encoder.hpp"
#include "msrp/headers.hpp"
#include "msrp/status.hpp"
#include "support/wire_text.hpp"
#include "wire_input.hpp"

namespace {

using namespace msrp;
using namespace msrp::fuzz;
using test::ChunkRecord;
using test::HeadRecord;

// --- read, write, read ---------------------------------------------------------------------------

bool has_header(const HeadRecord& head, std::string_view wanted) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::any_of(head.headers, [&](const auto& header) {
    return std::ranges::equal(header.first, wanted, {}, lower, lower);
  });
}

// What a peer may say and we may not (RFC 4975 section 7.1.1).
bool is_forbidden(const HeadRecord& head) {
  if (has_header(head, "content-transfer-encoding")) return true;
  return !head.has_body && std::ranges::any_of(head.headers, [](const auto& header) {
    constexpr std::string_view content = "content-";
    return header.first.size() >= content.size() &&
           std::ranges::equal(header.first.substr(0, content.size()), content, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  });
}

void check_again(const ChunkRecord& chunk, const ParserLimits& limits) {
  const Result<std::string> text = test::encode_again(chunk);
  if (!text) {
    demand(text.error().code == Errc::forbidden_header && is_forbidden(chunk.head),
           "a valid chunk can be written again", test::printable(chunk.head.text));
    return;
  }
  demand(!is_forbidden(chunk.head), "a forbidden header is not written", *text);
  // The canonical form may be longer than what was read, by a phrase and some blanks.
  WireInput input{.limits = limits, .seed = 0, .octets = *text};
  input.limits.head_bytes = 64 * 1024;
  test::StreamRecord again = read_kept(input, {.cuts = {5}, .with_owner = true});
  demand(again.chunks.size() == 1, "a written chunk is read as one", test::printable(*text));
  ChunkRecord& second = again.chunks[0];
  const Result<std::string> fixpoint = test::encode_again(second);
  demand(fixpoint && *fixpoint == *text, "writing again gives the same octets",
         test::printable(*text));
  if (!chunk.head.is_request && chunk.head.comment.empty()) {
    demand(second.head.comment == status::phrase(chunk.head.status),
           "a status without a comment gets its phrase", test::printable(*text));
    second.head.comment.clear();
  }
  const std::string before = test::print_meaning({{chunk}});
  const std::string after = test::print_meaning({{second}});
  demand(before == after, "a chunk survives being written and read", before + "then\n" + after);
  demand(second.body == chunk.body, "a body survives being written and read");
}

void read_write_read(std::string_view octets) {
  const WireInput input = wire_input(octets);
  for (const ChunkRecord& chunk : read_kept(input, {}).chunks) {
    // "000" is three digits, but in a HeadSpec it means a request.
    const bool is_said = chunk.head.is_request || chunk.head.status != 0;
    if (chunk.flag && !chunk.head.invalid && !chunk.invalid && is_said)
      check_again(chunk, input.limits);
  }
}

// --- write, read ---------------------------------------------------------------------------------

// Owns what a HeadSpec points at. Values are good ones, and now and then any octets at all.
class Message {
 public:
  explicit Message(Choices& choices) : choices_(choices) {
    is_wild_ = choices_.below(4) == 3;
    transaction_id_ = ident();
    choose_start();
    to_path_ = path();
    from_path_ = path();
    choose_headers();
    choose_extra();
    spec.transaction_id = transaction_id_;
    spec.to_path = to_path_;
    spec.from_path = from_path_;
    spec.extra = extra_;
    flag = std::array{Flag::end, Flag::more, Flag::abort}[choices_.below(3)];
    if (spec.has_body) body = choices_.text(choices_.octet());
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  bool is_wild() const { return is_wild_; }

  HeadSpec spec;
  std::string body;
  Flag flag = Flag::end;

 private:
  std::string from_set(std::string_view first, std::string_view others, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
      const std::string_view set = i == 0 ? first : others;
      out += set[choices_.below(set.size())];
    }
    return out;
  }
  bool wild() { return is_wild_ && choices_.below(4) == 0; }

  std::string ident() {
    if (wild()) return choices_.text(choices_.below(40));
    return from_set(alnum, alnum_and_more, 4 + choices_.below(29));
  }
  std::string text() {
    if (wild()) return choices_.text(choices_.below(40));
    std::string out = from_set(words, words, choices_.below(30));
    while (!out.empty() && out.front() == ' ') out.erase(0, 1);
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  }
  std::string uri() {
    if (wild()) return choices_.text(choices_.below(60));
    static constexpr std::array hosts{"a.example.com:2855", "192.0.2.1:1", "[2001:db8::1]:65535",
                                      "bob@b.example.com", "x%41.example.com:0"};
    std::string out = choices_.yes() ? "msrps://" : "msrp://";
    out += hosts[choices_.below(hosts.size())];
    if (choices_.below(8) != 0)
      out += "/" + from_set(alnum, "abcXYZ019-._~+=/", 1 + choices_.below(30));
    out += choices_.yes() ? ";tcp" : ";ws;x=y";
    return out;
  }
  std::string path() {
    std::string out = uri();
    for (std::size_t more = choices_.below(4); more > 0; --more) out += " " + uri();
    return out;
  }

  void choose_start() {
    if (choices_.below(4) == 0) {
      spec.status = static_cast<std::uint16_t>(is_wild_ ? choices_.number(2)
                                                        : 100 + choices_.number(2) % 900);
      comment_ = text();
      spec.comment = comment_;
      return;
    }
    spec.method = std::array{Method::send, Method::report, Method::auth, Method::nickname,
                             Method::other}[choices_.below(5)];
    if (spec.method != Method::other) return;
    method_ = wild() ? choices_.text(choices_.below(12))
                     : "X" + from_set(upper, upper, choices_.below(20));
    spec.method_text = method_;
  }

  void choose_headers() {
    const bool is_send = spec.status == 0 && spec.method == Method::send;
    const bool is_report = spec.status == 0 && spec.method == Method::report;
    if (is_send || is_report || choices_.yes()) {
      message_id_ = ident();
      spec.message_id = message_id_;
    }
    if (choices_.yes()) spec.byte_range = range();
    if (choices_.yes()) spec.success_report = choices_.yes();
    if (choices_.yes()) spec.failure_report = static_cast<FailureReport>(choices_.below(3));
    if (is_report || choices_.below(8) == 0) {
      status_comment_ = text();
      const std::uint64_t code = choices_.number(2);
      spec.status_header =
          StatusHeader{static_cast<std::uint16_t>(choices_.yes() ? 0 : code / 1000 % 1000),
                       static_cast<std::uint16_t>(is_wild_ ? code : code % 1000), status_comment_};
    }
    if (spec.status == 0 && choices_.below(4) != 0) {
      spec.has_body = true;
      static constexpr std::array types{"text/plain", "message/cpim", "*/x;charset=utf-8",
                                        "a/b ; c=\"d \\\" e\";f"};
      content_type_ = wild() ? choices_.text(choices_.below(40)) : types[choices_.below(4)];
      spec.content_type = content_type_;
    } else if (is_wild_ && choices_.yes()) {
      spec.has_body = choices_.yes();
      content_type_ = choices_.yes() ? "text/plain" : "";
      spec.content_type = content_type_;
    }
  }

  ByteRange range() {
    ByteRange out;
    const std::size_t octets = 1 + choices_.below(8);
    out.start = choices_.number(octets);
    if (choices_.yes()) out.end = choices_.number(octets);
    if (choices_.yes()) out.total = choices_.number(octets);
    return out;
  }

  void choose_extra() {
    const std::size_t count = choices_.below(4);
    names_.reserve(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = wild() ? choices_.text(choices_.below(20))
                                      : "X" + from_set(alnum, alnum_and_more, choices_.below(9));
      names_.push_back(name);
      names_.push_back(text());
      std::erase_if(names_[2 * i], [&](char c) { return !is_wild_ && c == '='; });
    }
    for (std::size_t i = 0; i < count; ++i)
      extra_.push_back({header_id(names_[2 * i]), names_[2 * i], names_[2 * i + 1]});
  }

  static constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static constexpr std::string_view alnum = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789";
  static constexpr std::string_view alnum_and_more = "abcdefghijklmnopqrstuvwxyzABC0123456789.-+%=";
  static constexpr std::string_view words = "abc defgh 0123 :;/\"\\%-$#+,{}~ XYZ";

  Choices& choices_;
  bool is_wild_ = false;
  std::string transaction_id_, method_, comment_, to_path_, from_path_, message_id_;
  std::string status_comment_, content_type_;
  std::vector<std::string> names_;
  std::vector<HeaderField> extra_;
};

std::string joined(const std::vector<std::string>& uris) {
  std::string out;
  for (const std::string& uri : uris) out += (out.empty() ? "" : " ") + uri;
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void demand_start(const HeadRecord& head, const HeadSpec& spec, std::string_view text) {
  demand(head.transaction_id == spec.transaction_id, "the transaction id survives", text);
  demand(head.is_request == (spec.status == 0), "a request is a request", text);
  if (head.is_request) {
    demand(head.method == spec.method || spec.method == Method::other, "the method survives", text);
    if (spec.method == Method::other)
      demand(head.method_text == spec.method_text, "the method's text survives", text);
    return;
  }
  demand(head.status == spec.status, "the status survives", text);
  demand(head.comment == (spec.comment.empty() ? status::phrase(spec.status) : spec.comment),
         "the comment survives", text);
}

void demand_head(const HeadRecord& head, const HeadSpec& spec, std::string_view text) {
  demand_start(head, spec, text);
  demand(!head.invalid, "what is written is valid", text);
  demand(joined(head.to_path) == spec.to_path, "To-Path survives", text);
  demand(joined(head.from_path) == spec.from_path, "From-Path survives", text);
  demand(head.message_id == spec.message_id, "Message-ID survives", text);
  demand(head.byte_range == spec.byte_range, "Byte-Range survives", text);
  demand(head.success_report == spec.success_report, "Success-Report survives", text);
  demand(head.failure_report == spec.failure_report, "Failure-Report survives", text);
  demand(head.content_type == trimmed(spec.content_type), "Content-Type survives", text);
  demand(head.has_body == spec.has_body, "the body's presence survives", text);
  demand(head.status_header.has_value() == spec.status_header.has_value(), "Status survives", text);
  if (spec.status_header) {
    demand(head.status_header->name_space == spec.status_header->name_space &&
               head.status_header->code == spec.status_header->code &&
               trimmed(head.status_header->comment) == trimmed(spec.status_header->comment),
           "Status survives", text);
  }
  std::size_t found = 0;
  for (const auto& [name, value] : head.headers) {
    if (found < spec.extra.size() && name == spec.extra[found].name &&
        value == trimmed(spec.extra[found].value))
      ++found;
  }
  demand(found == spec.extra.size(), "further headers survive in order", text);
}

std::optional<std::string> written_head(const HeadSpec& spec) {
  std::string text(encoded_size(spec), '\0');
  const auto bytes = std::as_writable_bytes(std::span(text.data(), text.size()));
  const Result<std::size_t> written = encode_head(spec, bytes);
  if (!written) {
    demand(written.error().code != Errc::buffer_too_small, "encoded_size() is enough");
    return std::nullopt;
  }
  demand(*written == text.size(), "encoded_size() is exact", test::printable(text));
  std::string small(text.size() - 1, '?');
  const Result<std::size_t> too_small =
      encode_head(spec, std::as_writable_bytes(std::span(small.data(), small.size())));
  demand(!too_small && too_small.error().code == Errc::buffer_too_small,
         "an octet less is too small", test::printable(text));
  demand(small == std::string(small.size(), '?'), "nothing is written into too small a buffer",
         test::printable(small));
  return text;
}

void write_read(Choices& choices) {
  const Message message(choices);
  const HeadSpec& spec = message.spec;
  const std::optional<std::string> head = written_head(spec);
  demand(head.has_value() || message.is_wild(), "good values are written");
  if (!head) return;
  for (const char* flag : {"$\r\n", "+\r\n", "#\r\n"}) {
    const std::string end_line = "-------" + std::string(spec.transaction_id) + flag;
    // Whoever sends keeps the end-line out of the body, also one that the CRLF behind it completes.
    if (("\r\n" + message.body + "\r\n").find("\r\n" + end_line) != std::string::npos) return;
  }
  WireInput input{.limits = {.path_uris = 100}, .seed = 0, .octets = *head + message.body};
  std::array<std::byte, end_line_bytes_max> end{};
  const std::size_t end_size =
      encode_end_line(spec.transaction_id, message.flag, spec.has_body, end);
  demand(end_size <= end.size(), "an end-line is within end_line_bytes_max");
  input.octets.append(reinterpret_cast<const char*>(end.data()), end_size);

  const std::string text = test::printable(input.octets) + "\n";
  const test::StreamRecord stream = read_kept(input, {.cuts = {7}});
  demand(stream.chunks.size() == 1 && stream.end == test::StreamEnd::clean,
         "a written chunk is read as one", text);
  const ChunkRecord& chunk = stream.chunks[0];
  demand_head(chunk.head, spec, text);
  demand(chunk.flag == message.flag, "the flag survives", text);
  demand(chunk.body == message.body, "the body survives", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0 && data[0] == 's') {
    Choices choices({data + 1, size - 1});
    write_read(choices);
  } else {
    read_write_read(as_text(data, size));
  }
  return 0;
}
