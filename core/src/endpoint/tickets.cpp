#include <algorithm>

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
  if (local && routes.at(local->view()) != nullptr) return fail(Errc::bad_state);

  const TicketId id = tickets.emplace(Ticket{});
  Ticket& ticket = tickets[id];
  ticket.id = id;
  ticket.active = request.active;
  ticket.options = request.options;
  ticket.replaces = request.replaces;
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
  if (!routes.add(*ticket.local, Route{ticket.id, {}}, ticket.options.match)) {
    return fail(Errc::bad_state);
  }
  ticket.move(Ticket::Input::path);
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
    ticket->move(Ticket::Input::complete_passive);
    ticket->timer = arm(now, timeouts.complete, TimeoutReason::complete, id);
    unpark(std::exchange(ticket->parked, {}), now);
    return {};
  }
  return dial(*ticket, Ticket::Input::complete_active, now);
}

// The peer took our first SEND, or spoke to us on the connection.
void Engine::Impl::bind_confirmed(Session& session) {
  if (session.state != Session::State::binding) return;
  session.move(Session::Input::confirmed);
  session.announced = true;
  Ticket& ticket = tickets[session.ticket];
  timers.cancel(ticket.timer);
  Result<Path> remote = Path::parse(session.remote_path, limits.parser.path_uris);
  MSRP_ASSERT(remote.has_value());
  events.push(Bound{ticket.id, session.id, Path(session.local), *std::move(remote)});
  tickets.erase(ticket.id);
}

// What was agreed on goes from the ticket to its session.
void Engine::Impl::take_over(Ticket& ticket, Session& session) {
  session.accept_types = ticket.options.accept_types;
  session.max_size_bytes = ticket.options.max_size_bytes;
  session.automatic_reports = ticket.options.automatic_reports;
  session.drop_duplicates = ticket.options.drop_duplicates;
  session.handling = ticket.options.handling;
  session.when_behind = ticket.options.when_behind;
  session.peer_accept_types = ticket.remote.accept_types;
  session.peer_max_size_bytes = ticket.remote.max_size_bytes;
  session.enforce_path = ticket.remote.enforce_path && ticket.remote.path;
  session.received_ids = former_ids(ticket.replaces);
}

// The first request that names a ticket binds its session to the connection it came on.
Session* Engine::Impl::bind_accepted(Ticket& ticket, Connection& conn, const HeadView& head,
                                     Instant now) {
  Result<Path> remote = Path::parse(head.from_path.text(), limits.parser.path_uris);
  MSRP_ASSERT(remote.has_value());  // the parser checked it
  const SessionId id = sessions.emplace(*ticket.local, Session::State::open);
  Session& session = sessions[id];
  session.id = id;
  session.remote_path = ticket.remote.path ? ticket.remote.path->text() : remote->text();
  session.announced = true;
  take_over(ticket, session);
  enter_connection(session, conn);
  timers.cancel(ticket.timer);
  routes.at(session.local.view())->session = id;
  events.push(Bound{ticket.id, id, Path(session.local), *std::move(remote)});
  tickets.erase(ticket.id);
  arm_keep_alive(conn, now);
  return &session;
}

void Engine::Impl::fail_ticket(Ticket& ticket, const Error& error) {
  const TicketId id = ticket.id;
  drop_ticket(ticket, error);
  events.push(TicketFailed{id, error});
}

void Engine::Impl::drop_ticket(Ticket& ticket, const Error& error) {
  timers.cancel(ticket.timer);
  if (ticket.stage != Ticket::Stage::preparing) routes.remove(ticket.local->view());
  if (OutgoingMessage* first = messages.find(ticket.first)) fail_message(*first, error);
  leave_dial(ticket);
  const SessionId binding = ticket.session;
  const std::vector<ConnId> parked = std::move(ticket.parked);
  tickets.erase(ticket.id);
  unpark(parked, last_now);  // to be told that there is no such session
  if (Session* session = sessions.find(binding)) close_session(*session, error, last_now);
}

}  // namespace msrp
