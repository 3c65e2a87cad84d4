// A DNS server on the loopback that answers when the test says so, without a thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace msrp::backend {

class NameServer {
 public:
  struct Zone {
    std::vector<std::string> a, aaaa;  // both empty: the name exists and has no address
    bool silent = false;
    bool forged = false;  // an answer with another id comes first, with this address
    std::string forged_a;
  };

  NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ready_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&at), size) == 0 &&
             ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) == 0;
    port_ = ntohs(at.sin_port);
  }
  ~NameServer() { ::close(socket_); }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  bool ready() const { return ready_; }
  int descriptor() const { return socket_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // A name that is not here does not exist.
  Zone& operator[](const std::string& name) { return zones_[name]; }
  // "a.example A", one a query, in their order.
  const std::vector<std::string>& asked() const { return asked_; }

  // Answers every query that waits.
  void serve() {
    std::array<char, 1500> query;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    while (true) {
      const ssize_t got = ::recvfrom(socket_, query.data(), query.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) return;
      answer({query.data(), static_cast<std::size_t>(got)}, from);
    }
  }

 private:
  static constexpr std::size_t header_bytes = 12;
  static constexpr std::uint16_t type_a = 1;
  static constexpr std::uint16_t type_aaaa = 28;

  static void put16(std::string& out, std::size_t value) {
    out += static_cast<char>(value >> 8 & 0xff);
    out += static_cast<char>(value & 0xff);
  }

  static std::string name_at(std::string_view query, std::size_t& offset) {
    std::string name;
    while (offset < query.size() && query[offset] != '\0') {
      const auto label = static_cast<std::size_t>(query[offset]);
      if (!name.empty()) name += '.';
      name += query.substr(offset + 1, label);
      offset += label + 1;
    }
    ++offset;
    // Its case may have been mixed to make forging harder.
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
  }

  void answer(std::string_view query, const sockaddr_in& to) {
    std::size_t offset = header_bytes;
    const std::string name = name_at(query, offset);
    if (offset + 4 > query.size()) return;
    const auto type = static_cast<std::uint16_t>(query[offset + 1]);
    const std::string_view question = query.substr(header_bytes, offset + 4 - header_bytes);
    asked_.push_back(name + (type == type_a ? " A" : type == type_aaaa ? " AAAA" : " ?"));
    const auto found = zones_.find(name);
    if (found == zones_.end()) return send(query.substr(0, 2), question, type, {}, 3, to);
    const Zone& zone = found->second;
    if (zone.silent) return;
    if (zone.forged) {
      std::string id(query.substr(0, 2));
      id[0] = static_cast<char>(id[0] ^ 0x55);
      send(id, question, type_a, {zone.forged_a}, 0, to);
    }
    send(query.substr(0, 2), question, type,
         type == type_a      ? zone.a
         : type == type_aaaa ? zone.aaaa
                             : std::vector<std::string>{},
         0, to);
  }

  void send(std::string_view id, std::string_view question, std::uint16_t type,
            const std::vector<std::string>& addresses, unsigned rcode, const sockaddr_in& to) {
    std::string out(id);
    out += '\x81';                            // an answer, recursion was asked for
    out += static_cast<char>(0x80U | rcode);  // recursion is available
    put16(out, 1);
    put16(out, addresses.size());
    out.append(4, '\0');
    out += question;
    for (const std::string& address : addresses) {
      std::array<char, 16> octets{};
      const bool v6 = type == type_aaaa;
      ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), octets.data());
      put16(out, 0xc000 | header_bytes);  // the name of the question
      put16(out, type);
      put16(out, 1);
      out.append(3, '\0');
      out += '\x3c';  // 60 s
      put16(out, v6 ? 16 : 4);
      out.append(octets.data(), v6 ? 16 : 4);
    }
    ::sendto(socket_, out.data(), out.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  int socket_;
  bool ready_ = false;
  std::uint16_t port_ = 0;
  std::map<std::string, Zone> zones_;
  std::vector<std::string> asked_;
};

}  // namespace msrp::backend
