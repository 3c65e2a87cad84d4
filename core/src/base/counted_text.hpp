// A text whose octets count against a budget as long as it is there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace msrp {

// The counter outlives it.
class CountedText {
 public:
  CountedText() noexcept = default;
  // On bad_alloc nothing is counted.
  CountedText(std::string_view text, std::size_t& bytes) : text_(text), bytes_(&bytes) {
    bytes += text_.size();
  }
  CountedText(CountedText&& other) noexcept
      : text_(std::move(other.text_)), bytes_(std::exchange(other.bytes_, nullptr)) {}
  CountedText& operator=(CountedText&& other) noexcept {
    std::swap(text_, other.text_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~CountedText() {
    if (bytes_ != nullptr) *bytes_ -= text_.size();
  }

  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
  std::size_t* bytes_ = nullptr;
};

}  // namespace msrp
