#include "backends/sim/network.hpp"

#include <algorithm>

#include "msrp/assert.hpp"

namespace msrp::sim {
namespace {

constexpr std::size_t segment_bytes_max = 64 * 1024;
constexpr std::uint16_t first_port = 20000;  // of listeners that do not mind
constexpr HostId nowhere = ~HostId{0};
constexpr unsigned knocks_max = 6;

}  // namespace

Network::Network(Scheduler& scheduler, std::uint64_t seed) : scheduler_(scheduler), chance_(seed) {}

// ---- hosts --------------------------------------------------------------------------------------

HostId Network::add_host(std::string name, const IpAddress& ip, Reach reach) {
  hosts_.push_back(Host{.name = std::move(name), .addresses = {ip}, .reach = reach});
  return static_cast<HostId>(hosts_.size() - 1);
}

void Network::set_link(HostId from, HostId to, const Link& link) {
  MSRP_ASSERT(link.window_bytes > 0);
  links_[{from, to}] = link;
}

void Network::set_links(const Link& link) {
  MSRP_ASSERT(link.window_bytes > 0);
  default_link_ = link;
  links_.clear();
}

const Link& Network::link(HostId from, HostId to) const {
  const auto own = links_.find({from, to});
  return own != links_.end() ? own->second : default_link_;
}

void Network::tell(std::string_view what, HostId a, HostId b) {
  if (observer_ != nullptr) observer_->fault(what, a, b, scheduler_.now());
}

void Network::cut(HostId from, HostId to) {
  cuts_[{from, to}] = true;
  tell("cut", from, to);
}

void Network::mend(HostId from, HostId to) {
  if (cuts_.erase({from, to}) == 0) return;
  tell("mended", from, to);
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i] == nullptr) continue;
    for (const std::uint32_t which : {0U, 1U}) {
      const End end{i, which};
      Side& sender = side(end);
      if (sender.host != from || side(end.other()).host != to) continue;
      for (; sender.writes.held_back > 0; --sender.writes.held_back) {
        scheduler_.after(Duration{}, [this, end] { arrive(end); });
      }
    }
  }
}

void Network::mend_all() {
  while (!cuts_.empty()) {
    const auto [from, to] = cuts_.begin()->first;
    mend(from, to);
  }
}

void Network::crash(HostId host, bool silent) {
  hosts_.at(host).up = false;
  tell(silent ? "vanished" : "crashed", host, host);
  for (Listener& listener : listeners_) {
    if (listener.host == host) listener.port = nullptr;
  }
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    for (const std::uint32_t which : {0U, 1U}) {
      const End end{i, which};
      if (find(end) == nullptr || side(end).host != host || side(end).port == nullptr) continue;
      side(end).port = nullptr;
      lose_flying(side(end).writes);
      if (observer_ != nullptr) observer_->broke(end, scheduler_.now());
      if (!silent) fly(end, {What::reset, {}});
      forget(end);
    }
  }
}

void Network::restart(HostId host) {
  MSRP_ASSERT(!hosts_.at(host).up);
  hosts_[host].up = true;
  tell("restarted", host, host);
  // What the others go on sending finds nobody.
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    for (const std::uint32_t which : {0U, 1U}) {
      const End end{i, which};
      if (find(end) == nullptr || side(end).host != host || side(end).port != nullptr) continue;
      const bool heard = find(end)->established && side(end.other()).port != nullptr;
      if (heard) fly(end, {What::reset, {}});
    }
  }
}

std::optional<HostId> Network::host_at(const IpAddress& ip) const {
  for (HostId host = 0; host < hosts_.size(); ++host) {
    if (std::ranges::find(hosts_[host].addresses, ip) != hosts_[host].addresses.end()) return host;
  }
  return std::nullopt;
}

// ---- listening and connecting -------------------------------------------------------------------

Network::Listener* Network::listener_at(const SocketAddress& at) {
  std::vector<Listener*> found;
  for (Listener& listener : listeners_) {
    if (listener.port != nullptr && listener.at == at) found.push_back(&listener);
  }
  return found.empty() ? nullptr : found[chance_.below(found.size())];
}

Result<SocketAddress> Network::listen(Port& port, HostId host, ListenerId listener,
                                      const SocketAddress& at, const ListenOptions& options) {
  SocketAddress actual = at;
  const auto own = host_at(at.ip);
  if (at.ip == IpAddress{}) {  // any
    actual.ip = address(host);
  } else if (!own || *own != host) {
    return std::unexpected(Error{Errc::listen_failed});
  }
  const auto taken = [&] {
    return std::ranges::any_of(listeners_, [&](const Listener& other) {
      return other.port != nullptr && other.at == actual &&
             !(other.options.shared && options.shared);
    });
  };
  if (actual.port == 0) {
    for (actual.port = first_port; taken();) ++actual.port;
  } else if (taken()) {
    return std::unexpected(Error{Errc::listen_failed});
  }
  listeners_.push_back(Listener{&port, host, listener, actual, options});
  return actual;
}

void Network::stop_listening(Port& port, ListenerId listener) {
  for (Listener& one : listeners_) {
    if (one.port == &port && one.id == listener) one.port = nullptr;
  }
}

void Network::stop_listening(Port& port) {
  for (Listener& one : listeners_) {
    if (one.port == &port) one.port = nullptr;
  }
}

End Network::connect(Port& port, HostId host, const SocketAddress& to) {
  streams_.push_back(std::make_unique<Stream>());
  const End end{static_cast<std::uint32_t>(streams_.size() - 1), 0};
  Side& client = side(end);
  client.port = &port;
  client.host = host;
  Host& from = hosts_.at(host);
  const auto same_kind = std::ranges::find(from.addresses, to.ip.v6, &IpAddress::v6);
  const IpAddress& local = same_kind != from.addresses.end() ? *same_kind : address(host);
  client.info = {.local = {local, from.next_port++}, .peer = to};
  side(end.other()).host = host_at(to.ip).value_or(nowhere);
  knock(end, 0);
  return end;
}

void Network::knock(End client, unsigned times) {
  const Stream* stream = find(client);
  if (stream == nullptr || stream->established) return;
  const Side& from = stream->sides[0];
  if (times == knocks_max) return from.port->refused(client);
  const HostId to = stream->sides[1].host;
  scheduler_.after(std::chrono::seconds(1U << times),
                   [this, client, times] { knock(client, times + 1); });
  if (to == nowhere || is_cut(from.host, to)) return;
  const Link& way = link(from.host, to);
  scheduler_.after(way.latency + chance_.duration(way.jitter), [this, client] {
    const Stream* knocking = find(client);
    if (knocking != nullptr && !knocking->established) reach_listener(client);
  });
}

// The first segment of a connect has come to the host.
void Network::reach_listener(End client) {
  Stream& stream = *find(client);
  Side& from = stream.sides[0];
  Side& to = stream.sides[1];
  const Host& host = hosts_.at(to.host);
  if (!host.up || host.reach == Reach::dials_only) return;
  const Link& back = link(to.host, from.host);
  const Duration delay = back.latency + chance_.duration(back.jitter);
  const bool answers = !is_cut(to.host, from.host);
  Listener* listener = listener_at(from.info.peer);
  if (listener == nullptr) {
    if (!answers) return;
    return scheduler_.after(delay, [this, client] {
      const Stream* refused = find(client);
      if (refused != nullptr && !refused->established) refused->sides[0].port->refused(client);
    });
  }
  if (listener->waiting >= listener->options.backlog || !answers) return;
  ++listener->waiting;
  stream.listener = static_cast<std::size_t>(
      std::ranges::find_if(listeners_, [&](const Listener& one) { return &one == listener; }) -
      listeners_.begin());
  stream.established = true;
  to.port = listener->port;
  to.info = {.local = from.info.peer, .peer = from.info.local};
  to.writes.last_arrival = scheduler_.now() + delay;  // nothing overtakes the answer
  if (observer_ != nullptr) observer_->connected(client.other(), to.info, scheduler_.now());
  listener->port->accepted(listener->id, client.other());
  scheduler_.after(delay, [this, client] { answer(client); });
}

// That of the listener has come back, once no cut is in its way.
void Network::answer(End client) {
  const Stream* made = find(client);
  if (made == nullptr || made->sides[0].port == nullptr) return;
  if (is_cut(made->sides[1].host, made->sides[0].host)) {
    return scheduler_.after(std::chrono::seconds(1), [this, client] { answer(client); });
  }
  made->sides[0].port->connected(client);
}

void Network::take(End end) {
  Stream& stream = *find(end);
  if (stream.listener < listeners_.size()) --listeners_[stream.listener].waiting;
  stream.listener = ~std::size_t{0};
}

// ---- streams ------------------------------------------------------------------------------------

Network::Stream* Network::find(End end) const {
  return end.stream < streams_.size() ? streams_[end.stream].get() : nullptr;
}

Network::Side& Network::side(End end) const {
  Stream* stream = find(end);
  MSRP_ASSERT(stream != nullptr);
  return stream->sides[end.side];
}

const TransportInfo& Network::info(End end) const {
  return side(end).info;
}

std::size_t Network::write(End end, std::span<const std::byte> octets) {
  Side& from = side(end);
  Direction& way = from.writes;
  const Link& over = link(from.host, side(end.other()).host);
  const std::size_t under_way = way.flying_bytes + way.arrived_bytes;
  std::size_t taken = over.window_bytes > under_way ? over.window_bytes - under_way : 0;
  // As TCP does it: no sliver of a window is used, or there would be slivers only.
  if (taken < over.window_bytes / 4) taken = 0;
  taken = std::min(taken, octets.size());
  if (over.fragments && taken > 1) taken = 1 + chance_.below(taken);
  way.wants_room = taken < octets.size();
  if (taken == 0) return 0;
  if (observer_ != nullptr) observer_->wrote(end, octets.first(taken), scheduler_.now());
  for (std::size_t done = 0; done < taken;) {
    std::size_t piece = std::min(taken - done, segment_bytes_max);
    if (over.fragments && piece > 1 && chance_.one_of(1, 2)) piece = 1 + chance_.below(piece);
    const auto part = octets.subspan(done, piece);
    fly(end, {What::octets, std::vector<std::byte>(part.begin(), part.end())});
    done += piece;
  }
  return taken;
}

void Network::write_end(End end) {
  Direction& way = side(end).writes;
  if (std::exchange(way.end_written, true)) return;
  if (observer_ != nullptr) observer_->wrote_end(end, scheduler_.now());
  fly(end, {What::end, {}});
}

Instant Network::departure(Side& from, const Link& over, std::size_t bytes) {
  Instant& free = from.writes.line_free;
  free = std::max(free, scheduler_.now());
  if (over.bytes_per_second > 0) {
    free += Duration(static_cast<Duration::rep>(bytes * 1'000'000'000U / over.bytes_per_second));
  }
  return free;
}

void Network::fly(End from, Segment segment) {
  Side& sender = side(from);
  Direction& way = sender.writes;
  const Link& over = link(sender.host, side(from.other()).host);
  const Instant leaves = departure(sender, over, segment.octets.size());
  way.last_arrival =
      std::max(way.last_arrival, leaves + over.latency + chance_.duration(over.jitter));
  way.flying_bytes += segment.octets.size();
  way.flying.push_back(std::move(segment));
  scheduler_.at(way.last_arrival, [this, from] { arrive(from); });
}

void Network::arrive(End from) {
  if (find(from) == nullptr) return;
  Direction& way = side(from).writes;
  if (is_cut(side(from).host, side(from.other()).host)) {
    ++way.held_back;
    return;
  }
  if (way.flying.empty()) return;  // it was lost on the way
  Segment segment = std::move(way.flying.front());
  way.flying.pop_front();
  way.flying_bytes -= segment.octets.size();
  arrive_at_last(from, std::move(segment));
}

void Network::arrive_at_last(End from, Segment segment) {
  const End to = from.other();
  Side& receiver = side(to);
  Direction& way = side(from).writes;
  if (receiver.port == nullptr) {
    // Nobody is there: whoever still speaks hears so, unless the host is down.
    const bool speaks = segment.what == What::octets && side(from).port != nullptr;
    if (speaks && hosts_.at(receiver.host).up && !way.reset_arrived) fly(to, {What::reset, {}});
    return forget(to);
  }
  switch (segment.what) {
    case What::octets:
      way.arrived_bytes += segment.octets.size();
      way.arrived.push_back(std::move(segment.octets));
      break;
    case What::end:
      way.end_arrived = true;
      break;
    case What::reset:
      way.reset_arrived = true;
      lose_flying(receiver.writes);
      break;
  }
  receiver.port->readable(to);
}

std::size_t Network::readable_bytes(End end) const {
  return side(end.other()).writes.arrived_bytes;
}

bool Network::at_end(End end) const {
  const Direction& way = side(end.other()).writes;
  return way.end_arrived && way.arrived_bytes == 0;
}

bool Network::is_broken(End end) const {
  return side(end.other()).writes.reset_arrived;
}

std::size_t Network::read(End end, std::span<std::byte> out) {
  const End writer = end.other();
  Direction& way = side(writer).writes;
  std::size_t wanted = std::min(out.size(), way.arrived_bytes);
  const Link& over = link(side(writer).host, side(end).host);
  if (over.fragments && wanted > 1 && chance_.one_of(1, 4)) wanted = 1 + chance_.below(wanted);
  std::size_t done = 0;
  while (done < wanted) {
    const std::vector<std::byte>& first = way.arrived.front();
    const auto rest = std::span(first).subspan(way.read_of_first);
    const std::size_t piece = std::min(rest.size(), wanted - done);
    std::ranges::copy(rest.first(piece), out.begin() + static_cast<std::ptrdiff_t>(done));
    done += piece;
    way.read_of_first += piece;
    if (way.read_of_first == first.size()) {
      way.arrived.pop_front();
      way.read_of_first = 0;
    }
  }
  way.arrived_bytes -= done;
  if (observer_ != nullptr && done > 0) observer_->read(end, out.first(done), scheduler_.now());
  const bool has_room = way.flying_bytes + way.arrived_bytes <= over.window_bytes / 2;
  if (done > 0 && has_room && std::exchange(way.wants_room, false) &&
      side(writer).port != nullptr) {
    side(writer).port->writable(writer);
  }
  return done;
}

void Network::lose_flying(Direction& way) {
  way.flying.clear();
  way.flying_bytes = 0;
}

void Network::release(End end, bool broken) {
  Stream& stream = *find(end);
  Side& own = side(end);
  MSRP_ASSERT(own.port != nullptr);
  if (stream.listener < listeners_.size() && end.side == 1) take(end);
  own.port = nullptr;
  // Octets that nobody will read are answered with a reset, as any that still come.
  const Direction& incoming = side(end.other()).writes;
  if (broken || (incoming.arrived_bytes > 0 && !incoming.reset_arrived)) reset_from(end);
  forget(end);
}

void Network::reset_from(End end) {
  const Stream& stream = *find(end);
  if (observer_ != nullptr) observer_->broke(end, scheduler_.now());
  lose_flying(side(end).writes);
  if (stream.established && side(end.other()).port != nullptr) fly(end, {What::reset, {}});
}

// A stream that both sides are done with takes no memory.
void Network::forget(End end) {
  const Stream& stream = *find(end);
  if (stream.sides[0].port == nullptr && stream.sides[1].port == nullptr) {
    streams_[end.stream].reset();
  }
}

}  // namespace msrp::sim
