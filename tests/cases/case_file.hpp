// Wire cases as Markdown: see README.md beside this file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "msrp/parser.hpp"

namespace msrp::test {

struct WireCase {
  std::string file;   // without extension
  std::string title;  // the heading
  int line = 0;
  ParserLimits limits;
  std::string octets;
  std::string log;  // expected
};

// All cases of one file. Throws std::runtime_error naming file and line when it is malformed.
std::vector<WireCase> read_cases(const std::filesystem::path& file);

}  // namespace msrp::test
