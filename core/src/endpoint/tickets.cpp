#include <new>

#include "base/undo.hpp"
#include "endpoint/impl.hpp"
#include "msrp/assert.hpp"
#include "msrp/status.hpp"

namespace msrp {
namespace {

// The m= and URI port of a side that does not listen (RFC 6135 section 4.2, RFC 4145 section 4.1).
constexpr std::uint16_t discard_port = 9;

}  // namespace

Result<ListenerId> Engine::Impl::listen(const ListenRequest& request) {
  const ListenerId id = listeners.emplace();
  Undo undo([&] { listeners.erase(id); });
  Listener& listener = listeners[id];
  listener.id = id;
  listener.at = request.at;
  listener.host = request.host.empty() ? request.at.ip.text() : request.host;
  listener.secure = request.secure;
  listener.events = events.owe(2);
  listener.commands = commands.owe(1);
  commands.push(DoListen{id, request.at, request.secure});
  undo.dismiss();
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
    UriParts parts{request.secure, request.host, discard_port, session_id.text()};
    MSRP_TRY(local, Uri::make(parts));
  }
  if (local && routes.at(local->view()) != nullptr) return fail(Errc::bad_state);

  const TicketId id = tickets.emplace();
  Undo undo([&] { tickets.erase(id); });
  Ticket& ticket = tickets[id];
  ticket.id = id;
  ticket.active = request.active;
  ticket.options = request.options;
  ticket.replaces = request.replaces;
  ticket.local = std::move(local);
  ticket.events = events.owe(1);
  if (listener != nullptr) ticket.listener = listener->id;
  if (listener != nullptr && !listener->up) {
    listener->waiting.push_back(id);
  } else {
    MSRP_TRY_VOID(give_local_path(ticket));
  }
  undo.dismiss();
  return id;
}

// On an error or bad_alloc the ticket has none.
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
  Undo undo([&] { routes.remove(ticket.local->view()); });
  events.push(Prepared{ticket.id, Path(*ticket.local)});
  undo.dismiss();
  ticket.move(Ticket::Input::path);
  return {};
}

void Engine::Impl::listener_up(Listener& listener, const SocketAddress& actual) noexcept {
  if (std::exchange(listener.up, true)) return;
  listener.at = actual;
  events.push(listener.events, Listening{listener.id, actual});
  for (const TicketId id : std::exchange(listener.waiting, {})) {
    Ticket* ticket = tickets.find(id);
    if (ticket == nullptr) continue;
    Result<void> given;
    try {
      given = give_local_path(*ticket);
    } catch (const std::bad_alloc&) {
      given = fail(Errc::out_of_memory);
    }
    if (!given) fail_ticket(*ticket, given.error());
  }
}

void Engine::Impl::listener_failed(Listener& listener, const Error& error) noexcept {
  events.push(listener.events, ListenFailed{listener.id, error});
  for (const TicketId id : std::exchange(listener.waiting, {})) {
    if (Ticket* ticket = tickets.find(id)) fail_ticket(*ticket, error);
  }
  listeners.erase(listener.id);
}

void Engine::Impl::stop_listening(Listener& listener) noexcept {
  const std::vector<TicketId> waiting = std::move(listener.waiting);
  commands.push(listener.commands, DoStopListening{listener.id});
  listeners.erase(listener.id);
  for (const TicketId id : waiting) {
    if (Ticket* ticket = tickets.find(id)) fail_ticket(*ticket, Error{Errc::listen_failed});
  }
}

Result<MessageHandle> Engine::Impl::send_first(TicketId id, const MessageSpec& spec, Body body) {
  Ticket* ticket = tickets.find(id);
  if (ticket == nullptr) return fail(Errc::stale_handle);
  const bool early =
      ticket->stage == Ticket::Stage::preparing || ticket->stage == Ticket::Stage::prepared;
  if (!ticket->active || !early || ticket->first) return fail(Errc::bad_state);
  // Only an answer tells that the session is up.
  if (spec.failure_report != FailureReport::yes) return fail(Errc::invalid_argument);
  MSRP_TRY(OutgoingMessage* const message, make_message(spec, std::move(body)));
  ticket->first = message->id;
  return message->id;
}

Result<void> Engine::Impl::complete(TicketId id, const RemoteDescription& remote, Instant now) {
  Ticket* ticket = tickets.find(id);
  if (ticket == nullptr) return fail(Errc::stale_handle);
  if (ticket->stage != Ticket::Stage::prepared) return fail(Errc::bad_state);
  if (ticket->active && !remote.path) return fail(Errc::invalid_argument);
  ticket->remote = remote;
  if (!ticket->active) {
    ticket->move(Ticket::Input::complete_passive);
    arm(ticket->timer, now, timeouts.complete, TimeoutReason::complete, id);
    unpark(std::exchange(ticket->parked, {}), now);
    return {};
  }
  return dial(*ticket, Ticket::Input::complete_active, now);
}

// The peer took our first SEND, or spoke to us on the connection.
void Engine::Impl::bind_confirmed(Session& session) {
  if (session.state != Session::State::binding) return;
  Result<Path> remote = Path::parse(session.remote_path, limits.parser.path_uris);
  MSRP_ASSERT(remote.has_value());
  events.push(Bound{session.ticket, session.id, Path(session.local), *std::move(remote),
                    session.peer_verified});
  session.move(Session::Input::confirmed);
  session.announced = true;
  tickets.erase(session.ticket);
}

// What was agreed on goes from the ticket to its session.
void Engine::Impl::take_over(Ticket& ticket, const Connection& conn, Session& session) {
  session.accept_types = ticket.options.accept_types;
  session.max_size_bytes = ticket.options.max_size_bytes;
  session.automatic_reports = ticket.options.automatic_reports;
  session.drop_duplicates = ticket.options.drop_duplicates;
  session.handling = ticket.options.handling;
  session.when_behind = ticket.options.when_behind;
  session.peer_accept_types = ticket.remote.accept_types;
  session.peer_max_size_bytes = ticket.remote.max_size_bytes;
  session.enforce_path = ticket.remote.enforce_path && ticket.remote.path;
  session.peer_verified =
      conn.peer != nullptr && (conn.peer->verified || !ticket.remote.fingerprints.empty());
  session.received_ids = former_ids(ticket.replaces);
}

// Whether the certificate on the connection is the one that the ticket's peer has.
bool Engine::Impl::is_peer_of(const Ticket& ticket, const Connection& conn) noexcept {
  const std::vector<Fingerprint>& wanted = ticket.remote.fingerprints;
  return wanted.empty() || (conn.peer != nullptr && matches(wanted, *conn.peer));
}

// Who knows the path has another certificate than its description says: nothing comes of the
// session (RFC 4975 section 14.4), nor of the connection, unless others are bound to it.
void Engine::Impl::turn_away(Ticket& ticket, Connection& conn, Instant now) {
  refuse(conn, status::forbidden, now);
  count_bad_chunk(conn, Error{Errc::peer_mismatch, status::forbidden}, now);
  fail_ticket(ticket, Error{Errc::peer_mismatch});
  if (conn.open_sessions > 0) return;
  conn.ended = true;  // what follows is not read
  drain(conn, now);
}

// The first request that names a ticket binds its session to the connection it came on.
Session* Engine::Impl::bind_accepted(Ticket& ticket, Connection& conn, const HeadView& head,
                                     Instant now) {
  Result<Path> remote = Path::parse(head.from_path.text(), limits.parser.path_uris);
  MSRP_ASSERT(remote.has_value());  // the parser checked it
  const SessionId id = sessions.emplace(*ticket.local, Session::State::open);
  Undo undo([&] { sessions.erase(id); });
  Session& session = sessions[id];
  session.id = id;
  session.remote_path = ticket.remote.path ? ticket.remote.path->text() : remote->text();
  session.announced = true;
  session.events = events.owe(1);
  take_over(ticket, conn, session);
  reserve_one(conn.sessions);
  events.push(Bound{ticket.id, id, Path(session.local), *std::move(remote), session.peer_verified});
  undo.dismiss();
  enter_connection(session, conn);
  routes.at(session.local.view())->session = id;
  tickets.erase(ticket.id);
  arm_keep_alive(conn, now);
  return &session;
}

void Engine::Impl::fail_ticket(Ticket& ticket, const Error& error) noexcept {
  const TicketId id = ticket.id;
  Places place = std::move(ticket.events);
  drop_ticket(ticket, error);
  events.push(place, TicketFailed{id, error});
}

void Engine::Impl::drop_ticket(Ticket& ticket, const Error& error) noexcept {
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
