#include <algorithm>

#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"

namespace msrp {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The peer of an active ticket. Only the leftmost URI says where to connect (RFC 4975 section 8.3),
// unless the session description did (RFC 6714 section 4.2).
Result<DialKey> key_of(const Ticket& ticket) {
  const PathView path = ticket.remote.path->view();
  const UriView& hop = path.front();
  DialKey key{hop.secure, std::string(hop.host), hop.port.value_or(0), ticket.options.identity};
  if (const auto& target = ticket.remote.connect_to) {
    key.host = target->host;
    key.port = target->port;
  }
  // An address is used as it is, and always with a port (RFC 4975 section 6.2); SRV look-ups are
  // for relays alone.
  if (key.port == 0 || key.host.empty()) return fail(Errc::bad_uri);
  if (const auto literal = IpAddress::parse(key.host)) {
    key.host = literal->text();
  } else {
    std::ranges::transform(key.host, key.host.begin(), lower);
  }
  return key;
}

}  // namespace

// Joins the way there is to the ticket's peer, or begins a new one.
Result<void> Engine::Impl::dial(Ticket& ticket, Ticket::Input why, Instant now) {
  MSRP_TRY(DialKey key, key_of(ticket));
  const bool shared = ticket.options.share_connection;
  if (const auto known = dial_index.find(key); shared && known != dial_index.end()) {
    Dial& dial = dials[known->second];
    const Connection* conn = connections.find(dial.conn);
    const std::size_t sessions_there =
        (conn != nullptr ? conn->open_sessions : 0) + dial.waiting.size();
    if (sessions_there < limits.sessions_per_connection) {
      ticket.dial = dial.id;
      ticket.move(why);
      if (dial.stage == Dial::Stage::up) {
        bind_dialled(ticket, connections[dial.conn], true, now);
      } else {
        dial.waiting.push_back(ticket.id);
      }
      return {};
    }
  }
  const DialId id = dials.emplace(Dial{});
  Dial& dial = dials[id];
  dial.id = id;
  dial.key = std::move(key);
  dial.shared = shared;
  dial.waiting.push_back(ticket.id);
  if (shared) dial_index[dial.key] = id;
  ticket.dial = id;
  ticket.move(why);
  if (const std::optional<IpAddress> literal = IpAddress::parse(dial.key.host)) {
    dial.addresses.push_back(SocketAddress{*literal, dial.key.port});
    dial_next(dial, now);
    return {};
  }
  dial.query = queries.emplace(id);
  dial.timer = arm(now, timeouts.resolve, TimeoutReason::resolve, id);
  command(DoResolve{dial.query, dial.key.host, now + timeouts.resolve});
  return {};
}

void Engine::Impl::resolved(ResolveId query, std::span<const DnsRecord> records, Instant now) {
  const DialId* id = queries.find(query);
  if (id == nullptr) return;
  Dial& dial = dials[*id];
  queries.erase(query);
  dial.query = {};
  timers.cancel(dial.timer);
  for (const DnsRecord& record : records) {
    if (const auto* address = std::get_if<AddressRecord>(&record)) {
      dial.addresses.push_back(SocketAddress{address->ip, dial.key.port});
    }
  }
  if (dial.addresses.empty()) return fail_dial(dial, Error{Errc::resolve_failed});
  dial_next(dial, now);
}

void Engine::Impl::resolve_failed(ResolveId query, const Error& error) {
  if (const DialId* id = queries.find(query)) fail_dial(dials[*id], error);
}

// One address after the other, in the order they came (RFC 4975 section 6.2).
void Engine::Impl::dial_next(Dial& dial, Instant now) {
  dial.conn = {};
  if (dial.addresses_tried == dial.addresses.size()) return fail_dial(dial, dial.last_error);
  if (connections.size() >= limits.connections) {
    return fail_dial(dial, Error{Errc::limit_exceeded});
  }
  dial.move(Dial::Input::addresses);
  const SocketAddress to = dial.addresses[dial.addresses_tried++];
  const ConnId id = connections.emplace(limits.parser, header_table, staging);
  Connection& conn = connections[id];
  conn.id = id;
  conn.dial = dial.id;
  conn.timer = arm(now, timeouts.connect, TimeoutReason::connect, id);
  dial.conn = id;
  command(DoConnect{id, to, dial.key.secure, dial.key.host, now + timeouts.connect});
}

void Engine::Impl::fail_dial(Dial& dial, const Error& error) {
  const std::vector<TicketId> waiting = std::move(dial.waiting);
  forget_dial(dial);
  for (const TicketId id : waiting) {
    if (Ticket* ticket = tickets.find(id)) fail_ticket(*ticket, error);
  }
}

// Nobody joins it any more. Its connection, if there is one, is not touched.
void Engine::Impl::forget_dial(Dial& dial) noexcept {
  timers.cancel(dial.timer);
  if (queries.find(dial.query) != nullptr) queries.erase(dial.query);
  if (Connection* conn = connections.find(dial.conn)) conn->dial = {};
  if (const auto known = dial_index.find(dial.key);
      known != dial_index.end() && known->second == dial.id) {
    dial_index.erase(known);
  }
  dials.erase(dial.id);
}

// A ticket does not want its dial any more; the last one takes it along.
void Engine::Impl::leave_dial(Ticket& ticket) {
  Dial* dial = dials.find(std::exchange(ticket.dial, {}));
  if (dial == nullptr) return;
  std::erase(dial->waiting, ticket.id);
  if (!dial->waiting.empty() || dial->stage == Dial::Stage::up) return;
  Connection* conn = connections.find(dial->conn);
  forget_dial(*dial);
  if (conn != nullptr) close_now(*conn, false);
}

void Engine::Impl::connected(Connection& conn, const TransportInfo& info, Instant now) {
  if (conn.state != Connection::State::connecting) return;
  conn.move(Connection::Input::connected);
  conn.info = info;
  timers.cancel(conn.timer);
  Dial& dial = dials[conn.dial];
  dial.move(Dial::Input::connected);
  std::vector<SocketAddress>().swap(dial.addresses);
  // One that cannot be bound does not close the connection before the others had their turn.
  for (const TicketId id : std::exchange(dial.waiting, {})) {
    Ticket* ticket = tickets.find(id);
    ++conn.binding;
    if (ticket != nullptr) bind_dialled(*ticket, conn, false, now);
    --conn.binding;
  }
  if (conn.open_sessions == 0) drain(conn, now);
}

// The connection is up: a SEND goes out at once, even with nothing to say (RFC 4975 section 5.4).
// joined: it was up before.
void Engine::Impl::bind_dialled(Ticket& ticket, Connection& conn, bool joined, Instant now) {
  ticket.move(Ticket::Input::connected);
  const SessionId id = sessions.emplace(*ticket.local, Session::State::binding);
  Session& session = sessions[id];
  session.id = id;
  session.ticket = ticket.id;
  ticket.session = id;
  session.remote_path = ticket.remote.path->text();
  take_over(ticket, session);
  enter_connection(session, conn);
  // The peer may speak on the connection before it has answered.
  routes.at(session.local.view())->session = id;
  OutgoingMessage* first = messages.find(ticket.first);
  session.may_redial = joined && first == nullptr && !ticket.redialled;
  if (first == nullptr) {
    Result<OutgoingMessage*> made = make_message(MessageSpec{}, NoBody{});
    if (!made) return fail_ticket(ticket, made.error());
    first = *made;
    first->internal = true;
  } else if (Result<void> agreed = check_agreed(session, *first); !agreed) {
    return fail_ticket(ticket, agreed.error());
  }
  ticket.first = {};
  attach(session, *first);
  if (Result<void> fits = writer.check(session, *first); !fits) {
    return fail_ticket(ticket, fits.error());
  }
  offer(*first);
  arm_keep_alive(conn, now);
}

// The shared connection was gone before the peer had answered: what was sent on it was at most a
// SEND with nothing to say, so it is said again on a new one, once.
void Engine::Impl::redial(Ticket& ticket, const Error& reason, Instant now) {
  ticket.session = {};
  ticket.dial = {};
  ticket.redialled = true;
  if (Route* route = routes.at(ticket.local->view())) route->session = {};
  if (Result<void> dialled = dial(ticket, Ticket::Input::redial, now); !dialled)
    fail_ticket(ticket, reason);
}

}  // namespace msrp
