// A chunk's head as the fields of a JSON object.
#pragma once

#include "apps/msrp/output.hpp"
#include "apps/msrp/text.hpp"
#include "msrp/chunk.hpp"

namespace msrp::app {

// "kind", "tid" and "method", or "status" and "comment".
inline void add_start_line(Json& object, const HeadView& head) {
  object["kind"] = head.is_request ? "request" : "response";
  object["tid"] = json_text(head.transaction_id);
  if (head.is_request) {
    object["method"] = json_text(head.method_text);
  } else {
    object["status"] = head.status;
    object["comment"] = json_text(head.comment);
  }
}

}  // namespace msrp::app
