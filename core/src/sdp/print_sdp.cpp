#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msrp/address.hpp"
#include "msrp/sdp.hpp"
#include "sdp/format_list.hpp"

namespace msrp {
namespace {

// What is no entry is left out, so that nothing can break out of its line.
void print_formats(std::string& out, std::string_view name,
                   const std::vector<std::string>& entries) {
  std::string list;
  for (const std::string& entry : entries) {
    if (is_format_entry(entry)) list.append(" ").append(entry);
  }
  if (list.empty()) return;
  out.append("a=").append(name).append(":").append(list.substr(1)).append("\r\n");
}

// holdconn is never sent (RFC 6135 section 4.2.1).
std::string_view setup_text(std::optional<Setup> setup) noexcept {
  if (!setup) return {};
  switch (*setup) {
    case Setup::active:
      return "active";
    case Setup::passive:
      return "passive";
    case Setup::actpass:
      return "actpass";
    case Setup::holdconn:
      break;
  }
  return {};
}

}  // namespace

std::string print_sdp(const SessionDescription& description, std::uint64_t session_number) {
  // The last URI of the path is the author's own (RFC 4975 section 8.2): c= repeats its host.
  const UriView own = description.path.view().back();
  const std::string address =
      std::string(own.host_is_ipv6 ? "IN IP6 " : "IN IP4 ").append(own.host);
  std::string out = "v=0\r\no=- ";
  out.append(std::to_string(session_number)).append(" 1 ").append(address);
  out.append("\r\ns=-\r\nc=").append(address).append("\r\nt=0 0\r\nm=message ");
  out.append(std::to_string(description.port));
  out.append(description.secure ? " TCP/TLS/MSRP *\r\n" : " TCP/MSRP *\r\n");
  print_formats(out, "accept-types", description.accept_types);
  print_formats(out, "accept-wrapped-types", description.accept_wrapped_types);
  if (description.max_size_bytes) {
    out.append("a=max-size:").append(std::to_string(*description.max_size_bytes)).append("\r\n");
  }
  if (const std::string_view setup = setup_text(description.setup); !setup.empty()) {
    out.append("a=setup:").append(setup).append("\r\n");
  }
  out.append("a=path:").append(description.path.text()).append("\r\n");
  return out;
}

}  // namespace msrp
