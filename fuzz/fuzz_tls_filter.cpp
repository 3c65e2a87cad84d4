// Two TLS filters of OpenSSL that speak with each other, and what may befall the octets between
// them: any pieces, changed ones, ones that neither has written, an end at any time. What comes out
// is the beginning of what went in, and a filter that has failed stays so. The first octet chooses
// who demands what; each further one is an operation with its arguments behind it.
#define OPENSSL_SUPPRESS_DEPRECATED  // the way to a randomness of ours
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "backends/tls/openssl_tls.hpp"
#include "fuzz_target.hpp"

namespace {

using namespace msrp;
using namespace msrp::backend;
using namespace msrp::fuzz;

// The same input is the same run.
std::uint64_t random_state = 1;
int fill_random(unsigned char* out, int size) {
  for (int i = 0; i < size; ++i) {
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    out[i] = static_cast<unsigned char>(random_state >> 56U);
  }
  return 1;
}
int always_seeded() {
  return 1;
}

struct Fixed {
  Fixed() {
    static const RAND_METHOD method{nullptr, fill_random, nullptr,
                                    nullptr, fill_random, always_seeded};
    RAND_set_rand_method(&method);
    const std::string names[] = {"a.example"};
    const Certificate own = *make_certificate(names), theirs = *make_certificate({});
    const std::vector<Fingerprint> own_prints = *fingerprints_of(own.chain_pem);
    const std::vector<Fingerprint> their_prints = *fingerprints_of(theirs.chain_pem);
    servers = {make(TlsContext::Side::server, {.own = own}),
               make(TlsContext::Side::server, {.own = own, .peer_fingerprints = their_prints}),
               make(TlsContext::Side::server,
                    {.own = own, .client_certificate = ClientCertificate::trusted})};
    clients = {make(TlsContext::Side::client, {.trusted_pem = own.chain_pem}),
               make(TlsContext::Side::client, {.own = theirs, .peer_fingerprints = own_prints}),
               make(TlsContext::Side::client, {.peer_fingerprints = their_prints})};
    // Tickets and caches would carry something over from one input to the next.
    for (const auto& each : servers) SSL_CTX_set_session_cache_mode(each->native(), 0);
    SSL_CTX_set_max_proto_version(clients[1]->native(), TLS1_2_VERSION);
  }
  static std::shared_ptr<const TlsContext> make(TlsContext::Side side, const TlsOptions& options) {
    return *TlsContext::create(side, options);
  }
  std::vector<std::shared_ptr<const TlsContext>> servers, clients;
};

struct Side {
  std::unique_ptr<OpensslTls> filter;
  std::vector<std::byte> wire;  // written, and not delivered yet
  std::string said, heard;      // plaintext
  bool is_spoilt = false;       // something else came than was written to it
  bool has_failed = false;

  void check() {
    demand(!has_failed || filter->state() == TlsState::failed, "failed is for good");
    has_failed = filter->state() == TlsState::failed;
  }
};

void write(Side& from, std::size_t plaintext_bytes) {
  std::string text(plaintext_bytes, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>('a' + (from.said.size() + i) % 23);
  }
  const std::size_t half = text.size() / 3;
  const ConstBuffer buffers[] = {std::as_bytes(std::span(text)).first(half),
                                 std::as_bytes(std::span(text)).subspan(half)};
  std::vector<std::byte> out(OpensslTls::record_bytes_max);
  const TlsStep step = from.filter->transmit(buffers, out);
  demand(step.taken <= text.size() && step.made <= out.size(), "no more than there is");
  from.said.append(text, 0, step.taken);
  from.wire.insert(from.wire.end(), out.begin(),
                   out.begin() + static_cast<std::ptrdiff_t>(step.made));
  from.check();
}

void deliver(Side& from, Side& to, std::size_t most, std::size_t room) {
  const std::size_t bytes = std::min(most, from.wire.size());
  ConstBuffer rest = ConstBuffer(from.wire).first(bytes);
  std::vector<std::byte> plaintext(room);
  for (;;) {
    const TlsStep step = to.filter->receive(rest, plaintext);
    demand(step.taken <= rest.size() && step.made <= plaintext.size(), "no more than there is");
    to.heard.append(reinterpret_cast<const char*>(plaintext.data()), step.made);
    rest = rest.subspan(step.taken);
    if (step.taken == 0 && step.made == 0) break;
  }
  demand(rest.empty(), "everything is taken in the end");
  from.wire.erase(from.wire.begin(), from.wire.begin() + static_cast<std::ptrdiff_t>(bytes));
  demand(from.said.starts_with(to.heard), "what comes out is the beginning of what went in");
  to.check();
}

void spoil(Side& from, Side& to, Choices& choices) {
  if (choices.yes() || from.wire.empty()) {
    const std::string strange = choices.text(1 + choices.below(64));
    const auto octets = std::as_bytes(std::span(strange));
    from.wire.insert(from.wire.end(), octets.begin(), octets.end());
    to.is_spoilt = to.is_spoilt || !strange.empty();
  } else {
    from.wire[choices.number(2) % from.wire.size()] ^= std::byte{1};
    to.is_spoilt = true;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixed fixed;
  random_state = 7;
  Choices choices(std::span(data, size));
  Side sides[2];
  sides[0].filter =
      OpensslTls::create(fixed.clients[choices.below(fixed.clients.size())], true, "a.example");
  sides[1].filter =
      OpensslTls::create(fixed.servers[choices.below(fixed.servers.size())], false, {});
  for (int step = 0; step < 200 && !choices.empty(); ++step) {
    const std::size_t operation = choices.octet();
    const std::size_t which = operation & 1U;
    Side& from = sides[which];
    Side& to = sides[1 - which];
    switch (operation / 2 % 8) {
      case 0:
      case 1:
        deliver(from, to, 1 + choices.number(2) % 5000, 1 + choices.below(200));
        break;
      case 2:
      case 3:
        deliver(from, to, 100'000, 1000);
        break;
      case 4:
        write(from, choices.number(2) % 3000);
        break;
      case 5:
        write(from, 0);
        break;
      case 6:
        if (choices.yes()) {
          from.filter->close();
        } else {
          (void)from.filter->update_keys();
        }
        break;
      default:
        spoil(from, to, choices);
    }
  }
  // Without trouble everything gets through.
  for (int round = 0; round < 20; ++round) {
    for (const std::size_t which : {0U, 1U}) {
      write(sides[which], 0);
      deliver(sides[which], sides[1 - which], 100'000, 1000);
    }
  }
  for (const std::size_t which : {0U, 1U}) {
    const bool is_fine = !sides[0].is_spoilt && !sides[1].is_spoilt && !sides[which].has_failed &&
                         !sides[1 - which].has_failed;
    if (is_fine) demand(sides[which].said == sides[1 - which].heard, "everything gets through");
  }
  return 0;
}
