// Records in a page: the browser keeps them as they are, and the page's own script reads them.
#pragma once

#include <string>

#include "apps/msrp/output.hpp"

namespace msrp::app {

// The object as an element of its own. No octet in it can be taken for markup.
std::string data_block(const Json& object);

}  // namespace msrp::app
