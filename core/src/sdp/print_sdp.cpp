// Writing descriptions.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/sdp.hpp"
#include "sdp/format_list.hpp"
#include "sdp/sdp_order.hpp"
#include "sdp/sdp_values.hpp"

namespace msrp {
namespace {

// Lines of text; one with an octet that would break out of it is left out.
class Text {
 public:
  void line(std::string_view begin, std::string_view value = {}, std::string_view more = {}) {
    if (has_line_breaker(begin) || has_line_breaker(value) || has_line_breaker(more)) return;
    out_.append(begin).append(value).append(more).append("\r\n");
  }
  void optional(std::string_view begin, const std::optional<std::string>& value) {
    if (value) line(begin, *value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string address_text(const SdpAddress& address) {
  return std::string(address.v6 ? "IN IP6 " : "IN IP4 ").append(address.host);
}

void print_formats(Text& out, std::string_view begin, const std::vector<std::string>& entries) {
  std::string list;
  for (const std::string& entry : entries) {
    if (is_writable_format_entry(entry)) list.append(list.empty() ? "" : " ").append(entry);
  }
  if (!list.empty()) out.line(begin, list);
}

// i= to k=, with c= in its place.
void print_lines(Text& out, const SdpCommon& common) {
  const auto some = [&](bool behind) {
    for (const SdpLine& line : common.lines) {
      const int rank = session_line_rank(line.type);
      if (rank < 0 || (rank >= connection_rank) != behind) continue;
      const char begin[] = {line.type, '=', 0};
      out.line(begin, line.value);
    }
  };
  some(false);
  if (common.connection) out.line("c=", address_text(*common.connection));
  some(true);
}

void print_common_attributes(Text& out, const SdpCommon& common) {
  if (common.setup) out.line("a=setup:", setup_name(*common.setup));
  if (common.reuse) out.line("a=connection:", reuse_name(*common.reuse));
  if (common.direction) out.line("a=", direction_name(*common.direction));
  for (const Fingerprint& fingerprint : common.fingerprints) {
    out.line("a=fingerprint:", fingerprint.hash, " " + fingerprint.value);
  }
}

void print_unknown_attributes(Text& out, const SdpCommon& common) {
  for (const SdpAttribute& attribute : common.attributes) {
    const std::string name = "a=" + attribute.name;
    if (attribute.value) {
      out.line(name, ":", *attribute.value);
    } else {
      out.line(name);
    }
  }
}

void print_section(Text& out, const MsrpMedia& section) {
  out.line("m=message ", std::to_string(section.port),
           section.secure ? " TCP/TLS/MSRP *" : " TCP/MSRP *");
  print_lines(out, section.common);
  print_formats(out, "a=accept-types:", section.accept_types);
  print_formats(out, "a=accept-wrapped-types:", section.accept_wrapped_types);
  if (section.max_size_bytes) out.line("a=max-size:", std::to_string(*section.max_size_bytes));
  print_common_attributes(out, section.common);
  if (section.cema) out.line("a=msrp-cema");
  if (const auto& selector = section.file.selector) {
    out.line("a=file-selector", selector->empty() ? "" : ":", *selector);
  }
  out.optional("a=file-transfer-id:", section.file.transfer_id);
  out.optional("a=file-disposition:", section.file.disposition);
  out.optional("a=file-date:", section.file.date);
  out.optional("a=file-icon:", section.file.icon);
  out.optional("a=file-range:", section.file.range);
  if (section.path) out.line("a=path:", section.path->text());
  print_unknown_attributes(out, section.common);
}

void print_section(Text& out, const OtherMedia& section) {
  for (const SdpLine& line : section.lines) {
    const char begin[] = {line.type, '=', 0};
    out.line(std::string_view(begin, 2), line.value);
  }
}

}  // namespace

std::string print_sdp(const SessionDescription& description) {
  Text out;
  out.line("v=0");
  const SdpOrigin& origin = description.origin;
  out.line("o=" + origin.username,
           " " + std::to_string(origin.session_id) + " " + std::to_string(origin.version) + " ",
           address_text(origin.address));
  out.line("s=", description.name);
  print_lines(out, description.common);
  print_common_attributes(out, description.common);
  print_unknown_attributes(out, description.common);
  for (const SdpMedia& section : description.media) {
    std::visit([&out](const auto& what) { print_section(out, what); }, section);
  }
  return out.take();
}

}  // namespace msrp
