// Which of our URIs stands for what (RFC 4975 section 5.4).
#pragma once

#include <cstdint>
#include <unordered_map>

#include "msrp/ids.hpp"
#include "msrp/uri.hpp"

namespace msrp {

// Either a ticket or, once it is bound, its session.
struct Route {
  TicketId ticket;
  SessionId session;
};

class RouteTable {
 public:
  // False when an equivalent URI is there already.
  bool add(const Uri& local, const Route& route);
  Route* find(const UriView& uri) noexcept;
  void remove(const UriView& local) noexcept;
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    Uri uri;
    Route route;
  };
  // Keyed by hash(UriView). Session-ids that we make are random and those that a caller chooses are
  // the caller's own, so a peer cannot crowd a bucket.
  using Entries = std::unordered_multimap<std::uint64_t, Entry>;
  Entries::iterator locate(const UriView& uri) noexcept;

  Entries entries_;
};

}  // namespace msrp
