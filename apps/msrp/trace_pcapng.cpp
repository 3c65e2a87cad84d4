#include "apps/msrp/trace_pcapng.hpp"

#include <algorithm>
#include <concepts>
#include <utility>

namespace msrp::app {
namespace {

// Block types, options and link type of draft-ietf-opsawg-pcapng.
constexpr std::uint32_t section_header_block = 0x0A0D0D0A;
constexpr std::uint32_t interface_block = 1;
constexpr std::uint32_t enhanced_packet_block = 6;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_comment = 1;
constexpr std::uint16_t option_user_application = 4;  // of a section
constexpr std::uint16_t option_interface_name = 2;    // of an interface
constexpr std::uint16_t option_time_resolution = 9;   // of an interface
constexpr std::uint16_t link_type_raw = 101;          // IPv4 or IPv6, by its first octet
constexpr char nanoseconds = 9;                       // 10^-9

constexpr std::uint8_t fin = 0x01;
constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t push = 0x08;
constexpr std::uint8_t ack = 0x10;
constexpr std::uint8_t protocol_tcp = 6;

// An IPv4 packet has at most 64 KiB, its two headers included.
constexpr std::size_t segment_bytes_max = 65535 - 20 - 20;
// So much goes one way before the other acknowledges it, as if it had come.
constexpr std::uint32_t unacknowledged_bytes_max = 1 << 20;
constexpr std::uint8_t window_shift = 14;
constexpr std::uint32_t first_sequence = 1000;

// Numbers of pcapng are in the byte order of the section, here little-endian whatever the machine.
template <std::unsigned_integral T>
void put_little(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF));
  }
}

template <std::unsigned_integral T>
void put_big(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF));
  }
}

void pad(std::string& out) {
  out.resize((out.size() + 3) / 4 * 4);
}

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
  value = value.substr(0, 0xFFFF);
  put_little(out, code);
  put_little(out, static_cast<std::uint16_t>(value.size()));
  out += value;
  pad(out);
}

void put_options_end(std::string& out) {
  put_little(out, option_end);
  put_little(out, std::uint16_t{0});
}

// A body that is padded already becomes a block.
std::string block(std::uint32_t type, std::string_view body) {
  std::string out;
  out.reserve(body.size() + 12);
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  put_little(out, type);
  put_little(out, length);
  out += body;
  put_little(out, length);
  return out;
}

std::string file_header() {
  std::string section;
  put_little(section, byte_order_magic);
  put_little(section, std::uint16_t{1});  // version 1.0
  put_little(section, std::uint16_t{0});
  put_little(section, ~std::uint64_t{0});  // length: not said
  put_option(section, option_user_application, "msrp " MSRP_VERSION);
  put_options_end(section);
  std::string interface;
  put_little(interface, link_type_raw);
  put_little(interface, std::uint16_t{0});
  put_little(interface, std::uint32_t{0});  // no limit to what is kept of a packet
  put_option(interface, option_interface_name, "msrp");
  put_option(interface, option_time_resolution, {&nanoseconds, 1});
  put_options_end(interface);
  return block(section_header_block, section) + block(interface_block, interface);
}

// Of the 16-bit words.
std::uint64_t sum_of(std::string_view octets) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto octet = static_cast<unsigned char>(octets[i]);
    sum += i % 2 == 0 ? std::uint64_t{octet} << 8 : octet;
  }
  return sum;
}

// The Internet checksum (RFC 1071).
std::uint16_t folded(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xFFFF);
}

std::string octets_of(const IpAddress& ip) {
  return {reinterpret_cast<const char*>(ip.octets.data()), ip.v6 ? std::size_t{16} : 4};
}

std::string ip_header(const IpAddress& from, const IpAddress& to, std::size_t payload_bytes) {
  std::string out;
  if (from.v6) {
    put_big(out, std::uint32_t{6} << 28);
    put_big(out, static_cast<std::uint16_t>(payload_bytes));
    put_big(out, protocol_tcp);
    put_big(out, std::uint8_t{64});  // hops
    return out + octets_of(from) + octets_of(to);
  }
  put_big(out, std::uint16_t{0x4500});
  put_big(out, static_cast<std::uint16_t>(20 + payload_bytes));
  put_big(out, std::uint32_t{0x4000});  // not to be fragmented
  put_big(out, std::uint8_t{64});
  put_big(out, protocol_tcp);
  const std::string addresses = octets_of(from) + octets_of(to);
  put_big(out, folded(sum_of(out) + sum_of(addresses)));
  return out + addresses;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TracePcapng::TracePcapng(std::FILE* file, TraceOptions options, Instant start, OnFailure on_failure)
    : TraceFile(file, options, start, std::move(on_failure)),
      wall_start_(std::chrono::system_clock::now().time_since_epoch()) {
  put(file_header());
}

TracePcapng::Key TracePcapng::key(const TraceConnection& conn) {
  const std::string local = conn.info.local.text();
  const std::string peer = conn.info.peer.text();
  return conn.accepted ? Key{peer, local} : Key{local, peer};
}

TracePcapng::Stream* TracePcapng::find(const TraceConnection& conn, bool sent) {
  const auto at = streams_.find(key(conn));
  if (at == streams_.end() || (!sent && at->second.endpoints > 1)) return nullptr;
  return &at->second;
}

void TracePcapng::connected(const TraceConnection& conn, Instant now) {
  Stream& stream = streams_[key(conn)];
  if (++stream.endpoints > 1) return;
  stream.ends = {conn.info.local, conn.info.peer};
  if (conn.accepted) std::swap(stream.ends[0], stream.ends[1]);
  const std::uint32_t first = first_sequence * ++streams_seen_;
  stream.ways[0].sequence = stream.ways[1].sequence = first;
  packet(stream, 0, syn, now);
  packet(stream, 1, syn | ack, now);
  packet(stream, 0, ack, now);
}

void TracePcapng::closed(const TraceConnection& conn, Instant now) {
  const auto at = streams_.find(key(conn));
  if (at == streams_.end()) return;
  Stream& stream = at->second;
  const std::size_t own = way_of(conn, true);
  flush(stream, own, now);
  flush(stream, 1 - own, now);
  const std::size_t first = stream.ways[1 - own].finished ? 1 - own : own;
  stream.ways[own].finished = true;
  packet(stream, own, fin | ack, now);
  if (--stream.endpoints > 0) return;  // the other end will tell
  if (first == own) packet(stream, 1 - own, fin | ack, now);
  packet(stream, first, ack, now);
  streams_.erase(at);
}

void TracePcapng::head(const TraceConnection& conn, bool sent, const TraceHead& head, Instant now) {
  Stream* stream = find(conn, sent);
  if (stream == nullptr) return;
  const std::size_t number = way_of(conn, sent);
  Way& way = stream->ways[number];
  // "MSRP", a blank, the id, a blank
  const std::size_t id = std::min<std::size_t>(5, head.text.size());
  way.end_line = head.has_body ? "\r\n-------" : "-------";
  way.end_line.append(head.text, id, head.text.find(' ', id) - id);
  way.body_bytes = way.kept_bytes = 0;
  way.in_chunk = true;
  add(*stream, number, head.text, now);
  if (head.has_body) add(*stream, number, "\r\n", now);
}

void TracePcapng::data(const TraceConnection& conn, bool sent, std::span<const std::byte> bytes,
                       Instant now) {
  Stream* stream = find(conn, sent);
  if (stream == nullptr) return;
  const std::size_t number = way_of(conn, sent);
  Way& way = stream->ways[number];
  if (!way.in_chunk) return;
  const std::size_t kept =
      std::min<std::uint64_t>(options().body_bytes_max - way.kept_bytes, bytes.size());
  way.body_bytes += bytes.size();
  way.kept_bytes += kept;
  add(*stream, number, text_of(bytes.first(kept)), now);
}

void TracePcapng::end(const TraceConnection& conn, bool sent, std::optional<Flag> flag,
                      Instant now) {
  Stream* stream = find(conn, sent);
  if (stream == nullptr) return;
  const std::size_t number = way_of(conn, sent);
  Way& way = stream->ways[number];
  if (!std::exchange(way.in_chunk, false)) return;
  if (flag) {
    add(*stream, number, way.end_line + static_cast<char>(*flag) + "\r\n", now);
  }
  std::string comment;
  if (way.kept_bytes < way.body_bytes) {
    comment = "the body had " + std::to_string(way.body_bytes) + " octets, of which " +
              std::to_string(way.kept_bytes) + " are here: see msrp --trace-body";
  }
  flush(*stream, number, now, comment);
}

void TracePcapng::illegal(const TraceConnection& conn, const Error& error, Instant now) {
  Stream* stream = find(conn, true);
  if (stream == nullptr) return;
  std::string comment = "illegal data was received: ";
  comment.append(describe(error.code)).append(" at octet ").append(std::to_string(error.offset));
  const std::size_t own = way_of(conn, true);
  flush(*stream, own, now);
  packet(*stream, own, ack, now, comment);
}

void TracePcapng::finish() {
  for (auto& [key, stream] : streams_) {
    for (const std::size_t way : {0U, 1U}) flush(stream, way, stream.ways[way].last);
  }
}

void TracePcapng::add(Stream& stream, std::size_t number, std::string_view octets, Instant now) {
  Way& way = stream.ways[number];
  way.last = now;
  while (!octets.empty()) {
    if (way.segment.size() == segment_bytes_max) flush(stream, number, now);
    const std::string_view part = octets.substr(0, segment_bytes_max - way.segment.size());
    way.segment += part;
    octets.remove_prefix(part.size());
  }
}

void TracePcapng::flush(Stream& stream, std::size_t number, Instant now, std::string_view comment) {
  Way& way = stream.ways[number];
  if (way.segment.empty()) return;
  packet(stream, number, push | ack, now, comment);
  if (way.sequence - way.acknowledged > unacknowledged_bytes_max) {
    packet(stream, 1 - number, ack, now);
  }
}

void TracePcapng::packet(Stream& stream, std::size_t number, std::uint8_t flags, Instant now,
                         std::string_view comment) {
  Way& way = stream.ways[number];
  Way& other = stream.ways[1 - number];
  const std::string payload = (flags & push) != 0 ? std::exchange(way.segment, {}) : "";
  const bool opens = (flags & syn) != 0;
  const SocketAddress& from = stream.ends[number];
  const SocketAddress& to = stream.ends[1 - number];

  std::string tcp;
  put_big(tcp, from.port);
  put_big(tcp, to.port);
  put_big(tcp, way.sequence);
  put_big(tcp, (flags & ack) != 0 ? other.sequence : 0);
  put_big(tcp, static_cast<std::uint8_t>((opens ? 6 : 5) << 4));
  put_big(tcp, flags);
  put_big(tcp, std::uint16_t{0xFFFF});  // window
  std::string behind;
  put_big(behind, std::uint16_t{0});                            // no urgent data
  if (opens) behind += {'\x03', '\x03', window_shift, '\x01'};  // window scale (RFC 7323)
  std::string pseudo = octets_of(from.ip) + octets_of(to.ip);
  const std::size_t tcp_bytes = tcp.size() + 2 + behind.size() + payload.size();
  put_big(pseudo, static_cast<std::uint16_t>(protocol_tcp));
  put_big(pseudo, static_cast<std::uint16_t>(tcp_bytes));
  // All but the last have an even number of octets.
  put_big(tcp, folded(sum_of(pseudo) + sum_of(tcp) + sum_of(behind) + sum_of(payload)));
  const std::string octets = ip_header(from.ip, to.ip, tcp_bytes) + tcp + behind + payload;

  const auto time = static_cast<std::uint64_t>(
      (wall_start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(now - start())).count());
  std::string body;
  put_little(body, std::uint32_t{0});  // the only interface
  put_little(body, static_cast<std::uint32_t>(time >> 32));
  put_little(body, static_cast<std::uint32_t>(time));
  put_little(body, static_cast<std::uint32_t>(octets.size()));  // kept
  put_little(body, static_cast<std::uint32_t>(octets.size()));  // there were
  body += octets;
  pad(body);
  if (!comment.empty()) {
    put_option(body, option_comment, comment);
    put_options_end(body);
  }
  put(block(enhanced_packet_block, body));

  if ((flags & ack) != 0) other.acknowledged = other.sequence;
  way.sequence += static_cast<std::uint32_t>(payload.size());
  if ((flags & (syn | fin)) != 0) ++way.sequence;
}

}  // namespace msrp::app
