#include "apps/msrp/data_block.hpp"

namespace msrp::app {

std::string data_block(const Json& object) {
  // ASCII alone, and of that nothing that markup is made of; in JSON these stand in strings only.
  std::string line = "<script type=\"application/json\">";
  for (const char octet : object.dump(-1, ' ', true)) {
    switch (octet) {
      case '<':
        line += "\\u003C";
        break;
      case '>':
        line += "\\u003E";
        break;
      case '&':
        line += "\\u0026";
        break;
      default:
        line += octet;
    }
  }
  line += "</script>\n";
  return line;
}

}  // namespace msrp::app
