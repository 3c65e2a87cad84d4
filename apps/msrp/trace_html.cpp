#include "apps/msrp/trace_html.hpp"

#include <utility>

#include "apps/msrp/data_block.hpp"

namespace msrp::app {

TraceHtml::TraceHtml(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure)
    : TraceRecords(file, options, start, std::move(on_failure)) {
  put(trace_page);
}

void TraceHtml::write(const Json& object) {
  put(data_block(object));
}

}  // namespace msrp::app
