// Blocks for encoded heads and end-lines: borrowed only while a connection has something to send,
// so that an idle connection holds none.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace msrp {

class StagingPool {
 public:
  static constexpr std::size_t block_bytes = 4096;
  using Block = std::array<std::byte, block_bytes>;

  std::unique_ptr<Block> take() {
    if (free_.empty()) return std::make_unique_for_overwrite<Block>();
    std::unique_ptr<Block> block = std::move(free_.back());
    free_.pop_back();
    return block;
  }

  void give(std::unique_ptr<Block> block) noexcept {
    if (free_.size() < free_.capacity()) free_.push_back(std::move(block));
  }

  // Keeps at most so many free blocks; further ones go back to the allocator.
  explicit StagingPool(std::size_t blocks_kept) { free_.reserve(blocks_kept); }

 private:
  std::vector<std::unique_ptr<Block>> free_;
};

}  // namespace msrp
