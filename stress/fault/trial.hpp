// SPDX-License-Identifier: MIT
#pragma once
// One trial: an operation of the library under one failing call, in a process of its own. Judges
// that the error names the call, that nothing stays behind, and that the next attempt works.

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "shmfifo/harness/fault/faults.hpp"
#include "shmfifo/shmfifo.hpp"

namespace shmfifo::harness::fault {

// The result of an operation: nothing (success), or the error.
using outcome = std::optional<error>;
template <class T>
outcome outcome_of(const result<T>& answer) {
  return answer ? outcome{} : outcome{answer.error()};
}

struct stage {
  std::string name;  // of this case's segment
  std::optional<segment> home;
};
struct operation {
  const char* name;
  bool needs_segment;
  std::function<outcome(stage&)> act;
};

// Of every segment of a trial.
geometry small_ring();

struct verdict {
  bool struck = false;
  bool refused = false;
  std::array<unsigned, call_count> made{};
  char sentence[300] = {};  // empty: no complaint
  char answer[600] = {};    // the library's text for the failed call
};

// A crash or a hang of the operation is a result, too.
verdict run_case(const operation& what, const plan& fault);

}  // namespace shmfifo::harness::fault
