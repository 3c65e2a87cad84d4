// Which host own URIs name, and what to say when listening fails.
#pragma once

#include <string>
#include <string_view>

#include "apps/msrp/options.hpp"
#include "msrp/error.hpp"
#include "msrp/uri.hpp"

namespace msrp::app {

// The address that this machine talks to a peer from, when that is known without looking up a
// name; otherwise this machine's name. Such a URI is never connected to (its port is 9).
std::string own_host_towards(const UriView& peer);

std::string listen_error_text(const ListenAddress& at, const Error& error, int system_error);

}  // namespace msrp::app
