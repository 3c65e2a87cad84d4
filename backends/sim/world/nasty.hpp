// What strangers say: each of these has broken some program that speaks MSRP.
#pragma once

#include <string>
#include <string_view>

#include "backends/sim/random.hpp"

namespace msrp::sim {

struct NastyTarget {
  std::string live_path;  // of a session that is up or waited for; empty: none
  std::string host;       // the listener's, "192.0.2.1:2855"
};

struct NastyScript {
  std::string octets;
  bool ends = false;     // the stream, after them
  bool resets = false;   // it
  bool is_slow = false;  // an octet or so at a time
};

// One of them, whichever.
NastyScript nasty_script(Chance& chance, const NastyTarget& target);

// What a peer without manners answers to a request of that transaction id, whose paths it has.
std::string nasty_answer(Chance& chance, std::string_view transaction_id, std::string_view to_path,
                         std::string_view from_path, std::string_view message_id);

}  // namespace msrp::sim
