// Takes back what was half done when an exception leaves a scope.
#pragma once

#include <utility>

namespace msrp {

template <class F>
class Undo {
 public:
  explicit Undo(F action) noexcept : action_(std::move(action)) {}
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    if (wanted_) action_();
  }
  // Everything succeeded.
  void dismiss() noexcept { wanted_ = false; }

 private:
  F action_;
  bool wanted_ = true;
};

}  // namespace msrp
