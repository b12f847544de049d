// SPDX-License-Identifier: MIT
#pragma once
// Interrupts a scenario's operation at every instruction: in snapshots of the segment (one per
// distinct state), by a real SIGKILL, by a pause; and again inside the recovery of each state. One
// trace by single steps records the addresses; after that a breakpoint leads straight to the
// instruction, so a scenario of n instructions does not cost n^2 steps.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aftermath.hpp"
#include "scenario.hpp"
#include "shmfifo/harness/support/names.hpp"
#include "world.hpp"

namespace shmfifo::harness::crash {

enum class manner : std::uint8_t { snapshot, kill, stop, depth_two, depth_two_kill };
const char* to_string(manner way);

struct exploration_options {
  std::vector<manner> manners = {manner::snapshot, manner::kill, manner::stop};
  // Of the instructions between two changes of the segment only every N-th is visited; the first
  // and the last before each change always are.
  std::uint64_t every = 1;
  std::uint64_t stop_every = 1;
  std::optional<std::uint64_t> at;   // only this instruction
  std::uint64_t messages_after = 0;  // that must pass in the end, after each snapshot
  unsigned failures_most = 3;        // per scenario and manner
};

struct failure {
  manner way{};
  std::uint64_t instruction = 0;
  std::uintptr_t address = 0;
  std::vector<std::uintptr_t> callers;  // innermost first; see tracee::callers
  std::string sentence;
  std::string difference;  // of the segment since the operation began
};

struct exploration {
  std::uint64_t instructions = 0;
  std::uint64_t states = 0;    // distinct, of the segment and its name
  std::uint64_t pictures = 0;  // judged on a copy
  std::uint64_t kills = 0;     // real ones
  std::uint64_t pauses = 0;
  std::uint64_t second_kills = 0;  // pictures and real kills of a recoverer
  std::uint64_t drifted = 0;  // interrupted elsewhere than in the trace: the run took another path
  double seconds = 0;
  std::vector<failure> failures;
};

exploration explore(const scenario& what, run_names& names, const exploration_options& options);

}  // namespace shmfifo::harness::crash
