#include "support/event_log.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "support/wire_text.hpp"

namespace msrp::test {
namespace {

constexpr std::size_t body_shown_max = 240;

struct Name {
  Errc code;
  std::string_view name;
};
constexpr std::array names{
    Name{Errc::garbage, "garbage"},
    Name{Errc::head_too_large, "head_too_large"},
    Name{Errc::truncated, "truncated"},
    Name{Errc::bad_start_line, "bad_start_line"},
    Name{Errc::bad_transaction_id, "bad_transaction_id"},
    Name{Errc::bad_method, "bad_method"},
    Name{Errc::bad_status_code, "bad_status_code"},
    Name{Errc::bad_comment, "bad_comment"},
    Name{Errc::bad_header_line, "bad_header_line"},
    Name{Errc::bad_header_name, "bad_header_name"},
    Name{Errc::bad_header_value, "bad_header_value"},
    Name{Errc::header_order, "header_order"},
    Name{Errc::missing_header, "missing_header"},
    Name{Errc::duplicate_header, "duplicate_header"},
    Name{Errc::forbidden_header, "forbidden_header"},
    Name{Errc::too_many_headers, "too_many_headers"},
    Name{Errc::bad_uri, "bad_uri"},
    Name{Errc::bad_path, "bad_path"},
    Name{Errc::too_many_uris, "too_many_uris"},
    Name{Errc::bad_message_id, "bad_message_id"},
    Name{Errc::bad_report_header, "bad_report_header"},
    Name{Errc::bad_byte_range, "bad_byte_range"},
    Name{Errc::bad_status_header, "bad_status_header"},
    Name{Errc::bad_content_type, "bad_content_type"},
    Name{Errc::bad_continuation_flag, "bad_continuation_flag"},
    Name{Errc::unexpected_body, "unexpected_body"},
    Name{Errc::body_too_large, "body_too_large"},
    Name{Errc::out_of_memory, "out_of_memory"},
};

std::string shown(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "*";
}

std::string three_digits(std::uint16_t number) {
  std::string text = std::to_string(number);
  return std::string(text.size() < 3 ? 3 - text.size() : 0, '0') + text;
}

std::string_view shown(FailureReport report) {
  switch (report) {
    case FailureReport::yes:
      return "yes";
    case FailureReport::no:
      return "no";
    case FailureReport::partial:
      return "partial";
  }
  return "?";
}

void print_path(std::string& out, std::string_view name, const std::vector<std::string>& uris) {
  if (uris.empty()) return;
  out += "  " + std::string(name);
  for (const std::string& uri : uris) out += " <" + printable(uri) + ">";
  out += '\n';
}

void print_start(std::string& out, const HeadRecord& head) {
  if (head.is_request) {
    out += "request " + printable(head.transaction_id) + " " + printable(head.method_text);
  } else {
    out += "response " + printable(head.transaction_id) + " " + three_digits(head.status);
    if (!head.comment.empty()) out += " \"" + printable(head.comment) + "\"";
  }
  if (head.invalid) out += " invalid " + std::string(name_of(*head.invalid));
  out += '\n';
}

void print_fields(std::string& out, const HeadRecord& head) {
  print_path(out, "to", head.to_path);
  print_path(out, "from", head.from_path);
  if (!head.message_id.empty()) out += "  message " + printable(head.message_id) + "\n";
  if (head.byte_range) {
    out += "  range " + std::to_string(head.byte_range->start) + "-" + shown(head.byte_range->end) +
           "/" + shown(head.byte_range->total) + "\n";
  }
  if (head.success_report)
    out += "  success " + std::string(*head.success_report ? "yes" : "no") + "\n";
  if (head.failure_report) out += "  failure " + std::string(shown(*head.failure_report)) + "\n";
  if (head.status_header) {
    out += "  status " + three_digits(head.status_header->name_space) + " " +
           three_digits(head.status_header->code);
    if (!head.status_header->comment.empty())
      out += " \"" + printable(head.status_header->comment) + "\"";
    out += '\n';
  }
  if (!head.content_type.empty()) out += "  type " + printable(head.content_type) + "\n";
}

void print_body(std::string& out, const ChunkRecord& chunk) {
  if (!chunk.head.has_body) return;
  out += "body " + std::to_string(chunk.body.size());
  if (chunk.body.size() <= body_shown_max) {
    out += " \"" + printable(chunk.body) + "\"\n";
    return;
  }
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : chunk.body) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  out += " hash " + std::to_string(hash) + " \"" + printable(chunk.body.substr(0, 40)) + "\"\n";
}

void print_end(std::string& out, const ChunkRecord& chunk) {
  if (!chunk.flag) return;
  out += std::string("end ") + static_cast<char>(*chunk.flag);
  if (chunk.invalid) out += " invalid " + std::string(name_of(*chunk.invalid));
  if (chunk.body_bytes != chunk.body.size())
    out += " but says " + std::to_string(chunk.body_bytes) + " octets";
  out += '\n';
}

// Headers that HeadRecord has no field for.
bool is_extra(std::string_view name) {
  switch (header_id(name)) {
    case HeaderId::to_path:
    case HeaderId::from_path:
    case HeaderId::message_id:
    case HeaderId::success_report:
    case HeaderId::failure_report:
    case HeaderId::byte_range:
    case HeaderId::status:
    case HeaderId::content_type:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::string_view name_of(Errc code) {
  const auto* found = std::ranges::find(names, code, &Name::code);
  return found == names.end() ? "?" : found->name;
}

std::string print_meaning(const StreamRecord& stream) {
  std::string out;
  for (const ChunkRecord& chunk : stream.chunks) {
    print_start(out, chunk.head);
    print_fields(out, chunk.head);
    for (const auto& [name, value] : chunk.head.headers) {
      if (!is_extra(name)) continue;
      out += "  " + printable(name) + ":";
      out += value.empty() ? "\n" : " " + printable(value) + "\n";
    }
    print_body(out, chunk);
    print_end(out, chunk);
  }
  return out;
}

std::string print(const StreamRecord& stream) {
  std::string out = print_meaning(stream);
  switch (stream.end) {
    case StreamEnd::clean:
      out += "clean\n";
      break;
    case StreamEnd::truncated:
      out += "truncated at " + std::to_string(stream.offset) + "\n";
      break;
    case StreamEnd::lost:
      out += "lost " + std::string(name_of(stream.error.value_or(Errc::truncated))) + " at " +
             std::to_string(stream.offset) + "\n";
      break;
  }
  return out;
}

Result<std::string> encode_again(const ChunkRecord& chunk) {
  const HeadRecord& head = chunk.head;
  const auto joined = [](const std::vector<std::string>& uris) {
    std::string text;
    for (const std::string& uri : uris) text += (text.empty() ? "" : " ") + uri;
    return text;
  };
  const std::string to = joined(head.to_path);
  const std::string from = joined(head.from_path);
  std::vector<HeaderField> extra;
  for (const auto& [name, value] : head.headers) {
    if (is_extra(name)) extra.push_back({header_id(name), name, value});
  }
  HeadSpec spec{.transaction_id = head.transaction_id, .method = head.method};
  spec.method_text = head.method_text;
  spec.status = head.is_request ? std::uint16_t{0} : head.status;
  spec.comment = head.comment;
  spec.to_path = to;
  spec.from_path = from;
  spec.message_id = head.message_id;
  spec.content_type = head.content_type;
  spec.byte_range = head.byte_range;
  spec.success_report = head.success_report;
  spec.failure_report = head.failure_report;
  if (head.status_header) {
    spec.status_header = StatusHeader{head.status_header->name_space, head.status_header->code,
                                      head.status_header->comment};
  }
  spec.extra = extra;
  spec.has_body = head.has_body;
  const std::size_t size = encoded_size(spec);
  std::string out(size, '\0');
  const Result<std::size_t> written =
      encode_head(spec, std::as_writable_bytes(std::span(out.data(), out.size())));
  if (!written) return std::unexpected(written.error());
  if (*written != size) return fail(Errc::buffer_too_small);
  out += chunk.body;
  std::array<std::byte, end_line_bytes_max> end;
  const std::size_t end_size =
      encode_end_line(head.transaction_id, chunk.flag.value_or(Flag::end), head.has_body, end);
  out.append(reinterpret_cast<const char*>(end.data()), end_size);
  return out;
}

}  // namespace msrp::test
