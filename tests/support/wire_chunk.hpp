// MSRP as text, for tests: a plain reader of what an engine sent and a writer of what a scripted
// peer says. Independent of the wire layer on purpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace msrp::test {

struct WireChunk {
  std::string transaction_id;
  std::string word;  // the method of a request, the status code of a response
  std::string comment;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;
  char flag = '$';

  bool is_response() const { return !word.empty() && word[0] >= '0' && word[0] <= '9'; }
  // The value of the first header of that name, or empty.
  std::string header(std::string_view name) const;
  bool has(std::string_view name) const;
  std::string text() const;  // as it stands on the wire
};

// Takes one whole chunk off the front of text; nullopt when there is none yet. Anything that is not
// a chunk is a test failure.
std::optional<WireChunk> take_chunk(std::string& text);
std::vector<WireChunk> take_chunks(std::string& text);

// Requests and responses of a scripted peer.
struct SendParts {
  std::string to, from;
  std::string transaction_id = "peer0001";
  std::string message_id = "peer-message-1";
  std::string byte_range;  // empty: no header
  std::string success_report, failure_report;
  std::string content_type = "text/plain";
  std::optional<std::string> body;
  char flag = '$';
  std::vector<std::pair<std::string, std::string>> extra;
  std::string method = "SEND";
};
std::string wire_send(const SendParts& parts);
std::string wire_response(const WireChunk& request, int status, std::string_view comment = "Said");
std::string wire_report(const WireChunk& request, std::string_view byte_range,
                        std::string_view status = "000 200 OK",
                        std::string_view transaction_id = "peerreport");

}  // namespace msrp::test
