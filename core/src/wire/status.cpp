#include "msrp/status.hpp"

namespace msrp::status {

std::string_view phrase(std::uint16_t code) noexcept {
  switch (code) {
    case ok:
      return "OK";
    case bad_request:
      return "Bad Request";
    case unauthorized:
      return "Unauthorized";
    case forbidden:
      return "Forbidden";
    case not_found:
      return "Not Found";
    case timeout:
      return "Request Timeout";
    case stop_sending:
      return "Stop Sending Message";
    case unsupported_media_type:
      return "Unsupported Media Type";
    case out_of_bounds:
      return "Parameter Out Of Bounds";
    case nickname_malformed:
      return "Malformed Nickname";
    case nickname_reserved:
      return "Nickname Reserved Or In Use";
    case private_messages_unsupported:
      return "Private Messages Not Supported";
    case no_such_session:
      return "No Such Session";
    case unknown_method:
      return "Unknown Method";
    case session_elsewhere:
      return "Session On Another Connection";
    default:
      return "Unknown";
  }
}

}  // namespace msrp::status
