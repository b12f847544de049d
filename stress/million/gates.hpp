// SPDX-License-Identifier: MIT
#pragma once
// The verdict. Each gate is one number with two thresholds: one that it passes by a wide margin
// wherever the host puts our processors, so that it never fails for nothing, and the target of this
// project, which is reported beside it and decides only when the run is strict.

#include <string>
#include <vector>

#include "results.hpp"

namespace shmfifo::million {

enum class sense : std::uint8_t { at_least, at_most };

struct gate {
  std::string name;
  std::string what;  // a line for people
  sense direction = sense::at_least;
  double value = 0;
  double default_threshold = 0;
  double target = 0;
  double threshold = 0;  // the one that decides in this run
  bool passed = false;
  bool target_reached = false;
  std::string row = {};  // which line of the table decides, where the name does not say it
};

[[nodiscard]] std::vector<gate> judge(const results& found, bool strict);
[[nodiscard]] bool all_passed(const std::vector<gate>& gates) noexcept;

}  // namespace shmfifo::million
