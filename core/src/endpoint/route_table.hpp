// Which of our URIs stands for what (RFC 4975 section 5.4).
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "msrp/ids.hpp"
#include "msrp/session_options.hpp"
#include "msrp/uri.hpp"

namespace msrp {

// Either a ticket or, once it is bound, its session.
struct Route {
  TicketId ticket;
  SessionId session;
};

// Keyed by hashes. Session-ids that we make are random and those that a caller chooses are the
// caller's own, so a peer cannot crowd a bucket.
class RouteTable {
 public:
  // False when an equivalent URI is there already, or the session-id where that alone has to match.
  bool add(const Uri& local, const Route& route, SessionMatch match);
  // The entry of exactly this URI.
  Route* at(const UriView& local) noexcept;
  // What a request with this URI is for: the entry of the URI, else one that its session-id is
  // enough for.
  Route* find(const UriView& uri) noexcept;
  void remove(const UriView& local) noexcept;

 private:
  struct Entry {
    Uri uri;
    Route route;
    SessionMatch match;
  };
  using Entries = std::unordered_multimap<std::uint64_t, Entry>;
  // By session-id, as it stands in the entry.
  using Loose = std::unordered_map<std::string_view, Entries::iterator>;
  Entries::iterator locate(const UriView& uri) noexcept;

  Entries entries_;
  Loose loose_;
};

}  // namespace msrp
