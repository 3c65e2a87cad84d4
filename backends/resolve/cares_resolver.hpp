// Host names to addresses with c-ares: hosts file, resolv.conf and DNS, without a thread. The
// loop that owns it watches its descriptors and timers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "msrp/command.hpp"
#include "msrp/error.hpp"
#include "msrp/ids.hpp"
#include "msrp/time.hpp"

namespace msrp::backend {

struct ResolverOptions {
  // "192.0.2.53" or "192.0.2.53:5353,[2001:db8::53]:53"; empty: what resolv.conf says.
  std::string servers;
  // How long one server is waited for, and how many rounds; zero: what resolv.conf says.
  Duration try_timeout{};
  int tries = 0;
  std::size_t queries_max = 256;  // at the same time
  std::size_t records_max = 32;   // of one answer
};

// Told which descriptors to watch; both false: none of it any more, it is about to be closed.
class DescriptorWatcher {
 public:
  virtual ~DescriptorWatcher() = default;
  virtual void watch(int descriptor, bool readable, bool writable) noexcept = 0;
};

class CaresResolver {
 public:
  struct Answer {
    ResolveId query;
    std::vector<DnsRecord> records;  // at least one unless there is an error
    std::optional<Error> error;      // resolve_failed, timed_out, limit_exceeded, out_of_memory
  };

  // The watcher outlives it.
  CaresResolver(ResolverOptions options, DescriptorWatcher& watcher);
  ~CaresResolver();
  CaresResolver(const CaresResolver&) = delete;
  CaresResolver& operator=(const CaresResolver&) = delete;

  // Answered exactly once, at the latest at the deadline; perhaps before this returns. Reads
  // /etc/hosts and resolv.conf, nothing else that could block.
  void resolve(ResolveId query, std::string_view host, Instant deadline, Instant now);
  // A watched descriptor is ready.
  void process(int descriptor, bool readable, bool writable);
  // When handle_timeout() is due.
  std::optional<Instant> next_timeout(Instant now) const;
  void handle_timeout(Instant now);
  // The answers that have come, in their order.
  std::vector<Answer> take_answers();
  bool has_answers() const noexcept;
  // Queries the library works on; those past their deadline count until it gives them up.
  std::size_t queries() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace msrp::backend
