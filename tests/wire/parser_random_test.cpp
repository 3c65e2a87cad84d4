// Streams put together at random, from pieces that a chunk is made of and from those that break
// one: the parser and the naive one say the same, however the stream is cut.
#include <gtest/gtest.h>

#include <string>

#include "support/event_log.hpp"
#include "support/reference_parser.hpp"
#include "support/test_services.hpp"
#include "support/wire_text.hpp"

namespace msrp::test {
namespace {

// Each draw is a statement of its own: every compiler makes the same streams.
class Streams {
 public:
  explicit Streams(std::uint64_t seed) : random_(seed) {}

  std::string next() {
    std::string stream;
    for (std::size_t n = 1 + random_.below(4); n-- > 0;) {
      if (random_.one_in(8)) stream += pick({"\r\n", "\r\n\r\n", "\r", "\n", "x", "MSRP"});
      stream += random_.one_in(2) ? sane_chunk() : chunk();
    }
    if (random_.one_in(3)) stream = damaged(std::move(stream));
    return stream;
  }

  Feeding feeding(std::size_t bytes) {
    Feeding how;
    how.with_owner = random_.one_in(2);
    how.take_back = random_.one_in(2);
    for (std::size_t n = random_.below(5); n-- > 0;) how.cuts.push_back(1 + random_.below(bytes));
    if (random_.one_in(4)) how.cuts = {1 + random_.below(3)};
    return how;
  }

  ParserLimits limits() {
    ParserLimits limits;
    if (random_.one_in(4)) limits.head_bytes = static_cast<std::uint32_t>(20 + random_.below(300));
    if (random_.one_in(8)) limits.headers = static_cast<std::uint16_t>(1 + random_.below(6));
    if (random_.one_in(8)) limits.path_uris = 1;
    if (random_.one_in(8)) limits.non_send_body_bytes = 5;
    if (random_.one_in(8)) limits.blank_bytes = static_cast<std::uint32_t>(random_.below(6));
    return limits;
  }

 private:
  std::string pick(std::initializer_list<const char*> of) {
    return of.begin()[random_.below(of.size())];
  }

  // Nothing is wrong with it.
  std::string sane_chunk() {
    const std::string id = pick({"abcd", "abcd1234", "a.+%="});
    std::string out = "MSRP " + id + " ";
    const std::string paths =
        "\r\nTo-Path: msrp://a.example:1/s;tcp\r\nFrom-Path: msrp://b.example:2/t;tcp\r\n";
    if (random_.one_in(3)) return out + "200 OK" + paths + "-------" + id + "$\r\n";
    out +=
        "SEND" + paths + "Message-ID: m1m1\r\n" + pick({"", "Byte-Range: 1-*/*\r\n", "X: y\r\n"});
    if (random_.one_in(2)) {
      out += "Content-Type: text/plain\r\n\r\n";
      for (std::size_t n = random_.below(6); n-- > 0;) out += body_piece(id);
      out += "\r\n";
    }
    return out + "-------" + id + pick({"$", "+", "#"}) + "\r\n";
  }

  std::string chunk() {
    const std::string id =
        random_.one_in(10)
            ? pick({"abc", "a", "ab-d", "-bcd", "a b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
            : pick({"abcd", "abcd1234", "a.+%="});
    std::string out = "MSRP " + id + " " +
                      pick({"SEND", "SEND", "SEND", "REPORT", "AUTH", "NICKNAME", "XYZ", "send",
                            "200 OK", "200", "200 ", "481 gr\xc3\xbc\xc3\x9f", "2000", "2O0 x", "",
                            "SEND ", "099 x\ty", "200 a\x01"}) +
                      "\r\n";
    if (!random_.one_in(8)) out += "To-Path: " + path() + "\r\n";
    if (!random_.one_in(8)) out += "From-Path: " + path() + "\r\n";
    for (std::size_t n = random_.below(5); n-- > 0;) out += header() + "\r\n";
    const bool typed = random_.one_in(2);
    if (typed)
      out += "Content-Type: " + pick({"text/plain", "text/plain", "a/b;c=\"d\"", "text"}) + "\r\n";
    if (typed != random_.one_in(10)) {
      out += "\r\n";
      for (std::size_t n = random_.below(6); n-- > 0;) out += body_piece(id);
      if (!random_.one_in(6)) out += "\r\n";
    }
    out += "-------" + id + pick({"$", "$", "$", "+", "#", "!"});
    return out += pick({"\r\n", "\r\n", "\r\n", "\n", ""});
  }

  std::string path() {
    return pick({"msrp://a.example:1/s;tcp", "msrp://a.example:1/s;tcp", "msrp://a.example:1/s;tcp",
                 "msrps://[::1]:2/t;tcp;x msrp://b:3;ws", "msrp://a:1/s", "", "msrp://a:1/s;tcp  x",
                 "msrp://a:1/s;tcp msrp://a:1/s;tcp msrp://a:1/s;tcp"});
  }

  std::string header() {
    const std::string name =
        pick({"Message-ID", "Message-ID", "message-id", "Byte-Range", "Status", "Success-Report",
              "Failure-Report", "X-Note", "Expires", "WWW-Authenticate", "Content-Disposition", "a",
              "1x", " folded", "", "b(d", "To-Path", "\xc3\xbc"});
    const std::string value =
        pick({"abcd", "abcd", "1-5/5", "1-*/*", "1-99999999999999999999/*", "000 200 OK", "yes",
              "NO", "partial", "", "text", "\xc3\xbc", "\xc3", "a\x7f", "a\rb", "a\nb"});
    const std::string colon = pick({": ", ": ", ": ", ":", ":\t ", " : ", ""});
    return name + colon + value + (random_.one_in(4) ? " " : "");
  }

  std::string body_piece(const std::string& id) {
    if (random_.one_in(3)) {
      const std::string some = id.substr(0, random_.below(id.size() + 1));
      return "\r\n-------" + some + pick({"", "$", "+", "#", "$\r", "x"});
    }
    return pick({"text", "\r", "\n", "\r\n", "-", "-------", "\r\n-------", "\r\r\n", "$",
                 "MSRP abcd SEND\r\n", "\xff", "a long line of text that goes on for a while"});
  }

  std::string damaged(std::string stream) {
    for (std::size_t n = 1 + random_.below(3); n-- > 0 && !stream.empty();) {
      const std::size_t at = random_.below(stream.size());
      switch (random_.below(4)) {
        case 0:
          stream.resize(at);
          break;
        case 1:
          stream.erase(at, 1);
          break;
        case 2:
          stream[at] = "\r\n-: $\0a"[random_.below(8)];
          break;
        default:
          stream.insert(at, 1, "\r\n-: $\0a"[random_.below(8)]);
          break;
      }
    }
    return stream;
  }

  Splitmix random_;
};

// R4975-9-37
TEST(ParserRandom, AgreesWithTheNaiveParserHoweverItIsCut) {
  constexpr int rounds = 6000;
  int clean = 0, lost = 0, chunks = 0, invalid = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    Streams streams(seed);
    const ParserLimits limits = streams.limits();
    const std::string octets = streams.next();
    const StreamRecord wanted = reference_read(octets, limits);
    for (int k = 0; k < 3; ++k) {
      const Feeding feeding = streams.feeding(octets.size() + 1);
      const Reading reading = read_stream(octets, limits, feeding);
      ASSERT_EQ(print(reading.stream), print(wanted)) << "seed " << seed << "\n"
                                                      << printable(octets);
      ASSERT_TRUE(reading.stream == wanted) << "seed " << seed << "\n" << printable(octets);
      for (const std::string& promise : reading.broken_promises) {
        ADD_FAILURE() << "broken: " << promise << ", seed " << seed << "\n" << printable(octets);
      }
      ASSERT_FALSE(HasFailure());
    }
    clean += wanted.end == StreamEnd::clean ? 1 : 0;
    lost += wanted.end == StreamEnd::lost ? 1 : 0;
    chunks += static_cast<int>(wanted.chunks.size());
    for (const ChunkRecord& chunk : wanted.chunks) invalid += chunk.head.invalid ? 1 : 0;
  }
  // Every kind of ending is seen often.
  EXPECT_GT(clean, rounds / 10);
  EXPECT_GT(lost, rounds / 10);
  EXPECT_GT(chunks - invalid, rounds / 20);
  EXPECT_GT(invalid, rounds / 10);
}

}  // namespace
}  // namespace msrp::test
