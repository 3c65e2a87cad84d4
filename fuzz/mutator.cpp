#include "mutator.hpp"

#include <algorithm>
#include <array>

namespace msrp::fuzz {
namespace {

constexpr std::string_view crlf = "\r\n";

constexpr std::array<std::string_view, 20> header_lines{
    "To-Path: msrp://a.example.com:1/x;tcp",
    "From-Path: msrps://[2001:db8::1]:2855/y;tcp msrp://192.0.2.1:1;ws",
    "Message-ID: 12339sdqwer",
    "Byte-Range: 1-*/*",
    "Success-Report: yes",
    "Failure-Report: partial",
    "Status: 000 200 OK",
    "Content-Type: text/plain",
    "Content-Type: multipart/mixed;boundary=\"-----id\"",
    "Content-ID: <a@b>",
    "Content-Disposition: attachment;filename=\"\\\"x\"",
    "Content-Transfer-Encoding: base64",
    "Expires: 1800",
    "Use-Path: msrps://relay.example.com:2855/z;tcp",
    "WWW-Authenticate: Digest realm=\"a,b\", nonce=\"n\", qop=\"auth,auth-int\"",
    "Use-Nickname: \"Alice\"",
    "Content-Length: 5",
    "l: 5",
    "X: ",
    ":"};

constexpr std::array<std::string_view, 14> byte_ranges{"1-23/23",
                                                       "1-*/*",
                                                       "0-0/0",
                                                       "1-0/0",
                                                       "5-1/10",
                                                       "1-5/3",
                                                       "-1-2/3",
                                                       "01-002/3",
                                                       "1-9223372036854775807/*",
                                                       "18446744073709551615-*/*",
                                                       "18446744073709551616-*/*",
                                                       "1-123456789012345678901234567890/*",
                                                       "*-1/1",
                                                       "1-5"};

constexpr std::array<std::string_view, 16> starts{
    " SEND", " REPORT",       " AUTH",  " NICKNAME", " X",   " send", " 200 OK", " 200",
    " 200 ", " 413 \xc3\xa9", " 099 x", " 1000 x",   " 2OO", " ",     "",        "  SEND"};

constexpr std::array<std::string_view, 12> between{"\r\n",
                                                   "\r\n\r\n",
                                                   "\n",
                                                   "\r",
                                                   std::string_view("\0", 1),
                                                   "GET / HTTP/1.1\r\n\r\n",
                                                   "REGISTER sip:example.com SIP/2.0\r\n",
                                                   "\x16\x03\x01",
                                                   "MSRP",
                                                   "-------abcd$\r\n",
                                                   "\xff",
                                                   " "};

constexpr std::array<std::string_view, 10> body_ends{
    "\r",         "\n",          "\r\n",         "\r\n\r\n", "\r\n-",
    "\r\n------", "\r\n-------", "\r\n--------", "\r\r\n",   "-"};

constexpr std::array<std::size_t, 13> id_sizes{0, 1, 3, 4, 5, 11, 12, 31, 32, 33, 63, 64, 65};

constexpr std::string_view ident_octets =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+%=";

class Mutation {
 public:
  Mutation(LooseStream& stream, std::uint64_t seed, const MutateOctets& mutate_octets)
      : stream_(stream), random_(seed), mutate_octets_(mutate_octets) {}

  void run() {
    for (std::size_t rounds = 1 + below(4); rounds > 0 && !stream_.chunks.empty(); --rounds)
      mutate_once();
    if (below(16) == 0) mutate_limits();
  }

 private:
  std::size_t below(std::size_t n) { return random_.below(n); }
  template <class Range>
  auto& any(Range& range) {
    return range[below(std::size(range))];
  }
  std::size_t place(std::size_t size) { return below(size + 1); }
  LooseChunk& chunk() { return any(stream_.chunks); }
  void mutate_octets(std::string& octets) { mutate_octets_(octets, random_); }

  void mutate_once() {
    switch (below(8)) {
      case 0:
        return mutate_id(chunk());
      case 1:
        return mutate_start(chunk());
      case 2:
      case 3:
        return mutate_lines(chunk().lines);
      case 4:
      case 5:
        return mutate_body(chunk());
      case 6:
        return mutate_end(chunk());
      default:
        return mutate_order();
    }
  }

  std::string ident(std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += ident_octets[below(i == 0 ? 62 : 67)];
    return out;
  }

  // The end-line follows, unless it had an id of its own.
  void mutate_id(LooseChunk& one) {
    switch (below(5)) {
      case 0:
        one.transaction_id = ident(any(id_sizes));
        break;
      case 1:
        one.transaction_id = chunk().transaction_id;
        break;
      case 2:
        one.transaction_id += ident(1);
        break;
      case 3:
        if (!one.transaction_id.empty()) one.transaction_id.pop_back();
        break;
      default:
        mutate_octets(one.transaction_id);
        break;
    }
  }

  void mutate_start(LooseChunk& one) {
    if (below(3) != 0) {
      one.start = any(starts);
    } else {
      mutate_octets(one.start);
    }
  }

  void mutate_lines(std::vector<std::string>& lines) {
    const std::size_t at = place(lines.size());
    const auto there = lines.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0:
        lines.emplace(there, any(header_lines));
        return;
      case 1:
        if (lines.size() > 1) std::swap(any(lines), any(lines));
        return;
      case 2:
        if (!lines.empty()) lines.insert(there, std::string(any(lines)));
        return;
      case 3:
        if (at < lines.size()) lines.erase(there);
        return;
      case 4: {  // a line in two
        if (at == lines.size()) return;
        const std::size_t cut = place(there->size());
        std::string behind = there->substr(cut);
        there->resize(cut);
        lines.insert(there + 1, std::move(behind));
        return;
      }
      default:
        if (!lines.empty()) mutate_line(any(lines));
        return;
    }
  }

  void mutate_line(std::string& line) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    std::string name = line.substr(0, colon);
    std::string value = line.substr(colon);
    switch (below(6)) {
      case 0:
        for (char& c : name) {
          if (c >= 'a' && c <= 'z' && below(2) == 0) c = static_cast<char>(c - 'a' + 'A');
        }
        break;
      case 1:
        value.insert(std::min<std::size_t>(1, value.size()), below(2) == 0 ? " " : "\t");
        break;
      case 2:
        value += below(2) == 0 ? " " : "\t";
        break;
      case 3:
        if (name == "Byte-Range") {
          value.assign(": ").append(any(byte_ranges));
        } else {
          value.append(value.substr(std::min<std::size_t>(1, value.size())));
        }
        break;
      case 4:
        mutate_octets(name);
        break;
      default:
        mutate_octets(value);
        break;
    }
    line = name + value;
  }

  // Almost an end-line of this chunk, or of another.
  std::string near_miss(const LooseChunk& one) {
    const std::string& id = one.transaction_id;
    const auto line = [](std::string_view text) { return "\r\n-------" + std::string(text); };
    switch (below(11)) {
      case 0:
        return line(id.substr(0, id.size() - std::min<std::size_t>(1, id.size()))) + "$\r\n";
      case 1:
        return line(id) + ident(1) + "$\r\n";
      case 2:
        return line(id) + "!\r\n";
      case 3:
        return line(id) + "$\n";
      case 4:
        return line(id) + "$";
      case 5:
        return line("-") + id + "$\r\n";
      case 6:
        return line(id) + "$\r\n";  // the thing itself
      case 7:
        return "\n-------" + id + "$\r\n";
      case 8:
        return line(chunk().transaction_id) + "+\r\n";
      case 9:
        return "\r" + line(id) + "#\r";
      default:
        return line("--BEGIN CERTIFICATE-----\r\n");
    }
  }

  void mutate_body(LooseChunk& one) {
    if (!one.body) {
      one.body = "";
      if (below(2) == 0) one.lines.emplace_back("Content-Type: text/plain");
    }
    std::string& body = *one.body;
    switch (below(8)) {
      case 0:
        body.insert(place(body.size()), near_miss(one));
        return;
      case 1:
        body += any(body_ends);
        return;
      case 2:
        body += near_miss(one);
        return;
      case 3: {  // a chunk within a chunk
        LooseStream inner{{}, {chunk()}, {}};
        body.insert(place(body.size()), print(inner));
        return;
      }
      case 4:
        body.resize(place(body.size()));
        return;
      case 5:
        one.body.reset();
        return;
      case 6:
        body.append(below(300), "\r-\n$x"[below(5)]);
        return;
      default:
        mutate_octets(body);
        return;
    }
  }

  void mutate_end(LooseChunk& one) {
    switch (below(6)) {
      case 0:
        one.end_id = chunk().transaction_id + (below(2) == 0 ? "" : ident(1));
        return;
      case 1:
        one.end_id.reset();
        return;
      case 2:
        mutate_octets(one.end);
        return;
      default:
        one.end = std::array{"$\r\n", "+\r\n", "#\r\n"}[below(3)];
        return;
    }
  }

  // Splices, duplicates, removes and moves chunks and their boundaries.
  void mutate_order() {
    auto& chunks = stream_.chunks;
    const std::size_t at = below(chunks.size());
    const auto there = chunks.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0:
        chunks.insert(there, LooseChunk(chunk()));
        return;
      case 1:
        if (chunks.size() > 1) chunks.erase(there);
        return;
      case 2:
        std::swap(any(chunks), any(chunks));
        return;
      case 3:
        there->before = any(between);
        return;
      case 4:
        for (std::size_t times = below(30); times > 0; --times) there->before += crlf;
        return;
      case 5:
        mutate_octets(stream_.rest);
        return;
      default:  // the body and the end of one behind the head of another
        there->body = chunk().body;
        there->end = chunk().end;
        return;
    }
  }

  void mutate_limits() {
    std::string& limits = stream_.limits;
    if (limits.empty()) {
      limits = std::string(1, limits_mark) + std::string(limits_octets - 1, '\x40');
    } else if (below(4) == 0) {
      limits.clear();
      return;
    }
    limits[1 + below(limits_octets - 1)] = static_cast<char>(random_.next());
  }

  LooseStream& stream_;
  Sequence random_;
  const MutateOctets& mutate_octets_;
};

std::string cut(std::string text, std::size_t max_size) {
  if (text.size() > max_size) text.resize(max_size);
  return text;
}

}  // namespace

std::string mutate(std::string_view input, std::size_t max_size, std::uint64_t seed,
                   const MutateOctets& mutate_octets) {
  LooseStream stream = parse_loosely(input);
  Sequence random(seed);
  // Plain mutations too: they find what nobody thought of.
  if (stream.chunks.empty() || random.below(8) == 0) {
    std::string octets(input);
    mutate_octets(octets, random);
    return cut(std::move(octets), max_size);
  }
  Mutation(stream, random.next(), mutate_octets).run();
  std::string out = print(stream);
  if (random.below(16) == 0) out.resize(random.below(out.size() + 1));
  return cut(std::move(out), max_size);
}

std::string cross_over(std::string_view a, std::string_view b, std::size_t max_size,
                       std::uint64_t seed) {
  LooseStream stream = parse_loosely(a);
  const LooseStream other = parse_loosely(b);
  Sequence random(seed);
  // A few in a row are enough: inputs that only ever grow are slow.
  const std::size_t first = random.below(other.chunks.size() + 1);
  const std::size_t count = std::min(other.chunks.size() - first, 1 + random.below(3));
  const std::size_t at = random.below(stream.chunks.size() + 1);
  const auto from = other.chunks.begin() + static_cast<std::ptrdiff_t>(first);
  stream.chunks.insert(stream.chunks.begin() + static_cast<std::ptrdiff_t>(at), from,
                       from + static_cast<std::ptrdiff_t>(count));
  return cut(print(stream), max_size);
}

}  // namespace msrp::fuzz
