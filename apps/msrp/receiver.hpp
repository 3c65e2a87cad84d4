// Takes the messages of one or many sessions: files into a folder, short texts to the output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apps/msrp/incoming_file.hpp"
#include "apps/msrp/output.hpp"
#include "apps/msrp/progress.hpp"
#include "apps/msrp/runtime.hpp"
#include "backends/crypto/sha256.hpp"
#include "msrp/event.hpp"

namespace msrp::app {

class Receiver {
 public:
  static constexpr std::size_t text_bytes_max = 64 * 1024;

  // Sessions have automatic_reports off: a message is reported when its file is in its place.
  Receiver(Endpoint& endpoint, Output& output, Progress& progress, const Folder& folder)
      : endpoint_(endpoint), output_(output), progress_(progress), folder_(folder) {}

  void on(const MessageStarted& event);
  void on(const MessageData& event);
  void on(const MessageEnded& event);
  // Gives up what is incomplete, for that reason, which is not said as an error; no part of it
  // stays.
  void discard_all(std::string_view reason);

  std::uint64_t messages_done() const noexcept { return messages_done_; }
  std::uint64_t bytes_in() const noexcept { return bytes_in_; }
  bool any_failed() const noexcept { return failed_ > 0; }

 private:
  struct Message {
    std::string id, content_type;
    std::string name;                 // of the file to be
    std::optional<std::string> text;  // while it is short text
    std::optional<IncomingFile> file;
    std::optional<std::uint64_t> announced_bytes;
    backend::Sha256 hash;
    std::uint64_t hashed_bytes = 0;
    std::uint64_t bytes = 0;
    bool in_order = true;
    std::string problem;  // why it was refused here
    Instant begun{};
  };

  bool store(Message& message, std::uint64_t offset, std::span<const std::byte> bytes);
  bool open_file(Message& message);
  void refuse(IncomingHandle handle, Message& message, std::string problem);
  // Text or file in its place; false: it could not be put there.
  bool keep(Message& message, std::uint64_t bytes, Json& fields);
  static Json fields_of(const Message& message, std::uint64_t bytes, Json chunks);
  void tell_incomplete(Message& message, std::uint64_t bytes, Json chunks, std::uint16_t status,
                       std::string_view reason);

  Endpoint& endpoint_;
  Output& output_;
  Progress& progress_;
  const Folder& folder_;
  std::unordered_map<IncomingHandle, std::unique_ptr<Message>> messages_;
  IncomingHandle shown_;  // by the progress bar
  std::uint64_t messages_done_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace msrp::app
