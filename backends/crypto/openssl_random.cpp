#include "backends/crypto/openssl_random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace msrp::backend {
namespace {

// A child must not hand out what its parent has drawn.
std::atomic<unsigned> fork_count = 0;

void count_forks() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
}

void draw(std::span<std::byte> out) noexcept {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1)
    return;
  std::fputs("msrp: the system gives no randomness\n", stderr);
  std::abort();
}

}  // namespace

OpensslRandom::OpensslRandom() {
  count_forks();
}

OpensslRandom::~OpensslRandom() {
  OPENSSL_cleanse(block_.data(), block_.size());
}

void OpensslRandom::refill() noexcept {
  forks_ = fork_count.load(std::memory_order_relaxed);
  draw(block_);
  used_ = 0;
}

void OpensslRandom::fill(std::span<std::byte> out) noexcept {
  if (forks_ != fork_count.load(std::memory_order_relaxed)) used_ = block_.size();
  while (!out.empty()) {
    if (used_ == block_.size()) refill();
    const std::size_t size = std::min(out.size(), block_.size() - used_);
    std::memcpy(out.data(), block_.data() + used_, size);
    OPENSSL_cleanse(block_.data() + used_, size);  // drawn once, known once
    used_ += size;
    out = out.subspan(size);
  }
}

}  // namespace msrp::backend
