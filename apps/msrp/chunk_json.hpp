// A chunk's head as the fields of a JSON object.
#pragma once

#include <string>
#include <utility>

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

// What is wrong with a head that breaks a rule. Precondition: it has invalid.
inline std::string describe_invalid(const HeadView& head) {
  std::string text(describe(head.invalid->code));
  if (head.invalid->code != Errc::missing_header) return text;
  const bool is_report = head.is_request && head.method == Method::report;
  const bool is_send = head.is_request && head.method == Method::send;
  auto add = [&, mark = ": "](HeaderId id, bool wanted) mutable {
    if (!wanted || head.find(id) != nullptr) return;
    text.append(std::exchange(mark, ", ")).append(name_of(id));
  };
  add(HeaderId::to_path, true);
  add(HeaderId::from_path, true);
  add(HeaderId::message_id, is_send || is_report);
  add(HeaderId::status, is_report);
  add(HeaderId::content_type, head.has_body);
  return text;
}

}  // namespace msrp::app
