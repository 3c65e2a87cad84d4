#include "apps/msrp/sdp_reader.hpp"

#include <algorithm>

namespace msrp::app {

bool SdpReader::feed(std::string_view input, bool ended) {
  text_.append(input);
  // Empty lines in front are none of the description's.
  text_.erase(0, std::min(text_.find_first_not_of("\r\n"), text_.size()));
  const std::size_t end = std::min(text_.find("\n\n"), text_.find("\n\r\n"));
  if (end != std::string::npos) text_.resize(end + 1);
  return end != std::string::npos || ended;
}

}  // namespace msrp::app
