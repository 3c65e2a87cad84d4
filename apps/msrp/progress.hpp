// A progress bar on standard error, when that is a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msrp/time.hpp"

namespace msrp::app {

class Progress {
 public:
  // terminal: whether standard error is one; otherwise nothing is ever drawn.
  explicit Progress(bool terminal) noexcept : terminal_(terminal) {}
  ~Progress() { hide(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A new transfer. The total is unknown for streams.
  void begin(std::string_view name, std::optional<std::uint64_t> total_bytes, Instant now);
  // Draws ten times a second at the most.
  void advance(std::uint64_t bytes_done, Instant now);
  void end() noexcept;
  // Takes the bar off its line, so that something else can be printed there.
  void hide() noexcept;

  bool active() const noexcept { return active_; }
  // The line as it would be drawn in so many columns.
  std::string text(std::size_t columns, Instant now) const;

 private:
  bool terminal_;
  bool active_ = false;
  bool drawn_ = false;
  std::string name_;  // printable
  std::optional<std::uint64_t> total_bytes_;
  std::uint64_t bytes_done_ = 0;
  Instant begun_{}, drawn_at_{};
};

}  // namespace msrp::app
