// The state machines are data: they are printed here as docs/states.md has them, and checked for
// what every such table must be.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/ticket_state.hpp"
#include "session/incoming_state.hpp"
#include "session/session_state.hpp"
#include "stream/connection_state.hpp"

namespace msrp {
namespace {

// Names by value, in the order of the enumerations.
struct Names {
  std::vector<std::string_view> states, inputs;
};

template <class State, class Input, std::size_t n>
std::string table_of(std::string_view title, const StateTable<State, Input, n>& table,
                     const Names& names) {
  std::ostringstream out;
  out << "## " << title << "\n\n| from | input | to |\n|---|---|---|\n";
  for (const auto& t : table) {
    out << "| " << names.states.at(static_cast<std::size_t>(t.from)) << " | "
        << names.inputs.at(static_cast<std::size_t>(t.input)) << " | "
        << names.states.at(static_cast<std::size_t>(t.to)) << " |\n";
  }
  return out.str();
}

template <class State, class Input, std::size_t n>
void check(const StateTable<State, Input, n>& table, State first, const Names& names) {
  std::set<std::pair<int, int>> seen;
  std::set<int> reached{static_cast<int>(first)}, inputs;
  for (std::size_t round = 0; round < n; ++round) {
    for (const auto& t : table) {
      if (reached.contains(static_cast<int>(t.from))) reached.insert(static_cast<int>(t.to));
    }
  }
  for (const auto& t : table) {
    EXPECT_TRUE(seen.emplace(static_cast<int>(t.from), static_cast<int>(t.input)).second)
        << "two answers to " << names.inputs.at(static_cast<std::size_t>(t.input));
    inputs.insert(static_cast<int>(t.input));
    EXPECT_TRUE(takes(table, t.from, t.input));
    EXPECT_EQ(next(table, t.from, t.input), t.to);
  }
  EXPECT_EQ(reached.size(), names.states.size()) << "a state that nothing leads to";
  EXPECT_EQ(inputs.size(), names.inputs.size()) << "an input that nothing takes";
}

const Names connection{{"connecting", "up", "draining", "closing"},
                       {"connected", "drain", "close"}};
const Names session{{"binding", "open", "closing"}, {"confirmed", "close"}};
const Names incoming{{"started", "refused", "reportable"}, {"refuse", "complete"}};
const Names ticket{{"preparing", "prepared", "dialling", "binding", "expecting"},
                   {"path", "complete_active", "complete_passive", "connected", "redial"}};
const Names dial{{"resolving", "connecting", "up"}, {"addresses", "connected"}};

TEST(States, EveryStateIsReachedAndEveryInputTakenOnce) {
  check(connection_states, ConnectionState::connecting, connection);
  check(session_states, SessionState::binding, session);
  check(incoming_states, IncomingState::started, incoming);
  check(ticket_states, TicketState::preparing, ticket);
  check(dial_states, DialState::resolving, dial);
}

TEST(States, WhatIsNotInATableIsNotTaken) {
  EXPECT_FALSE(takes(connection_states, ConnectionState::closing, ConnectionInput::connected));
  EXPECT_FALSE(takes(connection_states, ConnectionState::draining, ConnectionInput::drain));
  EXPECT_FALSE(takes(session_states, SessionState::closing, SessionInput::confirmed));
  EXPECT_FALSE(takes(ticket_states, TicketState::expecting, TicketInput::redial));
}

TEST(States, TheDocumentHasTheseTables) {
  std::ifstream file(STATES_DOCUMENT);
  ASSERT_TRUE(file) << STATES_DOCUMENT;
  std::ostringstream text;
  text << file.rdbuf();
  const std::string tables[] = {
      table_of("Connection", connection_states, connection),
      table_of("Session", session_states, session),
      table_of("Incoming message", incoming_states, incoming),
      table_of("Ticket", ticket_states, ticket),
      table_of("Dial", dial_states, dial),
  };
  for (const std::string& table : tables) {
    EXPECT_NE(text.str().find(table), std::string::npos) << "docs/states.md lacks:\n" << table;
  }
}

}  // namespace
}  // namespace msrp
