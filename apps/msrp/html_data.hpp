// Data in a page: a block that is no markup, whatever octets its strings had.
#pragma once

#include <string>

#include "apps/msrp/output.hpp"

namespace msrp::app {

std::string html_data(const Json& object);

}  // namespace msrp::app
