#include "backends/sim/toy_tls.hpp"

#include <algorithm>

namespace msrp::sim {
namespace toy {
namespace {

std::string number_text(std::uint64_t number, std::size_t octets) {
  std::string text;
  for (std::size_t i = octets; i > 0; --i) text += static_cast<char>(number >> (8 * (i - 1)));
  return text;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  for (const char octet : text) number = (number << 8U) | static_cast<unsigned char>(octet);
  return number;
}

}  // namespace

Key::Key(std::uint64_t client_random, std::uint64_t server_random, std::uint32_t side)
    : secret_(Chance(client_random ^ (server_random * 3) ^ (std::uint64_t{side} << 62U)).next() |
              1U) {}

void Key::mask(std::string& payload) const {
  if (secret_ == 0) return;
  Chance stream(secret_ ^ (number_ << 20U));
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    if (i % 8 == 0) mask = stream.next();
    payload[i] = static_cast<char>(static_cast<unsigned char>(payload[i]) ^
                                   static_cast<unsigned char>(mask >> (8 * (i % 8))));
  }
}

std::uint32_t Key::check(Type type, std::string_view payload) const {
  std::uint64_t sum = secret_ ^ (number_ << 8U) ^ static_cast<std::uint64_t>(type);
  for (const char octet : payload) {
    sum = (sum ^ static_cast<unsigned char>(octet)) * 0x100000001B3U;
  }
  return static_cast<std::uint32_t>(sum >> 16U);
}

std::string Key::seal(Type type, std::string_view payload) {
  std::string masked(payload);
  mask(masked);
  std::string record(1, static_cast<char>(type));
  record += number_text(payload.size(), 2);
  record += masked;
  record += number_text(check(type, payload), check_bytes);
  ++number_;
  return record;
}

std::optional<Record> Key::open(std::string_view record) {
  Record opened{static_cast<Type>(record.front()), {}};
  opened.payload = record.substr(head_bytes, record.size() - head_bytes - check_bytes);
  mask(opened.payload);
  const std::uint64_t said = number_of(record.substr(record.size() - check_bytes));
  if (said != check(opened.type, opened.payload)) return std::nullopt;
  ++number_;
  return opened;
}

void Key::update() noexcept {
  secret_ = Chance(secret_).next() | 1U;
  number_ = 0;
}

std::optional<std::size_t> record_size(std::string_view octets) {
  if (octets.empty()) return std::nullopt;
  const auto type = static_cast<unsigned char>(octets.front());
  if (type < static_cast<unsigned>(Type::alert) || type > static_cast<unsigned>(Type::key_update)) {
    return 0;
  }
  if (octets.size() < head_bytes) return std::nullopt;
  const std::uint64_t payload = number_of(octets.substr(1, 2));
  return payload > payload_bytes_max ? 0 : head_bytes + payload + check_bytes;
}

std::string hello_text(const Hello& hello) {
  return "hello" + number_text(hello.random, 8) + hello.name;
}

std::optional<Hello> parse_hello(std::string_view payload) {
  if (!payload.starts_with("hello") || payload.size() < 13) return std::nullopt;
  return Hello{number_of(payload.substr(5, 8)), std::string(payload.substr(13))};
}

}  // namespace toy

namespace {

using backend::TlsState;
using backend::TlsStep;

constexpr std::string_view notify = "close notify", finished = "finished";

std::string_view text_of(ConstBuffer octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::size_t move_out(std::string& from, std::span<std::byte> to) {
  const std::size_t bytes = std::min(from.size(), to.size());
  std::ranges::copy(std::as_bytes(std::span(from)).first(bytes), to.begin());
  from.erase(0, bytes);
  return bytes;
}

}  // namespace

ToyTls::ToyTls(const ToyTlsOptions& options, Chance chance, bool is_client, std::string server_name)
    : options_(options),
      chance_(chance),
      is_client_(is_client),
      server_name_(std::move(server_name)),
      random_(chance_.next()) {
  if (!is_client_) return;
  own_ = sends_.seal(toy::Type::handshake, toy::hello_text({random_, server_name_}));
}

void ToyTls::fail(std::string_view alert) {
  own_ += sends_.seal(toy::Type::alert, alert);
  state_ = TlsState::failed;
  closed_ = true;
}

void ToyTls::close() {
  if (std::exchange(closed_, true) || state_ == TlsState::failed) return;
  if (state_ == TlsState::handshaking || chance_.below(100) < options_.missing_notifies) return;
  own_ += sends_.seal(toy::Type::alert, notify);
}

// ---- receiving ----------------------------------------------------------------------------------

TlsStep ToyTls::receive(ConstBuffer ciphertext, std::span<std::byte> plaintext) {
  TlsStep step;
  for (;;) {
    step.made += move_out(plain_, plaintext.subspan(step.made));
    if (!plain_.empty()) return step;
    const std::string_view rest = text_of(ciphertext.subspan(step.taken));
    if (state_ == TlsState::failed || state_ == TlsState::ended) {
      step.taken = ciphertext.size();
      return step;
    }
    std::size_t missing = 1;
    if (const auto size = toy::record_size(incoming_)) {
      if (*size == 0) {
        fail("no record");
        continue;
      }
      missing = *size - incoming_.size();
    }
    const std::size_t piece = std::min(missing, rest.size());
    incoming_ += rest.substr(0, piece);
    step.taken += piece;
    if (const auto size = toy::record_size(incoming_); size && *size == incoming_.size()) {
      take(std::exchange(incoming_, {}));
    } else if (piece == 0) {
      return step;
    }
  }
}

void ToyTls::take(std::string_view record) {
  const auto opened = receives_.open(record);
  if (!opened) return fail("bad record");
  switch (opened->type) {
    case toy::Type::alert:
      if (opened->payload == notify && state_ == TlsState::up) {
        state_ = TlsState::ended;
      } else {
        state_ = TlsState::failed;
        closed_ = true;
      }
      return;
    case toy::Type::handshake:
      return state_ == TlsState::handshaking ? handshake(opened->payload) : fail("unexpected");
    case toy::Type::key_update:
      return state_ == TlsState::up ? receives_.update() : fail("unexpected");
    case toy::Type::data:
      if (state_ != TlsState::up) return fail("unexpected");
      plain_ = opened->payload;
      return;
  }
}

void ToyTls::handshake(std::string_view payload) {
  if (!is_client_ && receives_.encrypts()) {
    if (payload != finished) return fail("unexpected");
    state_ = TlsState::up;
    return;
  }
  const auto hello = toy::parse_hello(payload);
  if (!hello) return fail("no hello");
  if (is_client_) {
    if (hello->name != server_name_) return fail("certificate of another");
    sends_ = toy::Key(random_, hello->random, 0);
    receives_ = toy::Key(random_, hello->random, 1);
    own_ += sends_.seal(toy::Type::handshake, finished);
    state_ = TlsState::up;
    return;
  }
  if (chance_.below(100) < options_.handshake_failures) return fail("not today");
  // The first name stands for the whole certificate when the one that was asked for is not in it.
  const bool is_ours = std::ranges::find(options_.names, hello->name) != options_.names.end();
  const std::string name = is_ours || options_.names.empty() ? hello->name : options_.names.front();
  own_ += sends_.seal(toy::Type::handshake, toy::hello_text({random_, name}));
  sends_ = toy::Key(hello->random, random_, 1);
  receives_ = toy::Key(hello->random, random_, 0);
}

// ---- sending ------------------------------------------------------------------------------------

std::string ToyTls::sealed(std::string_view payload) {
  std::string record;
  if (chance_.below(100) < options_.key_updates) {
    record = sends_.seal(toy::Type::key_update, {});
    sends_.update();
  }
  record += sends_.seal(toy::Type::data, payload);
  if (chance_.below(10'000) < options_.damaged_records) {
    char& octet = record[record.size() - 1 - chance_.below(toy::check_bytes)];
    octet = static_cast<char>(static_cast<unsigned char>(octet) ^ 1U);
  }
  return record;
}

TlsStep ToyTls::transmit(std::span<const ConstBuffer> plaintext, std::span<std::byte> out) {
  TlsStep step;
  step.made = move_out(own_, out);
  const bool may = state_ == TlsState::up || state_ == TlsState::ended;
  if (!may || closed_) return step;
  constexpr std::size_t overhead = toy::head_bytes + toy::check_bytes;
  for (const ConstBuffer& buffer : plaintext) {
    for (std::string_view rest = text_of(buffer); !rest.empty();) {
      // Behind a key update there has to be room for the record.
      const std::size_t room = out.size() - step.made;
      if (room <= 2 * overhead) return step;
      std::size_t piece = std::min({rest.size(), room - 2 * overhead, options_.record_bytes});
      if (options_.record_bytes < toy::payload_bytes_max) piece = 1 + chance_.below(piece);
      std::string record = sealed(rest.substr(0, piece));
      step.made += move_out(record, out.subspan(step.made));
      step.taken += piece;
      rest.remove_prefix(piece);
    }
  }
  return step;
}

}  // namespace msrp::sim
