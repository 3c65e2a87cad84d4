#include "cases/case_file.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "support/wire_text.hpp"

namespace msrp::test {
namespace {

// "key=value" words behind "```msrp".
ParserLimits limits_from(const std::string& words) {
  ParserLimits limits;
  std::istringstream input(words);
  std::string word;
  while (input >> word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("not key=value: " + word);
    const std::string key = word.substr(0, equals);
    const auto value = static_cast<std::uint32_t>(std::stoul(word.substr(equals + 1)));
    if (key == "head_bytes") {
      limits.head_bytes = value;
    } else if (key == "headers") {
      limits.headers = static_cast<std::uint16_t>(value);
    } else if (key == "path_uris") {
      limits.path_uris = static_cast<std::uint16_t>(value);
    } else if (key == "non_send_body_bytes") {
      limits.non_send_body_bytes = value;
    } else if (key == "blank_bytes") {
      limits.blank_bytes = value;
    } else {
      throw std::invalid_argument("unknown limit: " + key);
    }
  }
  return limits;
}

class CaseReader {
 public:
  explicit CaseReader(const std::filesystem::path& file) : file_(file), input_(file) {
    if (!input_) throw std::runtime_error("cannot open " + file.string());
  }

  std::vector<WireCase> read() {
    std::string line;
    while (next(line)) {
      if (line.starts_with("## ")) {
        begin(line.substr(3));
      } else if (line.starts_with("```msrp")) {
        expect(in_case_ && !has_input_, "an msrp block belongs to a heading of its own");
        take_input(line.substr(7));
      } else if (line == "```log") {
        expect(has_input_ && current_.log.empty(), "a log block follows an msrp block");
        current_.log = block();
      } else {
        expect(!line.starts_with("```"), "unknown block");
      }
    }
    end();
    expect(!cases_.empty(), "no case");
    return std::move(cases_);
  }

 private:
  void expect(bool met, const char* what) const {
    if (!met) throw std::runtime_error(file_.string() + ":" + std::to_string(line_) + ": " + what);
  }
  bool next(std::string& line) {
    ++line_;
    return static_cast<bool>(std::getline(input_, line));
  }
  std::string block() {
    std::string out, line;
    for (;;) {
      expect(next(line), "the block is not closed");
      if (line == "```") return out;
      out += line + "\n";
    }
  }
  void take_input(const std::string& words) {
    try {
      current_.limits = limits_from(words);
      current_.octets = wire_from_text(block());
    } catch (const std::invalid_argument& error) {
      expect(false, error.what());
    }
    has_input_ = true;
  }
  void begin(const std::string& title) {
    end();
    current_ = {};
    current_.file = file_.stem().string();
    current_.title = title;
    current_.line = line_;
    in_case_ = true;
    has_input_ = false;
  }
  void end() {
    if (!in_case_) return;
    expect(has_input_ && !current_.log.empty(), "the case before lacks a block");
    cases_.push_back(current_);
  }

  std::filesystem::path file_;
  std::ifstream input_;
  int line_ = 0;
  bool in_case_ = false;
  bool has_input_ = false;
  WireCase current_;
  std::vector<WireCase> cases_;
};

}  // namespace

std::vector<WireCase> read_cases(const std::filesystem::path& file) {
  return CaseReader(file).read();
}

}  // namespace msrp::test
