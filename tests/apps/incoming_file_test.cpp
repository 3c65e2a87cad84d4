#include "apps/msrp/incoming_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "backends/crypto/openssl_random.hpp"

namespace msrp::app {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(SafeFileName, TakesTheLastComponentOnly) {
  EXPECT_EQ(safe_file_name("../../etc/passwd", "id"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\Windows\\x.exe", "id"), "x.exe");
  EXPECT_EQ(safe_file_name("/", "id"), "id");
  EXPECT_EQ(safe_file_name("", "id"), "id");
  EXPECT_EQ(safe_file_name("..", "id"), "id");
  EXPECT_EQ(safe_file_name("...x", "id"), "x");
  EXPECT_EQ(safe_file_name(". .bashrc", "id"), "bashrc");
  EXPECT_EQ(safe_file_name("", "..."), "unnamed");
  EXPECT_EQ(safe_file_name("a\nb\x1B\x7F\xFF.txt", "id"), "a_b___.txt");
  EXPECT_EQ(safe_file_name(std::string_view("a\0b", 3), "id"), "a_b");
  EXPECT_EQ(safe_file_name("gr\u00FC\u00DFe \u2603", "id"), "gr\u00FC\u00DFe \u2603");
}

TEST(SafeFileName, IsShortEnoughForEveryFileSystem) {
  const std::string longest = safe_file_name(std::string(5000, 'x') + ".txt", "id");
  EXPECT_LE(longest.size(), 240U);
  EXPECT_TRUE(longest.ends_with("x.txt"));
  std::string snow;
  for (int i = 0; i < 300; ++i) snow += "\u2603";
  const std::string cut = safe_file_name(snow, "id");
  EXPECT_LE(cut.size(), 240U);
  EXPECT_EQ(cut.size() % 3, 0U);
}

class IncomingFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "msrp-file.XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    folder_ = Folder::open(pattern);
    ASSERT_TRUE(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::ptrdiff_t count() { return std::distance(std::filesystem::directory_iterator(path_), {}); }

  std::filesystem::path path_;
  std::optional<Folder> folder_;
  backend::OpensslRandom random_;
};

TEST_F(IncomingFileTest, AppearsWholeOrNotAtAll) {
  {
    auto file = IncomingFile::create(*folder_, random_);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->write(0, bytes_of("begun")));
    EXPECT_EQ(count(), 1);
    auto moved = *std::move(file);
    EXPECT_TRUE(moved.write(5, bytes_of("!")));
  }
  EXPECT_EQ(count(), 0);
}

TEST_F(IncomingFileTest, NeverTakesTheNameOfAnother) {
  for (const std::string_view expected : {"a.txt", "a (1).txt", "a (2).txt"}) {
    auto file = IncomingFile::create(*folder_, random_);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(4, bytes_of("tail, and more")));
    ASSERT_TRUE(file->write(0, bytes_of("head")));
    EXPECT_EQ(file->hash(8), "87c2aebe999878ed1c244b6a85d1a2ad0b5c6f0916afed00797c1bc7d6097961");
    EXPECT_EQ(file->keep("a.txt", 8), (path_ / expected).string());
    EXPECT_EQ(content((path_ / expected).string()), "headtail");
  }
  EXPECT_EQ(count(), 3);
}

TEST_F(IncomingFileTest, SaysWhyItFails) {
  auto file = IncomingFile::create(*folder_, random_);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->write(~0ULL, bytes_of("x")));
  EXPECT_EQ(errno, EFBIG);
  EXPECT_FALSE(file->hash(1));  // shorter than that
  EXPECT_FALSE(file->keep("no/such/folder", 0));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(Folder::open((path_ / "nowhere").string()));
}

}  // namespace
}  // namespace msrp::app
