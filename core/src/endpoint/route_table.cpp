#include "endpoint/route_table.hpp"

#include <new>

namespace msrp {

RouteTable::Entries::iterator RouteTable::locate(const UriView& uri) noexcept {
  const auto [first, last] = entries_.equal_range(hash(uri));
  for (auto it = first; it != last; ++it) {
    if (equivalent(it->second.uri.view(), uri)) return it;
  }
  return entries_.end();
}

bool RouteTable::add(const Uri& local, const Route& route, SessionMatch match) {
  const UriView uri = local.view();
  if (locate(uri) != entries_.end()) return false;
  const auto entry = entries_.emplace(hash(uri), Entry{local, route, match});
  if (match == SessionMatch::full_uri) return true;
  bool is_new = false;
  try {
    is_new = loose_.try_emplace(entry->second.uri.view().session_id, entry).second;
  } catch (const std::bad_alloc&) {
    entries_.erase(entry);
    throw;
  }
  if (!is_new) entries_.erase(entry);
  return is_new;
}

Route* RouteTable::at(const UriView& local) noexcept {
  const auto it = locate(local);
  return it != entries_.end() ? &it->second.route : nullptr;
}

Route* RouteTable::find(const UriView& uri) noexcept {
  if (Route* route = at(uri)) return route;
  if (loose_.empty() || uri.session_id.empty()) return nullptr;
  const auto it = loose_.find(uri.session_id);
  return it != loose_.end() ? &it->second->second.route : nullptr;
}

void RouteTable::remove(const UriView& local) noexcept {
  const auto it = locate(local);
  if (it == entries_.end()) return;
  if (it->second.match == SessionMatch::session_id) {
    loose_.erase(it->second.uri.view().session_id);
  }
  entries_.erase(it);
}

}  // namespace msrp
