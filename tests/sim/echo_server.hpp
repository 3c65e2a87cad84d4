// A server that says every message back. It knows nothing of simulation: it has an engine, and gets
// events.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "msrp/engine.hpp"

class EchoServer {
 public:
  // hasty: the planted bug. It takes the first piece of a message for all of it.
  explicit EchoServer(bool hasty) : hasty_(hasty) {}

  void on_event(msrp::Engine& engine, const msrp::Event& event, msrp::Instant now) {
    if (const auto* data = std::get_if<msrp::MessageData>(&event)) {
      auto& body = bodies_[data->message];
      body.resize(std::max(body.size(), data->offset + data->slice.bytes.size()));
      std::ranges::copy(data->slice.bytes, body.begin() + static_cast<long>(data->offset));
      if (hasty_ && data->offset == 0) echo(engine, data->session, body, now);
      engine.release(data->session, data->slice.bytes.size(), now);
    } else if (const auto* ended = std::get_if<msrp::MessageEnded>(&event)) {
      auto body = std::move(bodies_[ended->message]);
      bodies_.erase(ended->message);
      if (!hasty_ && !ended->error) echo(engine, ended->session, std::move(body), now);
    }
  }

 private:
  static void echo(msrp::Engine& engine, msrp::SessionId session, std::vector<std::byte> body,
                   msrp::Instant now) {
    (void)engine.send(session, {.content_type = "text/plain"}, msrp::OwnedBody{std::move(body)},
                      now);
  }

  bool hasty_;
  std::unordered_map<msrp::IncomingHandle, std::vector<std::byte>> bodies_;
};
