// SPDX-License-Identifier: MIT
#pragma once
// Checks a whole segment, word by word, against the rules of its layout, while others may go on
// using it. Only what cannot be in flight is judged: each rule holds at every instant of a correct
// run, also if a process was stopped or killed at that instant, and a word that changes while it is
// looked at is looked at again. The header's rules are checked by attaching.

#include <cstdint>
#include <string>
#include <vector>

#include "shmfifo/segment.hpp"

namespace shmfifo::apps {

struct finding {
  std::string rule;   // short and stable
  std::string where;  // the slot, line or word
  std::uint64_t found;
  std::uint64_t expected;  // the value, or the nearest allowed one
};

struct check_report {
  static constexpr std::size_t findings_most = 100;  // kept; all are counted

  std::uint64_t slots{};
  std::uint64_t unused = 0;
  std::uint64_t claimed = 0;
  std::uint64_t published = 0;
  std::uint64_t aborted = 0;
  std::uint64_t changing = 0;  // rewritten as often as they were looked at: in use, not judged
  std::uint64_t broken = 0;
  std::vector<finding> findings;

  void add(finding found) {
    ++broken;
    if (findings.size() < findings_most) findings.push_back(std::move(found));
  }
};

// Reads only; a segment that is attached read-only will do.
[[nodiscard]] check_report check_segment(const segment& home);

}  // namespace shmfifo::apps
