#include <algorithm>
#include <new>

#include "base/undo.hpp"
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

// Joins the way there is to the ticket's peer, or begins a new one. On bad_alloc nothing has
// changed.
Result<void> Engine::Impl::dial(Ticket& ticket, Ticket::Input why, Instant now) {
  MSRP_TRY(DialKey key, key_of(ticket));
  const bool shared = ticket.options.share_connection;
  const Ticket::Stage before = ticket.stage;
  Undo undo([&] {
    ticket.stage = before;
    ticket.dial = {};
  });
  if (const auto known = dial_index.find(key); shared && known != dial_index.end()) {
    Dial& dial = dials[known->second];
    const Connection* conn = connections.find(dial.conn);
    const std::size_t sessions_there =
        (conn != nullptr ? conn->open_sessions : 0) + dial.waiting.size();
    if (sessions_there < limits.sessions_per_connection) {
      ticket.dial = dial.id;
      ticket.move(why);
      const bool joined = dial.stage == Dial::Stage::up;
      if (!joined) dial.waiting.push_back(ticket.id);
      Result<void> bound;
      if (joined) bound = bind_dialled(ticket, connections[dial.conn], true, now);
      undo.dismiss();
      if (!bound) fail_ticket(ticket, bound.error());
      return {};
    }
  }
  begin_dial(ticket, std::move(key), now);
  ticket.move(why);
  undo.dismiss();
  Dial& begun = dials[ticket.dial];
  if (begun.stage == Dial::Stage::resolving && !begun.query) dial_next(begun, now);
  return {};
}

// A new way: to an address there is a connection at once.
void Engine::Impl::begin_dial(Ticket& ticket, DialKey key, Instant now) {
  const DialId id = dials.emplace();
  Dial& dial = dials[id];
  dial.id = id;
  dial.key = std::move(key);
  dial.shared = ticket.options.share_connection;
  DialIndex::iterator place = dial_index.end();
  Undo undo([&] {
    if (place != dial_index.end() && !place->second) dial_index.erase(place);
    if (queries.find(dial.query) != nullptr) queries.erase(dial.query);
    dials.erase(id);
  });
  dial.waiting.push_back(ticket.id);
  if (dial.shared) place = dial_index.try_emplace(dial.key).first;
  if (const std::optional<IpAddress> literal = IpAddress::parse(dial.key.host)) {
    dial.addresses.push_back(SocketAddress{*literal, dial.key.port});
    if (connections.size() < limits.connections) connect_next(dial, now);
  } else {
    dial.query = queries.emplace(id);
    commands.push(DoResolve{dial.query, dial.key.host, now + timeouts.resolve});
    arm(dial.timer, now, timeouts.resolve, TimeoutReason::resolve, id);
  }
  if (dial.shared) place->second = id;
  ticket.dial = id;
  undo.dismiss();
}

Result<void> Engine::Impl::resolved(ResolveId query, std::span<const DnsRecord> records,
                                    Instant now) {
  const DialId* id = queries.find(query);
  if (id == nullptr) return {};
  Dial& dial = dials[*id];
  dial.addresses.reserve(records.size());
  queries.erase(query);
  dial.query = {};
  dial.timer.stop();
  for (const DnsRecord& record : records) {
    if (const auto* address = std::get_if<AddressRecord>(&record)) {
      dial.addresses.push_back(SocketAddress{address->ip, dial.key.port});
    }
  }
  if (dial.addresses.empty()) {
    fail_dial(dial, Error{Errc::resolve_failed});
  } else {
    dial_next(dial, now);
  }
  return {};
}

void Engine::Impl::resolve_failed(ResolveId query, const Error& error) noexcept {
  if (const DialId* id = queries.find(query)) fail_dial(dials[*id], error);
}

// One address after the other, in the order they came (RFC 4975 section 6.2).
void Engine::Impl::dial_next(Dial& dial, Instant now) noexcept {
  dial.conn = {};
  if (dial.addresses_tried == dial.addresses.size()) return fail_dial(dial, dial.last_error);
  if (connections.size() >= limits.connections) {
    return fail_dial(dial, Error{Errc::limit_exceeded});
  }
  try {
    connect_next(dial, now);
  } catch (const std::bad_alloc&) {
    fail_dial(dial, Error{Errc::out_of_memory});
  }
}

// On bad_alloc nothing has changed. Precondition: there is another address.
void Engine::Impl::connect_next(Dial& dial, Instant now) {
  Connection& conn = make_connection();
  Undo undo([&] { connections.erase(conn.id); });
  const Instant deadline = now + timeouts.connect;
  const SocketAddress to = dial.addresses[dial.addresses_tried];
  commands.push(
      DoConnect{conn.id, to, dial.key.secure, dial.key.host, dial.key.identity, deadline});
  undo.dismiss();
  ++dial.addresses_tried;
  dial.move(Dial::Input::addresses);
  conn.dial = dial.id;
  dial.conn = conn.id;
  arm(conn.timer, now, timeouts.connect, TimeoutReason::connect, conn.id);
}

void Engine::Impl::fail_dial(Dial& dial, const Error& error) noexcept {
  const std::vector<TicketId> waiting = std::move(dial.waiting);
  forget_dial(dial);
  for (const TicketId id : waiting) {
    if (Ticket* ticket = tickets.find(id)) fail_ticket(*ticket, error);
  }
}

// Nobody joins it any more. Its connection, if there is one, is not touched.
void Engine::Impl::forget_dial(Dial& dial) noexcept {
  dial.timer.stop();
  if (queries.find(dial.query) != nullptr) queries.erase(dial.query);
  if (Connection* conn = connections.find(dial.conn)) conn->dial = {};
  if (const auto known = dial_index.find(dial.key);
      known != dial_index.end() && known->second == dial.id) {
    dial_index.erase(known);
  }
  dials.erase(dial.id);
}

// A ticket does not want its dial any more; the last one takes it along.
void Engine::Impl::leave_dial(Ticket& ticket) noexcept {
  Dial* dial = dials.find(std::exchange(ticket.dial, {}));
  if (dial == nullptr) return;
  std::erase(dial->waiting, ticket.id);
  if (!dial->waiting.empty() || dial->stage == Dial::Stage::up) return;
  Connection* conn = connections.find(dial->conn);
  forget_dial(*dial);
  if (conn != nullptr) close_now(*conn, false);
}

void Engine::Impl::connected(Connection& conn, const TransportInfo& info, Instant now) noexcept {
  if (conn.state != Connection::State::connecting) return;
  conn.move(Connection::Input::connected);
  conn.info = info;
  conn.timer.stop();
  Dial& dial = dials[conn.dial];
  dial.move(Dial::Input::connected);
  std::vector<SocketAddress>().swap(dial.addresses);
  // One that cannot be bound does not close the connection before the others had their turn.
  for (const TicketId id : std::exchange(dial.waiting, {})) {
    Ticket* ticket = tickets.find(id);
    if (ticket == nullptr) continue;
    ++conn.binding;
    Result<void> bound;
    try {
      bound = bind_dialled(*ticket, conn, false, now);
    } catch (const std::bad_alloc&) {
      bound = fail(Errc::out_of_memory);
    }
    if (!bound) fail_ticket(*ticket, bound.error());
    --conn.binding;
  }
  if (conn.open_sessions == 0) drain(conn, now);
}

// The connection is up: a SEND goes out at once, even with nothing to say (RFC 4975 section 5.4).
// joined: it was up before. On an error or bad_alloc nothing has changed.
Result<void> Engine::Impl::bind_dialled(Ticket& ticket, Connection& conn, bool joined,
                                        Instant now) {
  if (!is_peer_of(ticket, conn)) return fail(Errc::peer_mismatch);
  const SessionId id = sessions.emplace(*ticket.local, Session::State::binding);
  Session& session = sessions[id];
  session.id = id;
  OutgoingMessage* first = messages.find(ticket.first);
  const bool own = first == nullptr;
  Undo undo([&] {
    if (first != nullptr && first->session) detach(session, *first);
    if (own && first != nullptr) messages.erase(first->id);
    sessions.erase(id);
  });
  session.events = events.owe(1);
  session.ticket = ticket.id;
  session.remote_path = ticket.remote.path->text();
  take_over(ticket, conn, session);
  if (own) {
    MSRP_TRY(first, make_internal());
  } else {
    MSRP_TRY_VOID(check_agreed(session, *first));
  }
  MSRP_TRY_VOID(writer.check(session, *first));
  attach(session, *first);
  reserve_one(conn.sessions);
  writer.reserve(conn, session, *first);
  undo.dismiss();

  session.may_redial = joined && own && !ticket.redialled;
  ticket.move(Ticket::Input::connected);
  ticket.first = {};
  ticket.session = id;
  enter_connection(session, conn);
  // The peer may speak on the connection before it has answered.
  routes.at(session.local.view())->session = id;
  offer(*first);
  arm_keep_alive(conn, now);
  return {};
}

// The shared connection was gone before the peer had answered: what was sent on it was at most a
// SEND with nothing to say, so it is said again on a new one, once.
void Engine::Impl::redial(Ticket& ticket, const Error& reason, Instant now) noexcept {
  ticket.session = {};
  ticket.dial = {};
  ticket.redialled = true;
  if (Route* route = routes.at(ticket.local->view())) route->session = {};
  bool dialled = false;
  try {
    dialled = dial(ticket, Ticket::Input::redial, now).has_value();
  } catch (const std::bad_alloc&) {
  }
  if (!dialled) fail_ticket(ticket, reason);
}

}  // namespace msrp
