#include "apps/msrp/progress.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace msrp::app {
namespace {

TEST(Progress, SaysHowMuchHowFastAndHowLong) {
  Progress progress(false);
  const Instant start{};
  progress.begin("file\x1B.bin", 100 << 20, start);
  progress.advance(25 << 20, start);
  const std::string text = progress.text(80, start + std::chrono::seconds(5));
  EXPECT_LE(text.size(), 80U) << text;
  EXPECT_TRUE(text.starts_with("file\\x1B.bin [####")) << text;
  EXPECT_NE(text.find("25% 25.0 MiB 5.0 MiB/s 15 s"), std::string::npos) << text;
}

TEST(Progress, FitsEveryTerminal) {
  Progress progress(false);
  for (const std::optional<std::uint64_t> total :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0),
        std::optional<std::uint64_t>(10)}) {
    progress.begin(std::string(300, 'n'), total, Instant{});
    progress.advance(20, Instant{});  // more than was announced
    for (std::size_t columns = 40; columns < 400; columns += 13) {
      EXPECT_LE(progress.text(columns, Instant{}).size(), columns);
    }
  }
}

}  // namespace
}  // namespace msrp::app
