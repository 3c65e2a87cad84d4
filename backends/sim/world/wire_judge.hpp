// A naive reader of what engines write, which knows nothing of the code that wrote it, and judges
// it: RFC 4975 sections 7.1, 7.2 and 9.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace msrp::sim {

// Both directions of one stream.
class WireJudge {
 public:
  // side: 0 or 1, who wrote it. Octets in order, in any pieces.
  void wrote(std::uint32_t side, std::string_view octets);
  // The other side is no engine: what it writes is not judged, nor what it is answered with.
  void judge_only(std::uint32_t side) noexcept { only_ = side; }
  // What is wrong, first come; empty: nothing.
  const std::string& wrong() const noexcept { return wrong_; }
  std::uint64_t chunks() const noexcept { return chunks_; }

 private:
  enum class Reports : std::uint8_t { yes, partial, no };
  // A request that may be answered.
  struct Request {
    bool answerable = true;
    Reports failure = Reports::yes;
  };
  // What its SENDs said.
  struct Message {
    bool success_report = false;
    Reports failure = Reports::yes;
    bool is_over = false;  // by "#"
  };
  struct Head {
    std::string transaction_id, message_id;
    bool is_request = false;
    bool has_body = false;
    std::string method;  // of a request
    std::uint64_t start = 1;
    std::optional<std::uint64_t> end, total;
    bool has_range = false, has_type = false;
    bool success_report = false;
    std::string status;  // of a REPORT: "000 200 OK"
  };
  struct Direction {
    std::string text;        // not judged yet
    std::size_t looked = 0;  // no end-line begins before
    std::optional<Head> head;
    std::map<std::string, Request> requests;  // written by this side
    std::map<std::string, Message> messages;  // and by Message-ID
  };

  bool read_head(std::uint32_t side);
  bool read_body(std::uint32_t side);
  std::optional<Head> parse(std::uint32_t side, std::string_view head);
  void request(std::uint32_t side, Head& head, std::string_view failure_report);
  void response(std::uint32_t side, const Head& head, std::string_view status);
  void report(std::uint32_t side, const Head& head);
  void chunk(std::uint32_t side, const Head& head, std::uint64_t body_bytes, char flag);
  bool complain(std::string_view what, std::string_view transaction_id);

  Direction directions_[2];
  std::optional<std::uint32_t> only_;
  std::string wrong_;
  std::uint64_t chunks_ = 0;
};

}  // namespace msrp::sim
