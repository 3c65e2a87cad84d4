// Runs every wire case: whole, octet by octet, at every two-part split, with and without owners,
// against the reference parser, and encoded and parsed again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "cases/case_file.hpp"
#include "support/event_log.hpp"
#include "support/reference_parser.hpp"

namespace msrp::test {
namespace {

// Longer inputs are split at both ends and at every 509th octet in between.
constexpr std::size_t all_splits_max = 3000;
constexpr std::size_t ends_max = 600;

std::vector<std::size_t> splits_of(std::size_t size) {
  std::vector<std::size_t> splits;
  for (std::size_t at = 1; at < size; ++at) {
    if (size <= all_splits_max || at < ends_max || at + ends_max > size || at % 509 == 0)
      splits.push_back(at);
  }
  return splits;
}

class WireCaseTest : public testing::Test {
 public:
  explicit WireCaseTest(const WireCase& one) : case_(one) {}

  void TestBody() override {
    check({}, "whole");
    if (HasFailure()) return;  // the same difference a thousand times helps nobody
    for (const bool with_owner : {false, true}) {
      for (const bool take_back : {false, true}) {
        const std::string how =
            std::string(with_owner ? " with owner" : "") + (take_back ? " taken back" : "");
        check({{}, with_owner, take_back}, "whole" + how);
        check({{1}, with_owner, take_back}, "octet by octet" + how);
        check({{7, 1, 3}, with_owner, take_back}, "in small pieces" + how);
      }
      for (const std::size_t at : splits_of(case_.octets.size())) {
        check({{at, case_.octets.size()}, with_owner, false}, "cut at " + std::to_string(at));
        if (HasFailure()) return;
      }
    }
    EXPECT_EQ(print(reference_read(case_.octets, case_.limits)), case_.log)
        << "the reference parser";
    encode_and_parse();
  }

 private:
  void check(const Feeding& feeding, const std::string& how) {
    const Reading reading = read_stream(case_.octets, case_.limits, feeding);
    EXPECT_EQ(print(reading.stream), case_.log) << how;
    for (const std::string& promise : reading.broken_promises)
      ADD_FAILURE() << "broken: " << promise << " (" << how << ")";
  }

  // The one form that the RFC has for what we write, tolerant as the parser may be.
  // R4975-7.1-5, R4975-7.1-6, R4975-7.1-11, R4975-7.1-12, R4975-7.1-14, R4975-7.1-15, R4975-9-23
  static void check_form(const ChunkRecord& chunk, const std::string& text) {
    const HeadRecord& head = chunk.head;
    const std::string end_line =
        "\r\n-------" + head.transaction_id + static_cast<char>(*chunk.flag) + "\r\n";
    if (!head.is_request) {  // some peers take a response without a phrase for a request
      const std::string before = "MSRP " + head.transaction_id + " 200 ";
      EXPECT_GT(text.find("\r\n"), before.size()) << text;
    }
    const std::size_t blank = text.find("\r\n\r\n");
    if (!head.has_body) {
      EXPECT_EQ(blank, std::string::npos) << text;
      EXPECT_TRUE(text.ends_with(end_line)) << text;
      return;
    }
    ASSERT_NE(blank, std::string::npos) << text;
    EXPECT_EQ(text.substr(blank + 4), chunk.body + end_line);
    EXPECT_TRUE(text.substr(0, blank).ends_with("\r\nContent-Type: " + head.content_type)) << text;
  }

  // R4975-7.1-10, R4975-7.1.1-39: accepted, and never said by us.
  static bool never_written(const ChunkRecord& chunk) {
    return std::ranges::any_of(chunk.head.headers, [&](const auto& header) {
      std::string name = header.first;
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return name == "content-transfer-encoding" ||
             (!chunk.head.has_body && name.starts_with("content-"));
    });
  }

  // What is valid survives being written and read again, and is then written in the same octets.
  void encode_and_parse() {
    for (const ChunkRecord& chunk : read_stream(case_.octets, case_.limits, {}).stream.chunks) {
      if (!chunk.flag || chunk.head.invalid || chunk.invalid) continue;
      const Result<std::string> text = encode_again(chunk);
      if (never_written(chunk)) {
        ASSERT_FALSE(text) << *text;
        EXPECT_EQ(text.error().code, Errc::forbidden_header);
        continue;
      }
      ASSERT_TRUE(text) << describe(text.error().code);
      check_form(chunk, *text);
      const Reading again = read_stream(*text, case_.limits, {{5}, true, false});
      ASSERT_EQ(again.stream.chunks.size(), 1U) << *text;
      ChunkRecord second = again.stream.chunks[0];
      const Result<std::string> fixpoint = encode_again(second);
      ASSERT_TRUE(fixpoint) << describe(fixpoint.error().code);
      EXPECT_EQ(*fixpoint, *text);
      // The phrase that the encoder puts in where there was none, and canonical letters.
      if (chunk.head.comment.empty()) second.head.comment.clear();
      EXPECT_EQ(print_meaning({{second}}), print_meaning({{chunk}}));
    }
  }

  WireCase case_;
};

std::string test_name(const std::string& title) {
  std::string name;
  for (const char c : title) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

void register_cases(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".md" && entry.path().stem() != "README")
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) throw std::runtime_error("no cases in " + directory.string());
  std::set<std::string> names;
  for (const auto& file : files) {
    const std::string source = file.string();
    for (const WireCase& one : read_cases(file)) {
      const std::string name = test_name(one.title);
      if (!names.insert(one.file + "." + name).second)
        throw std::runtime_error(source + ": two cases are called " + name);
      testing::RegisterTest(one.file.c_str(), name.c_str(), nullptr, nullptr, source.c_str(),
                            one.line, [one]() -> testing::Test* { return new WireCaseTest(one); });
    }
  }
}

}  // namespace
}  // namespace msrp::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    msrp::test::register_cases(MSRP_CASES_DIR);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return RUN_ALL_TESTS();
}
