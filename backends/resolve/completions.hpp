// What a resolver found, as a backend tells it.
#pragma once

#include <utility>
#include <vector>

#include "backends/common/backend.hpp"
#include "backends/resolve/cares_resolver.hpp"

namespace msrp::backend {

inline void take_answers(CaresResolver& resolver, std::vector<Completion>& out) {
  if (!resolver.has_answers()) return;
  for (CaresResolver::Answer& answer : resolver.take_answers()) {
    if (answer.error) {
      out.emplace_back(ResolveFault{answer.query, *answer.error});
    } else {
      out.emplace_back(Resolved{answer.query, std::move(answer.records)});
    }
  }
}

}  // namespace msrp::backend
