#include "apps/msrp/incoming_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <vector>

#include "apps/msrp/text.hpp"
#include "backends/crypto/sha256.hpp"

namespace msrp::app {
namespace {

// File systems take 255; " (12345)" and the like have to fit behind.
constexpr std::size_t name_bytes_max = 240;
constexpr unsigned same_names_max = 100'000;

// Where a name ends and its ".ext" begins; the name's end when there is none worth keeping.
std::size_t extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 || name.size() - dot > 16 ? name.size() : dot;
}

std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string cleaned(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") + 1);
  name.remove_prefix(std::min(name.find_first_not_of(". "), name.size()));
  std::string out;
  while (!name.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(name);
    const std::string_view sequence = name.substr(0, std::max<std::size_t>(bytes, 1));
    // What printable() would change is nothing for a file's name.
    out.append(bytes == 0 || printable(sequence) != sequence ? "_" : sequence);
    name.remove_prefix(sequence.size());
  }
  const std::size_t dot = extension_of(out);
  const std::string extension = out.substr(dot);
  out = std::string(cut(std::string_view(out).substr(0, dot), name_bytes_max - extension.size()));
  return out + extension;
}

}  // namespace

std::string safe_file_name(std::string_view name, std::string_view otherwise) {
  std::string safe = cleaned(name);
  if (safe.empty()) safe = cleaned(otherwise);
  return safe.empty() ? "unnamed" : safe;
}

std::optional<Folder> Folder::open(const std::string& path) {
  Folder folder;
  folder.path_ = path;
  folder.descriptor_ =
      backend::Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.descriptor_ || faccessat(folder.descriptor(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return std::nullopt;
  }
  return folder;
}

std::uint64_t Folder::free_bytes() const noexcept {
  struct statvfs facts{};
  if (fstatvfs(descriptor(), &facts) != 0) return std::numeric_limits<std::uint64_t>::max();
  return std::uint64_t{facts.f_bavail} * facts.f_frsize;
}

std::optional<IncomingFile> IncomingFile::create(const Folder& folder, Random& random) {
  std::uint64_t number = 0;
  random.fill(std::as_writable_bytes(std::span(&number, 1)));
  std::string name = fmt::format(".msrp-{:016x}.part", number);
  backend::Descriptor descriptor(openat(folder.descriptor(), name.c_str(),
                                        O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!descriptor) return std::nullopt;
  return IncomingFile(folder, std::move(name), std::move(descriptor));
}

IncomingFile::IncomingFile(IncomingFile&& other) noexcept
    : folder_(other.folder_),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::move(other.descriptor_)) {}

IncomingFile& IncomingFile::operator=(IncomingFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  folder_ = other.folder_;
  temporary_ = std::exchange(other.temporary_, {});
  descriptor_ = std::move(other.descriptor_);
  return *this;
}

void IncomingFile::remove() noexcept {
  if (!temporary_.empty()) unlinkat(folder_->descriptor(), temporary_.c_str(), 0);
  temporary_.clear();
}

bool IncomingFile::write(std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
  constexpr auto offset_max = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  if (offset > offset_max || bytes.size() > offset_max - offset) {
    errno = EFBIG;
    return false;
  }
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

std::optional<std::string> IncomingFile::hash(std::uint64_t bytes) {
  backend::Sha256 hash;
  std::vector<std::byte> block(256 * 1024);
  for (std::uint64_t at = 0; at < bytes;) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), bytes - at));
    const ssize_t taken = pread(descriptor_.get(), block.data(), wanted, static_cast<off_t>(at));
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) return std::nullopt;
    hash.update(std::span(block).first(static_cast<std::size_t>(taken)));
    at += static_cast<std::uint64_t>(taken);
  }
  return hash.finish_hex();
}

std::optional<std::string> IncomingFile::keep(const std::string& name, std::uint64_t bytes) {
  if (ftruncate(descriptor_.get(), static_cast<off_t>(bytes)) != 0) return std::nullopt;
  const std::size_t dot = extension_of(name);
  std::string taken = name;
  for (unsigned number = 1; !rename_to(taken); ++number) {
    if (errno != EEXIST || number == same_names_max) return std::nullopt;
    taken = fmt::format("{} ({}){}", name.substr(0, dot), number, name.substr(dot));
  }
  temporary_.clear();
  descriptor_.reset();
  return folder_->path() == "."           ? taken
         : folder_->path().ends_with('/') ? folder_->path() + taken
                                          : folder_->path() + "/" + taken;
}

// Never over a file that is there.
bool IncomingFile::rename_to(const std::string& name) noexcept {
  const int folder = folder_->descriptor();
  if (renameat2(folder, temporary_.c_str(), folder, name.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno != EINVAL && errno != ENOSYS) return false;  // the file system cannot do that
  if (linkat(folder, temporary_.c_str(), folder, name.c_str(), 0) != 0) return false;
  unlinkat(folder, temporary_.c_str(), 0);
  return true;
}

}  // namespace msrp::app
