#include "apps/msrp/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "apps/msrp/progress.hpp"

namespace msrp::app {

double Output::seconds(Instant now) const noexcept {
  return std::chrono::duration<double>(now - start_).count();
}

void Output::event(std::string_view name, Json fields, Instant now) {
  if (!json_) return;
  last_ = std::max(last_, now);
  Json object{{"event", name}, {"t", std::round(seconds(last_) * 1e6) / 1e6}};
  object.update(fields);
  put(out_, object.dump() + "\n");
}

void Output::line(std::string_view text) {
  if (!json_) put(out_, fmt::format("{}\n", text));
}

void Output::note(std::string_view text) {
  if (verbose_) put(stderr, fmt::format("msrp: {}\n", text));
}

void Output::error(std::string_view what_happened, std::string_view what_to_do) {
  error(fmt::format("{}: {}", what_happened, what_to_do));
}

void Output::error(std::string_view what_and_advice) {
  ++errors_;
  put(stderr, fmt::format("msrp: {}\n", what_and_advice));
}

void Output::complain(std::string_view what_happened, std::string_view what_to_do) {
  complain(fmt::format("{}: {}", what_happened, what_to_do));
}

void Output::complain(std::string_view what_and_advice) {
  put(stderr, fmt::format("msrp: {}\n", what_and_advice));
}

void Output::raw(std::string_view text) {
  put(stdout, text);
}

void Output::put(std::FILE* file, std::string_view text) {
  if (progress_ != nullptr) progress_->hide();
  const bool written =
      std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  if (!written && file == stdout) broken_ = true;
}

bool is_terminal(std::FILE* file) noexcept {
  return isatty(fileno(file)) == 1;
}

}  // namespace msrp::app
