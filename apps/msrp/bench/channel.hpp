// Lines of JSON between the parent and its parts, and the parts' processes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "backends/common/socket.hpp"

namespace msrp::app::bench {

// One end; the other one is in another process.
class Channel {
 public:
  explicit Channel(backend::Descriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
  int descriptor() const noexcept { return descriptor_.get(); }

  // False: the other end has gone.
  bool write(const nlohmann::json& message);
  // nullopt: the other end has gone, or nothing came within that time.
  std::optional<nlohmann::json> read(std::optional<std::chrono::milliseconds> patience = {});

 private:
  backend::Descriptor descriptor_;
  std::string buffered_;
};

// A process that runs this program's parts; it is killed when it is let go, and when this process
// ends however that happens.
class Part {
 public:
  // Throws std::system_error.
  explicit Part(const nlohmann::json& spec);
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  Channel& channel() noexcept { return channel_; }

 private:
  pid_t process_ = -1;
  Channel channel_;
};

// The descriptor that a part finds its end of the channel at.
inline constexpr int part_descriptor = 3;

// In a part: to end with its parent. False: there is no parent any more, or none that started it.
bool tie_to_parent();

}  // namespace msrp::app::bench
