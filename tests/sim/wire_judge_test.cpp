// What the judge of the wire complains about: each rule kept once and broken once.
#include "backends/sim/world/wire_judge.hpp"

#include <gtest/gtest.h>

#include <string>

namespace msrp::sim {
namespace {

constexpr const char* paths =
    "To-Path: msrp://b.example:2/two;tcp\r\nFrom-Path: msrp://a.example:1/one;tcp\r\n";

std::string send(const std::string& id, const std::string& range, const std::string& body,
                 char flag = '$', const std::string& more = "") {
  return "MSRP " + id + " SEND\r\n" + paths + "Message-ID: message-1\r\nByte-Range: " + range +
         "\r\n" + more + "Content-Type: text/plain\r\n\r\n" + body + "\r\n-------" + id + flag +
         "\r\n";
}

std::string answer(const std::string& id, const std::string& status = "200 OK") {
  return "MSRP " + id + " " + status + "\r\n" + paths + "-------" + id + "$\r\n";
}

std::string report(const std::string& id, const std::string& status) {
  return "MSRP " + id + " REPORT\r\n" + paths +
         "Message-ID: message-1\r\nByte-Range: 1-5/5\r\nStatus: 000 " + status + "\r\n-------" +
         id + "$\r\n";
}
const std::string asks = "Success-Report: yes\r\n";

struct Case {
  const char* complaint;                   // its beginning; empty: nothing
  std::string asked, answered, then = {};  // by the first side, the other, the first again
};

std::string judged(const Case& c, std::size_t piece) {
  WireJudge judge;
  for (const auto& [side, text] :
       {std::pair(0U, c.asked), std::pair(1U, c.answered), std::pair(0U, c.then)}) {
    for (std::size_t i = 0; i < text.size(); i += piece) {
      judge.wrote(side, std::string_view(text).substr(i, piece));
    }
  }
  return judge.wrong();
}

const std::string kilobytes(3000, 'x');

const Case cases[] = {
    {"", send("abcd1", "1-5/5", "hello"), answer("abcd1")},
    {"", send("abcd1", "1-*/8", "hello", '+') + send("abcd2", "6-*/8", "you"),
     answer("abcd1") + answer("abcd2")},
    {"", send("abcd1", "1-*/*", kilobytes, '#'), answer("abcd1", "413 Stop")},
    {"", send("abcd1", "1-5/5", "hello", '$', "Failure-Report: partial\r\n"),
     answer("abcd1", "400 Bad")},
    {"", std::string("MSRP abcd1 SEND\r\n") + paths + "Message-ID: m-1\r\n-------abcd1$\r\n",
     answer("abcd1")},
    {"no start line", "HTTP/1.1 200 OK\r\n\r\n", ""},
    {"no transaction id", "MSRP a SEND\r\n\r\n", ""},
    {"the paths are not first", "MSRP abcd1 SEND\r\nMessage-ID: m-1\r\n-------abcd1$\r\n", ""},
    {"a transaction id that is open",
     send("abcd1", "1-5/5", "hello") + send("abcd1", "1-5/5", "hello"), ""},
    {"an answer to nothing", "", answer("abcd1")},
    {"an answer to nothing, or a second one", send("abcd1", "1-5/5", "hello"),
     answer("abcd1") + answer("abcd1")},
    {"", send("abcd1", "1-5/5", "hello", '$', asks), answer("abcd1") + report("efgh1", "200 OK")},
    {"", send("abcd1", "1-5/5", "hello"), report("efgh1", "400 Bad")},
    {"an answer to a REPORT", send("abcd1", "1-5/5", "hello", '$', asks), report("efgh1", "200 OK"),
     answer("efgh1")},
    {"a REPORT about nothing", "", report("efgh1", "200 OK")},
    {"a success REPORT that nobody asked for", send("abcd1", "1-5/5", "hello"),
     report("efgh1", "200 OK")},
    {"a failure REPORT that nobody asked for",
     send("abcd1", "1-5/5", "hello", '$', "Failure-Report: no\r\n"), report("efgh1", "400 Bad")},
    {"more of a message after its \"#\"",
     send("abcd1", "1-*/9", "hello", '#') + send("abcd2", "6-*/9", "you"), ""},
    {"an unwanted answer", send("abcd1", "1-5/5", "hello", '$', "Failure-Report: no\r\n"),
     answer("abcd1", "400 Bad")},
    {"an unwanted 200", send("abcd1", "1-5/5", "hello", '$', "Failure-Report: partial\r\n"),
     answer("abcd1")},
    {"an end-line in the body", send("abcd1", "1-*/*", "a\r\n-------abcd1b"), ""},
    {"it cannot be interrupted", send("abcd1", "1-3000/3000", kilobytes), ""},
    {"another size than its range has", send("abcd1", "1-5/5", "hell"), ""},
    {"\"$\" before the total", send("abcd1", "1-*/9", "hello"), ""},
    {"\"+\" at the total", send("abcd1", "1-*/5", "hello", '+'), ""},
    {"no range", send("abcd1", "1/5", "hello"), ""},
    {"a flag that only a SEND may have", send("abcd1", "1-5/5", "hello"),
     std::string("MSRP abcd1 200 OK\r\n") + paths + "-------abcd1+\r\n"},
};

TEST(WireJudge, ComplainsOfWhatIsWrongAlone) {
  for (const Case& c : cases) {
    for (const std::size_t piece : {1U, 2U, 7U, 100U, 100'000U}) {
      const std::string wrong = judged(c, piece);
      if (*c.complaint == '\0') {
        EXPECT_EQ(wrong, "") << c.asked;
      } else {
        EXPECT_TRUE(wrong.starts_with(c.complaint)) << c.complaint << " is not " << wrong;
      }
    }
  }
}

}  // namespace
}  // namespace msrp::sim
