// What the fuzz targets share: a broken promise ends the program, and octets are read as choices.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace msrp::fuzz {

// A fuzzer notices the end of the program; so does a test that replays a corpus.
[[noreturn]] inline void broken(std::string_view promise, std::string_view details = {}) {
  // Details may hold any octet.
  for (const std::string_view text : {std::string_view("broken: "), promise, std::string_view("\n"),
                                      details, std::string_view("\n")})
    std::fwrite(text.data(), 1, text.size(), stderr);
  std::abort();
}

inline void demand(bool kept, std::string_view promise, std::string_view details = {}) {
  if (!kept) broken(promise, details);
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes choices off the front of an input; an input that has run out chooses 0 for ever.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> octets) : octets_(octets) {}

  bool empty() const { return octets_.empty(); }
  std::uint8_t octet() {
    if (octets_.empty()) return 0;
    const std::uint8_t value = octets_.front();
    octets_ = octets_.subspan(1);
    return value;
  }
  bool yes() { return octet() % 2 == 1; }
  // 0 to n - 1; n is 256 at most.
  std::size_t below(std::size_t n) { return octet() % n; }
  std::uint64_t number(std::size_t octets) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < octets; ++i) value = value << 8U | octet();
    return value;
  }
  std::string text(std::size_t size) {
    size = std::min(size, octets_.size());
    std::string out(reinterpret_cast<const char*>(octets_.data()), size);
    octets_ = octets_.subspan(size);
    return out;
  }

 private:
  std::span<const std::uint8_t> octets_;
};

}  // namespace msrp::fuzz
