// HOST:PORT of --listen.
#pragma once

#include <string>
#include <string_view>

#include "apps/msrp/options.hpp"
#include "msrp/error.hpp"

namespace msrp::app {

// "127.0.0.1:2855", "[::1]:0", "name:2855" (looked up once, here) or ":0" (on 127.0.0.1). host
// overrides what own URIs say and is required when listening on every address.
// On failure the text says what is wrong with it: `what happened: what to do`.
std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text,
                                                               std::string_view host);

}  // namespace msrp::app
