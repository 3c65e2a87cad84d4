// Traces that a browser shows: one page with a sequence diagram, which loads nothing.
#pragma once

#include <string_view>

#include "apps/msrp/trace_records.hpp"

namespace msrp::app {

// The page up to its records; html/ is what it is made of.
extern const std::string_view trace_page;

// Behind the page each record is a data block of JSON. Markup ends there by itself, so that the
// file is a page at any time; and of what peers sent no octet can be taken for markup.
class TraceHtml final : public TraceRecords {
 public:
  TraceHtml(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure);

 private:
  void write(const Json& object) override;
};

}  // namespace msrp::app
