#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>

#include "backends/crypto/openssl_crypto.hpp"
#include "backends/crypto/openssl_random.hpp"
#include "backends/crypto/sha256.hpp"

namespace msrp::backend {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string hex(std::span<const std::byte> bytes) {
  std::string out;
  for (const std::byte byte : bytes) {
    out += "0123456789abcdef"[std::to_integer<int>(byte) >> 4];
    out += "0123456789abcdef"[std::to_integer<int>(byte) & 15];
  }
  return out;
}

std::string digest(OpensslCrypto& crypto, Hash hash, std::vector<std::string_view> parts) {
  std::vector<std::span<const std::byte>> spans;
  for (const auto part : parts) spans.push_back(bytes_of(part));
  std::array<std::byte, 64> out;
  return hex(std::span(out).first(crypto.digest(hash, spans, out)));
}

TEST(OpensslCrypto, DigestsOfTheConcatenation) {
  OpensslCrypto crypto;
  // The "abc" vectors of RFC 1321 and FIPS 180.
  EXPECT_EQ(digest(crypto, Hash::md5, {"abc"}), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(digest(crypto, Hash::sha1, {"a", "bc"}), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest(crypto, Hash::sha256, {"a", "", "b", "c"}),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(crypto, Hash::sha512_256, {"abc"}),
            "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
  EXPECT_EQ(digest(crypto, Hash::md5, {}), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(OpensslCrypto, RefusesTooLittleRoomAndUnknownHashes) {
  OpensslCrypto crypto;
  std::array<std::byte, 15> small;
  EXPECT_EQ(crypto.digest(Hash::md5, {}, small), 0u);
  std::array<std::byte, 64> out;
  EXPECT_EQ(crypto.digest(static_cast<Hash>(200), {}, out), 0u);
}

TEST(Sha256, PieceByPiece) {
  Sha256 hasher;
  hasher.update(bytes_of("a"));
  hasher.update({});
  hasher.update(bytes_of("bc"));
  EXPECT_EQ(hasher.finish_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hasher.finish_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(OpensslRandom, FillsAnySizeAndDoesNotRepeat) {
  OpensslRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 3000; ++i) {  // over several blocks
    std::array<std::byte, 16> id{};
    random.fill(id);
    EXPECT_TRUE(seen.insert(hex(id)).second);
  }
  std::vector<std::byte> large(20000);
  random.fill(large);
  int bits = 0;
  for (const std::byte byte : large) bits += __builtin_popcount(std::to_integer<unsigned>(byte));
  EXPECT_NEAR(bits, 80000, 2000);  // ten standard deviations
  random.fill({});
}

TEST(OpensslRandom, AForkedChildDrawsSomethingElse) {
  OpensslRandom random;
  std::array<std::byte, 16> own{};
  random.fill(own);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    random.fill(own);
    _exit(write(ends[1], own.data(), own.size()) == 16 ? 0 : 1);
  }
  random.fill(own);
  std::array<std::byte, 16> theirs{};
  ASSERT_EQ(read(ends[0], theirs.data(), theirs.size()), 16);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_NE(hex(own), hex(theirs));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace msrp::backend
