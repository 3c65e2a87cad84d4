// A file that comes piece by piece into a folder: under a temporary name until it is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backends/common/socket.hpp"
#include "msrp/random.hpp"

namespace msrp::app {

// The last component of a name that a peer gave, made fit for a folder: no leading dots, no
// control characters, valid UTF-8, not too long. `otherwise` when nothing of it is left.
std::string safe_file_name(std::string_view name, std::string_view otherwise);

class Folder {
 public:
  // nullopt: see errno.
  static std::optional<Folder> open(const std::string& path);

  int descriptor() const noexcept { return descriptor_.get(); }
  const std::string& path() const noexcept { return path_; }
  std::uint64_t free_bytes() const noexcept;

 private:
  std::string path_;
  backend::Descriptor descriptor_;
};

// Whatever fails says why in errno. Unless it is kept, the file vanishes with this object.
class IncomingFile {
 public:
  static std::optional<IncomingFile> create(const Folder& folder, Random& random);
  IncomingFile(IncomingFile&& other) noexcept;
  IncomingFile& operator=(IncomingFile&& other) noexcept;
  ~IncomingFile() { remove(); }

  bool write(std::uint64_t offset, std::span<const std::byte> bytes) noexcept;
  // SHA-256 of the first so many octets, read back.
  std::optional<std::string> hash(std::uint64_t bytes);
  // Cuts it to its size and gives it its name, or "name (1)" and so on where that is taken.
  // Returns the path; the file is closed then.
  std::optional<std::string> keep(const std::string& name, std::uint64_t bytes);

 private:
  IncomingFile(const Folder& folder, std::string temporary, backend::Descriptor descriptor)
      : folder_(&folder), temporary_(std::move(temporary)), descriptor_(std::move(descriptor)) {}
  void remove() noexcept;
  bool rename_to(const std::string& name) noexcept;

  const Folder* folder_;
  std::string temporary_;  // empty: no file any more
  backend::Descriptor descriptor_;
};

}  // namespace msrp::app
