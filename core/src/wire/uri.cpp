// Parsing, printing and comparing MSRP URIs (RFC 4975 section 6, generic syntax of RFC 3986).
#include "msrp/uri.hpp"

#include <charconv>

#include "msrp/address.hpp"
#include "wire/grammar.hpp"
#include "wire/uri_reader.hpp"

namespace msrp {
namespace {

using grammar::is;

constexpr std::size_t npos = std::string_view::npos;

// A host's octets as they are compared: without case, percent-encoded unreserved ones decoded.
class HostOctets {
 public:
  explicit HostOctets(std::string_view host) noexcept : rest_(host) {}
  bool ended() const noexcept { return rest_.empty(); }
  char next() noexcept {
    if (rest_[0] == '%' && rest_.size() > 2) {
      unsigned value = 0;
      const char* const end = rest_.data() + 3;
      if (std::from_chars(rest_.data() + 1, end, value, 16).ptr == end &&
          is(static_cast<char>(value), grammar::unreserved)) {
        rest_.remove_prefix(3);
        return grammar::lower(static_cast<char>(value));
      }
    }
    const char c = grammar::lower(rest_[0]);
    rest_.remove_prefix(1);
    return c;
  }

 private:
  std::string_view rest_;
};

// The address that a host is, also where some of its octets are percent-encoded.
std::optional<IpAddress> address_of(const UriView& uri) noexcept {
  if (uri.host_is_ipv6) {
    std::optional<IpAddress> address = IpAddress::parse(uri.host);
    return address && address->v6 ? address : std::nullopt;
  }
  if (uri.host.find_first_not_of("0123456789.%2eE3") != npos) return std::nullopt;
  char decoded[16];
  std::size_t size = 0;
  for (HostOctets octets(uri.host); !octets.ended(); ++size) {
    if (size == sizeof decoded) return std::nullopt;
    decoded[size] = octets.next();
  }
  return IpAddress::parse({decoded, size});
}

// Which of the three kinds a host is of; hosts of two kinds never match.
enum class HostKind : std::uint8_t { name, literal, address };

HostKind kind_of(const UriView& uri, const std::optional<IpAddress>& address) noexcept {
  if (address) return HostKind::address;
  return uri.host_is_ipv6 ? HostKind::literal : HostKind::name;
}

bool same_host(const UriView& a, const UriView& b) noexcept {
  if (a.host == b.host) return a.host_is_ipv6 == b.host_is_ipv6;
  const std::optional<IpAddress> address_a = address_of(a);
  const std::optional<IpAddress> address_b = address_of(b);
  if (kind_of(a, address_a) != kind_of(b, address_b)) return false;
  if (address_a) return address_a == address_b;
  HostOctets left(a.host);
  HostOctets right(b.host);
  while (!left.ended() && !right.ended()) {
    if (left.next() != right.next()) return false;
  }
  return left.ended() && right.ended();
}

class Hash {
 public:
  void add(std::uint64_t value) noexcept {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 32;
  }
  std::uint64_t value() const noexcept { return state_; }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325ULL;
};

std::string printed(const UriParts& parts) {
  std::string out = parts.secure ? "msrps://" : "msrp://";
  if (parts.host.find(':') != npos) {
    out += '[';
    out += parts.host;
    out += ']';
  } else {
    out += parts.host;
  }
  if (parts.port) {
    out += ':';
    out += std::to_string(*parts.port);
  }
  if (!parts.session_id.empty()) {
    out += '/';
    out += parts.session_id;
  }
  out += ';';
  out += parts.transport;
  return out;
}

}  // namespace

Result<UriView> UriView::parse(std::string_view text) noexcept {
  Result<UriView> uri(std::in_place);
  const UriEnd end = read_uri(text, *uri);
  if (end.good && end.at == text.size()) return uri;
  return fail(Errc::bad_uri, 0, static_cast<std::uint32_t>(end.at));
}

bool UriView::host_is_address() const noexcept {
  if (host_is_ipv6) return true;
  if (host.empty() || !is(host.front(), grammar::digit) || !is(host.back(), grammar::digit)) {
    return false;
  }
  return IpAddress::parse(host).has_value();
}

bool equivalent(const UriView& a, const UriView& b) noexcept {
  return a.secure == b.secure && a.port == b.port && a.session_id == b.session_id &&
         grammar::equal_without_case(a.transport, b.transport) && same_host(a, b);
}

std::uint64_t hash(const UriView& uri) noexcept {
  Hash hash;
  const std::optional<IpAddress> address = address_of(uri);
  hash.add((uri.port ? 65536U + *uri.port : 0U) * 8U + (uri.secure ? 4U : 0U) +
           static_cast<unsigned>(kind_of(uri, address)));
  if (address) {
    for (const std::uint8_t octet : address->octets) hash.add(octet);
  } else {
    for (HostOctets octets(uri.host); !octets.ended();) {
      hash.add(static_cast<unsigned char>(octets.next()));
    }
  }
  for (const char c : uri.session_id) hash.add(static_cast<unsigned char>(c));
  hash.add(256);  // where the session-id ends
  for (const char c : uri.transport) hash.add(static_cast<unsigned char>(grammar::lower(c)));
  return hash.value();
}

Result<Uri> Uri::parse(std::string_view text) {
  MSRP_TRY_VOID(UriView::parse(text));
  return Uri(std::string(text));
}

Result<Uri> Uri::make(const UriParts& parts) {
  std::string text = printed(parts);
  MSRP_TRY(const UriView view, UriView::parse(text));
  // A part that holds another's separator would be read as something else.
  const bool as_meant = view.host == parts.host && view.session_id == parts.session_id &&
                        view.transport == parts.transport && view.userinfo.empty() &&
                        view.parameters.empty();
  if (!as_meant) return fail(Errc::bad_uri);
  return Uri(std::move(text));
}

UriView Uri::view() const noexcept {
  return *UriView::parse(text_);
}

std::string redacted(const UriView& uri) {
  std::string out =
      printed(UriParts{uri.secure, uri.host, uri.port,
                       uri.session_id.empty() ? std::string_view() : "***", uri.transport});
  if (!uri.parameters.empty()) {
    out += ';';
    out += uri.parameters;
  }
  return out;
}

}  // namespace msrp
