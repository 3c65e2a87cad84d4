// Where a session description on a stream ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace msrp::app {

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
