// Who connects, and where a session description ends: the rules of --sdp without any I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "msrp/sdp.hpp"

namespace msrp::app {

enum class Role : std::uint8_t { active, passive };

// Who connects (RFC 6135), when both sides printed their description at once and none is the
// offerer:
//   mine      peer's               I am
//   active    passive, actpass     active
//   passive   active, actpass      passive
//   actpass   active               passive
//   actpass   passive              active
//   active    active               whose path is the larger text connects, the other waits;
//   actpass   actpass                a peer that connects all the same is as welcome
//   any       none, holdconn       as I said; passive for actpass (RFC 6135 section 5)
//   passive   passive              nobody would connect: an error
// Errors: `what happened: what to do`.
std::expected<Role, std::string> decide_role(Setup mine, std::optional<Setup> peers,
                                             std::string_view my_path, std::string_view peers_path);

// Collects a description up to its empty line.
class SdpReader {
 public:
  static constexpr std::size_t bytes_max = 64 * 1024;

  // The end of the input counts as an empty line. True once the description is whole.
  bool feed(std::string_view input, bool ended);
  bool too_long() const noexcept { return text_.size() > bytes_max; }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace msrp::app
