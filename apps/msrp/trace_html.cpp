#include "apps/msrp/trace_html.hpp"

#include "apps/msrp/html_data.hpp"

namespace msrp::app {

TraceHtml::TraceHtml(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure)
    : TraceRecords(file, options, start, std::move(on_failure)) {
  put(trace_page);
}

void TraceHtml::write(const Json& object) {
  put(html_data(object));
}

}  // namespace msrp::app
