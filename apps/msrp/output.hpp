// What a person or a program reads: lines for the one, JSON objects for the other.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "msrp/time.hpp"

namespace msrp::app {

class Progress;

// Strings in it have gone through json_text().
using Json = nlohmann::ordered_json;

class Output {
 public:
  // Counts time from start.
  Output(bool json, bool verbose, Instant start) : json_(json), verbose_(verbose), start_(start) {}

  // {"event":name,"t":seconds, ...fields}; nothing without --json. Times never go back.
  void event(std::string_view name, Json fields, Instant now);
  // A line for a person; nothing with --json. The text is printable() already.
  void line(std::string_view text);
  // With --verbose, on standard error.
  void note(std::string_view text);
  // `msrp: what happened: what to do` on standard error.
  void error(std::string_view what_happened, std::string_view what_to_do);
  // The same, from one text that says both.
  void error(std::string_view what_and_advice);
  // The same, of what does not stop the work: any_error() does not count it.
  void complain(std::string_view what_happened, std::string_view what_to_do);
  void complain(std::string_view what_and_advice);
  // Octets on standard output whatever the mode: a session description.
  void raw(std::string_view text);

  // Lines and events go to standard error while this is set.
  void divert(bool to_stderr) noexcept { out_ = to_stderr ? stderr : stdout; }
  // A bar that stands in the way of lines on a terminal.
  void attach(Progress* progress) noexcept { progress_ = progress; }

  bool json() const noexcept { return json_; }
  bool verbose() const noexcept { return verbose_; }
  // Standard output takes no more: its reader has gone, or a disk is full.
  bool broken() const noexcept { return broken_; }
  bool any_error() const noexcept { return errors_ > 0; }
  double seconds(Instant now) const noexcept;

 private:
  void put(std::FILE* file, std::string_view text);

  bool json_;
  bool verbose_;
  Instant start_;
  Instant last_ = start_;
  std::FILE* out_ = stdout;
  Progress* progress_ = nullptr;
  bool broken_ = false;
  unsigned errors_ = 0;
};

// Whether text printed there could steer a terminal.
bool is_terminal(std::FILE* file) noexcept;

}  // namespace msrp::app
