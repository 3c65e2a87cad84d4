// A host without an engine, whose octets follow no rules.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "backends/sim/network.hpp"
#include "backends/sim/sim_world.hpp"
#include "backends/sim/world/nasty.hpp"

namespace msrp::sim {

class Stranger final : public Port {
 public:
  static constexpr std::string_view network = "203.0.113.";  // their addresses begin so

  Stranger(SimWorld& world, std::string name, const IpAddress& ip);
  ~Stranger() override;
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  HostId host() const noexcept { return host_; }
  // Sessions may be called there; it answers as it likes. The URI of one of them.
  std::string path(std::uint32_t session) const;

  // Connects and says something.
  void visit(const SocketAddress& at, const NastyTarget& target);
  // From now on its streams are closed.
  void leave();

  // What was answered to it that must not be: that a request was fine. Empty: nothing.
  const std::string& wrong() const noexcept { return wrong_; }

 private:
  struct Talk {
    NastyScript script;
    std::size_t said = 0;
    std::string heard;
    bool reads = true;
    bool is_visit = false;
  };

  void accepted(ListenerId listener, End end) override;
  void connected(End end) override { say(end); }
  void refused(End end) override;
  void readable(End end) override;
  void writable(End end) override { say(end); }

  void say(End end);
  void listen_to(End end, Talk& talk);
  void end_of(End end, bool broken);
  void check(const Talk& talk);

  SimWorld& world_;
  const HostId host_;
  Chance chance_;
  std::map<End, Talk> talks_;
  std::string wrong_;
};

}  // namespace msrp::sim
