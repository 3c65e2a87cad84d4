// msrp decode: MSRP octets in, JSON objects out.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "apps/msrp/chunk_json.hpp"
#include "apps/msrp/commands.hpp"
#include "apps/msrp/split_check.hpp"
#include "apps/msrp/text.hpp"
#include "backends/common/socket.hpp"
#include "backends/crypto/sha256.hpp"
#include "msrp/parser.hpp"

namespace msrp::app {
namespace {

int cannot(std::string_view what, std::string_view name, int system_error,
           std::string_view what_to_do) {
  fmt::print(stderr, "msrp: cannot {} '{}', {}: {}\n", what, printable(name),
             std::strerror(system_error), what_to_do);
  return 1;
}

// One line of JSON a chunk; holds one head at the most.
class Decoder {
 public:
  // False when there is no use in going on.
  bool feed(std::span<const std::byte> input) {
    parser_.push(Slice{input, {}});
    for (;;) {
      const auto event = parser_.next();
      if (!event) return fail(parser_.offset(), describe(event.error().code));
      if (std::holds_alternative<NeedData>(*event)) return !broken_;
      std::visit([this](const auto& what) { on(what); }, *event);
    }
  }

  void end() {
    if (!failed_ && !parser_.idle()) fail(parser_.offset(), "truncated");
  }

  bool failed() const noexcept { return failed_; }
  bool broken() const noexcept { return broken_; }  // standard output takes no more
  std::uint64_t invalid_chunks() const noexcept { return invalid_chunks_; }

 private:
  void on(const NeedData&) {}

  void on(const HeadDone& done) {
    const HeadView& head = done.head;
    chunk_ = Json::object();
    chunk_["offset"] = parser_.offset();
    add_start_line(chunk_, head);
    Json headers = Json::array();
    for (const HeaderField& field : head.headers) {
      headers.push_back(Json::array({json_text(field.name), json_text(field.value)}));
    }
    chunk_["headers"] = std::move(headers);
    has_body_ = head.has_body;
    invalid_.reset();
    if (head.invalid) invalid_ = describe_invalid(head);
  }

  void on(const BodyPart& part) { hash_.update(part.slice.bytes); }

  void on(const ChunkDone& done) {
    chunk_["body_bytes"] = done.body_bytes;
    chunk_["body_sha256"] = hash_.finish_hex();
    chunk_["has_body"] = has_body_;
    chunk_["flag"] = std::string(1, static_cast<char>(done.flag));
    if (!invalid_ && done.invalid) invalid_ = describe(*done.invalid);
    if (invalid_) {
      chunk_["invalid"] = *invalid_;
      ++invalid_chunks_;
    }
    print(chunk_);
  }

  bool fail(std::uint64_t offset, std::string_view rule) {
    failed_ = true;
    print(Json{{"offset", offset}, {"error", rule}});
    return false;
  }

  void print(const Json& object) {
    const std::string line = object.dump() + "\n";
    broken_ |= std::fwrite(line.data(), 1, line.size(), stdout) != line.size();
  }

  HeaderTable table_;
  Parser parser_{ParserLimits{}, table_};
  backend::Sha256 hash_;
  Json chunk_;
  bool has_body_ = false;
  std::optional<std::string> invalid_;
  bool failed_ = false;
  bool broken_ = false;
  std::uint64_t invalid_chunks_ = 0;
};

bool feed_split(Decoder& decoder, std::span<const std::byte> input, std::size_t split_bytes) {
  while (!input.empty()) {
    const auto part =
        input.first(split_bytes == 0 ? input.size() : std::min(split_bytes, input.size()));
    if (!decoder.feed(part)) return false;
    input = input.subspan(part.size());
  }
  return true;
}

int finish(Decoder& decoder) {
  decoder.end();
  if (std::fflush(stdout) != 0 || decoder.broken()) {
    return cannot("write to", "standard output", errno, "look at what reads it");
  }
  if (decoder.invalid_chunks() > 0) {
    fmt::print(stderr, "msrp: {} chunk{} well framed and invalid: see \"invalid\" in {}\n",
               decoder.invalid_chunks(), decoder.invalid_chunks() == 1 ? " is" : "s are",
               decoder.invalid_chunks() == 1 ? "its line" : "their lines");
  }
  return decoder.failed() ? 1 : 0;
}

// Collects what split_bytes asks for, so that a pipe's short reads do not change the parts.
int decode_stream(int descriptor, std::string_view name, std::size_t split_bytes) {
  Decoder decoder;
  std::vector<std::byte> buffer(split_bytes == 0 ? 64 * 1024
                                                 : std::max<std::size_t>(split_bytes, 64 * 1024) /
                                                       split_bytes * split_bytes);
  std::size_t filled = 0;
  for (;;) {
    const ssize_t taken = read(descriptor, buffer.data() + filled, buffer.size() - filled);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) return cannot("read", name, errno, "name a file that can be read");
    filled += static_cast<std::size_t>(taken);
    const std::size_t unit = split_bytes == 0 ? 1 : split_bytes;
    const std::size_t ready = taken == 0 ? filled : filled / unit * unit;
    const std::span<const std::byte> input(buffer.data(), ready);
    if (!feed_split(decoder, input, split_bytes) || taken == 0) return finish(decoder);
    std::memmove(buffer.data(), buffer.data() + ready, filled - ready);
    filled -= ready;
    if (std::fflush(stdout) != 0) return finish(decoder);
  }
}

// A whole input in memory: mapped when it is a regular file.
class WholeInput {
 public:
  // An errno.
  int open(int descriptor) {
    struct stat facts{};
    if (fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
      const auto size = static_cast<std::size_t>(facts.st_size);
      void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
      if (mapped == MAP_FAILED) return errno;
      mapped_ = {static_cast<const std::byte*>(mapped), size};
      return 0;
    }
    std::array<std::byte, 64 * 1024> block;
    for (;;) {
      const ssize_t taken = read(descriptor, block.data(), block.size());
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) return errno;
      if (taken == 0) return 0;
      read_.insert(read_.end(), block.begin(), block.begin() + taken);
    }
  }
  WholeInput() = default;
  WholeInput(const WholeInput&) = delete;
  WholeInput& operator=(const WholeInput&) = delete;
  ~WholeInput() {
    if (!mapped_.empty()) munmap(const_cast<std::byte*>(mapped_.data()), mapped_.size());
  }

  std::span<const std::byte> bytes() const noexcept {
    return mapped_.empty() ? std::span<const std::byte>(read_) : mapped_;
  }

 private:
  std::span<const std::byte> mapped_;
  std::vector<std::byte> read_;
};

int decode_split_each(int descriptor, std::string_view name) {
  WholeInput input;
  if (const int error = input.open(descriptor); error != 0) {
    return cannot("read", name, error, "name a file that can be read");
  }
  Decoder decoder;
  feed_split(decoder, input.bytes(), 0);
  const int status = finish(decoder);
  const SplitResult result = check_splits(input.bytes());
  Json line{{"splits", result.splits}, {"agree", !result.first_difference}};
  if (result.first_difference) line["first_difference"] = *result.first_difference;
  fmt::print("{}\n", line.dump());
  return result.first_difference ? 1 : status;
}

}  // namespace

int run_decode(const DecodeOptions& options) {
  const bool from_stdin = options.file.empty() || options.file == "-";
  const std::string_view name = from_stdin ? "standard input" : std::string_view(options.file);
  backend::Descriptor file;
  if (!from_stdin) {
    file = backend::Descriptor(open(options.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return cannot("open", name, errno, "name a file that can be read");
  }
  const int descriptor = from_stdin ? STDIN_FILENO : file.get();
  return options.split_each ? decode_split_each(descriptor, name)
                            : decode_stream(descriptor, name, options.split_bytes);
}

}  // namespace msrp::app
