// SPDX-License-Identifier: MIT
#pragma once
// The verdict. Each gate is one number with two thresholds: one that it passes by a wide margin
// wherever the host places our processors, so that it never fails without cause, and the target of
// this project, which is reported beside it and decides only in a strict run.
//
// Streams have two such numbers: of the whole, and of the median of a hundred chunks. The median
// chunk decides. A program that takes a processor away for a time slice lengthens the whole of one
// of the two streams that are compared, by chance more than of the other, but only those few chunks
// in which the slices begin and end; a core that needs more time for a message needs it in every
// chunk. Only stalls in less than half of the chunks are hidden from it, so a strict run, which
// needs an idle machine anyway, judges by the worse of both, and the whole is always shown.

#include <string>
#include <vector>

#include "results.hpp"

namespace shmfifo::million {

enum class sense : std::uint8_t { at_least, at_most };

struct gate {
  std::string name;
  std::string what;  // what is compared, as text
  sense direction = sense::at_least;
  double value = 0;  // the one that decides in this run
  double whole = 0;  // the value by the whole of the messages
  double default_threshold = 0;
  double target = 0;
  double threshold = 0;  // the one that decides in this run
  bool passed = false;
  bool target_reached = false;
  std::string row = {};  // the line of the table that decides, if the name does not say it
};

[[nodiscard]] std::vector<gate> judge(const results& found, bool strict);
[[nodiscard]] bool all_passed(const std::vector<gate>& gates) noexcept;

}  // namespace shmfifo::million
