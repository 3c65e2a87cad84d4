#include "endpoint/route_table.hpp"

namespace msrp {

RouteTable::Entries::iterator RouteTable::locate(const UriView& uri) noexcept {
  const auto [first, last] = entries_.equal_range(hash(uri));
  for (auto it = first; it != last; ++it) {
    if (equivalent(it->second.uri.view(), uri)) return it;
  }
  return entries_.end();
}

bool RouteTable::add(const Uri& local, const Route& route) {
  if (locate(local.view()) != entries_.end()) return false;
  entries_.emplace(hash(local.view()), Entry{local, route});
  return true;
}

Route* RouteTable::find(const UriView& uri) noexcept {
  const auto it = locate(uri);
  return it != entries_.end() ? &it->second.route : nullptr;
}

void RouteTable::remove(const UriView& local) noexcept {
  const auto it = locate(local);
  if (it != entries_.end()) entries_.erase(it);
}

}  // namespace msrp
