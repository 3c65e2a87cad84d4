#include "backends/resolve/cares_resolver.hpp"

#include <ares.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <cstring>
#include <utility>

namespace msrp::backend {
namespace {

constexpr std::size_t host_bytes_max = 255;
// An idle resolver older than this reads resolv.conf and so on again.
constexpr Duration settings_age_max = std::chrono::seconds(60);

bool library_ready() {
  static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

Error error_of(int status) {
  switch (status) {
    case ARES_ETIMEOUT:
      return Error{Errc::timed_out};
    case ARES_ENOMEM:
      return Error{Errc::out_of_memory};
    default:
      return Error{Errc::resolve_failed};
  }
}

std::optional<AddressRecord> record_of(const ares_addrinfo_node& node) {
  AddressRecord record;
  if (node.ai_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, node.ai_addr, sizeof in);
    std::memcpy(record.ip.octets.data(), &in.sin_addr, 4);
    return record;
  }
  if (node.ai_family != AF_INET6) return std::nullopt;
  sockaddr_in6 in{};
  std::memcpy(&in, node.ai_addr, sizeof in);
  std::memcpy(record.ip.octets.data(), in.sin6_addr.s6_addr, 16);
  record.ip.v6 = true;
  return record;
}

}  // namespace

struct CaresResolver::Impl {
  // What a callback of the library gets. It lives until that callback, its owner perhaps not.
  struct Pending {
    Impl* owner;
    ResolveId query;
    Instant deadline;
    bool answered = false;
  };

  ResolverOptions options;
  DescriptorWatcher& watcher;
  ares_channel channel = nullptr;
  Instant opened{};
  std::vector<std::unique_ptr<Pending>> pending;
  std::vector<Answer> answers;
  bool closing = false;

  Impl(ResolverOptions given, DescriptorWatcher& told) : options(std::move(given)), watcher(told) {}
  ~Impl() { close(); }

  void close() {
    closing = true;
    if (channel != nullptr) ares_destroy(channel);  // calls back for all that is pending
    channel = nullptr;
    closing = false;
  }

  bool open(Instant now) {
    if (channel != nullptr && pending.empty() && now - opened > settings_age_max) close();
    if (channel != nullptr) return true;
    if (!library_ready()) return false;
    ares_options settings{};
    int mask = ARES_OPT_SOCK_STATE_CB;
    settings.sock_state_cb = [](void* self, ares_socket_t descriptor, int readable, int writable) {
      static_cast<Impl*>(self)->watcher.watch(descriptor, readable != 0, writable != 0);
    };
    settings.sock_state_cb_data = this;
    if (options.try_timeout > Duration::zero()) {
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(options.try_timeout);
      settings.timeout = static_cast<int>(milliseconds.count());
      mask |= ARES_OPT_TIMEOUTMS;
    }
    if (options.tries > 0) {
      settings.tries = options.tries;
      mask |= ARES_OPT_TRIES;
    }
    if (ares_init_options(&channel, &settings, mask) != ARES_SUCCESS) {
      channel = nullptr;
      return false;
    }
    if (!options.servers.empty() &&
        ares_set_servers_ports_csv(channel, options.servers.c_str()) != ARES_SUCCESS) {
      close();
      return false;
    }
    opened = now;
    return true;
  }

  void answer(ResolveId query, const Error& error) { answers.push_back({query, {}, error}); }

  void on_done(Pending& done, int status, ares_addrinfo* found) {
    if (!done.answered && !closing) {
      Answer result{done.query, {}, std::nullopt};
      if (status == ARES_SUCCESS && found != nullptr) {
        for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
          if (result.records.size() == options.records_max) break;
          if (const auto record = record_of(*node)) result.records.emplace_back(*record);
        }
      }
      if (result.records.empty())
        result.error = error_of(status == ARES_SUCCESS ? ARES_ENODATA : status);
      answers.push_back(std::move(result));
    }
    if (found != nullptr) ares_freeaddrinfo(found);
    std::erase_if(pending, [&done](const auto& one) { return one.get() == &done; });
  }
};

CaresResolver::CaresResolver(ResolverOptions options, DescriptorWatcher& watcher)
    : impl_(std::make_unique<Impl>(std::move(options), watcher)) {}

CaresResolver::~CaresResolver() = default;

void CaresResolver::resolve(ResolveId query, std::string_view host, Instant deadline, Instant now) {
  // The library takes a C string: a NUL would cut the name.
  if (host.empty() || host.size() > host_bytes_max || host.find('\0') != std::string_view::npos) {
    impl_->answer(query, Error{Errc::resolve_failed});
    return;
  }
  if (impl_->pending.size() >= impl_->options.queries_max) {
    impl_->answer(query, Error{Errc::limit_exceeded});
    return;
  }
  if (!impl_->open(now)) {
    impl_->answer(query, Error{Errc::resolve_failed});
    return;
  }
  impl_->pending.push_back(
      std::make_unique<Impl::Pending>(Impl::Pending{impl_.get(), query, deadline}));
  Impl::Pending* pending = impl_->pending.back().get();
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;  // addresses are tried in the order of their records
  ares_getaddrinfo(
      impl_->channel, std::string(host).c_str(), nullptr, &hints,
      [](void* one, int status, int, ares_addrinfo* found) {
        auto* done = static_cast<Impl::Pending*>(one);
        done->owner->on_done(*done, status, found);
      },
      pending);
}

void CaresResolver::process(int descriptor, bool readable, bool writable) {
  if (impl_->channel == nullptr) return;
  ares_process_fd(impl_->channel, readable ? descriptor : ARES_SOCKET_BAD,
                  writable ? descriptor : ARES_SOCKET_BAD);
}

std::optional<Instant> CaresResolver::next_timeout(Instant now) const {
  if (impl_->pending.empty()) return std::nullopt;
  std::optional<Instant> due;
  timeval left{};
  if (ares_timeout(impl_->channel, nullptr, &left) != nullptr) {
    // The library's clock is cut to microseconds: without the one more it is asked too early.
    due = now + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec + 1);
  }
  for (const auto& one : impl_->pending)
    if (!one->answered && (!due || one->deadline < *due)) due = one->deadline;
  return due;
}

void CaresResolver::handle_timeout(Instant now) {
  if (impl_->channel == nullptr) return;
  ares_process_fd(impl_->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  // The library cannot give up one query alone: its late answer is dropped.
  for (const auto& one : impl_->pending) {
    if (one->answered || one->deadline > now) continue;
    one->answered = true;
    impl_->answer(one->query, Error{Errc::timed_out});
  }
}

std::vector<CaresResolver::Answer> CaresResolver::take_answers() {
  return std::exchange(impl_->answers, {});
}

bool CaresResolver::has_answers() const noexcept {
  return !impl_->answers.empty();
}

std::size_t CaresResolver::queries() const noexcept {
  return impl_->pending.size();
}

}  // namespace msrp::backend
