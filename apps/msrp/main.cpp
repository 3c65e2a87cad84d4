// The msrp command.
#include <fcntl.h>
#include <unistd.h>

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
  int operator()(const msrp::app::SimOptions& options) const { return run_sim(options); }
  int operator()(const msrp::app::BenchOptions& options) const { return run_bench(options); }
};

// A standard stream that was handed over closed would give its number to the next socket or file,
// which would then be read or written in its stead. Reading and writing these fails instead.
void occupy_standard_streams() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(wanted, F_GETFD) >= 0) continue;
    // The lowest free number is the wanted one, those below are taken.
    static_cast<void>(open("/dev/null", wanted == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  try {
    return std::visit(Run{}, msrp::app::parse_options(argc, argv));
  } catch (const std::exception& error) {  // out of memory
    std::fprintf(stderr, "msrp: %s: try again with less at a time\n", error.what());
    return 1;
  }
}
