#include "apps/msrp/trace_html.hpp"

#include <string>

namespace msrp::app {

TraceHtml::TraceHtml(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure)
    : TraceRecords(file, options, start, std::move(on_failure)) {
  put(trace_page);
}

void TraceHtml::write(const Json& object) {
  // ASCII alone, and of that nothing that markup is made of; in JSON these stand in strings only.
  std::string line = "<script type=\"application/json\">";
  for (const char octet : object.dump(-1, ' ', true)) {
    switch (octet) {
      case '<':
        line += "\\u003C";
        break;
      case '>':
        line += "\\u003E";
        break;
      case '&':
        line += "\\u0026";
        break;
      default:
        line += octet;
    }
  }
  line += "</script>\n";
  put(line);
}

}  // namespace msrp::app
