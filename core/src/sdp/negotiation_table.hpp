// The states of a Negotiation as a table; negotiation.hpp has it in prose.
#pragma once

#include <cstddef>
#include <optional>

#include "msrp/negotiation.hpp"

namespace msrp {

enum class NegotiationInput : std::uint8_t {
  make_offer,
  present,
  offer_taken,
  offer_with_zero,
  answer_taken,
  answer_asks_again,
  answer_refuses,
  offer_failed,
};

// nullopt: not now.
constexpr std::optional<Negotiation::State> next_state(Negotiation::State from,
                                                       NegotiationInput input) noexcept {
  using enum Negotiation::State;
  constexpr std::optional<Negotiation::State> no;
  constexpr std::optional<Negotiation::State> table[7][8] = {
      {offered, presented, agreed, idle, no, no, no, no},  // idle
      {no, no, no, no, agreed, fallback, ended, idle},     // offered
      {no, no, no, no, agreed, no, ended, idle},           // presented
      {offered, no, agreed, ended, no, no, no, no},        // fallback
      {reoffered, no, agreed, ended, no, no, no, no},      // agreed
      {no, no, no, no, agreed, fallback, ended, agreed},   // reoffered
      {no, no, no, no, no, no, no, no},                    // ended
  };
  return table[static_cast<std::size_t>(from)][static_cast<std::size_t>(input)];
}

}  // namespace msrp
