// A request that the application answers itself.
#pragma once

#include <cstdint>

#include "base/counted_text.hpp"
#include "base/ident.hpp"
#include "base/owing_queue.hpp"
#include "msrp/chunk.hpp"
#include "msrp/ids.hpp"

namespace msrp {

// It is there from its head until its end-line came and it is answered, or wants no answer.
struct IncomingRequest {
  RequestHandle id;
  SessionId session;
  Places events;  // ChunkEnded
  Ident transaction_id;
  FailureReport failure_report = FailureReport::yes;
  bool wants_answer = true;
  std::uint64_t bytes = 0;  // of its body that came
  bool ended = false;
  bool responded = false;  // the application said its word
  bool dropped = false;    // refused: what still comes of it is nobody's
  CountedText answer_to, answer_from;
};

}  // namespace msrp
