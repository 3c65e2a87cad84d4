// The last word of recv, send and demo.
#pragma once

#include <cstdint>

#include "apps/msrp/output.hpp"

namespace msrp::app {

struct Summary {
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t messages_in = 0, messages_out = 0;
};

inline void print_summary(Output& output, const Summary& summary, Instant now) {
  Json fields{{"bytes_in", summary.bytes_in},
              {"bytes_out", summary.bytes_out},
              {"messages_in", summary.messages_in},
              {"messages_out", summary.messages_out},
              {"seconds", output.seconds(now)}};
  output.event("summary", std::move(fields), now);
}

}  // namespace msrp::app
