#include "apps/msrp/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "apps/msrp/text.hpp"

namespace msrp::app {
namespace {

constexpr Duration redraw_interval = std::chrono::milliseconds(100);
constexpr std::size_t bar_columns_max = 40;

std::size_t terminal_columns() noexcept {
  winsize size{};
  if (ioctl(fileno(stderr), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// The first columns of a text, counting every code point as one.
std::string_view first_columns(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  for (; columns > 0 && bytes < text.size(); --columns) {
    bytes += std::max<std::size_t>(1, utf8_sequence_bytes(text.substr(bytes)));
  }
  return text.substr(0, bytes);
}

}  // namespace

void Progress::begin(std::string_view name, std::optional<std::uint64_t> total_bytes, Instant now) {
  hide();
  active_ = true;
  name_ = printable(name);
  total_bytes_ = total_bytes;
  bytes_done_ = 0;
  begun_ = drawn_at_ = now;
}

void Progress::advance(std::uint64_t bytes_done, Instant now) {
  bytes_done_ = bytes_done;
  if (!active_ || !terminal_ || now - drawn_at_ < redraw_interval) return;
  drawn_at_ = now;
  drawn_ = true;
  fmt::print(stderr, "\r\x1b[K{}", text(terminal_columns() - 1, now));
  std::fflush(stderr);
}

void Progress::end() noexcept {
  hide();
  active_ = false;
}

void Progress::hide() noexcept {
  if (!drawn_) return;
  drawn_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

std::string Progress::text(std::size_t columns, Instant now) const {
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const double rate = seconds > 0 ? static_cast<double>(bytes_done_) / seconds : 0;
  std::string facts = fmt::format(" {} {}", size_text(bytes_done_), rate_text(rate));
  std::string bar;
  if (total_bytes_ && *total_bytes_ > 0) {
    const double part =
        std::min(1.0, static_cast<double>(bytes_done_) / static_cast<double>(*total_bytes_));
    facts = fmt::format(" {:3.0f}%{}", part * 100, facts);
    if (rate > 0 && bytes_done_ < *total_bytes_) {
      facts += " " + duration_text(static_cast<double>(*total_bytes_ - bytes_done_) / rate);
    }
    const std::size_t free = columns > facts.size() + 20 ? columns - facts.size() - 20 : 0;
    if (const std::size_t width = std::min(free, bar_columns_max); width >= 4) {
      const auto filled = static_cast<std::size_t>(part * static_cast<double>(width - 2));
      bar = fmt::format(" [{:<{}}]", std::string(filled, '#'), width - 2);
    }
  }
  const std::size_t used = bar.size() + facts.size();
  const std::string_view name = first_columns(name_, columns > used ? columns - used : 0);
  return fmt::format("{}{}{}", name, bar, facts);
}

}  // namespace msrp::app
