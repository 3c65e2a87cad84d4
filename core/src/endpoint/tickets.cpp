#include <algorithm>
#include <array>

#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"

namespace msrp {
namespace {

// The m= and URI port of a side that does not listen (RFC 6135 section 4.2, RFC 4145 section 4.1).
constexpr std::uint16_t discard_port = 9;

}  // namespace

Result<ListenerId> Engine::Impl::listen(const ListenRequest& request) {
  const ListenerId id = listeners.emplace(Listener{});
  Listener& listener = listeners[id];
  listener.id = id;
  listener.at = request.at;
  listener.host = request.host.empty() ? request.at.ip.text() : request.host;
  listener.secure = request.secure;
  command(DoListen{id, request.at});
  return id;
}

Result<TicketId> Engine::Impl::prepare(const PrepareRequest& request, Instant) {
  if (tickets.size() >= limits.tickets) return fail(Errc::limit_exceeded);
  Listener* listener = nullptr;
  if (request.listener) {
    listener = listeners.find(*request.listener);
    if (listener == nullptr) return fail(Errc::stale_handle);
  } else if (!request.active || (request.host.empty() && !request.local)) {
    return fail(Errc::invalid_argument);
  }
  std::optional<Uri> local = request.local;
  if (!local && listener == nullptr) {
    const Ident session_id = idents.plain();
    UriParts parts{false, request.host, discard_port, session_id.text()};
    MSRP_TRY(local, Uri::make(parts));
  }
  if (local && routes.find(local->view()) != nullptr) return fail(Errc::bad_state);

  const TicketId id = tickets.emplace(Ticket{});
  Ticket& ticket = tickets[id];
  ticket.id = id;
  ticket.active = request.active;
  ticket.options = request.options;
  ticket.local = std::move(local);
  if (listener != nullptr) {
    ticket.listener = listener->id;
    if (!listener->up) {
      listener->waiting.push_back(id);
      return id;
    }
  }
  if (Result<void> given = give_local_path(ticket); !given) {
    tickets.erase(id);
    return std::unexpected(given.error());
  }
  return id;
}

Result<void> Engine::Impl::give_local_path(Ticket& ticket) {
  if (!ticket.local) {
    const Listener* listener = listeners.find(ticket.listener);
    if (listener == nullptr) return fail(Errc::listen_failed);
    const Ident session_id = idents.plain();
    UriParts parts{listener->secure, listener->host, listener->at.port, session_id.text()};
    MSRP_TRY(ticket.local, Uri::make(parts));
  }
  if (!routes.add(*ticket.local, Route{ticket.id, {}})) return fail(Errc::bad_state);
  ticket.stage = Ticket::Stage::prepared;
  events.push(Prepared{ticket.id, Path(*ticket.local)});
  return {};
}

void Engine::Impl::listener_up(Listener& listener, const SocketAddress& actual) {
  listener.up = true;
  listener.at = actual;
  events.push(Listening{listener.id, actual});
  for (const TicketId id : std::exchange(listener.waiting, {})) {
    Ticket* ticket = tickets.find(id);
    if (ticket == nullptr) continue;
    if (Result<void> given = give_local_path(*ticket); !given) fail_ticket(*ticket, given.error());
  }
}

void Engine::Impl::listener_failed(Listener& listener, const Error& error) {
  events.push(ListenFailed{listener.id, error});
  for (const TicketId id : std::exchange(listener.waiting, {})) {
    if (Ticket* ticket = tickets.find(id)) fail_ticket(*ticket, error);
  }
  listeners.erase(listener.id);
}

Result<void> Engine::Impl::complete(TicketId id, const RemoteDescription& remote, Instant now) {
  Ticket* ticket = tickets.find(id);
  if (ticket == nullptr) return fail(Errc::stale_handle);
  if (ticket->stage != Ticket::Stage::prepared) return fail(Errc::bad_state);
  if (ticket->active && !remote.path) return fail(Errc::invalid_argument);
  ticket->remote = remote;
  if (!ticket->active) {
    ticket->stage = Ticket::Stage::expecting;
    ticket->timer = arm(now, timeouts.complete, TimeoutReason::complete, id);
    unpark(std::exchange(ticket->parked, {}), now);
    return {};
  }
  // Only the leftmost URI says where to connect (RFC 4975 section 8.3).
  const PathView path = ticket->remote.path->view();
  const UriView& hop = path.front();
  if (const std::optional<IpAddress> literal = IpAddress::parse(hop.host)) {
    // An address is used as it is, and always with a port (RFC 4975 section 6.2).
    ticket->addresses.push_back(SocketAddress{*literal, hop.port.value_or(0)});
    ticket->stage = Ticket::Stage::connecting;
    dial_next(*ticket, now);
    return {};
  }
  if (!hop.port) return fail(Errc::bad_uri);  // SRV look-ups are for relays alone
  ticket->stage = Ticket::Stage::resolving;
  ticket->query = queries.emplace(id);
  ticket->timer = arm(now, timeouts.resolve, TimeoutReason::resolve, id);
  command(DoResolve{ticket->query, std::string(hop.host), now + timeouts.resolve});
  return {};
}

void Engine::Impl::resolved(ResolveId query, std::span<const DnsRecord> records, Instant now) {
  const TicketId* id = queries.find(query);
  if (id == nullptr) return;
  Ticket* ticket = tickets.find(*id);
  queries.erase(query);
  if (ticket == nullptr || ticket->stage != Ticket::Stage::resolving) return;
  ticket->query = {};
  timers.cancel(ticket->timer);
  const std::uint16_t port = *ticket->remote.path->view().front().port;
  for (const DnsRecord& record : records) {
    if (const auto* address = std::get_if<AddressRecord>(&record)) {
      ticket->addresses.push_back(SocketAddress{address->ip, port});
    }
  }
  if (ticket->addresses.empty()) return fail_ticket(*ticket, Error{Errc::resolve_failed});
  ticket->stage = Ticket::Stage::connecting;
  dial_next(*ticket, now);
}

void Engine::Impl::resolve_failed(ResolveId query, const Error& error) {
  const TicketId* id = queries.find(query);
  if (id == nullptr) return;
  Ticket* ticket = tickets.find(*id);
  queries.erase(query);
  if (ticket == nullptr || ticket->stage != Ticket::Stage::resolving) return;
  ticket->query = {};
  fail_ticket(*ticket, error);
}

// One address after the other, in the order they came (RFC 4975 section 6.2).
void Engine::Impl::dial_next(Ticket& ticket, Instant now) {
  ticket.conn = {};
  if (ticket.addresses_tried == ticket.addresses.size()) {
    return fail_ticket(ticket, ticket.last_error);
  }
  if (connections.size() >= limits.connections) {
    return fail_ticket(ticket, Error{Errc::limit_exceeded});
  }
  const SocketAddress to = ticket.addresses[ticket.addresses_tried++];
  const ConnId id = connections.emplace(limits.parser, header_table, staging);
  Connection& conn = connections[id];
  conn.id = id;
  conn.ticket = ticket.id;
  conn.timer = arm(now, timeouts.connect, TimeoutReason::connect, id);
  ticket.conn = id;
  const UriView hop = ticket.remote.path->view().front();
  command(DoConnect{id, to, hop.secure, std::string(hop.host), now + timeouts.connect});
}

// The connection is up: a SEND goes out at once, even with nothing to say (RFC 4975 section 5.4).
void Engine::Impl::bind_dialled(Ticket& ticket, Connection& conn, Instant) {
  ticket.stage = Ticket::Stage::binding;
  const SessionId id = sessions.emplace(*ticket.local);
  Session& session = sessions[id];
  session.id = id;
  session.ticket = ticket.id;
  session.conn = conn.id;
  session.state = Session::State::binding;
  session.remote_path = ticket.remote.path->text();
  session.options = ticket.options;
  session.remote = ticket.remote;
  conn.sessions.push_back(id);
  ++conn.open_sessions;
  // The peer may speak on the connection before it has answered.
  routes.find(session.local.view())->session = id;
  OutgoingMessage* first = messages.find(ticket.first);
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
}

// The peer took our first SEND, or spoke to us on the connection.
void Engine::Impl::bind_confirmed(Session& session) {
  if (session.state != Session::State::binding) return;
  session.state = Session::State::open;
  session.announced = true;
  Ticket& ticket = tickets[session.ticket];
  Connection& conn = connections[session.conn];
  conn.ticket = {};
  timers.cancel(ticket.timer);
  Result<Path> remote = Path::parse(session.remote_path, limits.parser.path_uris);
  MSRP_ASSERT(remote.has_value());
  events.push(Bound{ticket.id, session.id, Path(session.local), *std::move(remote)});
  tickets.erase(ticket.id);
}

// The first request that names a ticket binds its session to the connection it came on.
Session* Engine::Impl::bind_accepted(Ticket& ticket, Connection& conn, const HeadView& head,
                                     Instant) {
  Result<Path> remote = Path::parse(head.from_path.text(), limits.parser.path_uris);
  MSRP_ASSERT(remote.has_value());  // the parser checked it
  const SessionId id = sessions.emplace(*ticket.local);
  Session& session = sessions[id];
  session.id = id;
  session.ticket = ticket.id;
  session.conn = conn.id;
  session.state = Session::State::open;
  session.remote_path = ticket.remote.path ? ticket.remote.path->text() : remote->text();
  session.options = ticket.options;
  session.remote = ticket.remote;
  session.announced = true;
  if (conn.unbound) {
    timers.cancel(conn.timer);
    conn.unbound = false;
    --unbound_connections;
  }
  conn.sessions.push_back(id);
  ++conn.open_sessions;
  timers.cancel(ticket.timer);
  routes.find(session.local.view())->session = id;
  events.push(Bound{ticket.id, id, Path(session.local), *std::move(remote)});
  tickets.erase(ticket.id);
  return &session;
}

void Engine::Impl::fail_ticket(Ticket& ticket, const Error& error) {
  const TicketId id = ticket.id;
  drop_ticket(ticket, error);
  events.push(TicketFailed{id, error});
}

void Engine::Impl::drop_ticket(Ticket& ticket, const Error& error) {
  timers.cancel(ticket.timer);
  if (queries.find(ticket.query) != nullptr) queries.erase(ticket.query);
  if (ticket.stage != Ticket::Stage::preparing) routes.remove(ticket.local->view());
  if (OutgoingMessage* first = messages.find(ticket.first)) fail_message(*first, error);
  const TicketId id = ticket.id;
  const ConnId dialled = ticket.conn;
  const std::vector<ConnId> parked = std::move(ticket.parked);
  tickets.erase(id);
  unpark(parked, last_now);  // to be told that there is no such session
  if (Connection* conn = connections.find(dialled)) {
    conn->ticket = {};
    for (const SessionId session : std::vector<SessionId>(conn->sessions)) {
      if (Session* binding = sessions.find(session)) close_session(*binding, error, last_now);
    }
    if (conn->state == Connection::State::connecting) close_now(*conn, false);
  }
}

}  // namespace msrp
