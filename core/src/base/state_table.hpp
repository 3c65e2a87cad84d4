// State machines as data: which input moves one from where to where. What is not in the table
// cannot happen.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "msrp/assert.hpp"

namespace msrp {

template <class State, class Input>
struct Transition {
  State from;
  Input input;
  State to;
};

template <class State, class Input, std::size_t n>
using StateTable = std::array<Transition<State, Input>, n>;

template <class State, class Input, std::size_t n>
constexpr bool takes(const StateTable<State, Input, n>& table, State from, Input input) noexcept {
  return std::ranges::any_of(table,
                             [&](const auto& t) { return t.from == from && t.input == input; });
}

// Precondition: takes(table, from, input).
template <class State, class Input, std::size_t n>
constexpr State next(const StateTable<State, Input, n>& table, State from, Input input) noexcept {
  const auto found = std::ranges::find_if(
      table, [&](const auto& t) { return t.from == from && t.input == input; });
  MSRP_ASSERT(found != table.end());
  return found->to;
}

}  // namespace msrp
