// Chunks as a mutator needs them: taken apart without a question whether they are right.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace msrp::fuzz {

// A stream taken apart loosely: whatever octets there are, print() of a parse() gives them back.
struct LooseChunk {
  std::string before;          // octets in front of "MSRP"
  std::string transaction_id;  // of the start line
  std::string start;           // behind the id, without its CRLF
  std::vector<std::string> lines;
  std::optional<std::string> body;
  std::optional<std::string> end_id;  // where it differs from transaction_id
  std::string end;                    // flag and CRLF; empty: no end-line
};
struct LooseStream {
  std::string limits;  // the mark and what belongs to it, or nothing
  std::vector<LooseChunk> chunks;
  std::string rest;
};

LooseStream parse_loosely(std::string_view input);
std::string print(const LooseStream& stream);

}  // namespace msrp::fuzz
