// A description that was read is printed, read again as the same one, and printed in the same
// octets.
#include <algorithm>

#include "fuzz_target.hpp"
#include "msrp/sdp.hpp"

namespace {

using namespace msrp;
using namespace msrp::fuzz;

void check_error(const Error& error, std::string_view text) {
  demand(error.code == Errc::bad_sdp || error.code == Errc::bad_path ||
             error.code == Errc::bad_uri || error.code == Errc::too_many_uris,
         "an error of parse_sdp() is one that it names");
  demand(error.offset == 0 || (error.offset < text.size() && text[error.offset - 1] == '\n'),
         "the offset is that of a line");
}

// holdconn is not printed; everything else is.
std::optional<Setup> printed_setup(const SessionDescription& description) {
  return description.setup == Setup::holdconn ? std::nullopt : description.setup;
}

void check_lines(std::string_view text) {
  demand(text.ends_with("\r\n"), "the last line ends in CRLF");
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    demand(line.size() >= 3 && line[1] == '=', "a line is x=value");
    demand(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
           "nothing breaks out of its line");
    text.remove_prefix(end + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const Result<SessionDescription> first = parse_sdp(text);
  if (!first) {
    check_error(first.error(), text);
    return 0;
  }
  demand(!first->accept_types.empty(), "accept_types says at least \"*\"");
  const std::string printed = print_sdp(*first, size);
  check_lines(printed);
  const Result<SessionDescription> second = parse_sdp(printed);
  demand(second.has_value(), "what was printed can be read", printed);
  demand(second->path.text() == first->path.text(), "the path survives", printed);
  demand(second->port == first->port && second->secure == first->secure, "the m= line survives",
         printed);
  demand(second->accept_types == first->accept_types, "accept-types survives", printed);
  demand(second->accept_wrapped_types == first->accept_wrapped_types,
         "accept-wrapped-types survives", printed);
  demand(second->max_size_bytes == first->max_size_bytes, "max-size survives", printed);
  demand(second->setup == printed_setup(*first), "setup survives", printed);
  demand(print_sdp(*second, size) == printed, "printing again gives the same octets", printed);
  return 0;
}
