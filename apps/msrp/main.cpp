// The msrp command.
#include <cstdio>
#include <exception>
#include <variant>

#include "apps/msrp/commands.hpp"
#include "apps/msrp/options.hpp"

namespace {

struct Run {
  int operator()(const msrp::app::Finished& finished) const { return finished.status; }
  int operator()(const msrp::app::DemoOptions& options) const { return run_demo(options); }
  int operator()(const msrp::app::RecvOptions& options) const { return run_recv(options); }
  int operator()(const msrp::app::SendOptions& options) const { return run_send(options); }
  int operator()(const msrp::app::DecodeOptions& options) const { return run_decode(options); }
};

}  // namespace

int main(int argc, char** argv) {
  try {
    return std::visit(Run{}, msrp::app::parse_options(argc, argv));
  } catch (const std::exception& error) {  // out of memory
    std::fprintf(stderr, "msrp: %s: try again with less at a time\n", error.what());
    return 1;
  }
}
