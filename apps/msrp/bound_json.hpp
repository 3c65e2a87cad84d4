// The fields of the event `bound`.
#pragma once

#include "apps/msrp/output.hpp"
#include "apps/msrp/text.hpp"
#include "msrp/event.hpp"

namespace msrp::app {

inline Json bound_json(const Bound& event) {
  return Json{{"local", json_text(event.local_path.text())},
              {"remote", json_text(event.remote_path.text())},
              {"peer_verified", event.peer_verified}};
}

}  // namespace msrp::app
