#include "backends/sim/world/nasty.hpp"

#include <array>

namespace msrp::sim {
namespace {

constexpr std::string_view own_path = "msrp://203.0.113.9:7777/stranger;tcp";

std::string some_id(Chance& chance) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  for (int i = 0; i < 12; ++i) id += letters[chance.below(letters.size())];
  return id;
}

std::string some_octets(Chance& chance, std::size_t size) {
  std::string octets(size, '\0');
  for (char& octet : octets) octet = static_cast<char>(chance.next());
  return octets;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string made;
  for (std::size_t i = 0; i < times; ++i) made += text;
  return made;
}

struct Parts {
  std::string id, method = "SEND", to, headers, body, flag = "$";
};

std::string head(const Parts& parts) {
  return "MSRP " + parts.id + " " + parts.method + "\r\nTo-Path: " + parts.to +
         "\r\nFrom-Path: " + std::string(own_path) + "\r\n" + parts.headers;
}
std::string end_line(const Parts& parts) {
  return "-------" + parts.id + parts.flag + "\r\n";
}
std::string request(const Parts& parts) {
  const std::string body = parts.body.empty() ? "" : "\r\n" + parts.body + "\r\n";
  return head(parts) + body + end_line(parts);
}
std::string body_headers(const std::string& message_id, std::string_view range) {
  return "Message-ID: " + message_id + "\r\nByte-Range: " + std::string(range) +
         "\r\nContent-Type: text/plain\r\n";
}

// ---- whole scripts ------------------------------------------------------------------------------

using Make = NastyScript (*)(Chance&, const NastyTarget&);

std::string unknown_path(Chance& chance, const NastyTarget& target) {
  return "msrp://" + target.host + "/" + some_id(chance) + ";tcp";
}
std::string some_path(Chance& chance, const NastyTarget& target) {
  const bool knows = !target.live_path.empty() && chance.one_of(1, 2);
  return knows ? target.live_path : unknown_path(chance, target);
}

NastyScript silence(Chance&, const NastyTarget&) {
  return {};
}
NastyScript noise(Chance& chance, const NastyTarget&) {
  return {.octets = some_octets(chance, 1 + chance.log_uniform(5000)), .ends = true};
}
NastyScript other_protocols(Chance& chance, const NastyTarget& target) {
  const std::string protocols[] = {
      "GET / HTTP/1.1\r\nHost: " + target.host + "\r\n\r\n",
      "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: msrp\r\n\r\n",
      "REGISTER sip:example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11) + some_octets(chance, 508),
      std::string(100, '\0'),
      "msrp abcdefgh SEND\r\n",
      "MSRP/1.0 abcdefgh SEND\r\n",
  };
  return {.octets = protocols[chance.below(std::size(protocols))]};
}
NastyScript unknown_sessions(Chance& chance, const NastyTarget& target) {
  NastyScript script;
  for (std::uint64_t i = 1 + chance.log_uniform(60); i > 0; --i) {
    const std::string id = some_id(chance);
    script.octets += request({.id = id,
                              .to = unknown_path(chance, target),
                              .headers = body_headers(id, "1-5/5"),
                              .body = "hello"});
    if (chance.one_of(1, 4)) script.octets += "\r\n";
  }
  return script;
}
// Of somebody else's session.
NastyScript intruder(Chance& chance, const NastyTarget& target) {
  NastyScript script;
  constexpr std::string_view methods[] = {"SEND", "SEND", "NICKNAME", "AUTH", "REPORT", "WHO-IS"};
  for (std::uint64_t i = chance.between(1, 8); i > 0; --i) {
    const std::string id = some_id(chance);
    Parts parts{.id = id,
                .method = std::string(methods[chance.below(std::size(methods))]),
                .to = some_path(chance, target)};
    parts.headers = body_headers("intruder-" + id, "1-5/5");
    if (parts.method == "REPORT") {
      parts.headers = "Message-ID: message-1\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n";
    } else if (parts.method == "SEND") {
      parts.body = "hello";
    } else {
      parts.headers.clear();
    }
    script.octets += request(parts);
  }
  return script;
}
NastyScript endless_header(Chance& chance, const NastyTarget&) {
  const std::string letter(1, static_cast<char>('a' + chance.below(26)));
  return {.octets = "MSRP " + some_id(chance) + " SEND\r\nTo-Path: " + repeated(letter, 70'000)};
}
NastyScript many_headers(Chance& chance, const NastyTarget& target) {
  Parts parts{.id = some_id(chance), .to = some_path(chance, target)};
  for (int i = 0; i < 400; ++i) parts.headers += "X-" + std::to_string(i) + ": y\r\n";
  return {.octets = request(parts)};
}
NastyScript near_end_lines(Chance& chance, const NastyTarget& target) {
  Parts parts{.id = some_id(chance), .to = some_path(chance, target)};
  parts.headers = body_headers(parts.id, "1-*/*");
  const std::string near = "\r\n-------" + parts.id.substr(0, parts.id.size() - 1) + "$\r\n";
  parts.body = repeated(near, 1 + chance.log_uniform(6000));
  if (chance.one_of(1, 2)) return {.octets = head(parts) + "\r\n" + parts.body, .resets = true};
  return {.octets = request(parts)};
}
NastyScript answers_to_nothing(Chance& chance, const NastyTarget& target) {
  NastyScript script;
  for (std::uint64_t i = chance.between(1, 20); i > 0; --i) {
    script.octets += request({.id = some_id(chance),
                              .method = chance.one_of(1, 2) ? "200 OK" : "481",
                              .to = some_path(chance, target)});
  }
  return script;
}
NastyScript ranges(Chance& chance, const NastyTarget& target) {
  constexpr std::string_view bad[] = {"0-10/10",
                                      "1-0/0",
                                      "5-1/10",
                                      "1-9223372036854775807/*",
                                      "18446744073709551615-*/*",
                                      "1-*/*",
                                      "1-5/3",
                                      "-1-5/5",
                                      "1-000000000000000000000000000005/5",
                                      "999999999999-*/*"};
  NastyScript script;
  for (const std::string_view range : bad) {
    Parts parts{.id = some_id(chance), .to = some_path(chance, target), .body = "hello"};
    parts.headers = body_headers(parts.id, range);
    script.octets += request(parts);
  }
  return script;
}
NastyScript paths(Chance& chance, const NastyTarget& target) {
  const std::string live = some_path(chance, target);
  const std::string bad[] = {
      repeated(live + " ", 200) + live,
      "msrp://" + target.host + "/%s%n%p%n;tcp",
      live + "%0d%0aX-Injected: yes",
      live + "\r\nTo-Path: " + live,
      "msrp://[::1;tcp",
      "msrp://" + target.host + ":99999999999/x;tcp",
      "",
      std::string("msrp://a\0b/x;tcp", 16),
      live + ";" + repeated("x", 8000),
  };
  return {.octets = request({.id = some_id(chance), .to = bad[chance.below(std::size(bad))]})};
}
NastyScript ids(Chance& chance, const NastyTarget& target) {
  const std::string id = some_id(chance);
  const std::string used[] = {id, id, "abc", std::string(33, 'x'), std::string(2000, 'y'), "-abcd"};
  NastyScript script;
  for (const std::string& each : used) {
    script.octets += request({.id = each, .to = some_path(chance, target)});
  }
  return script;
}
NastyScript cut_short(Chance& chance, const NastyTarget& target) {
  NastyScript script = intruder(chance, target);
  script.octets.resize(chance.below(script.octets.size() + 1));
  (chance.one_of(1, 2) ? script.ends : script.resets) = true;
  return script;
}

constexpr std::array<Make, 13> makes = {
    silence,        noise,        other_protocols, intruder,           unknown_sessions,
    endless_header, many_headers, near_end_lines,  answers_to_nothing, ranges,
    paths,          ids,          cut_short};

}  // namespace

NastyScript nasty_script(Chance& chance, const NastyTarget& target) {
  NastyScript script = makes[chance.below(makes.size())](chance, target);
  script.is_slow = script.octets.size() < 3000 && chance.one_of(1, 4);
  return script;
}

std::string nasty_answer(Chance& chance, std::string_view transaction_id, std::string_view to_path,
                         std::string_view from_path, std::string_view message_id) {
  const auto answer = [&](std::string_view id, std::string_view status) {
    return "MSRP " + std::string(id) + " " + std::string(status) +
           "\r\nTo-Path: " + std::string(from_path) + "\r\nFrom-Path: " + std::string(to_path) +
           "\r\n-------" + std::string(id) + "$\r\n";
  };
  const auto report = [&](std::string_view range, std::string_view status) {
    const std::string id = some_id(chance);
    return "MSRP " + id + " REPORT\r\nTo-Path: " + std::string(from_path) +
           "\r\nFrom-Path: " + std::string(to_path) + "\r\nMessage-ID: " + std::string(message_id) +
           "\r\nByte-Range: " + std::string(range) + "\r\nStatus: 000 " + std::string(status) +
           "\r\n-------" + id + "$\r\n";
  };
  const std::string fine = answer(transaction_id, "200 OK");
  switch (chance.below(12)) {
    case 0:
      return {};
    case 1:
      return fine + fine;
    case 2:
      return answer(some_id(chance), "200 OK");
    case 3:
      return answer(transaction_id, std::to_string(chance.between(400, 699)));
    case 4:
      return answer(transaction_id, "413 Stop");
    case 5:
      return fine + report("1-9223372036854775807/*", "200 OK");
    case 6:
      return report("1-1/1", "200 OK") + fine;
    case 7:
      return fine + report("1-*/*", "408 late");
    case 8:
      return fine + report("5-1/3", "2OO");
    case 9:
      return answer(transaction_id, "099");
    default:
      return fine;
  }
}

}  // namespace msrp::sim
