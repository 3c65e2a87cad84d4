// Looks into simulated TLS from outside, since it keeps no secrets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/sim/toy_tls.hpp"

namespace msrp::sim {

// Both directions of one stream.
class TlsTap {
 public:
  // side: 0 (the client) or 1, who wrote it. Returns what was sealed in the octets, as far as their
  // records are whole; behind one that is damaged, nothing any more.
  std::string open(std::uint32_t side, std::string_view octets) {
    Direction& way = directions_[side];
    way.rest += octets;
    std::string opened;
    while (!way.broken) {
      const auto size = toy::record_size(way.rest);
      if (!size || way.rest.size() < *size) break;
      const auto record =
          *size > 0 ? way.key.open(std::string_view(way.rest).substr(0, *size)) : std::nullopt;
      way.broken = !record;
      if (record) take(side, *record, opened);
      way.rest.erase(0, *size);
    }
    if (way.broken) way.rest.clear();
    return opened;
  }

 private:
  struct Direction {
    toy::Key key;
    std::string rest;
    std::optional<std::uint64_t> random;
    bool broken = false;
  };

  void take(std::uint32_t side, const toy::Record& record, std::string& opened) {
    Direction& way = directions_[side];
    if (record.type == toy::Type::data) opened += record.payload;
    if (record.type == toy::Type::key_update) way.key.update();
    if (record.type != toy::Type::handshake || way.random) return;
    const auto hello = toy::parse_hello(record.payload);
    if (!hello) return;
    way.random = hello->random;
    if (!directions_[0].random || !directions_[1].random) return;
    for (const std::uint32_t each : {0U, 1U}) {
      directions_[each].key = toy::Key(*directions_[0].random, *directions_[1].random, each);
    }
  }

  Direction directions_[2];
};

}  // namespace msrp::sim
