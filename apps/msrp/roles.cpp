#include "apps/msrp/roles.hpp"

#include <algorithm>

namespace msrp::app {

std::expected<Role, std::string> decide_role(Setup mine, std::optional<Setup> peers,
                                             std::string_view my_path,
                                             std::string_view peers_path) {
  if (!peers || *peers == Setup::holdconn) {  // RFC 6135 section 4.2.1
    return mine == Setup::active ? Role::active : Role::passive;
  }
  if (mine == *peers) {
    if (mine == Setup::passive) {
      return std::unexpected(
          "both sides wait for the other to connect: start one of them with --setup active");
    }
    return my_path > peers_path ? Role::active : Role::passive;
  }
  if (mine != Setup::actpass) return mine == Setup::active ? Role::active : Role::passive;
  return *peers == Setup::active ? Role::passive : Role::active;
}

bool SdpReader::feed(std::string_view input, bool ended) {
  text_.append(input);
  // Empty lines in front are none of the description's.
  text_.erase(0, std::min(text_.find_first_not_of("\r\n"), text_.size()));
  const std::size_t end = std::min(text_.find("\n\n"), text_.find("\n\r\n"));
  if (end != std::string::npos) text_.resize(end + 1);
  return end != std::string::npos || ended;
}

}  // namespace msrp::app
