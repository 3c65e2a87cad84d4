// Runs a fuzz target over files, without libFuzzer: `fuzz-replay-x FILE-OR-FOLDER...`.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#if defined(__unix__)
#include <unistd.h>
#endif

#include "fuzz_target.hpp"

// There when the program is built with a sanitizer.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

std::array<char, 4096> current{};  // the input that is running, for the last words

void last_words() {
#if defined(__unix__)
  for (const char* text : {"input: ", static_cast<const char*>(current.data()), "\n"}) {
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
  }
#endif
}

void on_abort(int) {
  last_words();
  std::_Exit(134);
}

int complain(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return 1;
}

void run(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::snprintf(current.data(), current.size(), "%s", name.c_str());
  std::ifstream input(file, std::ios::binary);
  // Of exactly its size, so that a sanitizer sees a read behind its end.
  const std::vector<std::uint8_t> octets{std::istreambuf_iterator<char>(input), {}};
  LLVMFuzzerTestOneInput(octets.data(), octets.size());
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc < 2) return complain("files or folders to replay are missing");
  std::signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(last_words);

  std::vector<fs::path> files;
  std::error_code error;
  for (int i = 1; i < argc; ++i) {
    const fs::path given = argv[i];
    if (fs::is_regular_file(given, error)) {
      files.push_back(given);
      continue;
    }
    const std::size_t before = files.size();
    for (fs::directory_iterator entry(given, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->is_regular_file(error)) files.push_back(entry->path());
    }
    if (error) return complain(given.string() + ": " + error.message());
    if (files.size() == before) return complain(given.string() + ": no inputs");
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) run(file);
  std::printf("%zu inputs\n", files.size());
  return 0;
}
