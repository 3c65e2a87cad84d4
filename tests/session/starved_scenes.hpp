// What is played while memory runs out: everything that the engine does.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "support/starved.hpp"

namespace msrp::test {

struct Scene {
  std::string name;
  std::function<void(Famine&)> play;
  std::function<void(EngineConfig&)> configure = [](EngineConfig&) {};
  bool logged = false;
  bool all_speak = false;  // the bystander too, so that it may be hit
};

inline void PrintTo(const Scene& scene, std::ostream* out) {
  *out << scene.name;
}

std::vector<Scene> setting_up_scenes();
std::vector<Scene> message_scenes();  // and what becomes of the sessions that they are in

}  // namespace msrp::test
